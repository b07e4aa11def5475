"""One decision, to be read aloud: parse ─► diff ─► judge ─► rules (DESIGN section 1).

`decide` is pure: polls, dry runs and backtests call the same function, so they cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from watcher import judge, parse, plan, rules
from watcher.model import Hold, Memory, Outcome, Snapshot, Sweep
from watcher.pipeline.changes import changes_of
from watcher.pipeline.notices import confirmed, hold_ended, hold_started, known_structures, structures
from watcher.pipeline.settings import WatchSettings
from watcher.pipeline.snapshot import complete, details_seen, is_baseline
from watcher.pipeline.step import Step


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
        return Outcome("baseline", now, after, notices=tuple(notices), unread=seen.unread)
    assert memory.snapshot is not None
    step = Step.between(memory, memory.snapshot.records, records, kept)
    causes = judge.causes(memory.snapshot.records, step.pairs, step.lost, settings.judgement.hold)
    hold = memory.hold
    if causes and not confirmed(hold, settings, now):
        if hold is None:
            notices.append(hold_started(settings, causes))
        since = hold.since if hold else now
        held = Hold(since, f"{'; '.join(causes)}", causes, records)
        return Outcome("held", now, replace(after, hold=held), notices=tuple(notices), unread=seen.unread)
    if hold is not None:
        notices.append(hold_ended(settings, hold, believed=bool(causes), now=now))
    changes, absent = changes_of(memory, step, seen, settings, now)
    snapshot = memory.snapshot if records == memory.snapshot.records else Snapshot(now, records)
    return Outcome(
        "accepted",
        now,
        replace(after, snapshot=snapshot, absent=absent, hold=None),
        changes=changes,
        alerts=rules.alerts(changes, settings.rules),
        notices=tuple(notices),
        unread=seen.unread,
    )
