"""Silences: what is not to be told for a while, and why (as Alertmanager has them; DESIGN section 5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from watcher.model import EMPTY, Alert, Crossing
from watcher.rules.rule import WHERE_FIELDS
from watcher.rules.rulebook import Former, meets, said

#: What a silence's matcher may name: the fields of `where`, and who speaks how loudly.
MATCHER_FIELDS = (*WHERE_FIELDS, "rule", "watchlist", "severity")


@dataclass(frozen=True, slots=True)
class Silence:
    """`matcher` maps fields to globs, all of which must be met. `id` is None for one that stands in the file."""

    matcher: Mapping[str, tuple[str, ...]]
    until: datetime
    reason: str
    id: int | None = None

    def covers(self, alert: Alert, now: datetime, former: Former = EMPTY) -> bool:
        """Whether it keeps `alert` from being sent at `now`. Names that sites and companies had before count."""
        return now < self.until and all(
            meets(globs, _said(alert, name, former)) for name, globs in self.matcher.items()
        )

    @property
    def words(self) -> str:
        """The matcher on one line: `company=pt-berau-coal, metric=reserves.*`."""
        return ", ".join(f"{name}={'|'.join(globs)}" for name, globs in self.matcher.items())


def silenced(alert: Alert, silences: Iterable[Silence], now: datetime, former: Former = EMPTY) -> str:
    """Why an alert is not sent; empty if it is."""
    for silence in silences:
        if silence.covers(alert, now, former):
            return silence.reason or silence.words
    return ""


def _said(alert: Alert, name: str, former: Former) -> tuple[str, ...]:
    about = alert.about
    if name in {"rule", "watchlist"}:
        return (alert.rule,) if (name == "watchlist") == isinstance(about, Crossing) else ("",)
    if name == "severity":
        return (alert.severity,)
    return said(about, name, former)
