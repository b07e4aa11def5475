"""One figure at one limit: told on crossing, resolved only past `clear`, movements counted from what was last told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watcher import units
from watcher.model import Level, Test, Transition, Value
from watcher.rules.conditions import When, holds
from watcher.rules.limits import Limit, Watchlist


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as it is now. `value` None is null.

    `year_before` is the figure of the year before. `suspect` is why it is not to be believed, and `unit_unclear` that
    its unit changed in a way nobody can follow.
    """

    value: Value | None
    year_before: Value | None = None
    suspect: str = ""
    unit_unclear: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """How a level goes on, and what is to be told of it: `old` is what the figure is compared with, `since` when.

    `silenced` is the level as it is if nobody can be told.
    """

    level: Level
    transition: Transition | None = None
    old: float | None = None
    new: float | None = None
    since: str = ""
    silenced: Level | None = None


def step(level: Level | None, limit: Limit, test: Test, watchlist: Watchlist, figure: Figure, now: datetime) -> Step:
    """The next standing of `figure` at one test of `limit`, given how it stood before (None: never looked at)."""
    signature = limit.signature(test)
    if level is not None and level.limit != signature:
        level = None
    if figure.value is None:
        return _null(level, signature, now)
    value = _in_unit(figure.value, level.unit if level else None)
    if value is None or (figure.unit_unclear and test not in {"above", "below"}):
        return Step(level or Level(signature))
    unit = level.unit if level and level.unit else figure.value.unit
    known = replace(level or Level(signature), value=value, unit=unit, unknown=False)
    if test in {"above", "below"}:
        return _threshold(level, known, limit, test, watchlist, value, figure.suspect, now)
    return _movement(level, known, limit, test, watchlist, figure, value, now)


def repeat_due(level: Level, watchlist: Watchlist, now: datetime) -> bool:
    """Whether what is still beyond its limit is to be said again."""
    if watchlist.repeat is None or not level.broken or level.told_at is None:
        return False
    return now - level.told_at >= watchlist.repeat


def _null(level: Level | None, signature: str, now: datetime) -> Step:
    """A null is neither above nor below: the state stays, and that is said once."""
    if level is None:
        return Step(Level(signature))
    if level.value is not None and not level.unknown:
        since = "beyond its limit" if level.broken else "within its limit"
        return Step(replace(level, unknown=True), "unknown", old=level.value, since=since, silenced=level)
    return Step(level)


def _in_unit(value: Value, unit: str | None) -> float | None:
    """The figure in the unit that the level was first seen in; None where there is no way."""
    if unit is None or value.unit is None or unit == value.unit:
        return value.amount
    scale = units.factor(value.unit, unit)
    return None if scale is None else float(f"{value.amount * scale:.12g}")


def _threshold(
    level: Level | None,
    known: Level,
    limit: Limit,
    test: Test,
    watchlist: Watchlist,
    value: float,
    suspect: str,
    now: datetime,
) -> Step:
    bound = limit.above if test == "above" else limit.below
    assert bound is not None
    beyond = value > bound if test == "above" else value < bound
    broken = replace(known, broken=True, told=value, told_at=now, pending=False)
    if level is None or (level.value is None and not level.broken and beyond):
        # Never looked at, or known for the first time.
        waits = replace(known, broken=True, since=now, pending=True)
        first = Step(replace(broken, since=now), "already", new=value, silenced=waits)
        return first if beyond else Step(replace(known, told=value))
    if not level.broken:
        waits = replace(known, broken=True, since=now, pending=True)
        crossed = Step(replace(broken, since=now), "crossed", old=level.value, new=value, silenced=waits)
        return crossed if beyond else Step(replace(known, pending=False))
    if _cleared(limit, test, bound, value):
        return _resolved(level, known, watchlist, value, suspect, now)
    if level.pending:
        return Step(broken, "crossed", old=level.told, new=value, silenced=known)
    since = f"since {level.since:%Y-%m-%d}" if level.since else ""
    again = repeat_due(level, watchlist, now)
    skipped = replace(known, told_at=now)
    return Step(broken, "still", new=value, since=since, silenced=skipped) if again else Step(known)


