"""What a configuration costs in credits, before anything is fetched."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from watcher.plan.lists import Filter, Reading, covers, readings
from watcher.plan.watches import UNKNOWN, Planned, Thrift, forecast, pages

DAY = timedelta(days=1)
#: A month of a bill, in days.
MONTH = 30
_MONDAY = datetime(2024, 1, 1, tzinfo=UTC)
_WEEK = 7 * DAY


@dataclass(frozen=True, slots=True)
class Line:
    """One watch of a bill, in credits per day unless said otherwise.

    Attributes:
        sites: how many sites it has; None where nobody has looked yet.
        guessed: `sites` and the list are taken for the whole known table, as nobody has looked yet.
        pages: calls that its own list takes; `lists` what it pays for lists, those of others left out.
        read_from: the watch out of whose list its own comes, when both are due.
        first: what its first poll takes.
    """

    name: str
    sites: int | None
    guessed: bool
    polls: float
    pages: int
    lists: float
    details: float
    first: int
    read_from: str = ""

    @property
    def day(self) -> float:
        return self.lists + self.details


@dataclass(frozen=True, slots=True)
class Bill:
    """What all watches cost together. `apart` is what their lists would cost a day, were none shared."""

    lines: tuple[Line, ...]
    apart: float

    @property
    def day(self) -> float:
        return sum(line.day for line in self.lines)

    @property
    def month(self) -> float:
        return self.day * MONTH

    @property
    def lists(self) -> float:
        return sum(line.lists for line in self.lines)

    @property
    def details(self) -> float:
        return sum(line.details for line in self.lines)

    @property
    def first(self) -> int:
        return sum(line.first for line in self.lines)

    @property
    def busiest(self) -> str:
        """The watch that costs most."""
        return max(self.lines, key=lambda line: line.day).name if self.lines else ""


def bill(
    thrift: Thrift,
    rows: Callable[[Filter], int | None],
    sites: Mapping[str, frozenset[str]],
) -> Bill:
    """Price every watch.

    Args:
        rows: how many rows a filter's list has; None where nobody knows.
        sites: per watch, the slugs that it has; empty for one that was never polled.
    """
    share = thrift.share_lists
    until = _MONDAY + _WEEK
    lists = forecast(thrift.watches, rows, _MONDAY, until, share=share)
    apart = forecast(thrift.watches, rows, _MONDAY, until, share=False)
    together = readings([(watch.name, watch.filter) for watch in thrift.watches], rows) if share else ()
    details = _details(thrift.watches, rows, sites)
    first = _first(thrift.watches, rows, sites, together)
    days = _WEEK / DAY
    return Bill(
        tuple(
            Line(
                watch.name,
                sites=_count(watch, rows, sites),
                guessed=watch.name not in sites and rows(watch.filter) is None,
                polls=watch.timing.per_day(),
                pages=pages(UNKNOWN if (known := rows(watch.filter)) is None else known),
                lists=lists[watch.name] / days,
                details=details[watch.name],
                first=first[watch.name],
                read_from=_source(watch.name, together),
            )
            for watch in thrift.watches
        ),
        sum(apart.values()) / days,
    )


def detail_period(watch: Planned) -> timedelta | None:
    """How long it is from one look at a detail to the next; None for never."""
    if watch.details is None:
        return None
    per_day = watch.timing.per_day()
    if per_day == 0:
        return None
    between = DAY / per_day
    return between * max(1, math.floor(watch.details / between + 1 / 20))


def _count(watch: Planned, rows: Callable[[Filter], int | None], sites: Mapping[str, frozenset[str]]) -> int | None:
    if watch.name in sites:
        return len(sites[watch.name])
    return rows(watch.filter)


def _details(
    watches: Sequence[Planned], rows: Callable[[Filter], int | None], sites: Mapping[str, frozenset[str]]
) -> dict[str, float]:
    """Details a day: a site of several watches is asked for by the one that wants it most often."""
    found = {watch.name: 0.0 for watch in watches}
    taken: set[str] = set()
    before: list[Filter] = []
    timed = [(period, watch) for watch in watches if (period := detail_period(watch)) is not None]
    for period, watch in sorted(timed, key=lambda item: item[0]):
        if watch.name in sites:
            count = len(sites[watch.name] - taken)
            taken |= sites[watch.name]
        else:
            known = rows(watch.filter)
            inside = any(covers(filter, watch.filter) for filter in before)
            count = 0 if inside else UNKNOWN if known is None else known
        before.append(watch.filter)
        found[watch.name] = count * (DAY / period)
    return found


def _first(
    watches: Sequence[Planned],
    rows: Callable[[Filter], int | None],
    sites: Mapping[str, frozenset[str]],
    together: Sequence[Reading],
) -> dict[str, int]:
    """What polling each for the first time takes: its list, or a call to compare it; and every detail once."""
    found: dict[str, int] = {}
    taken: set[str] = set()
    before: list[Filter] = []
    for watch in sorted(watches, key=lambda one: _source(one.name, together) != ""):
        known = rows(watch.filter)
        calls = 1 if _source(watch.name, together) else pages(UNKNOWN if known is None else known)
        count = 0
        if watch.details is not None:
            if watch.name in sites:
                count = len(sites[watch.name] - taken)
                taken |= sites[watch.name]
            elif not any(covers(filter, watch.filter) for filter in before):
                count = UNKNOWN if known is None else known
            before.append(watch.filter)
        found[watch.name] = calls + count
    return found


def _source(name: str, together: Sequence[Reading]) -> str:
    for reading in together:
        if name in reading.watches[1:]:
            return reading.watches[0]
    return ""
