"""When things are due: polls by interval or cron, digests by cron, and when quiet hours end (DESIGN section 5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger


def following(every: timedelta | None, cron: str | None, zone: ZoneInfo, after: datetime) -> datetime | None:
    """The next time after `after`, of an interval that started there or of a cron string in `zone`.

    None if a cron string never fires again.
    """
    if every is not None:
        return after + every
    return next_fire(cron or "", zone, after)


def next_fire(cron: str, zone: ZoneInfo, after: datetime) -> datetime | None:
    """The first time after `after` at which a cron string fires, in UTC; None if it never does."""
    fire: datetime | None = _trigger(cron, zone).get_next_fire_time(None, after + timedelta(microseconds=1))
    return None if fire is None else fire.astimezone(after.tzinfo)


@lru_cache(maxsize=256)
def _trigger(cron: str, zone: ZoneInfo) -> CronTrigger:
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
