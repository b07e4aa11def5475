"""What is planned with: the watches of the file, how long their lists are, and the calls that are still to come."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice

from watcher.plan.budget import Limits
from watcher.plan.lists import Filter, readings
from watcher.schedule import Timing

#: Rows on a page of the list; a page is a call.
PAGE = 30
#: A list that nobody has seen yet is taken for as long as the whole known table.
UNKNOWN = 156
#: Instants that a forecast looks at one by one; what lies beyond goes on at the same pace.
_LOOKED_AT = 3_000


@dataclass(frozen=True, slots=True)
class Planned:
    """A watch as the plan sees it. Of two watches, the one of the greater `priority` is polled for longer."""

    name: str
    filter: Filter
    timing: Timing
    details: timedelta | None
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Thrift:
    """How credits are used: the limits, every watch of the file, and whether watches may read one list together."""

    limits: Limits = field(default_factory=Limits)
    watches: tuple[Planned, ...] = ()
    share_lists: bool = True

    def ranked(self) -> tuple[Planned, ...]:
        """The watches, the most important first: by priority, then as they stand in the file."""
        return tuple(sorted(self.watches, key=lambda watch: -watch.priority))


def pages(rows: int | None) -> int:
    """The calls that a list of so many rows takes; at least one, for a list that nobody has seen yet too."""
    return max(1, math.ceil((rows or 0) / PAGE))


def forecast(
    watches: Iterable[Planned],
    rows: Callable[[Filter], int | None],
    after: datetime,
    until: datetime,
    *,
    share: bool,
) -> Mapping[str, float]:
    """The list calls of each watch after an instant and up to another; a list read together is the first one's.

    Args:
        rows: how many rows a filter's list has; None where nobody knows.
        share: whether watches that are due together may read one list.
    """
    watches = tuple(watches)
    due: dict[datetime, list[Planned]] = defaultdict(list)
    spans: dict[str, float] = {}
    for watch in watches:
        last, count = after, 0
        for at in _times(watch.timing, after, until):
            due[at].append(watch)
            last, count = at, count + 1
        spans[watch.name] = (until - after) / (last - after) if count == _LOOKED_AT else 1.0
    calls: dict[str, float] = {watch.name: 0.0 for watch in watches}
    costs: dict[tuple[str, ...], Sequence[tuple[str, int]]] = {}
    for together in due.values():
        names = tuple(watch.name for watch in together)
        if names not in costs:
            costs[names] = _cost(together, rows, share=share)
        for name, cost in costs[names]:
            calls[name] += cost
    return {name: count * spans[name] for name, count in calls.items()}


@lru_cache(maxsize=64)
def _times(timing: Timing, after: datetime, until: datetime) -> tuple[datetime, ...]:
    return tuple(islice(timing.times(after, until), _LOOKED_AT))


def _cost(
    together: Sequence[Planned], rows: Callable[[Filter], int | None], *, share: bool
) -> Sequence[tuple[str, int]]:
    def calls(filter: Filter) -> int:
        known = rows(filter)
        return pages(UNKNOWN if known is None else known)

    if not share:
        return [(watch.name, calls(watch.filter)) for watch in together]
    found = readings([(watch.name, watch.filter) for watch in together], rows)
    return [(reading.watches[0], calls(reading.filter)) for reading in found]
