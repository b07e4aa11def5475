"""The limits of a watchlist: what a user wrote (DESIGN section 5, `watchlists`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from watcher.model import EMPTY, Per, Severity, Test
from watcher.rules.conditions import Bound

Since = timedelta | Literal["last_told", "previous", "last_year"]


@dataclass(frozen=True, slots=True)
class Limit:
    """What a figure may be. `above` and `below` are levels, resolved only past `clear`; the others are movements.

    Movements count from `since`: what people were last told, the figure before, the year before, or so long ago.
    """

    above: float | None = None
    below: float | None = None
    clear: float | None = None
    rises_by: Bound | None = None
    falls_by: Bound | None = None
    changes_by: Bound | None = None
    since: Since = "last_told"

    @property
    def tests(self) -> tuple[Test, ...]:
        names: tuple[Test, ...] = ("above", "below", "rises_by", "falls_by", "changes_by")
        return tuple(name for name in names if getattr(self, name) is not None)

    def words(self, test: Test) -> str:
        """One of its tests in words: `above 11`, `fallen by 5 %`."""
        bound = getattr(self, test)
        if isinstance(bound, Bound):
            size = f"{bound.number:,.12g}{' %' if bound.percent else ''}"
            return f"{_MOVES[test]} by {size}"
        return f"{test} {bound:,.12g}"

    def signature(self, test: Test) -> str:
        """A test with all that its memory depends on: another signature is another limit."""
        since = "" if test in {"above", "below"} else f" since {self.since}"
        return (
            f"{self.words(test)}{f' clear {self.clear:,.12g}' if self.clear is not None and not since else ''}{since}"
        )


_MOVES = {"rises_by": "risen", "falls_by": "fallen", "changes_by": "moved"}


@dataclass(frozen=True, slots=True)
class Watchlist:
    """Companies that somebody follows. `limits` maps metrics (or globs) to limits for all of them; a company's own
    limit for a metric stands in place of the list's. `repeat` says again while still broken; None = once.
    """

    name: str
    to: tuple[str, ...]
    companies: Mapping[str, Mapping[str, Limit]]
    limits: Mapping[str, Limit] = field(default_factory=lambda: EMPTY)
    severity: Severity = "warning"
    per: Per = "site"
    repeat: timedelta | None = None
    resolve: bool = False
    enabled: bool = True
