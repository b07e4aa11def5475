"""Every figure of every watchlist at its limits, after a poll (DESIGN section 5, `watchlists`)."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from watcher import derived
from watcher.model import Alert, Change, Crossing, Level, LevelKey, Record, Test
from watcher.rules.levels import Figure, Step, step
from watcher.rules.limits import Limit, Watchlist
from watcher.rules.rulebook import glob

Levels = Mapping[LevelKey, Level]
Subject = tuple[str, str]


@dataclass(frozen=True, slots=True)
class View:
    """What a watchlist sees after a poll.

    Attributes:
        records: every record that is known to exist, of all watches; those that are missing for the moment too.
        touched: (slug, commodity) of the records that this poll changed or brought.
        changes: this poll's changes of figures, by slug, commodity and metric.
        companies: former company slug → present one.
        left: slugs of companies that a record left, by being removed or sold.
        doubt: why a record's metric is not to be believed, or nothing.
    """

    records: Sequence[Record]
    touched: frozenset[Subject]
    changes: Mapping[tuple[str, str, str], Change]
    companies: Mapping[str, str]
    left: frozenset[str]
    doubt: Callable[[Record, str], str]


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

    Args:
        hush: why an alert is silenced, or nothing. What is silenced is told when it no longer is, if it still holds.
    """
    by_company: dict[str, list[Record]] = defaultdict(list)
    for record in view.records:
        if record.company_slug:
            by_company[record.company_slug].append(record)
    found: list[Alert] = []
    after = dict(levels)
    known = _by_subject(levels)
    for watchlist in watchlists:
        if not watchlist.enabled:
            continue
        for company in watchlist.companies:
            records = by_company.get(view.companies.get(company, company), [])
            limits = watchlist.limits_of(company)
            for subject in _subjects(watchlist, records, view):
                metrics = known.get((watchlist.name, subject.slug, subject.commodity), frozenset())
                for metric, limit in _metrics(limits, subject, metrics):
                    found += _look(watchlist, subject, metric, limit, levels, after, hush, watch, now)
    return found, after


def _by_subject(levels: Levels) -> dict[tuple[str, str, str], frozenset[str]]:
    metrics: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for key in levels:
        metrics[key.watchlist, key.slug, key.commodity].add(key.metric)
    return {subject: frozenset(names) for subject, names in metrics.items()}


@dataclass(frozen=True, slots=True)
class _Subject:
    """A site, or a company in one commodity: who it is, and its figures."""

    slug: str
    commodity: str
    record: Record
    touched: bool
    names: frozenset[str]
    figure: Callable[[str], tuple[Figure, Change | None, str] | None]


def _subjects(watchlist: Watchlist, records: Sequence[Record], view: View) -> Iterator[_Subject]:
    latest = derived.latest(records)
    if watchlist.per == "site":
        for record in latest:
            yield _site(record, records, view)
        return
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in latest:
        groups[record.commodity_type or ""].append(record)
    for commodity, group in sorted(groups.items()):
        yield _company(commodity, group, records, view)


def _site(record: Record, records: Sequence[Record], view: View) -> _Subject:
    commodity = record.commodity_type or ""
    touched = (record.slug, commodity) in view.touched

    def figure(metric: str) -> tuple[Figure, Change | None, str] | None:
        if not derived.observed(record, metric):
            return None
        made_of = [view.changes.get((record.slug, commodity, part)) for part in derived.parts(metric)]
        changes = [change for change in made_of if change is not None]
        suspect = "; ".join(dict.fromkeys(change.suspect for change in changes if change.suspect))
        if not changes or not touched:
            reasons = (view.doubt(record, part) for part in derived.parts(metric))
            suspect = "; ".join(dict.fromkeys(reason for reason in reasons if reason))
        before = _year_before(record, records)
        value = derived.of_record(record, metric)
        earlier = derived.of_record(before, metric) if before is not None else None
        unclear = any(c.delta is None and c.old is not None and c.new is not None for c in changes)
        return Figure(value, touched, earlier, suspect, unclear), changes[0] if changes else None, ""

    return _Subject(record.slug, commodity, record, touched, frozenset(record.metrics), figure)


def _company(commodity: str, group: list[Record], records: Sequence[Record], view: View) -> _Subject:
    touched = group[0].company_slug in view.left or any((record.slug, commodity) in view.touched for record in group)
    looked_at = {record.slug for record in records if record.detailed}
    representative = max(group, key=lambda record: record.year or 0)

    def figure(metric: str) -> tuple[Figure, Change | None, str] | None:
        # A sum over sites whose details nobody has asked for yet would move as they come in.
        if not derived.in_list(metric) and any(record.slug not in looked_at for record in group):
            return None
        total = derived.of_company(group, metric)
        changes = [
            change
            for record in group
            for part in derived.parts(metric)
            if (change := view.changes.get((record.slug, commodity, part))) is not None
        ]
        doubts = [f"{change.name or change.slug}: {change.suspect}" for change in changes if change.suspect]
        before = [earlier for record in group if (earlier := _year_before(record, records)) is not None]
        year_before = derived.of_company(before, metric).value if len(before) == len(group) else None
        return (
            Figure(total.value, touched, year_before, "; ".join(dict.fromkeys(doubts))),
            changes[0] if changes else None,
            total.words,
        )

    names = frozenset(name for record in group for name in record.metrics if derived.summable(name))
    return _Subject(representative.company_slug or "", commodity, representative, touched, names, figure)


