"""Details are asked for evenly, before they get too old, and as rarely as that allows (issue: every credit counts)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.histories import START, play, sites
from watcher.pipeline import WatchSettings
from watcher.plan import turn
from watcher.schedule import Timing

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class Run:
    """What came of polling for a while: details per poll, and the greatest age that one reached."""

    per_poll: list[int]
    oldest: timedelta


def run(count: int, timing: Timing, max_age: timedelta, length: timedelta, start: datetime = START) -> Run:
    """All details at once at `start`, then as `turn` says at every poll."""
    seen = {f"mine-{n}": start for n in range(count)}
    per_poll, oldest = [], timedelta()
    for now in timing.times(start, start + length):
        due = turn(seen, max_age, timing, now)
        oldest = max(oldest, *(now - at for at in seen.values()))
        seen |= dict.fromkeys(due, now)
        per_poll.append(len(due))
    return Run(per_poll, oldest)


def test_a_baseline_does_not_come_due_at_once() -> None:
    """156 details had at once: from the first day on at most 7 an hour, 156 a day, and none older than its age."""
    done = run(156, Timing(HOUR), DAY, 10 * DAY)
    assert max(done.per_poll) == 7 and done.oldest == DAY
    for day in range(1, 10):
        assert sum(done.per_poll[day * 24 : day * 24 + 24]) == 156


def test_a_few_sites_are_not_asked_more_often_than_their_age() -> None:
    """Ten details a day over 24 polls are ten credits, not twenty-four."""
    done = run(10, Timing(HOUR), DAY, 20 * DAY)
    assert sum(done.per_poll) == 200 and max(done.per_poll) == 1 and done.oldest == DAY


@pytest.mark.parametrize(
    ("every", "age", "most"),
    [(HOUR, timedelta(0), 156), (DAY, HOUR, 156), (HOUR, 2 * HOUR, 78), (HOUR, HOUR, 156), (5 * HOUR, DAY, 39)],
)
def test_whatever_the_age_none_gets_older(every: timedelta, age: timedelta, most: int) -> None:
    """0s asks for all at every poll; an age that polls do not divide is kept by asking earlier."""
    done = run(156, Timing(every), age, 6 * DAY)
    assert max(done.per_poll) == most and done.oldest <= max(age, every)


def test_a_cron_string_is_looked_ahead() -> None:
    """On weekdays at seven: what would get too old over the weekend is asked for on Friday at the latest."""
    jakarta = ZoneInfo("Asia/Jakarta")
    timing = Timing(cron="0 7 * * mon-fri", zone=jakarta)
    monday = datetime(2026, 3, 2, 7, tzinfo=jakarta)
    done = run(10, timing, 4 * DAY, 28 * DAY, monday.astimezone(UTC))
    assert done.oldest <= 4 * DAY and sum(done.per_poll) <= 4 * 25


def test_a_poll_by_hand_asks_for_nothing_that_was_just_had() -> None:
    """Daily polls, daily details, and one more poll two hours later: no details."""
    seen = {f"mine-{n}": START for n in range(5)}
    assert turn(seen, DAY, Timing(DAY), START + 2 * HOUR) == ()
    assert len(turn(seen, DAY, Timing(DAY), START + DAY - timedelta(minutes=5))) == 5


def test_a_clock_that_ticks_late_costs_nothing() -> None:
    """Polls that drift by seconds ask for no more details than exact ones."""
    seen = {f"mine-{n}": START for n in range(156)}
    asked, now = 0, START
    for _ in range(24 * 10):
        now += HOUR + timedelta(seconds=5)
        due = turn(seen, DAY, Timing(HOUR), now)
        assert all(now - at <= DAY + timedelta(minutes=3) for at in seen.values()) and len(due) <= 8
        seen |= dict.fromkeys(due, now)
        asked += len(due)
    assert asked <= 156 * 10


@given(
    ages=st.lists(st.integers(0, 47), min_size=1, max_size=60),
    every=st.sampled_from([15, 60, 180]),
    age=st.sampled_from([60, 720, 1440]),
)
@settings(max_examples=40, deadline=None)
def test_from_any_past_the_ages_are_kept(ages: list[int], every: int, age: int) -> None:
    """However details were had before, from the next poll on none gets older than it may."""
    max_age, timing = timedelta(minutes=age), Timing(timedelta(minutes=every))
    seen = {f"mine-{n}": START - timedelta(hours=hours) for n, hours in enumerate(ages)}
    now = START
    for _ in range(30):
        seen |= dict.fromkeys(turn(seen, max_age, timing, now), now)
        now += timedelta(minutes=every)
        # Where even polling at once is too rare, every poll asks for it.
        assert all(now - at <= max(max_age, timedelta(minutes=every)) for at in seen.values())


def test_a_quiet_day_costs_lists_and_each_detail_once() -> None:
    """The whole pipeline, hourly for a day after the baseline: at most 156 details, and never more than 24 at once."""
    watch = WatchSettings("all", timing=Timing(HOUR))
    done = play(*[sites(156)] * 25, every=HOUR, settings=watch)
    assert done.credits[0] == 156 and max(done.credits[1:]) <= 24 and done.changes == ()
    assert sum(done.credits[1:]) <= 156


def test_never_is_never() -> None:
    """`details: never` asks for none."""
    watch = WatchSettings("all", details=None, timing=Timing(HOUR))
    assert play(*[sites(5)] * 3, every=DAY, settings=watch).credits == (0, 0, 0)
