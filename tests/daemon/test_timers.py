"""Timers on a wall clock that jumps."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from watcher.daemon.timers import Timers


class Clock:
    """The real clock, moved."""

    def __init__(self) -> None:
        self.moved = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.moved


def test_a_timer_in_the_past_fires_at_once_and_one_that_is_taken_away_never() -> None:
    """What is overdue is called once; what was cleared is not."""

    async def run() -> list[str]:
        clock, called, done = Clock(), [], asyncio.Event()
        timers = Timers(clock)
        timers.start()
        timers.set("gone", clock() - timedelta(hours=1), lambda: called.append("gone"))
        timers.clear("gone")
        timers.set("late", clock() - timedelta(days=30), lambda: (called.append("late"), done.set())[0])
        timers.set("later", clock() + timedelta(days=1), lambda: called.append("later"))
        assert timers.at("later") is not None and timers.turning
        await done.wait()
        timers.stop()
        return called

    assert asyncio.run(run()) == ["late"]


@pytest.mark.parametrize("jump", [timedelta(hours=3), timedelta(days=-400), timedelta(seconds=1)])
def test_a_clock_that_jumps_is_noticed_once(jump: timedelta) -> None:
    """A machine that slept, or a clock that was set: noticed at the next look, and not again."""

    async def run() -> list[bool]:
        clock = Clock()
        timers = Timers(clock)
        timers.start()
        looks = [timers.look()]
        clock.moved += jump
        looks += [timers.look(), timers.look()]
        timers.stop()
        return looks

    assert asyncio.run(run()) == [False, abs(jump) > timedelta(seconds=5), False]


def test_a_call_that_fails_is_not_swallowed() -> None:
    """Whoever waits for `failed` gets the error."""

    async def run() -> None:
        clock = Clock()
        timers = Timers(clock)
        timers.start()

        def fail() -> None:
            raise LookupError("programmer's error")

        timers.set("x", clock(), fail)
        try:
            await timers.failed
        finally:
            timers.stop()

    with pytest.raises(LookupError):
        asyncio.run(run())