def _resolved(level: Level, known: Level, watchlist: Watchlist, value: float, suspect: str, now: datetime) -> Step:
    """Back within limits: told if the list says so. What is suspect resolves nothing in silence."""
    if suspect and not watchlist.resolve:
        return Step(replace(level, unknown=False))
    fine = replace(known, broken=False, since=None, told=value, told_at=now, pending=False)
    tell = watchlist.resolve and not level.pending
    return Step(fine, "resolved" if tell else None, old=level.value, new=value, silenced=fine)


def _cleared(limit: Limit, test: Test, bound: float, value: float) -> bool:
    if limit.clear is None:
        return value <= bound if test == "above" else value >= bound
    return value < limit.clear if test == "above" else value > limit.clear


def _movement(
    level: Level | None,
    known: Level,
    limit: Limit,
    test: Test,
    watchlist: Watchlist,
    figure: Figure,
    value: float,
    now: datetime,
) -> Step:
    reference, since = _reference(level, known, limit, figure, now)
    if isinstance(limit.since, timedelta) and (level is None or level.value != value):
        horizon = now - limit.since
        older = [point for point in known.points if point[0] <= horizon][-1:]
        known = replace(known, points=(*older, *(p for p in known.points if p[0] > horizon), (now, value)))
    if known.told is None:
        known = replace(known, told=value)
    if reference is None:
        return Step(known)
    # What people were last told, and the poll before, are gone once a movement is told; the others stay a limit.
    lasting = limit.since not in {"last_told", "previous"}
    was = lasting and level is not None and level.broken and _beyond(limit, test, level.value, reference)
    told = replace(known, told=value, told_at=now, broken=lasting, since=now if lasting else None, pending=False)
    if not _beyond(limit, test, value, reference):
        if was and limit.since == "last_year":
            assert level is not None
            return _resolved(level, known, watchlist, value, figure.suspect, now)
        return Step(replace(known, broken=False, since=None, pending=False))
    if was and level is not None and not level.pending:
        again = repeat_due(level, watchlist, now)
        still = Step(
            replace(told, since=level.since), "still", reference, value, since, silenced=replace(known, told_at=now)
        )
        return still if again else Step(known)
    transition: Transition = "moved" if level is not None else "already"
    return Step(told, transition, reference, value, since, silenced=replace(known, pending=True, broken=lasting))


def _beyond(limit: Limit, test: Test, value: float | None, reference: float) -> bool:
    """Whether a figure has moved from another by as much as the limit says."""
    if value is None:
        return False
    delta = float(f"{value - reference:.12g}")
    percent = 100 * delta / abs(reference) if reference else None
    return holds(When(**{test: getattr(limit, test)}), value, delta, percent)


def _reference(
    level: Level | None, known: Level, limit: Limit, figure: Figure, now: datetime
) -> tuple[float | None, str]:
    """What a movement counts from, in the level's unit, and how that is said."""
    if limit.since == "last_year":
        before = figure.year_before
        return (None if before is None else _in_unit(before, known.unit)), "against the year before"
    if level is None:
        return None, ""
    if limit.since == "previous":
        return level.value, "since the poll before"
    if limit.since == "last_told":
        return level.told, "since you were last told"
    horizon = now - limit.since
    older = [value for at, value in level.points if at <= horizon]
    oldest = [value for _, value in level.points]
    return (older[-1] if older else oldest[0] if oldest else None), f"within {_span(limit.since)}"


def _span(duration: timedelta) -> str:
    hours = duration.total_seconds() / 3600
    return f"{hours / 24:g} days" if hours >= 48 else f"{hours:g} hours"
