"""One decision, to be read aloud: parse ─► diff ─► judge ─► rules (DESIGN section 1).

`decide` is pure: polls, dry runs and backtests call the same function, so they cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from watcher import diff, judge, parse, plan, rules
from watcher.model import (
    EMPTY,
    Absent,
    Change,
    DetailSeen,
    Hold,
    Memory,
    Notice,
    Outcome,
    Record,
    Snapshot,
    Sweep,
    in_order,
)
from watcher.parse import Observation


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """All that a decision about one watch depends on besides its memory.

    `filter` holds list parameters of the API; `details` is how old a detail may get, None for never.
    """

    name: str
    filter: Mapping[str, str | int | float] = field(default_factory=lambda: EMPTY)
    details: timedelta | None = timedelta(hours=24)
    judgement: judge.JudgementPolicy = field(default_factory=judge.JudgementPolicy)
    rules: tuple[rules.Rule, ...] = ()


def due(rows: Iterable[object], memory: Memory, settings: WatchSettings, now: datetime) -> tuple[str, ...]:
    """The slugs whose details this poll must ask for, given the rows of the list."""
    marks = parse.fingerprints(rows)
    confirm = judge.overdue(memory.absent, frozenset(marks), settings.judgement.removal, now)
    return plan.details_due(marks, memory, confirm, max_age=settings.details, now=now)


def due_again(sweep: Sweep, memory: Memory) -> tuple[str, ...]:
    """More details to ask for in the same poll: those that a hold doubts, once one of them has recovered."""
    if memory.hold is None:
        return ()
    seen = parse.observe(sweep)
    return plan.recovered(memory, seen.records, seen.fetched)


def decide(sweep: Sweep, memory: Memory, settings: WatchSettings, now: datetime) -> Outcome:
    """What one sweep means: accepted, held, or the first of its kind; the changes; who is told; what to remember."""
    seen = parse.observe(sweep)
    records, kept = _complete(memory, seen)
    notices = list(_structures(seen, memory, settings))
    after = replace(
        memory,
        filter=dict(settings.filter),
        details=_details(memory, seen, records, now),
        structures=_known_structures(seen, memory, settings),
    )
    if _is_baseline(memory, settings, records):
        after = replace(after, snapshot=Snapshot(now, records), absent=(), hold=None, recent=())
        return Outcome("baseline", now, after, notices=tuple(notices))
    assert memory.snapshot is not None
    step = _Step.between(memory, memory.snapshot.records, records, kept)
    causes = judge.causes(memory.snapshot.records, step.pairs, step.lost, settings.judgement.hold)
    hold = memory.hold
    if causes and not _confirmed(hold, settings, now):
        if hold is None:
            notices.append(_hold_started(settings, causes))
        since = hold.since if hold else now
        held = Hold(since, f"{'; '.join(causes)}", causes, records)
        return Outcome("held", now, replace(after, hold=held), notices=tuple(notices))
    if hold is not None:
        notices.append(_hold_ended(settings, hold, believed=bool(causes), now=now))
    changes, absent = _changes(memory, step, seen, settings, now)
    snapshot = memory.snapshot if records == memory.snapshot.records else Snapshot(now, records)
    return Outcome(
        "accepted",
        now,
        replace(after, snapshot=snapshot, absent=absent, hold=None),
        changes=changes,
        alerts=rules.alerts(changes, settings.rules),
        notices=tuple(notices),
    )


# --- parse: the whole snapshot ---------------------------------------------------------------------------------


def _complete(memory: Memory, seen: Observation) -> tuple[tuple[Record, ...], frozenset[str]]:
    """The snapshot's records: what was observed, completed with what is remembered.

    Returns them in a fixed order, with the slugs that are kept only because some rows could not be read: then no
    missing record can be told from an unreadable one.
    """
    accepted = memory.snapshot.records if memory.snapshot else ()
    base: tuple[Record, ...] = accepted
    if memory.hold is not None:
        overlay = diff.match(accepted, memory.hold.candidate)
        base = (*(new for _, new in overlay.pairs), *overlay.gone, *overlay.fresh)
    first = diff.match(base, seen.records)
    away = diff.match((entry.record for entry in memory.absent), first.fresh)
    records = [diff.carry(old, new) for old, new in (*first.pairs, *away.pairs)] + list(away.fresh)
    kept: frozenset[str] = frozenset()
    if seen.unreadable:
        unseen = diff.match(accepted, records).gone
        records += unseen
        kept = frozenset(record.slug for record in unseen)
    return tuple(sorted(records, key=in_order)), kept


def _details(memory: Memory, seen: Observation, records: Iterable[Record], now: datetime) -> Mapping[str, DetailSeen]:
    asked = seen.fetched | seen.gone
    if not asked and all(slug in seen.fingerprints for slug in memory.details):
        return memory.details
    wanted = {record.slug for record in records} | {entry.record.slug for entry in memory.absent}
    if memory.snapshot is not None:
        wanted |= memory.snapshot.slugs
    details = {slug: mark for slug, mark in memory.details.items() if slug in wanted}
    return details | {slug: DetailSeen(now, seen.fingerprints.get(slug, "")) for slug in asked if slug in wanted}


def _is_baseline(memory: Memory, settings: WatchSettings, records: tuple[Record, ...]) -> bool:
    if memory.snapshot is None or dict(memory.filter or {}) != dict(settings.filter):
        return True
    # A first look into an empty table is as likely an accident upstream as the truth: a whole table is no news then.
    never_any = not memory.snapshot.records and not memory.absent
    return never_any and len({r.slug for r in records}) >= settings.judgement.hold.at_least


# --- diff: pairs, renames, and what is gone ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Step:
    """Two accepted record sets, paired. `renamed` maps old slug → new slug; `back` pairs returned absents."""

    pairs: tuple[tuple[Record, Record], ...]
    gone: tuple[Record, ...]
    fresh: tuple[Record, ...]
    back: tuple[tuple[Absent, Record], ...]
    renamed: Mapping[str, str]
    lost: frozenset[str]
    present: frozenset[str]

    @classmethod
    def between(
        cls, memory: Memory, before: tuple[Record, ...], after: tuple[Record, ...], kept: frozenset[str]
    ) -> _Step:
        match = diff.match(before, after)
        present = frozenset(record.slug for record in after)
        known = {record.slug for record in before} | {entry.record.slug for entry in memory.absent}
        missing = [e.record for e in memory.absent if e.state == "missing" and e.record.slug not in present]
        vanished = [record for record in match.gone if record.slug not in present]
        newcomers = [record for record in match.fresh if record.slug not in known]
        renamed = {} if kept else judge.renames((*vanished, *missing), newcomers)
        pairs, fresh = list(match.pairs), list(match.fresh)
        if renamed:
            olds = [replace(r, slug=renamed[r.slug]) for r in (*vanished, *missing) if r.slug in renamed]
            again = diff.match(olds, [record for record in fresh if record.slug in renamed.values()])
            pairs += [(old, diff.carry(old, new)) for old, new in again.pairs]
            fresh = [record for record in fresh if record.slug not in renamed.values()] + list(again.fresh)
        returned = diff.match((e.record for e in memory.absent if e.record.slug not in renamed), fresh)
        entries = {id(entry.record): entry for entry in memory.absent}
        return cls(
            pairs=tuple(pairs),
            gone=tuple(record for record in match.gone if record.slug not in renamed),
            fresh=returned.fresh,
            back=tuple((entries[id(old)], new) for old, new in returned.pairs),
            renamed=renamed,
            lost=frozenset(record.slug for record in vanished) - renamed.keys(),
            present=present,
        )


Told = tuple[Change, Record | None, Record]


def _changes(
    memory: Memory, step: _Step, seen: Observation, settings: WatchSettings, now: datetime
) -> tuple[tuple[Change, ...], tuple[Absent, ...]]:
    """The judged changes, and who is absent from now on."""
    assert memory.snapshot is not None
    before = memory.snapshot.records
    told: list[Told] = []
    past = _past(memory, step)
    for old, new in step.pairs:
        told += [(c, old, new) for c in diff.compare(old, new, past.get(new.slug, ()), at=now, watch=settings.name)]
    if step.renamed:
        told = [item for item in told if not (item[0].kind == "site.renamed" and item[0].slug in step.renamed.values())]
        told += _renamed(before, memory, step, settings.name, now)
    told += _arrived(memory, step, past, settings.name, now)
    absent, departed = _absent(memory, step, seen, settings, now)
    told += departed
    changes = [judge.mark(change, old, new) for change, old, new in told]
    companies = judge.renamed_companies(step.pairs, (new for _, new in step.pairs))
    changes = judge.fold(changes, companies, {new.slug: old.company_slug or "" for old, new in step.pairs})
    changes = judge.reverted(changes, memory.recent, dict(step.renamed))
    return tuple(diff.with_id(change) for change in changes), absent


def _past(memory: Memory, step: _Step) -> dict[str, list[Record]]:
    """Every former record of a site, under its present slug."""
    past: dict[str, list[Record]] = {}
    former = (*(memory.snapshot.records if memory.snapshot else ()), *(entry.record for entry in memory.absent))
    for record in former:
        past.setdefault(step.renamed.get(record.slug, record.slug), []).append(record)
    return past


def _renamed(before: Iterable[Record], memory: Memory, step: _Step, watch: str, now: datetime) -> list[Told]:
    former = {r.slug: r for r in (*(entry.record for entry in memory.absent), *before)}
    latest = _latest(new for _, new in step.pairs)
    told: list[Told] = []
    for old_slug, slug in step.renamed.items():
        old, new = former[old_slug], latest[slug]
        names = (old.name, new.name) if old.name != new.name else (old_slug, slug)
        change = diff.about("site.renamed", new, at=now, watch=watch, old=names[0], new=names[1], old_slug=old_slug)
        told.append((change, old, new))
    return told


def _arrived(memory: Memory, step: _Step, past: Mapping[str, list[Record]], watch: str, now: datetime) -> list[Told]:
    """Sites and reports that the last snapshot did not have."""
    assert memory.snapshot is not None
    told: list[Told] = []
    announced: set[str] = set()
    listed = memory.snapshot.slugs | set(step.renamed.values())
    for entry, new in step.back:
        if entry.state != "missing" and new.slug not in listed and new.slug not in announced:
            announced.add(new.slug)
            kind = "site.returned" if entry.state == "removed" else "site.entered"
            told.append((diff.about(kind, new, at=now, watch=watch), entry.record, new))  # type: ignore[arg-type]
        changes = diff.compare(entry.record, new, past.get(new.slug, ()), at=now, watch=watch)
        told += [(change, entry.record, new) for change in changes]
    newcomers = _latest(record for record in step.fresh if record.slug not in past)
    for slug, record in newcomers.items():
        elsewhere = memory.elsewhere.get(slug)
        known = elsewhere is not None and elsewhere <= memory.snapshot.at
        production = record.metrics.get("production_volume")
        figure: dict[str, object] = {}
        if production is not None:
            figure = {"metric": "production_volume", "unit": production.unit, "new": production.amount}
        kind = "site.entered" if known else "site.added"
        told.append((diff.about(kind, record, at=now, watch=watch, **figure), None, record))  # type: ignore[arg-type]
    for record in step.fresh:
        if record.slug in past:
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
    memory: Memory, step: _Step, seen: Observation, settings: WatchSettings, now: datetime
) -> tuple[tuple[Absent, ...], list[Told]]:
    """Who is away from now on, and who has been so for so long that it is told."""
    since = memory.hold.since if memory.hold else now
    back = {id(entry) for entry, _ in step.back}
    entries = [e for e in memory.absent if id(e) not in back and e.record.slug not in step.renamed]
    entries += [Absent(record, since) for record in step.gone]
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


# --- judge: what the operator hears -------------------------------------------------------------------------------


def _confirmed(hold: Hold | None, settings: WatchSettings, now: datetime) -> bool:
    if hold is None:
        return False
    return hold.accept or now - hold.since >= settings.judgement.hold.confirm_after


def _hold_started(settings: WatchSettings, causes: tuple[str, ...]) -> Notice:
    hours = settings.judgement.hold.confirm_after.total_seconds() / 3600
    return Notice(
        "hold.started",
        f"{settings.name}: held, {causes[0]}",
        f"The API's answer looks like an accident upstream: {'; '.join(causes)}. Nothing is reported meanwhile. If it "
        f"stays so for {hours:g} hours it is believed. To believe it now: watcher accept {settings.name}",
        watch=settings.name,
    )


def _hold_ended(settings: WatchSettings, hold: Hold, *, believed: bool, now: datetime) -> Notice:
    since = hold.since.strftime("%Y-%m-%d %H:%M UTC")
    if believed:
        why = "you accepted it" if hold.accept else "it stayed so"
        text = f"What was held since {since} ({hold.reason}) is believed now: {why}. Its changes are reported."
    else:
        text = f"The API's answer is back to normal; it was held since {since} ({hold.reason}). Nothing was lost."
    title = f"{settings.name}: hold ended, {'believed' if believed else 'back to normal'}"
    return Notice("hold.ended", title, text, severity="info", watch=settings.name)


_UNREADABLE = "rows without a readable slug"


def _strange(seen: Observation, settings: WatchSettings) -> frozenset[str]:
    """Structures on so many records that they are no slip of one row."""
    many = settings.judgement.hold.at_least
    keys = {key for key, slugs in seen.unknown.items() if len(slugs) >= many}
    return frozenset(keys | ({_UNREADABLE} if seen.unreadable else set()))


def _known_structures(seen: Observation, memory: Memory, settings: WatchSettings) -> frozenset[str]:
    known = memory.structures if seen.unreadable else memory.structures - {_UNREADABLE}
    return known | _strange(seen, settings)


def _structures(seen: Observation, memory: Memory, settings: WatchSettings) -> Iterable[Notice]:
    new = sorted(_strange(seen, settings) - memory.structures)
    if new:
        listed = ", ".join(f"“{key}”" for key in new[:10]) + (f" and {len(new) - 10} more" if len(new) > 10 else "")
        yield Notice(
            "structure.unknown",
            f"{settings.name}: the API's answer has parts that are new to Watcher",
            f"Seen for the first time: {listed}. Figures under new keys are kept under their own names; rows that "
            "cannot be read leave their sites as they were. No false change was reported.",
            severity="info",
            watch=settings.name,
        )
