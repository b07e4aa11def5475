"""Whether polls happen when they should: the verdict of /healthz, and the first line of the front page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.config import Settings
from watcher.schedule import due_at
from watcher.store import WatchStatus
from watcher.store.pages import Pages
from watcher.web.pulse import Pulse

#: A poll takes its time; only after this much more is it overdue.
GRACE = timedelta(minutes=10)
#: A scheduler that has not turned for so long has stopped.
STILL = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Outlook:
    """How one watch stands, when its next poll is due, and whether that is long past."""

    status: WatchStatus
    next: datetime | None
    overdue: bool


def outlooks(read: Pages, settings: Settings, now: datetime, pulse: Pulse | None) -> list[Outlook]:
    """Every watch of the file, in its order. The daemon knows when it polls next; else the schedule tells."""
    statuses, pause, found = read.status(settings.watches), read.ledger.pause(), []
    for name, watch in settings.watches.items():
        status = statuses[name]
        due = pulse.next_polls.get(name) if pulse is not None else None
        if due is None and status.last_poll is not None:
            failures, _ = read.failures(name)
            due = due_at(watch.every, watch.cron, settings.timezone, last=status.last_poll, failures=failures, now=now)
        if due is not None and pause is not None:
            due = max(due, pause.probe_at)
        found.append(Outlook(status, due, due is not None and now - due > GRACE))
    return found


def ailments(outlooks: Sequence[Outlook], now: datetime, pulse: Pulse | None) -> list[str]:
    """Why polls do not happen as they should; nothing where all is well."""
    found = []
    if pulse is not None and now - pulse.scheduler_alive_at > STILL:
        found.append("the scheduler has stopped")
    for outlook in outlooks:
        name = outlook.status.watch
        if outlook.overdue:
            found.append(f"the poll of {name} is overdue")
        elif outlook.status.last_poll is None and outlook.next is None:
            found.append(f"{name} was never polled")
    return found
