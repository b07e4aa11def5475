"""One decision, to be read aloud: parse ─► diff ─► judge ─► rules (DESIGN section 1).

`decide` is pure: polls, dry runs and backtests call the same function, so they cannot drift apart.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from watcher import judge, parse, plan
from watcher.model import Hold, Memory, Outcome, Snapshot, Sweep
from watcher.parse import Observation
from watcher.pipeline.changes import changes_of
from watcher.pipeline.glimpse import unclear, worth_a_look
from watcher.pipeline.notices import hold_ended, hold_started, in_words, known_structures, structures
from watcher.pipeline.settings import WatchSettings
from watcher.pipeline.snapshot import complete, details_seen, doubtful, forgetting_doubted, is_baseline
from watcher.pipeline.step import Step
from watcher.pipeline.telling import tell
from watcher.pipeline.urgency import watched_first


def due(listing: parse.Listing, memory: Memory, settings: WatchSettings, now: datetime) -> tuple[str, ...]:
    """The slugs whose details this poll must ask for, given the list; if not all can be had, the first ones."""
    marks = listing.fingerprints
    confirm = judge.overdue(memory.absent, frozenset(marks), settings.judgement.removal, now)
    believe_after = settings.judgement.hold.confirm_after
    found = plan.details_due(
        marks, memory, confirm, max_age=settings.details, believe_after=believe_after, now=now, timing=settings.timing
    )
    return watched_first(found, listing, memory, settings)


def due_again(seen: Observation, memory: Memory, settings: WatchSettings) -> tuple[str, ...]:
    """More details to ask for in the same poll.

    That is: those that a hold doubts, once one of them has recovered; and others, where what was seen may be so
    everywhere.
    """
    back = () if memory.hold is None else plan.recovered(memory, seen.records, seen.fetched)
    return tuple(dict.fromkeys((*back, *worth_a_look(memory, seen, settings))))


def decide(sweep: Sweep, memory: Memory, settings: WatchSettings, now: datetime) -> Outcome:
    """What one sweep means: accepted, held, or the first of its kind; the changes; who is told; what to remember."""
    return conclude(parse.observe(sweep), memory, settings, now)


def conclude(seen: Observation, memory: Memory, settings: WatchSettings, now: datetime) -> Outcome:
    """`decide` for a sweep that was read already."""
    records, kept = complete(memory, seen)
    notices = list(structures(seen, memory, settings))
    after = replace(
        memory,
        filter=dict(settings.filter),
        details=details_seen(memory, seen, records, now),
        structures=known_structures(seen, memory, settings),
    )
    if is_baseline(memory, settings, records):
        after = replace(after, snapshot=Snapshot(now, records), absent=(), hold=None, recent=())
        told = tell(memory, after, None, (), settings, now)
        after = replace(after, standing=told.standing)
        return Outcome("baseline", now, after, alerts=told.alerts, notices=tuple(notices), unread=seen.unread)
    assert memory.snapshot is not None
    step = Step.between(memory, memory.snapshot.records, records, kept, settings.judgement)
    hold, policy = memory.hold, settings.judgement.hold
    since = hold.since if hold is not None else now
    looked = seen.fetched | {slug for slug, one in after.details.items() if one.at >= since}
    symptoms = judge.symptoms(memory.snapshot.records, step.versions, step.lost, looked, policy)
    away = {slug: hold.away.get(slug, now) if hold is not None else now for slug in step.lost}
    causes = judge.lasting(symptoms, hold, away, len(memory.snapshot.slugs), policy, now)
    if causes and not judge.believed(causes, hold, policy, now):
        if hold is None:
            notices.append(hold_started(settings, causes))
        held = Hold(since, in_words(causes), causes, records, away=away)
        return Outcome("held", now, replace(after, hold=held), notices=tuple(notices), unread=seen.unread)
    if hold is not None:
        notices.append(hold_ended(settings, hold, believed=bool(causes), now=now))
    if hold is not None and not causes:
        records, kept = complete(forgetting_doubted(memory), seen)
        step = Step.between(memory, memory.snapshot.records, records, kept, settings.judgement)
    if not causes:
        doubted = judge.blanked(step.versions, seen.fetched) | unclear(memory, seen, step, settings)
        blank = judge.unbelieved(doubted, memory.details, policy.confirm_after, now)
        if blank:
            step = step.keeping_details(frozenset(blank))
            after = replace(after, details=doubtful(after.details, blank))
            records = step.records
    if step.renamed:
        records = step.records
    changes, absent = changes_of(memory, step, seen, settings, now)
    snapshot = memory.snapshot if records == memory.snapshot.records else Snapshot(now, records)
    after = replace(after, snapshot=snapshot, absent=absent, hold=None)
    told = tell(memory, after, step, changes, settings, now)
    return Outcome(
        "accepted",
        now,
        replace(after, standing=told.standing),
        changes=changes,
        alerts=told.alerts,
        notices=(*notices, *told.notices),
        unread=seen.unread,
    )
