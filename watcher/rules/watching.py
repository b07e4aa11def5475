"""Every figure of every watchlist at its limits, after a poll (DESIGN section 5, `watchlists`)."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from watcher.model import Alert, Crossing, Level, LevelKey, Test
from watcher.rules.levels import Step, repeat_due, step
from watcher.rules.limits import Limit, Watchlist
from watcher.rules.subjects import Seen, Subject, View, by_company, crowds, followed, metrics, subjects

Levels = Mapping[LevelKey, Level]


def watch_levels(
    watchlists: Iterable[Watchlist],
    levels: Levels,
    view: View,
    *,
    watch: str,
    now: datetime,
    hush: Callable[[Alert], str],
) -> tuple[list[Alert], dict[LevelKey, Level]]:
    """The crossings of this poll as alerts, and the levels as they are once those are told.

    What no list looks at any more is forgotten, so that a list, company or site that comes back is looked at anew.

    Args:
        hush: why an alert is silenced, or nothing. What is silenced is told when it no longer is, if it still holds.
    """
    found: list[Alert] = []
    after: dict[LevelKey, Level] = {}
    known = _by_subject(levels)
    records, crowded = by_company(view), crowds(view.records)
    for watchlist in watchlists:
        if not watchlist.enabled:
            continue
        for company in followed(watchlist, view.companies, records):
            for subject in subjects(watchlist, company, view, crowded):
                remembered = known.get((watchlist.name, subject.slug, subject.commodity, subject.twin), frozenset())
                for metric, limit in metrics(company.own, watchlist.limits, subject.names | remembered):
                    found += _look(watchlist, subject, metric, limit, levels, after, hush, watch, now)
    return found, after


def _by_subject(levels: Levels) -> dict[tuple[str, str, str, str], frozenset[str]]:
    found: dict[tuple[str, str, str, str], set[str]] = defaultdict(set)
    for key in levels:
        found[key.watchlist, key.slug, key.commodity, key.twin].add(key.metric)
    return {subject: frozenset(names) for subject, names in found.items()}


def _look(
    watchlist: Watchlist,
    subject: Subject,
    metric: str,
    limit: Limit,
    levels: Levels,
    after: dict[LevelKey, Level],
    hush: Callable[[Alert], str],
    watch: str,
    now: datetime,
) -> Iterator[Alert]:
    keys = {
        test: LevelKey(watchlist.name, subject.slug, subject.commodity, metric, test, subject.twin)
        for test in limit.tests
    }
    after |= {key: levels[key] for key in keys.values() if key in levels}
    moved = subject.moved(metric)
    due = [test for test, key in keys.items() if moved or _due(levels.get(key), limit.signature(test), watchlist, now)]
    seen = subject.figure(metric) if due else None
    if seen is None:
        return
    steps = {test: step(levels.get(keys[test]), limit, test, watchlist, seen.figure, now) for test in due}
    mute = _said_already(steps)
    spoken: float | None = None
    for test, taken in steps.items():
        after[keys[test]] = taken.level
        if taken.transition is None or test in mute:
            continue
        crossing = _crossing(watchlist, subject, metric, limit, test, taken, seen, watch, now)
        alert = Alert(watchlist.name, watchlist.severity, watchlist.to, crossing)
        reason = hush(alert)
        if reason:
            alert = replace(alert, silenced=reason)
            after[keys[test]] = taken.silenced or taken.level
            before = levels.get(keys[test])
            if before is not None and before.pending and after[keys[test]].pending:
                continue  # that it is silenced has been recorded already
        elif taken.new is not None:
            spoken = taken.new
        yield alert
    if spoken is not None:
        _told_of(after, keys.values(), spoken)


def _said_already(steps: Mapping[Test, Step]) -> set[Test]:
    """The tests that need not say that a figure is gone: one does, and one that was broken does so first."""
    gone = sorted(
        (test for test, taken in steps.items() if taken.transition == "unknown"),
        key=lambda test: not steps[test].level.broken,
    )
    return set(gone[1:])


def _due(level: Level | None, signature: str, watchlist: Watchlist, now: datetime) -> bool:
    """Whether a level is looked at though nothing changed: it is new, waits to be told, or is to be repeated."""
    if level is None or level.limit != signature or level.pending:
        return True
    return repeat_due(level, watchlist, now)


def repeats_due(watchlists: Iterable[Watchlist], levels: Levels, now: datetime) -> bool:
    """Whether time alone may bring something to be told: a silence that ends, or a repeat."""
    repeating = {watchlist.name: watchlist for watchlist in watchlists if watchlist.repeat is not None}
    return any(
        level.pending or (key.watchlist in repeating and repeat_due(level, repeating[key.watchlist], now))
        for key, level in levels.items()
    )


def _told_of(after: dict[LevelKey, Level], keys: Iterable[LevelKey], value: float) -> None:
    """Whoever is told of a figure by one limit has been told of it by all limits on that figure."""
    for key in keys:
        if key in after and after[key].told is not None:
            after[key] = replace(after[key], told=value)


def _crossing(
    watchlist: Watchlist,
    subject: Subject,
    metric: str,
    limit: Limit,
    test: Test,
    taken: Step,
    seen: Seen,
    watch: str,
    now: datetime,
) -> Crossing:
    record, company = subject.record, watchlist.per == "company"
    delta = percent = None
    if taken.old is not None and taken.new is not None:
        delta = float(f"{taken.new - taken.old:.12g}")
        percent = float(f"{100 * delta / abs(taken.old):.12g}") if taken.old else None
    text = limit.words(test)
    if taken.transition == "resolved" and limit.clear is not None:
        text = f"{text} (clear {limit.clear:,.12g})"
    unit = taken.level.unit or (seen.figure.value.unit if seen.figure.value else None)
    who = (watchlist.name, subject.slug, subject.commodity, subject.twin)
    said = (now.isoformat(), *who, metric, test, taken.transition, taken.new)
    return Crossing(
        id=hashlib.blake2b(repr(said).encode(), digest_size=6).hexdigest(),
        at=now,
        watch=watch,
        watchlist=watchlist.name,
        transition=taken.transition or "still",
        per=watchlist.per,
        slug=subject.slug,
        name=record.company_name if company else record.name,
        company_slug=subject.slug if company else record.company_slug,
        company_name=record.company_name,
        commodity_type=record.commodity_type,
        year=record.year,
        metric=metric,
        limit=text,
        unit=unit,
        old=taken.old,
        new=taken.new,
        delta=delta,
        percent=percent,
        since=taken.since,
        suspect=seen.figure.suspect,
        detail=seen.detail,
        change=seen.change.id if seen.change is not None else None,
        province=None if company else record.province,
        city=None if company else record.city,
        latitude=None if company else record.latitude,
        longitude=None if company else record.longitude,
    )
