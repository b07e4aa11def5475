"""A crowd of readers does not get into the way of a poll."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from datetime import timedelta
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
from watcher.web import application, bound, server


def test_a_hundred_readers_at_once_delay_no_poll(settings: Settings, tmp_path: Path) -> None:
    """While they are answered in the daemon's own loop, the loop turns and the writer commits without waiting."""
    shutil.copytree(settings.database.parent, tmp_path / "own")
    own = replace(settings, database=tmp_path / "own" / "watcher.db")
    gaps: list[float] = []

    async def poll(store: Store) -> float:
        """What a poll does in the loop: read the memory, decide, commit."""
        begin = perf_counter()
        (watch,) = watch_settings(own, [])
        before = store.memory(watch.name, NOW + timedelta(minutes=1))
        outcome = decide(sweep(story()[9], before, watch, NOW), before, watch, NOW + timedelta(minutes=1))
        store.commit(watch.name, outcome, before=before, list_calls=1, detail_calls=0)
        return perf_counter() - begin

    async def turn() -> None:
        while True:
            begin = perf_counter()
            await asyncio.sleep(0.01)
            gaps.append(perf_counter() - begin - 0.01)

    async def crowd() -> tuple[list[int], float, float]:
        app = application(own, own.database, now=lambda: NOW)
        with bound(config.Http("127.0.0.1", 0)) as listening, Store.open(own.database) as store:
            base = f"http://127.0.0.1:{listening.getsockname()[1]}"
            serving = server(app)
            task = asyncio.create_task(serving.serve(sockets=[listening]))
            alone = await poll(store)
            limits = httpx.Limits(max_connections=100)
            async with httpx.AsyncClient(base_url=base, limits=limits, timeout=60) as client:
                await client.get("/")
                turning = asyncio.create_task(turn())
                paths = ["/", "/map", "/rules", "/sites/muara-embun"] * 25
                asking = [asyncio.create_task(client.get(path)) for path in paths]
                await asyncio.sleep(0.05)
                beside = await poll(store)
                answers = await asyncio.gather(*asking)
                turning.cancel()
            serving.should_exit = True
            await task
            return [answer.status_code for answer in answers], alone, beside

    codes, alone, beside = asyncio.run(crowd())
    assert codes == [200] * 100
    assert beside < max(10 * alone, 1.0), (alone, beside)
    assert max(gaps) < 1.0, max(gaps)
