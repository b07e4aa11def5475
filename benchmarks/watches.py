"""What many watches on one table cost and take: a quiet round of so many, sharing one list."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.judging import START, table
from watcher.api import ApiSettings, SectorsApi
from watcher.pipeline import WatchSettings
from watcher.plan import Planned, Thrift
from watcher.poll import poll_watches
from watcher.sandbox import World, serve
from watcher.schedule import Timing
from watcher.store import Store

HOUR = timedelta(hours=1)


@dataclass(slots=True)
class Clock:
    """An hour passes when it is told to."""

    at: datetime = START

    def now(self) -> datetime:
        return self.at


async def rounds(base: str, key: str, count: int, store: Store, calls: Callable[[], int]) -> tuple[int, int, float]:
    """Credits of the first and of the second round of so many watches, and the seconds of the second."""
    timing = Timing(HOUR)
    watches = [WatchSettings("all", timing=timing)]
    watches += [
        WatchSettings(f"watch-{n}", filter={"company": f"pt-{n % 97}", "min_production": n // 97}, timing=timing)
        for n in range(count - 1)
    ]
    thrift = Thrift(watches=tuple(Planned(w.name, w.filter, timing, w.details) for w in watches))
    clock, spent, taken = Clock(), [], 0.0
    async with SectorsApi(ApiSettings(base, key, requests_per_second=1000)) as api:
        for _ in range(2):
            before, begun = calls(), time.perf_counter()
            await poll_watches(api, store, watches, ops=(), zone=ZoneInfo("UTC"), now=clock.now, thrift=thrift)
            taken = time.perf_counter() - begun
            spent.append(calls() - before)
            clock.at += HOUR
    return spent[0], spent[1], taken


def main() -> None:
    """Print the table."""
    sys.stdout.write("| watches | first round | an hour later | takes |\n|---|--:|--:|--:|\n")
    for count in map(int, sys.argv[1:] or ("1", "10", "100", "1000")):
        world = World(table(156))
        with serve(world) as served, tempfile.TemporaryDirectory() as name, Store.open(Path(name) / "w.db") as store:
            first, second, seconds = asyncio.run(
                rounds(served.base_url, world.key, count, store, lambda world=world: world.credits)  # type: ignore[misc]
            )
        sys.stdout.write(f"| {count:,} | {first:,} credits | {second:,} credits | {seconds:.2f} s |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
