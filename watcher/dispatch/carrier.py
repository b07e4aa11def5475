"""Who sends, with which words, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from watcher.messages import Attachment, Format, Frame, Message, compose
from watcher.routing import Bundle, TargetPolicy

if TYPE_CHECKING:
    import jinja2


class Carrier(Protocol):
    """Who sends: the courier, or the demo's mailbox. `send` may block; it runs beside the loop."""

    @property
    def names(self) -> tuple[str, ...]: ...
    def format_of(self, name: str) -> Format: ...
    def attaches(self, name: str) -> bool: ...
    def send(
        self, name: str, title: str, body: str, format: Format, attachments: Sequence[Attachment] = ()
    ) -> None: ...


@dataclass(slots=True)
class DeliveryReport:
    """What became of what was due.

    Attributes:
        failed: why a target did not take its message.
        dead: how many messages to a target were given up.
        parked: how many messages wait for a target that is gone from the file.
        problems: templates that failed and were replaced by the built-in ones.
    """

    sent: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    dead: dict[str, int] = field(default_factory=dict)
    parked: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Wording:
    """What messages are rendered with, and when: templates (the user's, the shipped ones), time zone, targets' wishes.

    `ops` hears of templates and targets that fail. `report` makes the report of a digest's time, given now and since.
    """

    own: jinja2.BaseLoader | None
    built_in: jinja2.BaseLoader
    timezone: ZoneInfo
    policies: Mapping[str, TargetPolicy] = field(default_factory=dict)
    ops: tuple[str, ...] = ()
    report: Callable[[datetime, datetime], Attachment] | None = None

    def policy(self, target: str) -> TargetPolicy:
        return self.policies.get(target, TargetPolicy())

    def message(
        self, bundle: Bundle, format: Format, *, attach: bool, series: Mapping[str, Sequence[float]]
    ) -> Message:
        """One bundle as one message."""
        frame = Frame(bundle.watches, bundle.at, format, self.timezone, bundle.since, attach, series)
        return compose(self.own, self.built_in, bundle.alerts, bundle.notices, frame)
