"""All that a decision about one watch depends on besides its memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from watcher import judge
from watcher.model import EMPTY, Severity
from watcher.rules import Rule, Silence, Watchlist
from watcher.schedule import Timing


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """All that a decision about one watch depends on besides its memory.

    `filter` holds list parameters of the API; `details` is how old a detail may get, None for never;
    `min_severity` maps targets to the least that they want to hear of; `timing` says when polls come, so that details
    are asked for evenly (None: once they are too old).
    """

    name: str
    filter: Mapping[str, str | int | float] = field(default_factory=lambda: EMPTY)
    details: timedelta | None = timedelta(hours=24)
    judgement: judge.JudgementPolicy = field(default_factory=judge.JudgementPolicy)
    rules: tuple[Rule, ...] = ()
    watchlists: tuple[Watchlist, ...] = ()
    silences: tuple[Silence, ...] = ()
    min_severity: Mapping[str, Severity] = field(default_factory=lambda: EMPTY)
    timing: Timing | None = None

    def moment(self, at: datetime) -> str:
        """An instant as people read it, in the file's time zone."""
        zone = self.timing.zone if self.timing is not None else UTC
        return f"{at.astimezone(zone):%Y-%m-%d %H:%M %Z}"
