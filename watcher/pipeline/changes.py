"""From a step to judged changes, and who is absent from now on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from watcher import diff, judge
from watcher.model import Absent, Change, Kind, Memory, Record
from watcher.parse import Observation, undetailed
from watcher.pipeline.settings import WatchSettings
from watcher.pipeline.step import Step

Told = tuple[Change, Record | None, Record]


def changes_of(
    memory: Memory, step: Step, seen: Observation, settings: WatchSettings, now: datetime
) -> tuple[tuple[Change, ...], tuple[Absent, ...]]:
    """The judged changes, and who is absent from now on."""
    assert memory.snapshot is not None
    before = memory.snapshot.records
    told: list[Told] = []
    past = _past(memory, step)
    moved = [(old, new) for old, new in step.pairs if old is not new]
    for old, new in moved:
        told += [(c, old, new) for c in _compared(old, new, past, settings, now)]
    if step.renamed:
        told = [item for item in told if not (item[0].kind == "site.renamed" and item[0].slug in step.renamed.values())]
        told += _renamed(before, memory, step, settings.name, now)
    told += _arrived(memory, step, past, settings, now)
    told = _once(told)
    absent, departed = _absent(memory, step, seen, settings, now)
    told += departed
    changes = [judge.mark(change, old, new, settings.judgement.suspects) for change, old, new in told]
    if any(change.kind == "owner.changed" for change in changes):
        companies = judge.renamed_companies(step.pairs, (new for _, new in step.pairs))
        former = {new.slug: old.company_slug or "" for old, new in step.versions}
        here = {record.company_slug for record in before}
        followed = {old: now for old, now in memory.standing.companies.items() if now in here}
        changes = judge.fold(changes, companies, former, followed)
    changes = judge.reverted(changes, memory.recent, dict(step.renamed), settings.judgement.reverts)
    return tuple(diff.with_id(change) for change in changes), absent


def _compared(
    old: Record, new: Record, past: Mapping[str, list[Record]], settings: WatchSettings, now: datetime
) -> Iterable[Change]:
    former, beyond = past.get(new.slug, ()), settings.judgement.moves.beyond
    return diff.compare(old, new, former, at=now, watch=settings.name, moved_beyond=beyond)


def _once(told: list[Told]) -> list[Told]:
    """What is true of a mine and not of one of its rows is told once, of the row that says most and is the latest."""
    best: dict[tuple[object, ...], Told] = {}
    for change, old, new in told:
        if change.kind in _OF_A_MINE:
            about = (change.kind, change.slug, change.company_slug, None if change.kind == "site.moved" else change.new)
            known = best.get(about)
            if known is None or _telling(change) > _telling(known[0]):
                best[about] = (change, old, new)
    chosen = {id(change) for change, _, _ in best.values()}
    return [item for item in told if item[0].kind not in _OF_A_MINE or id(item[0]) in chosen]


_OF_A_MINE = frozenset({"site.renamed", "site.moved", "owner.changed"})


def _telling(change: Change) -> tuple[bool, int]:
    return (change.latitude is not None, change.year or 0)


def _past(memory: Memory, step: Step) -> dict[str, list[Record]]:
    """Every former record of the sites that are not as they were, under their present slugs."""
    past: dict[str, list[Record]] = {}
    touched = {new.slug for old, new in step.versions if old is not new} | {record.slug for record in step.fresh}
    former = (*(memory.snapshot.records if memory.snapshot else ()), *(entry.record for entry in memory.absent))
    for record in former:
        slug = step.renamed.get(record.slug, record.slug)
        if slug in touched:
            past.setdefault(slug, []).append(record)
    return past


def _renamed(before: Iterable[Record], memory: Memory, step: Step, watch: str, now: datetime) -> list[Told]:
    former = {r.slug: r for r in (*(entry.record for entry in memory.absent), *before)}
    latest = _latest(new for _, new in step.pairs)
    told: list[Told] = []
    for old_slug, slug in step.renamed.items():
        old, new = former[old_slug], latest[slug]
        names = (old.name, new.name) if old.name != new.name else (old_slug, slug)
        change = diff.about("site.renamed", new, at=now, watch=watch, old=names[0], new=names[1], old_slug=old_slug)
        told.append((change, old, new))
    return told


def _repeats(record: Record, past: Iterable[Record]) -> bool:
    """Whether a row says again, word for word, what the list said already: no new report, but a slip of its pages."""
    said = replace(undetailed(record), unread=frozenset())
    return any(replace(undetailed(one), unread=frozenset()) == said for one in past)


def _arrived(
    memory: Memory, step: Step, past: Mapping[str, list[Record]], settings: WatchSettings, now: datetime
) -> list[Told]:
    """Sites and reports that the last snapshot did not have."""
    watch = settings.name
    assert memory.snapshot is not None
    told: list[Told] = []
    announced: set[str] = set()
    listed = memory.snapshot.slugs | set(step.renamed.values())
    for entry, new in step.back:
        if entry.state != "missing" and new.slug not in listed and new.slug not in announced:
            announced.add(new.slug)
            kind: Kind = "site.returned" if entry.state == "removed" else "site.entered"
            told.append((diff.about(kind, new, at=now, watch=watch), entry.record, new))
        changes = _compared(entry.record, new, past, settings, now)
        told += [(change, entry.record, new) for change in changes]
    newcomers = _latest(record for record in step.fresh if record.slug not in past)
    for slug, record in newcomers.items():
        elsewhere = memory.elsewhere.get(slug)
        known = elsewhere is not None and elsewhere <= memory.snapshot.at
        production = record.metrics.get("production_volume")
        figure: dict[str, object] = {}
        if production is not None:
            figure = {"metric": "production_volume", "unit": production.unit, "new": production.amount}
        arrival: Kind = "site.entered" if known else "site.added"
        namesake = memory.standing.sites.get(slug)
        if namesake in memory.snapshot.slugs & step.present:
            arrival = "site.returned"
            figure["detail"] = f"it was taken for renamed to {namesake}; both are listed now"
        told.append((diff.about(arrival, record, at=now, watch=watch, **figure), None, record))
    for record in step.fresh:
        if record.slug in past and not _repeats(record, past[record.slug]):
            changes = diff.report(record, past[record.slug], at=now, watch=watch)
            told += [(change, None, record) for change in changes]
    return told


def _latest(records: Iterable[Record]) -> dict[str, Record]:
    """Per slug, the record of the latest year."""
    latest: dict[str, Record] = {}
    for record in records:
        if record.slug not in latest or (record.year or 0) > (latest[record.slug].year or 0):
            latest[record.slug] = record
    return latest


def _absent(
    memory: Memory, step: Step, seen: Observation, settings: WatchSettings, now: datetime
) -> tuple[tuple[Absent, ...], list[Told]]:
    """Who is away from now on, and who has been so for so long that it is told."""
    away = memory.hold.away if memory.hold is not None else {}
    back = {id(entry) for entry, _ in step.back}
    entries = [e for e in memory.absent if id(e) not in back and e.record.slug not in step.renamed]
    entries += [Absent(record, away.get(record.slug, now)) for record in step.gone]
    told: list[Told] = []
    states: dict[str, Absent] = {}
    overdue = judge.overdue(entries, step.present, settings.judgement.removal, now)
    for slug, missing in overdue.items():
        last = _latest(entry.record for entry in missing)[slug]
        if slug in seen.gone:
            change = diff.about("site.removed", last, at=now, watch=settings.name)
            states[slug] = replace(missing[0], state="removed")
        elif slug in seen.loose:
            reason = judge.reason_left(settings.filter, seen.loose[slug])
            change = diff.about("site.left", seen.loose[slug], at=now, watch=settings.name, detail=reason)
            states[slug] = replace(missing[0], state="left")
        else:
            continue
        told.append((change, last, last))
    absent = tuple(
        replace(entry, state=states[entry.record.slug].state)
        if entry.record.slug in states and entry.state == "missing"
        else entry
        for entry in entries
    )
    return (memory.absent if absent == memory.absent else absent), told
