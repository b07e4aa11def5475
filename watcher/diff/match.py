"""Which old record is which new one. Keys repeat and move; nothing is dropped, nothing mispaired (DESIGN 2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from watcher.geography import COMMODITIES
from watcher.model import LIST_METRICS, Record


@dataclass(frozen=True, slots=True)
class Match:
    """Records of one side paired with those of the other: (old, new); what only one side has is `gone` or `fresh`."""

    pairs: tuple[tuple[Record, Record], ...]
    gone: tuple[Record, ...]
    fresh: tuple[Record, ...]


def match(old: Iterable[Record], new: Iterable[Record]) -> Match:
    """Pair records slug by slug, from the surest likeness to the loosest; a loose one only where it is the only one."""
    olds, news = tuple(old), tuple(new)
    alone = _one_per_slug(olds), _one_per_slug(news)
    if alone[0] is not None and alone[1] is not None:
        return _match_alone(alone[0], alone[1])
    before, after = _by_slug(olds), _by_slug(news)
    pairs: list[tuple[Record, Record]] = []
    gone: list[Record] = []
    fresh: list[Record] = []
    for slug, mine in before.items():
        theirs = after.pop(slug, [])
        if len(mine) == 1 == len(theirs) and mine[0].key == theirs[0].key:
            pairs.append((mine[0], theirs[0]))
            continue
        paired, left_old, left_new = _within_slug(mine, theirs)
        pairs += paired
        gone += left_old
        fresh += left_new
    for theirs in after.values():
        fresh += theirs
    return Match(tuple(pairs), tuple(gone), tuple(fresh))


def _one_per_slug(records: Sequence[Record]) -> dict[str, Record] | None:
    """The records by slug, if no slug has two."""
    found = {record.slug: record for record in records}
    return found if len(found) == len(records) else None


def _match_alone(before: Mapping[str, Record], after: Mapping[str, Record]) -> Match:
    """`match` where every slug has one record, which is nearly always so."""
    same = list(zip(before.values(), after.values(), strict=False))
    if list(before) == list(after) and all(map(_same_key, same)):
        return Match(tuple(same), (), ())
    pairs: list[tuple[Record, Record]] = []
    gone: list[Record] = []
    fresh: list[Record] = []
    for slug, old in before.items():
        new = after.get(slug)
        if new is None:
            gone.append(old)
        elif _same_key((old, new)):
            pairs.append((old, new))
        else:
            paired, left_old, left_new = _within_slug([old], [new])
            pairs += paired
            gone += left_old
            fresh += left_new
    fresh += (record for slug, record in after.items() if slug not in before)
    return Match(tuple(pairs), tuple(gone), tuple(fresh))


def _same_key(pair: tuple[Record, Record]) -> bool:
    old, new = pair
    return old is new or (old.year == new.year and old.commodity_type == new.commodity_type)


def _by_slug(records: Iterable[Record]) -> dict[str, list[Record]]:
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        groups[record.slug].append(record)
    return groups


Pairing = tuple[list[tuple[Record, Record]], list[Record], list[Record]]


def _figures(record: Record) -> tuple[tuple[str, float], ...]:
    return tuple(sorted((name, value.amount) for name, value in record.metrics.items()))


_LIKENESS: tuple[Callable[[Record], Hashable], ...] = (
    lambda r: (r.key, r.company_slug, r.project_name, r.name, _figures(r)),
    lambda r: (r.key, r.company_slug, r.project_name, r.name),
    lambda r: (r.key, r.company_slug, r.project_name),
    lambda r: (r.key, r.company_slug),
    lambda r: (r.key, r.project_name),
    lambda r: r.key,
)


def _within_slug(olds: Sequence[Record], news: Sequence[Record]) -> Pairing:
    pairs: list[tuple[Record, Record]] = []
    left_old, left_new = list(olds), list(news)
    for number, likeness in enumerate(_LIKENESS):
        alike, left_old, left_new = _pair_by(likeness, left_old, left_new, twins=number <= 1 or number == 5)
        pairs += alike
        if not left_old or not left_new:
            return pairs, left_old, left_new
    for step in (_unread_key, _respelled, _unsaid_key, _moved_year):
        more, left_old, left_new = step(left_old, left_new)
        pairs += more
    return pairs, left_old, left_new


def _pair_by(
    likeness: Callable[[Record], Hashable], olds: Sequence[Record], news: Sequence[Record], *, twins: bool
) -> Pairing:
    """Pair those that are alike. Several alike on a side are paired in the order of their figures, if `twins` may."""
    groups: dict[Hashable, tuple[list[Record], list[Record]]] = defaultdict(lambda: ([], []))
    for record in olds:
        groups[likeness(record)][0].append(record)
    for record in news:
        groups[likeness(record)][1].append(record)
    pairs: list[tuple[Record, Record]] = []
    left_old: list[Record] = []
    left_new: list[Record] = []
    for mine, theirs in groups.values():
        ordered = sorted(mine, key=_figures), sorted(theirs, key=_figures)
        count = min(len(mine), len(theirs)) if twins or len(mine) == 1 == len(theirs) else 0
        pairs += zip(ordered[0][:count], ordered[1][:count], strict=True)
        left_old += ordered[0][count:]
        left_new += ordered[1][count:]
    return pairs, left_old, left_new


def _pair_if_only(fits: Callable[[Record, Record], bool], olds: Sequence[Record], news: Sequence[Record]) -> Pairing:
    """Pair an old and a new record that fit each other and nobody else."""
    pairs = []
    for old in olds:
        mine = [new for new in news if fits(old, new)]
        if len(mine) == 1 and sum(fits(other, mine[0]) for other in olds) == 1:
            pairs.append((old, mine[0]))
    taken_old, taken_new = {id(old) for old, _ in pairs}, {id(new) for _, new in pairs}
    return (
        pairs,
        [record for record in olds if id(record) not in taken_old],
        [record for record in news if id(record) not in taken_new],
    )


def _unread_key(olds: Sequence[Record], news: Sequence[Record]) -> Pairing:
    """A row whose year or commodity could not be read is the one record that it can be."""
    return _pair_if_only(
        lambda old, new: (
            bool(new.unread & {"year", "commodity_type"})
            and ("year" in new.unread or old.year == new.year)
            and ("commodity_type" in new.unread or old.commodity_type == new.commodity_type)
        ),
        olds,
        news,
    )


def _respelled(olds: Sequence[Record], news: Sequence[Record]) -> Pairing:
    """Same year, and a commodity that is no other known one: the same record under another spelling."""
    return _pair_if_only(
        lambda old, new: (
            old.year == new.year and not (old.commodity_type in COMMODITIES and new.commodity_type in COMMODITIES)
        ),
        olds,
        news,
    )


def _unsaid_key(olds: Sequence[Record], news: Sequence[Record]) -> Pairing:
    """The same figures, and a year or commodity that one of the two does not say."""
    return _pair_if_only(
        lambda old, new: (
            (old.commodity_type == new.commodity_type or None in {old.commodity_type, new.commodity_type})
            and (old.year == new.year or None in {old.year, new.year})
            and bool(_listed(old))
            and _listed(old) == _listed(new)
        ),
        olds,
        news,
    )


def _listed(record: Record) -> tuple[tuple[str, float], ...]:
    """The figures that every row has, with or without its detail."""
    return tuple((name, record.metrics[name].amount) for name in LIST_METRICS if name in record.metrics)


def _moved_year(olds: Sequence[Record], news: Sequence[Record]) -> Pairing:
    """Same commodity, another year, nothing left under the old key: the latest old record with the latest new one."""
    pairs: list[tuple[Record, Record]] = []
    left_old: list[Record] = []
    left_new: list[Record] = []
    for commodity in dict.fromkeys(record.commodity_type for record in (*olds, *news)):
        mine, theirs = (
            sorted((r for r in side if r.commodity_type == commodity), key=lambda r: (-(r.year or 0), _figures(r)))
            for side in (olds, news)
        )
        count = min(len(mine), len(theirs))
        pairs += zip(mine[:count], theirs[:count], strict=True)
        left_old += mine[count:]
        left_new += theirs[count:]
    return pairs, left_old, left_new
