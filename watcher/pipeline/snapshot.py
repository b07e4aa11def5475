"""The whole snapshot: what was observed, completed with what is remembered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from watcher import diff
from watcher.model import DetailSeen, Memory, Record, ordered
from watcher.parse import Observation
from watcher.pipeline.settings import WatchSettings


def complete(memory: Memory, seen: Observation) -> tuple[tuple[Record, ...], frozenset[str]]:
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
    if base is accepted and _same(accepted, records):
        return accepted, frozenset()
    kept: frozenset[str] = frozenset()
    if seen.unreadable:
        unseen = diff.match(accepted, records).gone
        records += unseen
        kept = frozenset(record.slug for record in unseen)
    return ordered(records), kept


def _same(accepted: tuple[Record, ...], records: list[Record]) -> bool:
    """Whether these are the very records of the accepted snapshot, in whatever order."""
    return len(accepted) == len(records) and {id(record) for record in accepted} == {id(record) for record in records}


def forgetting_doubted(memory: Memory) -> Memory:
    """`memory`, whose hold is over, without the held records that had lost something.

    What cannot be had or read today then carries on what was accepted, not the accident.
    """
    assert memory.hold is not None and memory.snapshot is not None
    accepted = {record.key: record for record in memory.snapshot.records}
    candidate = tuple(r for r in memory.hold.candidate if r.key not in accepted or not _lost(accepted[r.key], r))
    return replace(memory, hold=replace(memory.hold, candidate=candidate))


def _lost(old: Record, new: Record) -> bool:
    places = ((old.latitude, new.latitude), (old.province, new.province), (old.city, new.city))
    return bool(old.metrics.keys() - new.metrics.keys()) or any(was and now is None for was, now in places)


def details_seen(
    memory: Memory, seen: Observation, records: Iterable[Record], now: datetime
) -> Mapping[str, DetailSeen]:
    asked = seen.fetched | seen.gone
    if not asked and all(slug in seen.fingerprints for slug in memory.details):
        return memory.details
    wanted = {record.slug for record in records} | {entry.record.slug for entry in memory.absent}
    if memory.snapshot is not None:
        wanted |= memory.snapshot.slugs
    details = {slug: mark for slug, mark in memory.details.items() if slug in wanted and slug not in asked}
    return details | {slug: DetailSeen(now, seen.fingerprints.get(slug, "")) for slug in asked if slug in wanted}


def doubtful(details: Mapping[str, DetailSeen], blank: Mapping[str, datetime]) -> Mapping[str, DetailSeen]:
    """`details`, with a note at those that came back blank and are not believed yet."""
    return {**details, **{slug: replace(details[slug], blank=since) for slug, since in blank.items()}}


def is_baseline(memory: Memory, settings: WatchSettings, records: tuple[Record, ...]) -> bool:
    if memory.snapshot is None or dict(memory.filter or {}) != dict(settings.filter):
        return True
    # A first look into an empty table is as likely an accident upstream as the truth: a whole table is no news then.
    never_any = not memory.snapshot.records and not memory.absent
    return never_any and len({r.slug for r in records}) >= settings.judgement.hold.at_least
