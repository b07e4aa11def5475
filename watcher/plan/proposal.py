"""The setting that fits a budget with the least latency: details get older first, then lists are read less often."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from watcher.plan.lists import Filter
from watcher.plan.pricing import Bill, bill, detail_period
from watcher.plan.watches import Planned, Thrift
from watcher.schedule import Timing

_HOUR = timedelta(hours=1)
#: Intervals and ages that are proposed, in hours.
_INTERVALS = tuple(_HOUR * hours for hours in (0.25, 0.5, 1, 2, 3, 4, 6, 8, 12, 24, 48, 72, 168))
_AGES = tuple(_HOUR * hours for hours in (6, 12, 24, 48, 72, 96, 168, 336, 720))
#: Details get this old before lists are read less often.
_PATIENCE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A configuration for a budget in credits per day. `fits` is False where even the slowest setting costs more."""

    thrift: Thrift
    bill: Bill
    budget: float
    changed: frozenset[str]

    @property
    def fits(self) -> bool:
        return self.bill.day <= self.budget


def propose(
    thrift: Thrift,
    budget: float,
    rows: Callable[[Filter], int | None],
    sites: Mapping[str, frozenset[str]],
) -> Proposal:
    """The file's own settings, made slower step by step until they fit `budget` credits per day.

    Details get older first, up to a week, those of the least important watch first of all steps that save as much;
    then lists are read less often; at last details get as old as a month, or are left out. Cron strings stay.
    """
    watches = thrift.watches

    def priced(chosen: tuple[Planned, ...]) -> Bill:
        return bill(replace(thrift, watches=chosen), rows, sites)

    cost = priced(watches)
    for steps in (_older(_PATIENCE), _rarer, _older(None), _rarer):
        while cost.day > budget:
            options = [(priced(next_one), next_one) for next_one in steps(watches)]
            better = [(after, chosen) for after, chosen in options if after.day < cost.day]
            if not better:
                break
            # Enough, and no more than that: the dearest of the steps that fit, else the one that saves most.
            fitting = [item for item in better if item[0].day <= budget]
            cost, watches = max(fitting, key=_day) if fitting else min(better, key=_day)
    changed = frozenset(new.name for old, new in zip(thrift.watches, watches, strict=True) if old != new)
    return Proposal(replace(thrift, watches=watches), cost, budget, changed)


def _day(item: tuple[Bill, tuple[Planned, ...]]) -> float:
    return item[0].day


Steps = Callable[[tuple[Planned, ...]], Iterator[tuple[Planned, ...]]]


def _older(most: timedelta | None) -> Steps:
    """One watch's details a step older, up to `most`; without it up to a month, then never. Or those of all at once."""

    def steps(watches: tuple[Planned, ...]) -> Iterator[tuple[Planned, ...]]:
        slower = {place: one for place, watch in _least_first(watches) if (one := _slower(watch, most)) is not None}
        for place, watch in slower.items():
            yield _with(watches, place, watch)
        # Watches that share details save only together.
        if len(slower) > 1:
            yield tuple(slower.get(place, watch) for place, watch in enumerate(watches))

    return steps


def _slower(watch: Planned, most: timedelta | None) -> Planned | None:
    """A watch whose details are really looked at less often; None where that would be less than allowed."""
    now = detail_period(watch)
    if now is None:
        return None
    for age in _AGES:
        older = replace(watch, details=age)
        period = detail_period(older)
        if period is not None and period > now:
            return older if most is None or age <= most else None
    return replace(watch, details=None) if most is None else None


def _rarer(watches: tuple[Planned, ...]) -> Iterator[tuple[Planned, ...]]:
    """One watch's list a step less often; its details are not looked at more often than the list."""
    for place, watch in _least_first(watches):
        every = watch.timing.every
        longer = next((one for one in _INTERVALS if every is not None and one > every), None)
        if longer is not None:
            timing = Timing(longer, None, watch.timing.zone)
            details = watch.details if watch.details is None else max(watch.details, longer)
            yield _with(watches, place, replace(watch, timing=timing, details=details))
    intervals = {watch.timing.every for watch in watches if watch.timing.every is not None}
    if len(watches) > 1 and len(intervals) == 1:
        # Watches that share a list save only together.
        longer = next((one for one in _INTERVALS if one > next(iter(intervals))), None)
        if longer is not None:
            yield tuple(
                w if w.timing.every is None else replace(w, timing=Timing(longer, None, w.timing.zone)) for w in watches
            )


def _least_first(watches: tuple[Planned, ...]) -> list[tuple[int, Planned]]:
    return sorted(enumerate(watches), key=lambda item: (item[1].priority, -item[0]))


def _with(watches: tuple[Planned, ...], place: int, watch: Planned) -> tuple[Planned, ...]:
    return (*watches[:place], watch, *watches[place + 1 :])
