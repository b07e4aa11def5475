"""Whose turn it is: details are asked for again before they get too old, evenly, as late as that allows."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import islice

from watcher.schedule import Timing

#: A poll may come so much of its interval late without a detail counting as too old: no clock ticks exactly.
SLACK = 1 / 20
_CRON_SLACK = timedelta(minutes=1)
_AHEAD = 5_000


def turn(seen: Mapping[str, datetime], max_age: timedelta, timing: Timing | None, now: datetime) -> tuple[str, ...]:
    """The slugs whose detail must be asked for now, the oldest first.

    Each is asked for at its last poll before it gets older than `max_age`, or earlier where that poll would have more
    than its share: `n` details over the polls that fit into `max_age`. So what was fetched at once does not come due
    at once for ever.

    Args:
        seen: per slug, when its detail was last had.
        timing: when polls come; None where nobody knows, then what is `max_age` old is due.
    """
    if not seen:
        return ()
    oldest = sorted(seen, key=lambda slug: (seen[slug], slug))
    if timing is None:
        return tuple(slug for slug in oldest if now - seen[slug] >= max_age)
    ages = [seen[slug] for slug in oldest]
    polls = _polls_until(ages[-1] + max_age, max_age, timing, now)
    share = math.ceil(len(oldest) / max(1, polls(now + max_age)))
    count = 0
    for place, at in enumerate(ages, 1):
        count = max(count, place - share * max(0, polls(at + max_age)))
    # Polled by hand between two polls: what was just fetched is not fetched again for want of a poll in between.
    fresh = min(max_age, timing.every or max_age) / 2
    return tuple(slug for slug in oldest[:count] if now - seen[slug] >= fresh)


def _polls_until(last: datetime, max_age: timedelta, timing: Timing, now: datetime) -> Callable[[datetime], int]:
    """The function that counts the polls which come after this one, up to a deadline."""
    every = timing.every
    if every is not None:
        return lambda deadline: math.floor((deadline - now) / every + SLACK)
    coming = tuple(islice(timing.times(now, max(last, now + max_age) + _CRON_SLACK), _AHEAD))
    return lambda deadline: bisect_right(coming, deadline + _CRON_SLACK)
