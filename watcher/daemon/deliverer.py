"""One loop per target, so that a slow or dead one delays no other."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from watcher.daemon.timers import Timers
from watcher.dispatch import Carrier, DeliveryReport, Wording, render, send_waiting
from watcher.errors import StoreError, StoreLost
from watcher.routing import next_due
from watcher.store import Store

log = logging.getLogger("watcher")

#: After the database failed a delivery, so long until the next.
_STORE_RETRY_SECONDS = 60.0


class Deliverer:
    """Freezes what is due as messages, and sends them."""

    def __init__(self, store: Store, timers: Timers, *, now: Callable[[], datetime]) -> None:
        self._store, self._timers, self._now = store, timers, now
        self._kicks: dict[str, asyncio.Event] = {}
        self._loops: dict[str, asyncio.Task[None]] = {}
        self._sending: set[str] = set()
        self._complaints: dict[str, str] = {}
        self.carrier: Carrier
        self.wording: Wording

    def use(self, carrier: Carrier, wording: Wording) -> None:
        """Send with these from the next message on; what is in flight ends as it began."""
        self.carrier, self.wording = carrier, wording
        for target in carrier.names:
            if target not in self._loops:
                self._kicks[target] = asyncio.Event()
                self._loops[target] = asyncio.create_task(self._loop(target))
        self.plan()
        self.look()

    @property
    def loops(self) -> list[asyncio.Task[None]]:
        return list(self._loops.values())

    def plan(self) -> None:
        """Set the timers of digests, and of the ends of quiet hours."""
        for target in self.carrier.names:
            due = next_due(self.wording.policy(target), self.wording.timezone, self._now())
            self._timers.set(f"deliver {target}", due, self._time_has_come)

    def _time_has_come(self) -> None:
        self.look()
        self.plan()

    def look(self) -> None:
        """Freeze what is due by now, and let every target look what waits for it."""
        report = DeliveryReport()
        try:
            render(self._store, self.carrier, self.wording, report, self._now())
        except StoreLost:
            raise
        except StoreError as error:
            log.error("%s", error)
        for problem in report.problems:
            log.warning("A template failed, and the built-in one was used: %s", problem)
        self._complain(report.failed)
        for kick in self._kicks.values():
            kick.set()

    async def _loop(self, target: str) -> None:
        kick = self._kicks[target]
        while target in self.carrier.names:
            kick.clear()
            wait: float | None
            try:
                self._sending.add(target)
                await self._send(target)
                wait = self._wait(target)
            except StoreLost:
                raise
            except StoreError as error:
                log.error("%s", error)
                wait = _STORE_RETRY_SECONDS
            finally:
                self._sending.discard(target)
            with suppress(TimeoutError):
                await asyncio.wait_for(kick.wait(), wait)
        del self._loops[target], self._kicks[target]

    async def _send(self, target: str) -> None:
        report = DeliveryReport()
        await send_waiting(
            self._store,
            self.carrier,
            target,
            self.wording,
            report,
            now=self._now,
            patient=True,
            chance=random.random,
        )
        if report.sent:
            log.info("%s: %d message%s sent", target, report.sent, "s" if report.sent != 1 else "")
        for dead, count in report.dead.items():
            log.error("%s: given up on %d; `watcher outbox list --dead` shows what", dead, count)
        self._complain(report.failed)
        if report.failed or report.dead or report.sent:
            # What came up meanwhile (a target that fails, or works again) is told on the others.
            self.look_later(target)

    def look_later(self, target: str) -> None:
        """Look again, but not for the target that has just looked."""
        kick = self._kicks[target]
        was = kick.is_set()
        self.look()
        if not was:
            kick.clear()

    def _wait(self, target: str) -> float | None:
        """Seconds until something for a target is tried again; None if nothing waits."""
        trouble = self._store.outbox.trouble(target)
        times = [message.next_attempt_at for message in self._store.outbox.waiting(target)]
        if not times:
            return None
        if trouble is not None:
            return max(0.1, (trouble.next_attempt_at - self._now()).total_seconds())
        soonest = min((at for at in times if at is not None), default=None)
        return None if soonest is None else max(0.1, (soonest - self._now()).total_seconds())

    def _complain(self, failed: dict[str, str]) -> None:
        for target, why in failed.items():
            if self._complaints.get(target) != why:
                log.warning("Not delivered: %s It waits, and is tried again.", why)
        self._complaints |= failed

    async def finish(self, seconds: float) -> None:
        """Send what is due within some seconds; what is in flight after that may be sent again at the next start."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        self.look()
        while loop.time() < end:
            await asyncio.sleep(0.05)
            if not self._sending and not any(kick.is_set() for kick in self._kicks.values()):
                break
        for task in self._loops.values():
            task.cancel()
        await asyncio.gather(*self._loops.values(), return_exceptions=True)
