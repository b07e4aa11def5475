"""Start, run, reload, stop: what `watcher run` does from its first line to its last."""

from __future__ import annotations

import asyncio
import logging
import random
import signal
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from watcher import wiring
from watcher.config import Settings, require_key
from watcher.daemon.deliverer import Deliverer
from watcher.daemon.poller import Poller
from watcher.daemon.systemd import Notifier
from watcher.daemon.timers import Timers
from watcher.delivery import Courier, beat
from watcher.errors import ConfigError, DeliveryError, StoreError, WatcherError
from watcher.model import Notice
from watcher.poll import PollReport
from watcher.store import Store

if TYPE_CHECKING:
    from watcher.web import Host, Pulse

log = logging.getLogger("watcher")

#: How often it is looked whether all is well, in seconds.
_PULSE = 10.0
#: Stopping takes at most so long, in seconds: for the poll that is on, and for what can still be sent.
_POLL_ENDS, _SENDING_ENDS = 5.0, 2.5
#: What cannot be put into the database is cried out directly, not more often than this.
_CRY_AGAIN = timedelta(hours=6)


class Service:
    """The daemon.

    Args:
        load: reads the configuration; called at the start and at each reload.
        now: the clock.
    """

    def __init__(self, load: Callable[[], Settings], notifier: Notifier, *, now: Callable[[], datetime]) -> None:
        self._load, self._notifier, self._now = load, notifier, now
        self._settings = load()
        require_key(self._settings)
        self._stop, self._reload_wanted = asyncio.Event(), asyncio.Event()
        self._cried: dict[str, datetime] = {}
        self._beats: set[asyncio.Task[None]] = set()
        self._version = 0
        self._last_round = ""
        self._pages: Host | None = None
        self._alive_at = now()

    def secrets(self) -> Iterable[str]:
        """What must never stand in a log line."""
        settings = self._settings
        token = settings.http.token if settings.http is not None else None
        return [one for one in (settings.api_key, settings.heartbeat, token, *settings.targets.values()) if one]

    def pulse(self) -> Pulse:
        """What the status pages are told of the daemon: when it last turned, and when each watch is polled next."""
        from watcher.web import Pulse

        planned = {name: self._timers.at(f"poll {name}") for name in self._settings.watches}
        return Pulse(self._alive_at, {name: at for name, at in planned.items() if at is not None})

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT.

        Raises:
            StoreError: the database cannot be used at the start, or is damaged or gone later.
            ConfigError: the address of the status pages cannot be had at the start.
        """
        settings, spread = self._settings, random.random()  # noqa: S311  (no secret)
        with Store.open(settings.database, check=True) as store:
            store.keep_to(settings.watches, settings.targets)
            self._store = store
            self._timers = Timers(self._now)
            self._poller = Poller(store, self._timers, now=self._now, spread=spread, done=self._polled)
            self._deliverer = Deliverer(store, self._timers, now=self._now)
            self._signals()
            self._timers.start()
            log.info(
                "Watching %s; messages go to %s; database %s",
                ", ".join(settings.watches), ", ".join(settings.targets) or "nobody", settings.database,
            )  # fmt: skip
            await self._show(settings)
            self._use(settings)
            self._notifier.ready()
            self._say_status()
            await self._until_stopped()

    def _signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload_wanted.set)

    def _use(self, settings: Settings) -> None:
        self._settings = settings
        self._poller.settings = settings
        self._timers.clear_all()
        self._deliverer.use(Courier(settings.targets), wiring.wording_of(settings))
        self._poller.plan()

    async def _show(self, settings: Settings) -> None:
        """Serve the status pages as `settings` say, if they do.

        Raises:
            ConfigError: the address cannot be had. What was served before still is.
        """
        if self._pages is None:
            if settings.http is None:
                return
            from watcher.web import Host

            self._pages = Host(now=self._now, pulse=self.pulse)
        before = self._pages.address
        await self._pages.use(settings)
        if self._pages.address != before:
            log.info("Status pages: %s", self._pages.address or "off")

    async def _until_stopped(self) -> None:
        stopping = asyncio.create_task(self._stop.wait())
        tasks = [asyncio.create_task(one) for one in (self._poller.run(), self._pulse(), self._reloads())]
        try:
            while not stopping.done():
                serving = self._pages.running if self._pages is not None else []
                running: list[asyncio.Future[None]] = [*tasks, *serving, *self._deliverer.loops, self._timers.failed]
                waited: list[asyncio.Future[Any]] = [stopping, *running]
                done, _ = await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED, timeout=_PULSE)
                for ended in done - {stopping}:
                    ended.result()  # raises what ended it; a target's loop may end because the target is gone
            log.info("Stopping.")
        except StoreError as error:
            self._cry("the database is lost", str(error))
            raise
        finally:
            self._notifier.stopping()
            self._timers.pause()
            if self._pages is not None:
                await self._pages.finish()
            await self._poller.finish(_POLL_ENDS)
            for task in (*tasks, stopping):
                task.cancel()
            await asyncio.gather(*tasks, stopping, return_exceptions=True)
            await self._deliverer.finish(_SENDING_ENDS)
            if self._beats:
                await asyncio.wait(self._beats, timeout=1)
            self._timers.stop()

    async def _pulse(self) -> None:
        """A sign of life from this very loop; clocks that jump; words from other processes."""
        every = min(_PULSE, (self._notifier.watchdog or 60.0) / 3)
        while True:
            if self._timers.turning:
                self._notifier.alive()
                self._alive_at = self._now()
            if self._timers.look():
                self._poller.plan()
                self._deliverer.plan()
                self._deliverer.look()
            try:
                version = self._store.version()
            except StoreError as error:
                log.error("%s", error)
            else:
                if version != self._version:
                    self._version = version
                    self._poller.plan()
                    self._deliverer.look()
            await asyncio.sleep(every)

    async def _reloads(self) -> None:
        while True:
            await self._reload_wanted.wait()
            self._reload_wanted.clear()
            await self._reload()

    async def _reload(self) -> None:
        self._notifier.reloading()
        try:
            settings = self._load()
            require_key(settings)
            if settings.database != self._settings.database:
                raise ConfigError(
                    f"The database cannot be changed while running (from {self._settings.database} to "
                    f"{settings.database}).",
                    "Restart the service for that.",
                )
            await self._show(settings)
        except ConfigError as error:
            why = "; ".join(map(str, error.mistakes)) or str(error)
            log.error("The configuration was not reloaded; the old one stays in force. %s", why)
            text = f"The old configuration stays in force. {why}"
            self._tell(Notice("config.refused", "the new configuration is refused", text, "warning"))
        else:
            self._use(settings)
            self._store.keep_to(settings.watches, settings.targets)
            log.info("The configuration was reloaded: watching %s.", ", ".join(settings.watches))
        self._notifier.ready()
        self._say_status()

    def _polled(self, reports: Sequence[PollReport], failure: StoreError | None) -> None:
        """A round has ended."""
        if failure is not None:
            self._cry("the database fails", str(failure))
        failed = [report.words for report in reports if report.outcome is None]
        if failure is not None:
            failed.append(str(failure))
        self._last_round = failed[0] if failed else f"last poll {self._clock(self._now())}, all well"
        if any(report.outcome is not None and report.outcome.verdict == "held" for report in reports):
            self._last_round += "; a snapshot is held"
        if self._settings.heartbeat:
            beating = asyncio.create_task(self._beat(self._settings.heartbeat, "\n".join(failed)))
            self._beats.add(beating)
            beating.add_done_callback(self._beats.discard)
        self._deliverer.look()
        self._poller.plan()
        self._say_status()

    async def _beat(self, url: str, failure: str) -> None:
        problem = await beat(url, failure)
        if problem:
            log.warning("No heartbeat: %s.", problem)

    def _tell(self, notice: Notice) -> None:
        """Queue a notice for the operator."""
        try:
            self._store.outbox.notify(notice, self._settings.ops, self._now())
            self._deliverer.look()
        except StoreError as error:
            log.error("%s", error)
            self._cry(notice.title, notice.text)

    def _cry(self, title: str, text: str) -> None:
        """Tell the operator what cannot be put into the outbox, because that is what fails."""
        now = self._now()
        if title in self._cried and now - self._cried[title] < _CRY_AGAIN:
            return
        self._cried[title] = now
        courier = Courier(self._settings.targets)
        for target in self._settings.ops:
            try:
                courier.send(target, f"Watcher: {title}", text, courier.format_of(target))
            except DeliveryError as error:
                log.error("%s", error)

    def _say_status(self) -> None:
        try:
            dues = [due for name in self._settings.watches if (due := self._poller.due(name)) is not None]
            waiting = len(self._store.outbox.waiting())
        except WatcherError as error:
            self._notifier.status(str(error))
            return
        count = len(self._settings.watches)
        parts = [f"{count} watch{'es' if count != 1 else ''}", self._last_round or self._last_poll()]
        parts += [f"next poll {self._clock(min(dues))}"] if dues else []
        parts += [f"{waiting} message{'s' if waiting != 1 else ''} waiting"] if waiting else []
        self._notifier.status("; ".join(parts))

    def _last_poll(self) -> str:
        """What is known of polls before this start."""
        polls = [one.last_poll for one in self._store.status(self._settings.watches).values() if one.last_poll]
        return f"last poll {max(polls).astimezone(self._settings.timezone):%Y-%m-%d %H:%M}" if polls else "no poll yet"

    def _clock(self, at: datetime) -> str:
        return f"{at.astimezone(self._settings.timezone):%H:%M}"
