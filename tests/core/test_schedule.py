"""When a watch is due: intervals, cron strings over summer time, failures, clocks that were set back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from watcher.schedule import due_at, slack

NOW = datetime(2026, 3, 2, 6, tzinfo=UTC)
JAKARTA, BERLIN = ZoneInfo("Asia/Jakarta"), ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)


def due(last: datetime | None, *, every: timedelta | None = HOUR, cron: str | None = None, **more: object) -> datetime:
    how = {"failures": 0, "now": NOW, "zone": JAKARTA} | more
    zone = how.pop("zone")
    found = due_at(every, cron, zone, last=last, **how)  # type: ignore[arg-type]
    assert found is not None
    return found


def test_what_was_never_polled_is_due_now() -> None:
    """A new watch gets its baseline at once, by interval or cron."""
    assert due(None) == NOW and due(None, every=None, cron="0 7 * * *") == NOW


def test_a_restart_neither_repeats_nor_skips() -> None:
    """Half an hour after a poll it is not due; two hours after, it is overdue."""
    assert due(NOW - HOUR / 2) == NOW + HOUR / 2
    assert due(NOW - 2 * HOUR) < NOW


def test_a_long_downtime_is_one_poll() -> None:
    """A month away leaves one poll due, and the next an interval after it."""
    assert due(NOW - timedelta(days=30)) <= NOW
    assert due(NOW) == NOW + HOUR


def test_cron_is_in_the_files_zone() -> None:
    """Seven in Jakarta is midnight UTC."""
    assert due(NOW, every=None, cron="0 7 * * *") == datetime(2026, 3, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 29, 1, tzinfo=UTC)),
        (datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
    ids=["an hour that does not exist", "an hour that comes twice"],
)
def test_summer_time_neither_skips_nor_doubles(last: datetime, expected: datetime) -> None:
    """02:30 in Berlin on the two nights on which clocks are changed: once, within the hour."""
    first = due(last, every=None, cron="30 2 * * *", zone=BERLIN, now=last)
    assert abs(first - expected) <= HOUR
    assert due(first, every=None, cron="30 2 * * *", zone=BERLIN, now=first) > first + timedelta(hours=20)


def test_a_cron_that_never_fires_is_never_due() -> None:
    """The thirty-first of February."""
    assert due_at(None, "0 0 31 2 *", JAKARTA, last=NOW, failures=0, now=NOW) is None


@pytest.mark.parametrize(("failures", "minutes"), [(1, 1), (2, 2), (3, 4), (5, 16), (30, 60)])
def test_failures_are_retried_with_growing_waits(failures: int, minutes: int) -> None:
    """A daily watch whose poll fails is tried again in a minute, then two, then four, at most an hour."""
    assert due(NOW, every=timedelta(days=1), failures=failures) == NOW + timedelta(minutes=minutes)


def test_a_retry_is_never_later_than_the_schedule() -> None:
    """A watch polled every two minutes keeps to them while it fails."""
    assert due(NOW, every=timedelta(minutes=2), failures=9) == NOW + timedelta(minutes=2)


@given(ahead=some.timedeltas(timedelta(), timedelta(days=3650)), spread=some.floats(0, 1))
def test_a_clock_set_back_brings_no_gap_and_no_storm(ahead: timedelta, spread: float) -> None:
    """A last poll in the future counts as just now."""
    found = due(NOW + ahead, spread=spread)
    assert NOW + HOUR <= found <= NOW + HOUR + slack(HOUR)


@given(last=some.timedeltas(timedelta(), timedelta(days=30)), spread=some.floats(0, 1))
def test_the_spread_is_small(last: timedelta, spread: float) -> None:
    """Jitter delays a poll by at most half a minute, or a twentieth of its interval."""
    assert timedelta() <= due(NOW - last, spread=spread) - (NOW - last + HOUR) <= timedelta(seconds=30)
