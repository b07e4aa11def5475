"""Timers on the wall clock, which may jump: a machine sleeps, its clock is set, summer time begins."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = logging.getLogger("watcher")

#: So much may the wall clock differ from the time that has really passed before it counts as a jump.
_JUMP_SECONDS = 5.0


class Timers:
    """Calls functions at instants, each under a name; setting a name again moves it.

    APScheduler sleeps on the monotonic clock, which stands still while a machine sleeps: `look` must be called every
    few seconds, and says whether the wall clock has jumped.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        # A timer that is late fires once, however late it is.
        self._scheduler = AsyncIOScheduler(job_defaults={"coalesce": True, "misfire_grace_time": None})
        self._wall, self._steady = now(), asyncio.get_running_loop().time()
        #: Never done, but when a call raised.
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def start(self) -> None:
        self._scheduler.start()

    def pause(self) -> None:
        """Let no timer fire any more."""
        self._scheduler.pause()

    def stop(self) -> None:
        self._scheduler.shutdown(wait=False)

    @property
    def turning(self) -> bool:
        """Whether timers fire."""
        return bool(self._scheduler.running)

    def set(self, name: str, at: datetime | None, call: Callable[[], None]) -> None:
        """Call `call` at `at`, at once if that is past; None takes the timer away."""
        if at is None:
            self.clear(name)
        else:
            self._scheduler.add_job(self._call, "date", run_date=at, args=[call], id=name, replace_existing=True)

    def clear(self, name: str) -> None:
        if self._scheduler.get_job(name) is not None:
            self._scheduler.remove_job(name)

    def clear_all(self) -> None:
        self._scheduler.remove_all_jobs()

    def at(self, name: str) -> datetime | None:
        """When a timer fires."""
        job = self._scheduler.get_job(name)
        return job.next_run_time if job is not None else None

    def look(self) -> bool:
        """Wake timers that became due while nobody looked; True if the wall clock has jumped since the last look."""
        wall, steady = self._now(), asyncio.get_running_loop().time()
        jump = (wall - self._wall).total_seconds() - (steady - self._steady)
        self._wall, self._steady = wall, steady
        self._scheduler.wakeup()
        if abs(jump) < _JUMP_SECONDS:
            return False
        log.warning("The clock jumped by %+.0f seconds; all times are worked out anew.", jump)
        return True

    async def _call(self, call: Callable[[], None]) -> None:
        # As a coroutine it runs in the loop; APScheduler would run a plain function in a thread.
        try:
            call()
        except Exception as error:
            # APScheduler would log it and go on.
            if not self.failed.done():
                self.failed.set_exception(error)
