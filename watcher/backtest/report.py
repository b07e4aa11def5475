"""What came of a backtest, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from watcher.model import Alert, Change, Notice


@dataclass(frozen=True, slots=True)
class Held:
    """A snapshot that was held, and why; `until` is None where the history ends before the hold does."""

    watch: str
    since: datetime
    reason: str
    until: datetime | None = None
    believed: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """One message that a target would have got. `ops` marks the watcher's own news."""

    at: datetime
    target: str
    title: str
    alerts: int
    notices: int

    @property
    def ops(self) -> bool:
        return self.alerts == 0


@dataclass(slots=True)
class WatchRun:
    """What one watch would have done: polls, credits by the API's price, sites at the baseline, and all changes."""

    watch: str
    polls: int = 0
    credits: int = 0
    first: datetime | None = None
    last: datetime | None = None
    baseline: int = 0
    changes: list[Change] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    """All that a backtest found. `alerts` has each alert with its instant, in order."""

    runs: list[WatchRun] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    alerts: list[tuple[datetime, Alert]] = field(default_factory=list)
    notices: list[tuple[datetime, Notice]] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
