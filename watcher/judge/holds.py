"""Is a snapshot believable? What an accident upstream looks like (DESIGN section 4, `hold`)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

from watcher import units
from watcher.judge.policy import HoldPolicy
from watcher.model import Record, Value

Pairs = Sequence[tuple[Record, Record]]


def causes(before: Iterable[Record], pairs: Pairs, lost: frozenset[str], policy: HoldPolicy) -> tuple[str, ...]:
    """Why the snapshot must be held, in words; empty where it is believable.

    Args:
        before: the last accepted records.
        pairs: each old record that is still there with its new version.
        lost: slugs that are gone and not renamed.
    """
    slugs = {record.slug for record in before}
    found = []
    if _many(len(lost), len(slugs), policy.lost_sites, policy.at_least):
        found.append(f"{len(lost)} of {len(slugs)} sites vanished")
    both = [(old, new) for old, new in pairs if old is not new]
    found += _lost_values(pairs, both, policy)
    found += _same_factor(pairs, both, policy)
    return tuple(found)


def _many(count: int, of: int, percent: float, at_least: int) -> bool:
    return of > 0 and count >= max(1, at_least) and 100 * count >= percent * of


def _lost_values(pairs: Pairs, changed: Pairs, policy: HoldPolicy) -> list[str]:
    if len(changed) < policy.at_least:
        return []
    lost: Counter[str] = Counter()
    for old, new in changed:
        lost.update(name for name in old.metrics if name not in new.metrics and new.observed(name))
    had: Counter[str] = Counter()
    for old, _ in pairs:
        had.update(old.metrics.keys())
    found = [
        f"{name} turned null at {count} of the {had[name]} records that had it"
        for name, count in sorted(lost.items(), key=lambda item: (-item[1], item[0]))
        if _many(count, had[name], policy.lost_values, policy.at_least)
    ]
    for words, has in _PLACES:
        having = sum(has(old) for old, _ in pairs)
        gone = sum(has(old) and not has(new) for old, new in changed)
        if _many(gone, having, policy.lost_values, policy.at_least):
            found.append(f"{words} turned null at {gone} of the {having} records that had it")
    return found


_PLACES: tuple[tuple[str, Callable[[Record], bool]], ...] = (
    ("the province", lambda record: record.province is not None),
    ("the location", lambda record: record.latitude is not None),
)


def _same_factor(pairs: Pairs, changed: Pairs, policy: HoldPolicy) -> list[str]:
    """A metric that moved by one same factor on many records: a unit switched without saying so."""
    if len(changed) < policy.at_least:
        return []
    factors: dict[str, Counter[float]] = defaultdict(Counter)
    for old, new in changed:
        for name, value in new.metrics.items():
            ratio = _ratio(old.metrics.get(name), value)
            if ratio is not None:
                factors[name][ratio] += 1
    found = []
    for name, counts in sorted(factors.items()):
        ratio, count = counts.most_common(1)[0]
        having = sum(name in old.metrics for old, _ in pairs)
        if _many(count, having, policy.lost_values, policy.at_least):
            found.append(f"{name} is {ratio:g} times what it was at {count} of the {having} records that had it")
    return found


def _ratio(old: Value | None, new: Value) -> float | None:
    """New ÷ old to four digits, or None where there is no movement to speak of."""
    if old is None or old.amount == 0 or new.amount == 0:
        return None
    scale = 1.0
    if old.stated and new.stated and old.unit and new.unit:
        scale = units.factor(old.unit, new.unit) or 1.0
    ratio = float(f"{new.amount / old.amount:.4g}")
    return None if ratio == 1.0 or abs(new.amount / (old.amount * scale) - 1) < 1e-4 else ratio
