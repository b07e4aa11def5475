"""The details of one poll beside what is remembered of them: a part of the table, to be judged for the whole."""

from __future__ import annotations

from watcher import diff, judge, plan
from watcher.model import Memory, Record
from watcher.parse import Observation
from watcher.pipeline.settings import WatchSettings
from watcher.pipeline.snapshot import complete
from watcher.pipeline.step import Step


def worth_a_look(memory: Memory, seen: Observation, settings: WatchSettings) -> tuple[str, ...]:
    """The slugs whose detail should be asked for as well, before what this poll's details show is believed."""
    if memory.snapshot is None or settings.details is None:
        return ()
    doubted = plan.doubted_details(memory)
    pairs = _versions(memory, seen, seen.fetched - doubted, settings)
    # Where many are new, a few that were there tell whether all details are well today.
    batch = len(seen.fetched - memory.details.keys()) >= settings.judgement.hold.at_least
    if all(old == new for old, new in pairs) and not batch:
        return ()
    marks, asked = memory.details, seen.fetched | seen.gone | doubted
    others = [r for r in memory.snapshot.records if r.slug not in asked and r.slug in seen.fingerprints.keys() & marks]
    others.sort(key=lambda record: (marks[record.slug].at, record.slug))
    silent = frozenset(s for s in seen.fetched if s in marks and marks[s].fingerprint == seen.fingerprints.get(s))
    known = dict.fromkeys(record.slug for record in others)
    few = list(known)[: max(0, plan.PROBES - len(pairs))] if batch else []
    return tuple(dict.fromkeys((*few, *judge.worth_a_look(pairs, others, silent, settings.judgement.hold))))


def unclear(memory: Memory, seen: Observation, step: Step, settings: WatchSettings) -> frozenset[str]:
    """The slugs whose detail lost something where too few others were looked at."""
    if memory.snapshot is None or not seen.fetched:
        return frozenset()
    listed = [record for record in memory.snapshot.records if record.slug in seen.fingerprints]
    pairs = [(old, new) for old, new in step.versions if new.slug in seen.fetched]
    return judge.unclear(pairs, listed, settings.judgement.hold)


def _versions(
    memory: Memory, seen: Observation, slugs: frozenset[str], settings: WatchSettings
) -> list[tuple[Record, Record]]:
    """The records of `slugs` as they were accepted, each with what it says now."""
    assert memory.snapshot is not None
    accepted = memory.snapshot.records
    if any(slug not in memory.snapshot.slugs for slug in slugs):
        # Who is new may be somebody known: then the whole table is compared.
        records, kept = complete(memory, seen)
        step = Step.between(memory, accepted, records, kept, settings.judgement)
        return [(old, new) for old, new in step.versions if new.slug in slugs]
    was = (record for record in accepted if record.slug in slugs)
    found = diff.match(was, (record for record in seen.records if record.slug in slugs))
    return [(old, diff.carry(old, new)) for old, new in found.pairs]
