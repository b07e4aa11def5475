"""Details are asked for a few at a time: what do those few say of the rest? (DESIGN section 4, in the small)

An accident that turns every detail's reserves null shows, hour by hour, as a handful of sites that lost theirs. So
where something is the same at many of those that were looked at, more are looked at, until it is plain that it is
so everywhere (then the snapshot is held, or told as one) or only here (then it is news at once). Where that cannot be
made out, for want of credits say, what is lost is not believed until it has stayed so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from watcher.judge.holds import far_apart, ratio
from watcher.judge.policy import HoldPolicy
from watcher.model import LIST_METRICS, DetailSeen, Record

Pairs = Collection[tuple[Record, Record]]
_PLACE = "the location"
_JUMP = 10.0
_SEVERAL = 2


@dataclass(slots=True)
class Glimpse:
    """Of the slugs that were looked at, those that show something, and all that could have shown it.

    `metric` is what a record must have to show it; None where any record could.
    """

    metric: str | None
    shown: set[str] = field(default_factory=set)
    looked: set[str] = field(default_factory=set)

    def note(self, slug: str, shows: bool) -> None:
        self.looked.add(slug)
        if shows:
            self.shown.add(slug)

    def common(self, policy: HoldPolicy) -> bool:
        """Whether so many show it that it may be so everywhere: half of the share that would be an accident."""
        return bool(self.shown) and 200 * len(self.shown) >= policy.lost_values * len(self.looked)

    def possible(self, record: Record) -> bool:
        """Whether a record could show it."""
        if self.metric == _PLACE:
            return record.latitude is not None
        return record.detailed if self.metric is None else self.metric in record.metrics


def worth_a_look(pairs: Pairs, others: Sequence[Record], silent: frozenset[str], policy: HoldPolicy) -> tuple[str, ...]:
    """The slugs whose detail should be asked for as well, before what `pairs` show is believed.

    So many are asked that, were they all as before, what was seen would no longer be common.

    Args:
        pairs: for each detail of this poll, the record as it was and as it is.
        others: the records, as they were, whose detail was not asked for, in the order to ask them in.
        silent: slugs whose list row says what it always said. Two of them that have news tell of more.
    """
    wanted: dict[str, None] = {}
    unsaid = [(old, new) for old, new in pairs if new.slug in silent]
    for glimpse in (*_losses(pairs), *_news(pairs, policy.at_least), *_news(unsaid, _SEVERAL)):
        if glimpse.common(policy):
            enough = int(200 * len(glimpse.shown) / policy.lost_values) + 1 if policy.lost_values > 0 else len(others)
            left = dict.fromkeys(record.slug for record in others if glimpse.possible(record))
            wanted |= dict.fromkeys(list(left)[: max(0, enough - len(glimpse.looked))])
    return tuple(wanted)


def unclear(pairs: Pairs, known: Sequence[Record], policy: HoldPolicy) -> frozenset[str]:
    """The slugs that lost something where it cannot be told from an accident: by a part, or by a small table.

    Args:
        pairs: for each detail of this poll, the record as it was and as it is.
        known: all records that are still listed, as they were.
    """
    return frozenset(
        slug
        for glimpse in _losses(pairs)
        if glimpse.common(policy) and (_some(glimpse, known) or _several_and_all(glimpse))
        for slug in glimpse.shown
    )


def _some(glimpse: Glimpse, known: Sequence[Record]) -> bool:
    """Whether only some of those that could show it were looked at."""
    return len(glimpse.looked) < len({record.slug for record in known if glimpse.possible(record)})


def _several_and_all(glimpse: Glimpse) -> bool:
    """Whether a table too small for a hold lost something everywhere at once."""
    return len(glimpse.shown) >= _SEVERAL and glimpse.shown == glimpse.looked


def _losses(pairs: Pairs) -> list[Glimpse]:
    """What only details say and is gone from some, or ten times what it was and more."""
    if all(old is new for old, new in pairs):
        return []
    pairs = _looked_at(pairs)
    # Most say what they said: only where one lost something it is counted who did not.
    lost = {name for old, new in pairs if old is not new for name, gone in _lost(old, new) if gone}
    found = {name: Glimpse(name) for name in sorted(lost)}
    for old, new in pairs if found else ():
        for name, gone in _lost(old, new):
            if name in found:
                found[name].note(new.slug, gone)
    return list(found.values())


def _lost(old: Record, new: Record) -> Iterator[tuple[str, bool]]:
    """What a detail had, and could show now, each with whether it is gone or ten times what it was."""
    for name, value in old.metrics.items():
        if name not in LIST_METRICS and new.observed(name):
            now = new.metrics.get(name)
            times = ratio(value, now) if now is not None else None
            yield name, new.null(name) or (times is not None and not 1 / _JUMP < abs(times) < _JUMP)
    if old.latitude is not None and "location" not in new.unread:
        yield _PLACE, new.latitude is None or far_apart(old, new)


def _news(pairs: Pairs, least: int) -> list[Glimpse]:
    """What only details say and is another, or new, at so many and more."""
    found: dict[str | None, Glimpse] = {None: Glimpse(None)}
    if sum(old is not new for old, new in pairs) < least:
        return []
    for old, new in _looked_at(pairs):
        for name, value in old.metrics.items():
            if name not in LIST_METRICS and name in new.metrics:
                moved = ratio(value, new.metrics[name]) is not None
                found.setdefault(name, Glimpse(name)).note(new.slug, moved)
        disclosed = any(name not in old.metrics and old.observed(name) for name in new.metrics)
        found[None].note(new.slug, disclosed)
    return [glimpse for glimpse in found.values() if len(glimpse.shown) >= least]


def _looked_at(pairs: Pairs) -> list[tuple[Record, Record]]:
    return [(old, new) for old, new in pairs if old.detailed and new.detailed and old.year == new.year]


def blanked(pairs: Pairs, fetched: frozenset[str]) -> frozenset[str]:
    """The slugs whose detail, fetched just now, lost its location and all its figures, of which it had some."""
    return frozenset(
        new.slug
        for old, new in pairs
        if old is not new and new.slug in fetched and new.detailed and _known(old) and _empty(new)
    )


def unbelieved(
    doubted: Iterable[str], seen: Mapping[str, DetailSeen], confirm_after: timedelta, now: datetime
) -> dict[str, datetime]:
    """Of the details in doubt those that are not believed yet, each with the time at which it was first seen so."""
    since = {slug: (seen[slug].blank if slug in seen else None) or now for slug in doubted}
    return {slug: at for slug, at in since.items() if now - at < confirm_after}


def _known(record: Record) -> bool:
    """Whether so much is known that losing all of it at once is strange: a place and a figure, or several figures."""
    figures = len(record.metrics.keys() - set(LIST_METRICS))
    return record.detailed and (figures > 1 or (figures == 1 and record.latitude is not None))


def _empty(record: Record) -> bool:
    readable = not record.unread & {"location", "resources_reserves"}
    return readable and record.latitude is None and not record.metrics.keys() - set(LIST_METRICS)
