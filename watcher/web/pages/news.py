"""The same news found by overlapping watches, as one piece of news."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from watcher.model import Change, Severity
from watcher.store.pages import Told

#: Watches that see the same thing see it within so long of each other.
_APART = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class News:
    """A change as it was told loudest, and every watch that found it."""

    change: Change
    severity: Severity | None
    rules: tuple[str, ...]
    watches: tuple[str, ...]


def news(told: Iterable[Told]) -> list[News]:
    """What was told, in order, each piece of news once."""
    found: list[News] = []
    places: dict[tuple[object, ...], int] = {}
    for one in told:
        place = places.get(_same(one.change))
        if place is not None and _joins(found[place], one.change):
            known = found[place]
            rules = tuple(dict.fromkeys((*known.rules, *one.rules)))
            found[place] = replace(known, rules=rules, watches=tuple(sorted((*known.watches, one.change.watch))))
            continue
        places[_same(one.change)] = len(found)
        found.append(News(one.change, one.severity, one.rules, (one.change.watch,)))
    return found


def _joins(known: News, change: Change) -> bool:
    return change.watch not in known.watches and abs(known.change.at - change.at) < _APART


def _same(change: Change) -> tuple[object, ...]:
    where = (change.kind, change.slug, change.old_slug, change.commodity_type, change.year, change.metric)
    return (*where, change.old, change.new, change.nature)
