"""When things are due: polls by interval or cron, digests by cron, and when quiet hours end (DESIGN section 5)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger


def following(every: timedelta | None, cron: str | None, zone: tzinfo, after: datetime) -> datetime | None:
    """The next time after `after`, of an interval that started there or of a cron string in `zone`.

    None if a cron string never fires again.
    """
    if every is not None:
        return after + every
    return next_fire(cron or "", zone, after)


def next_fire(cron: str, zone: tzinfo, after: datetime) -> datetime | None:
    """The first time after `after` at which a cron string fires, in UTC; None if it never does."""
    fire: datetime | None = _trigger(cron, zone).get_next_fire_time(None, after + timedelta(microseconds=1))
    return None if fire is None else fire.astimezone(after.tzinfo)


@lru_cache(maxsize=256)
def _trigger(cron: str, zone: tzinfo) -> CronTrigger:
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