def _year_before(record: Record, records: Iterable[Record]) -> Record | None:
    if record.year is None:
        return None
    wanted = (record.slug, record.commodity_type, record.year - 1)
    return next((other for other in records if other.key == wanted), None)


def _metrics(limits: Mapping[str, Limit], subject: _Subject, remembered: frozenset[str]) -> Iterator[tuple[str, Limit]]:
    """Each metric that a limit concerns: those that are named, and those that a glob reaches now or reached before."""
    taken: set[str] = set()
    for name, limit in limits.items():
        if not set(name) & set("*?["):
            taken.add(name)
            yield name, limit
    for name, limit in limits.items():
        if set(name) & set("*?["):
            for metric in sorted((subject.names | remembered) - taken):
                if glob(name).match(metric) and metric not in derived.DERIVED:
                    taken.add(metric)
                    yield metric, limit


def _look(
    watchlist: Watchlist,
    subject: _Subject,
    metric: str,
    limit: Limit,
    levels: Levels,
    after: dict[LevelKey, Level],
    hush: Callable[[Alert], str],
    watch: str,
    now: datetime,
) -> Iterator[Alert]:
    keys = {test: LevelKey(watchlist.name, subject.slug, subject.commodity, metric, test) for test in limit.tests}
    due = [
        test
        for test, key in keys.items()
        if subject.touched or _due(levels.get(key), limit.signature(test), watchlist, now)
    ]
    seen = subject.figure(metric) if due else None
    if seen is None:
        return
    figure, change, detail = seen
    spoken: float | None = None
    for test in due:
        taken = step(levels.get(keys[test]), limit, test, watchlist, figure, now)
        after[keys[test]] = taken.level
        if taken.transition is None:
            continue
        crossing = _crossing(watchlist, subject, metric, limit, test, taken, figure, change, detail, watch, now)
        alert = Alert(watchlist.name, watchlist.severity, watchlist.to, crossing)
        reason = hush(alert)
        if reason:
            alert = replace(alert, silenced=reason)
            after[keys[test]] = taken.silenced or taken.level
        elif taken.new is not None:
            spoken = taken.new
        yield alert
    if spoken is not None:
        _told_of(after, keys.values(), spoken)


def _due(level: Level | None, signature: str, watchlist: Watchlist, now: datetime) -> bool:
    """Whether a level is looked at though nothing changed: it is new, waits to be told, or is to be repeated."""
    if level is None or level.limit != signature or level.pending:
        return True
    return (
        watchlist.repeat is not None
        and level.broken
        and level.told_at is not None
        and now - level.told_at >= watchlist.repeat
    )


def repeats_due(watchlists: Iterable[Watchlist], levels: Levels, now: datetime) -> bool:
    """Whether time alone brings something to be told."""
    repeating = {watchlist.name: watchlist for watchlist in watchlists if watchlist.repeat is not None}
    return any(
        key.watchlist in repeating and _due(level, level.limit, repeating[key.watchlist], now)
        for key, level in levels.items()
    )


def _told_of(after: dict[LevelKey, Level], keys: Iterable[LevelKey], value: float) -> None:
    """Whoever is told of a figure by one limit has been told of it by all limits on that figure."""
    for key in keys:
        if key in after and after[key].told is not None:
            after[key] = replace(after[key], told=value)


def _crossing(
    watchlist: Watchlist,
    subject: _Subject,
    metric: str,
    limit: Limit,
    test: Test,
    taken: Step,
    figure: Figure,
    change: Change | None,
    detail: str,
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
        text = f"{text} (clear {limit.clear:g})"
    unit = taken.level.unit or (figure.value.unit if figure.value else None)
    said = (now.isoformat(), watchlist.name, subject.slug, subject.commodity, metric, test, taken.transition, taken.new)
    return Crossing(
        id=hashlib.blake2b(repr(said).encode(), digest_size=6).hexdigest(),
        at=now,
        watch=watch,
        watchlist=watchlist.name,
        transition=taken.transition or "still",
        per=watchlist.per,
        slug=subject.slug,
        name=record.company_name if company else record.name,
        company_slug=record.company_slug,
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
        suspect=figure.suspect,
        detail=detail,
        change=change.id if change is not None else None,
        province=None if company else record.province,
        city=None if company else record.city,
        latitude=None if company else record.latitude,
        longitude=None if company else record.longitude,
    )
