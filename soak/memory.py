"""Ten thousand polls and their deliveries in one process: the memory that it takes must not grow."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from soak.kills import Upstream
from soak.servers import sink, source, truthful

START = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Figures:
    """Resident memory in kB after some polls, after all of them, and what went out meanwhile."""

    polls: int
    early: int
    late: int
    messages: int
    seconds: float

    @property
    def growth(self) -> float:
        """In percent."""
        return 100 * (self.late / self.early - 1)

    @property
    def good(self) -> bool:
        return self.growth <= 10 and self.messages > 0


def run(folder: Path, polls: int = 10_000) -> Figures:
    """Poll so often, with a change at every twentieth poll or so; the watcher has a process of its own."""
    began, upstream = time.monotonic(), Upstream(random.Random(1))

    def answer(path: str, query: dict[str, str]) -> object:
        upstream.asked += 1
        if upstream.asked % 40 == 0:
            upstream.edit()
        return truthful(upstream.table, path, query)

    with source(answer) as base_url, sink() as webhook:  # type: ignore[arg-type]
        (folder / "rules.yaml").write_text(
            f"version: 1\napi: {{base_url: '{base_url}', key: sandbox, requests_per_second: 1000}}\n"
            f"database: watcher.db\ntargets: {{desk: '{webhook.url('desk')}'}}\nops: [desk]\n"
            "watches: {coal: {filter: {commodity_type: Coal}, every: 1h, details: 24h}}\n"
            "rules: [{name: everything, on: '*', to: [desk]}]\n"
        )
        done = subprocess.run(
            [sys.executable, "-m", "soak.memory", str(folder), str(polls)], capture_output=True, text=True, check=True
        )
        early, late = map(int, done.stdout.split())
        return Figures(polls, early, late, len(webhook.taken), time.monotonic() - began)


def _resident() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


async def _poll(folder: Path, polls: int) -> tuple[int, int]:
    from watcher import config, wiring
    from watcher.api import SectorsApi
    from watcher.delivery import Courier
    from watcher.dispatch import deliver
    from watcher.poll import poll_watches
    from watcher.store import Store

    settings, early = config.load(folder / "rules.yaml", {}), 0
    courier = Courier(settings.targets)
    with Store.open(settings.database) as store:
        for number in range(1, polls + 1):
            now = START + timedelta(hours=number)
            async with SectorsApi(wiring.api_settings(settings)) as api:
                await poll_watches(
                    api,
                    store,
                    wiring.watch_settings(settings, [], silences=store.silences()),
                    ops=settings.ops,
                    zone=settings.timezone,
                    now=lambda at=now: at,  # type: ignore[misc]
                    thrift=wiring.thrift_of(settings),
                )
            await deliver(store, courier, wiring.wording_of(settings), now=lambda at=now: at)  # type: ignore[misc]
            if number == 100:
                early = _resident()
    return early, _resident()


if __name__ == "__main__":
    print(*asyncio.run(_poll(Path(sys.argv[1]), int(sys.argv[2]))))
