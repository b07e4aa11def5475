"""When things are due: polls by interval or cron, digests by cron, and when quiet hours end (DESIGN section 5)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from apscheduler.triggers.cron import CronTrigger


def following(every: timedelta | None, cron: str | None, zone: tzinfo, after: datetime) -> datetime | None:
    """The next time after `after`, of an interval that started there or of a cron string in `zone`.

    None if a cron string never fires again.
    """
    if every is not None:
        return after + every
    return next_fire(cron or "", zone, after)


#: A failed poll is tried again sooner than its schedule says: after a minute, then two, then four …
_FIRST_RETRY, _LONGEST_RETRY = timedelta(minutes=1), timedelta(hours=1)


def due_at(
    every: timedelta | None,
    cron: str | None,
    zone: tzinfo,
    *,
    last: datetime | None,
    failures: int,
    now: datetime,
    spread: float = 0.0,
) -> datetime | None:
    """When a watch is to be polled, given when it last was; in the past if it is overdue, None if never again.

    One poll is due after a long time away, not one for each that was missed. A clock that was set back brings neither
    a storm nor a gap: a last poll in the future counts as just now.

    Args:
        last: the last poll, good or failed; None if there was none, and then it is due now.
        failures: how many polls have failed since the last good one; they are retried with growing waits.
        spread: from 0 to 1, how much of a small delay to add, so that not all watchers call at the full hour.
    """
    if last is None:
        return now
    last = min(last, now)
    regular = following(every, cron, zone, last)
    if regular is not None and every is not None:
        regular += slack(every) * spread
    if failures == 0:
        return regular
    retry = last + min(_FIRST_RETRY * (1 << min(failures - 1, 10)), _LONGEST_RETRY)
    return retry if regular is None else min(retry, regular)


def slack(every: timedelta | None) -> timedelta:
    """How much earlier or later a poll may be: a twentieth of its interval, at most half a minute."""
    return timedelta() if every is None else min(every / 20, timedelta(seconds=30))


def next_fire(cron: str, zone: tzinfo, after: datetime) -> datetime | None:
    """The first time after `after` at which a cron string fires, in UTC; None if it never does."""
    fire: datetime | None = _trigger(cron, zone).get_next_fire_time(None, after + timedelta(microseconds=1))
    if fire is None:
        return None
    if fire.astimezone(zone).fold and "*" not in cron.split()[1]:
        # An hour that comes twice when summer time ends: what is to happen at a given hour happens once.
        return next_fire(cron, zone, fire.astimezone(UTC))
    return fire.astimezone(after.tzinfo)


@lru_cache(maxsize=256)
def _trigger(cron: str, zone: tzinfo) -> CronTrigger:
    from apscheduler.triggers.cron import CronTrigger

    return CronTrigger.from_crontab(cron, timezone=zone)


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of the day, in the file's time zone, in which only what is critical is sent; they may span midnight."""

    start: time
    end: time

    def covers(self, at: datetime, zone: ZoneInfo) -> bool:
        """Whether an instant lies in the quiet hours."""
        clock = at.astimezone(zone).time()
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


@dataclass(frozen=True, slots=True)
class Timing:
    """When a watch is polled: `every` so often, or by a `cron` string in `zone`."""

    every: timedelta | None = None
    cron: str | None = None
    zone: tzinfo = UTC

    def times(self, after: datetime, until: datetime) -> Iterator[datetime]:
        """The polls after an instant at which one took place, up to `until` (included), in order."""
        at = following(self.every, self.cron, self.zone, after)
        while at is not None and at <= until:
            yield at
            at = following(self.every, self.cron, self.zone, at)

    def per_day(self) -> float:
        """Polls per day; of a cron string as it is over four weeks."""
        return timedelta(days=1) / self.every if self.every is not None else len(_fires(self)) / _WEEKS.days

    def longest_gap(self) -> timedelta:
        """How long it takes at most from one poll to the next; of a cron string as it is over four weeks."""
        if self.every is not None:
            return self.every
        fires = _fires(self)
        return max((b - a for a, b in itertools.pairwise((*fires, fires[0] + _WEEKS)))) if fires else _WEEKS


_WEEKS = timedelta(days=28)


@lru_cache(maxsize=256)
def _fires(timing: Timing) -> tuple[datetime, ...]:
    """A cron string's polls over four weeks from a Monday."""
    start = datetime(2024, 1, 1, tzinfo=UTC)
    return tuple(timing.times(start - timedelta(seconds=1), start - timedelta(seconds=1) + _WEEKS))
