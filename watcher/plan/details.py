"""Which details a poll asks for: new sites and changed rows at once, the rest by age, and what a hold doubts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from watcher.model import LIST_METRICS, Memory, Record
from watcher.plan.rotation import turn
from watcher.schedule import Timing

#: While a hold is on, so many of the details that it doubts are asked again at each poll.
PROBES = 5


def details_due(
    fingerprints: Mapping[str, str],
    memory: Memory,
    confirm: Iterable[str],
    *,
    max_age: timedelta | None,
    believe_after: timedelta,
    now: datetime,
    timing: Timing | None = None,
) -> tuple[str, ...]:
    """The slugs whose detail is due, the most urgent first.

    That is: missing sites to be confirmed; sites never asked for; sites whose list rows say something new; those whose
    turn it is, so that none gets older than `max_age`; those that came back blank `believe_after` ago; and, while a
    hold is on, a few of those that it doubts.

    Args:
        fingerprints: per listed slug, a digest of its rows.
        confirm: slugs that have been missing so long that their detail decides.
        max_age: how old a detail may get; None asks for none but those of `confirm`.
        timing: when the watch is polled, so that details are asked for evenly.
    """
    due = dict.fromkeys(confirm)
    if max_age is None:
        return tuple(due)
    seen = memory.details
    due |= dict.fromkeys(slug for slug in fingerprints if slug not in seen)
    due |= dict.fromkeys(slug for slug, mark in fingerprints.items() if slug in seen and seen[slug].fingerprint != mark)
    known = {slug: seen[slug].at for slug in fingerprints if slug in seen}
    due |= dict.fromkeys(turn(known, max_age, timing, now))
    due |= dict.fromkeys(
        slug for slug, one in seen.items() if one.blank and slug in fingerprints and now - one.blank >= believe_after
    )
    doubted = sorted((seen[slug].at, slug) for slug in doubted_details(memory) if slug in fingerprints and slug in seen)
    due |= dict.fromkeys(slug for _, slug in doubted[:PROBES])
    return tuple(due)


def recovered(memory: Memory, observed: Iterable[Record], fetched: frozenset[str]) -> tuple[str, ...]:
    """The other doubted details, if one that was asked again has its values back; else nothing.

    With them go the details of mines and reports that are new since the hold began: they came while all was in doubt.
    """
    doubted = doubted_details(memory)
    accepted = _by_key(_known(memory))
    back = any(
        record.slug in doubted and record.detailed and not _other(accepted.get(record.key), record)
        for record in observed
        if record.slug in fetched
    )
    if not back or memory.hold is None:
        return ()
    new = {record.slug for record in memory.hold.candidate if record.detailed and record.key not in accepted}
    return tuple(sorted((doubted | new) - fetched))


def doubted_details(memory: Memory) -> frozenset[str]:
    """The slugs whose details say something else, or less, in the snapshot that is held."""
    if memory.hold is None or memory.snapshot is None:
        return frozenset()
    held = _by_key(memory.hold.candidate)
    return frozenset(
        record.slug
        for record in _known(memory)
        if record.key in held and held[record.key].detailed and _other(record, held[record.key])
    )


def _known(memory: Memory) -> tuple[Record, ...]:
    """All records as they were last believed, those of missing mines too."""
    return (*(e.record for e in memory.absent), *(memory.snapshot.records if memory.snapshot is not None else ()))


def _by_key(records: Iterable[Record]) -> dict[tuple[str, str | None, int | None], Record]:
    return {record.key: record for record in records}


def _other(old: Record | None, new: Record) -> bool:
    """Whether a detail says something else than it did: more, less, another number or another place."""
    return old is not None and (
        _said(old) != _said(new) or (old.latitude, old.longitude) != (new.latitude, new.longitude)
    )


def _said(record: Record) -> dict[str, float]:
    return {name: value.amount for name, value in record.metrics.items() if name not in LIST_METRICS}
