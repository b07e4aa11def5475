"""outbox → render → send → mark (DESIGN section 1). Marked only after sending: a kill loses no alert."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

import jinja2

from watcher.errors import DeliveryError
from watcher.messages import Format, Message, compose
from watcher.store import Batch, Store

log = logging.getLogger("watcher")


class Carrier(Protocol):
    """Who sends: the courier, or the demo's mailbox."""

    @property
    def names(self) -> tuple[str, ...]: ...
    def format_of(self, name: str) -> Format: ...
    def send(self, name: str, title: str, body: str, format: Format) -> None: ...


@dataclass(slots=True)
class DeliveryReport:
    """How many messages were sent, why others were not (by target), and which wait for a target that is gone."""

    sent: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    parked: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wording:
    """What messages are rendered with: the user's templates if there are any, the shipped ones, the time zone."""

    own: jinja2.BaseLoader | None
    built_in: jinja2.BaseLoader
    timezone: ZoneInfo

    def message(self, batch: Batch, format: Format) -> Message:
        """One batch as one message; a template that failed is logged, and replaced by the built-in one."""
        message = compose(
            self.own,
            self.built_in,
            batch.alerts,
            batch.notices,
            watch=batch.watch,
            at=batch.at,
            format=format,
            timezone=self.timezone,
        )
        for problem in message.problems:
            log.warning("The template %s failed; the built-in one was used.", problem)
        return message


def deliver(store: Store, carrier: Carrier, wording: Wording, *, now: Callable[[], datetime]) -> DeliveryReport:
    """Render what is new, then send what waits, in order per target. A target that fails delays no other."""
    report = DeliveryReport()
    for batch in store.unrendered():
        if batch.target not in carrier.names:
            report.parked[batch.target] = report.parked.get(batch.target, 0) + 1
            continue
        try:
            format = carrier.format_of(batch.target)
        except DeliveryError as error:
            report.failed[batch.target] = str(error)
            continue
        message = wording.message(batch, format)
        store.freeze(batch, title=message.title, body=message.body, format=message.format, at=now())
    for waiting in store.waiting():
        if waiting.target not in carrier.names:
            report.parked[waiting.target] = report.parked.get(waiting.target, 0) + 1
            continue
        if waiting.target in report.failed:
            continue
        try:
            carrier.send(waiting.target, waiting.title, waiting.body, waiting.format)
        except DeliveryError as error:
            store.mark_failed(waiting.id, now(), str(error))
            report.failed[waiting.target] = str(error)
        else:
            store.mark_sent(waiting.id, now())
            report.sent += 1
    return report
