"""Polls what is due, one round after the other, and keeps each watch's next time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from watcher import schedule, wiring
from watcher.api import SectorsApi
from watcher.config import Settings
from watcher.daemon.timers import Timers
from watcher.errors import StoreError, StoreLost
from watcher.poll import PollReport, poll_watches
from watcher.store import Store

log = logging.getLogger("watcher")

#: After the database failed a round, so long until the next.
_STORE_RETRY = timedelta(minutes=1)


class Poller:
    """One round at a time, so that polls of a watch never overlap; what is due at about the same time goes together.

    Args:
        spread: from 0 to 1, how much of the small delay that intervals allow is added to each.
        done: hears of each round: its reports, or what the database said.
    """

    def __init__(
        self,
        store: Store,
        timers: Timers,
        *,
        now: Callable[[], datetime],
        spread: float,
        done: Callable[[Sequence[PollReport], StoreError | None], None],
    ) -> None:
        self._store, self._timers, self._now, self._spread, self._done = store, timers, now, spread, done
        self._wanted = asyncio.Event()
        self._round: asyncio.Task[None] | None = None
        self._store_retry: datetime | None = None
        self._not_before: dict[str, datetime] = {}
        self._not_before_by: Settings | None = None
        self.settings: Settings

    @property
    def busy(self) -> bool:
        return self._round is not None and not self._round.done()

    def plan(self) -> None:
        """Set every watch's timer anew."""
        for name in self.settings.watches:
            self._timers.set(f"poll {name}", self.due(name), self._wanted.set)

    def due(self, name: str, now: datetime | None = None) -> datetime | None:
        """When a watch is polled next, as of now; in the past if it is overdue."""
        now = now or self._now()
        watch, status = self.settings.watches[name], self._store.status([name])[name]
        failures, _ = self._store.failures(name)
        due = schedule.due_at(
            watch.every,
            watch.cron,
            self.settings.timezone,
            last=status.last_poll,
            failures=failures,
            now=now,
            spread=self._spread,
        )
        # Other settings may have other limits.
        unpaid = self._not_before.get(name) if self._not_before_by is self.settings else None
        waits = [at for at in (self._store_retry, unpaid) if at is not None]
        return max(due, *waits) if due is not None and waits else due

    async def run(self) -> None:
        """Poll what is due, for ever.

        Raises:
            StoreLost: the database is damaged or gone.
        """
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            names = self._names()
            if names:
                self._round = asyncio.create_task(self._poll(names))
                await self._round
            self.plan()

    def _names(self) -> list[str]:
        """What is due, and what would be in a moment: one look may serve several."""
        now = self._now()
        dues = {name: due for name in self.settings.watches if (due := self.due(name, now)) is not None}
        if not any(due <= now for due in dues.values()):
            return []
        return [n for n, due in dues.items() if due <= now + schedule.slack(self.settings.watches[n].every)]

    async def _poll(self, names: Sequence[str]) -> None:
        settings = self.settings
        self._store_retry = None
        try:
            self._store.check_there()
            self._store.set_clock_right(self._now())
            async with SectorsApi(wiring.api_settings(settings)) as api:
                reports = await poll_watches(
                    api,
                    self._store,
                    wiring.watch_settings(settings, names, silences=self._store.silences()),
                    ops=settings.ops,
                    zone=settings.timezone,
                    now=self._now,
                    tell_after=settings.tell_after,
                    thrift=wiring.thrift_of(settings),
                )
        except StoreLost:
            raise
        except StoreError as error:
            self._store_retry = self._now() + _STORE_RETRY
            log.error("%s", error)
            self._done((), error)
            return
        # A watch that the credits do not pay for was not polled, so its last poll does not say when the next one is.
        self._not_before = self._not_before if self._not_before_by is settings else {}
        self._not_before_by = settings
        for report in reports:
            if report.again is not None:
                self._not_before[report.watch] = report.again
            else:
                self._not_before.pop(report.watch, None)
        for report in reports:
            held = report.outcome is not None and report.outcome.verdict == "held"
            level = logging.ERROR if report.outcome is None else logging.WARNING if held else logging.INFO
            log.log(level, "%s", report.words)
            for doubt in report.doubts:
                log.warning("%s", doubt)
        self._done(reports, None)

    async def finish(self, seconds: float) -> None:
        """Let the round that is on end within some seconds, else abandon it: what is not committed never was."""
        if self._round is None or self._round.done():
            return
        _, late = await asyncio.wait([self._round], timeout=seconds)
        if late:
            log.warning("The poll that was on is abandoned; it is due again at the next start.")
            self._round.cancel()
            await asyncio.wait([self._round], timeout=1)
