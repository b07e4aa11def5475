"""Is a snapshot believable? What an accident upstream looks like (DESIGN section 4, `hold`)."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from watcher import units
from watcher.geography import metres_apart
from watcher.judge.policy import HoldPolicy
from watcher.model import LIST_METRICS, Cause, Hold, Record, Value

Pairs = Sequence[tuple[Record, Record]]
_VANISHED = "sites vanished"


def symptoms(
    before: Iterable[Record], pairs: Pairs, lost: Iterable[str], looked: frozenset[str], policy: HoldPolicy
) -> dict[str, str]:
    """Why the snapshot must be held: what is wrong with it, in words, by a key that does not change with the numbers.

    Args:
        before: the last accepted records.
        pairs: each old record that is still there with its new version.
        lost: slugs that are gone and not renamed.
        looked: slugs whose detail has been looked at. Those that have not say nothing about what only details show.
    """
    slugs = {record.slug for record in before}
    gone = len(set(lost))
    found = {}
    if gone >= _least(len(slugs), policy.lost_sites, policy.at_least):
        found[_VANISHED] = f"{gone} of {len(slugs)} sites vanished"
    changed = [(old, new) for old, new in pairs if old is not new and not _next_year(old, new)]
    if len(changed) >= policy.at_least:
        found |= _lost_values(pairs, changed, looked, policy)
        found |= _same_factor(pairs, changed, looked, policy)
        found |= _zeros(pairs, changed, looked, policy)
        found |= _moved(pairs, changed, looked, policy)
    return found


def lasting(
    found: Mapping[str, str],
    hold: Hold | None,
    away: Mapping[str, datetime],
    sites: int,
    policy: HoldPolicy,
    now: datetime,
) -> tuple[Cause, ...]:
    """`found` with the time since when each has been so; in a hold that is longer ago.

    Args:
        away: the slugs that are gone, and when each was first missed.
        sites: how many there were.
    """
    before = {cause.key: cause.since for cause in hold.causes} if hold is not None else {}
    causes = []
    for key, words in found.items():
        since = before.get(key, now)
        if key == _VANISHED:
            # So many have been away only since the last of them went: others may have come and gone.
            since = sorted(away.values())[_least(sites, policy.lost_sites, policy.at_least) - 1]
        causes.append(Cause(key, words, since))
    return tuple(causes)


def believed(causes: Sequence[Cause], hold: Hold | None, policy: HoldPolicy, now: datetime) -> bool:
    """Whether what is held is accepted all the same: by hand, or because all of it has stayed so long enough."""
    if hold is None:
        return False
    return hold.accept or all(now - cause.since >= policy.confirm_after for cause in causes)


def _next_year(old: Record, new: Record) -> bool:
    """A new report says other things than the one before it; what it does not say is not lost."""
    return old.year is not None and new.year is not None and old.year != new.year


def _least(of: int, percent: float, at_least: int) -> int:
    """How many of so many are too many."""
    return max(1, at_least, math.ceil(percent * of / 100 - 1e-9))


def _many(count: int, of: int, policy: HoldPolicy) -> bool:
    return count > 0 and count >= _least(of, policy.lost_values, policy.at_least)


def _having(pairs: Pairs, looked: frozenset[str], metric: str) -> int:
    """How many records had a metric, and could show now whether they still have it."""
    everywhere = metric in LIST_METRICS
    return sum(metric in old.metrics for old, _ in pairs if everywhere or old.slug in looked)


def _lost_values(pairs: Pairs, changed: Pairs, looked: frozenset[str], policy: HoldPolicy) -> dict[str, str]:
    lost: Counter[str] = Counter()
    for old, new in changed:
        lost.update(name for name in old.metrics if new.null(name))
    # Who had it is counted only where so many lost it that it may matter: mostly nobody did.
    found = {
        f"{name} lost": f"{name} turned null at {count} of the {had} records that had it"
        for name, count in sorted(lost.items(), key=lambda item: (-item[1], item[0]))
        if count >= policy.at_least and _many(count, had := _having(pairs, looked, name), policy)
    }
    for words, has, in_list in _PLACES:
        count = sum(has(old) and not has(new) for old, new in changed)
        if count < policy.at_least:
            continue
        had = sum(has(old) for old, _ in pairs if in_list or old.slug in looked)
        if _many(count, had, policy):
            found[f"{words} lost"] = f"{words} turned null at {count} of the {had} records that had it"
    return found


_PLACES: tuple[tuple[str, Callable[[Record], bool], bool], ...] = (
    ("the province", lambda record: record.province is not None, True),
    ("the location", lambda record: record.latitude is not None, False),
)


def _same_factor(pairs: Pairs, changed: Pairs, looked: frozenset[str], policy: HoldPolicy) -> dict[str, str]:
    """A metric that moved by one same factor on many records: a unit switched without saying so."""
    factors: dict[str, Counter[float]] = defaultdict(Counter)
    for old, new in changed:
        for name, value in new.metrics.items():
            times = ratio(old.metrics.get(name), value)
            if times is not None:
                factors[name][times] += 1
    found = {}
    for name, counts in sorted(factors.items()):
        times, count = counts.most_common(1)[0]
        had = _having(pairs, looked, name) if count >= policy.at_least else 0
        if had and _many(count, had, policy):
            how = f"is {times:g} times what it was" if times else "turned 0"
            words = f"{name} {how} at {count} of the {had} records that had it"
            found[f"{name} times {times:g}"] = words
    return found


def _zeros(pairs: Pairs, changed: Pairs, looked: frozenset[str], policy: HoldPolicy) -> dict[str, str]:
    """Metrics that are 0 where nothing was said, and hardly anything else: nothing, spelt as a number."""
    zeros: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for old, new in changed:
        for name, value in new.metrics.items():
            if old.null(name):
                (others if value.amount else zeros)[name] += 1
    found = {}
    for name, count in sorted(zeros.items()):
        if count < policy.at_least:
            continue
        silent = sum(old.null(name) for old, _ in pairs if name in LIST_METRICS or old.slug in looked)
        if _many(count, silent, policy) and others[name] < count / _MOST:
            found[f"{name} zero"] = f"{name} turned from null to 0 at {count} of the {silent} records that had none"
    return found


_MOST = 10


def _moved(pairs: Pairs, changed: Pairs, looked: frozenset[str], policy: HoldPolicy) -> dict[str, str]:
    """Mines do not move: coordinates that are others at many were exchanged, or made up."""
    count = sum(far_apart(old, new) for old, new in changed)
    if count < policy.at_least:
        return {}
    had = sum(old.latitude is not None for old, _ in pairs if old.slug in looked)
    if not _many(count, had, policy):
        return {}
    return {"the location moved": f"the location is another at {count} of the {had} records that had one"}


def far_apart(old: Record, new: Record) -> bool:
    """Whether a record's coordinates are quite others now: a kilometre and more."""
    apart = metres_apart((old.latitude, old.longitude), (new.latitude, new.longitude))
    return apart is not None and apart > _FAR


_FAR = 1_000.0


def ratio(old: Value | None, new: Value) -> float | None:
    """New ÷ old to four digits, or None where there is no movement to speak of.

    Where the numbers are the same and only the unit's name is another, it is the ratio of what they mean.
    """
    if old is None or old.amount == 0 or (old.amount == new.amount and old.unit == new.unit):
        return None
    scale = 1.0
    if old.unit and new.unit:
        if old.unit != new.unit and units.converted(old.amount, old.unit, new.amount, new.unit):
            return None
        if old.stated and new.stated:
            scale = units.factor(old.unit, new.unit) or 1.0
    shown, meant = new.amount / old.amount, new.amount / (old.amount * scale)
    if abs(meant - 1) < 1e-4:
        return None
    times = float(f"{shown:.4g}")
    return times if times != 1.0 else float(f"{meant:.4g}")
