"""A crowd of readers does not get into the way of a poll."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import httpx

from tests.core.histories import sweep
from tests.web.conftest import NOW, story
from watcher import config
from watcher.cli.session import watch_settings
from watcher.config import Settings
from watcher.pipeline import decide
from watcher.store import Store
from watcher.web import Host


def test_a_hundred_readers_at_once_delay_no_poll(settings: Settings, tmp_path: Path) -> None:
    """While they are answered in the daemon's own loop, the loop turns and the writer commits without waiting."""
    shutil.copytree(settings.database.parent, tmp_path / "own")
    own = replace(settings, database=tmp_path / "own" / "watcher.db", http=config.Http("127.0.0.1", 0))
    gaps: list[float] = []
    (watch,), tables = watch_settings(own, []), story()

    async def poll(store: Store, day: int) -> float:
        """What a poll does in the loop: read the memory, decide, commit."""
        begin = perf_counter()
        before = store.memory(watch.name, NOW)
        outcome = decide(sweep(tables[day], before, watch, NOW), before, watch, NOW)
        store.commit(watch.name, outcome, before=before, list_calls=1, detail_calls=0)
        return perf_counter() - begin

    async def turn() -> None:
        while True:
            begin = perf_counter()
            await asyncio.sleep(0.01)
            gaps.append(perf_counter() - begin - 0.01)

    async def crowd() -> tuple[list[int], float, float]:
        host = Host(now=lambda: NOW)
        await host.use(own)
        with Store.open(own.database) as store:
            await poll(store, 9)
            alone = await poll(store, 8)
            limits = httpx.Limits(max_connections=100)
            async with httpx.AsyncClient(base_url=host.address, limits=limits, timeout=60) as client:
                await client.get("/")
                turning = asyncio.create_task(turn())
                paths = ["/", "/map", "/rules", "/sites/muara-embun"] * 25
                asking = [asyncio.create_task(client.get(path)) for path in paths]
                await asyncio.sleep(0.05)
                beside = await poll(store, 9)
                answers = await asyncio.gather(*asking)
                turning.cancel()
            await host.finish()
            return [answer.status_code for answer in answers], alone, beside

    codes, alone, beside = asyncio.run(crowd())
    assert codes == [200] * 100
    assert beside < max(10 * alone, 1.0), (alone, beside)
    assert max(gaps) < 1.0, max(gaps)
