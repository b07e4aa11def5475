"""Polling a history again: each watch at its own times, through the same decision as a real poll."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from watcher import parse, pipeline, schedule
from watcher.backtest.history import History, state_at
from watcher.backtest.post import Post
from watcher.backtest.report import Held, Report, WatchRun
from watcher.model import Alert, Change, DetailSeen, Memory, Outcome, Record, Standing
from watcher.pipeline import WatchSettings
from watcher.routing import TargetPolicy
from watcher.rules import repeats_due

_PAGE = 30


@dataclass(frozen=True, slots=True)
class WatchPlan:
    """A watch to be polled again: what decides, when it is polled, over which history, and until when at least."""

    settings: WatchSettings
    history: History
    every: timedelta | None
    cron: str | None
    until: datetime | None = None


@dataclass(slots=True)
class _Player:
    """One watch on its way through its history."""

    plan: WatchPlan
    run: WatchRun
    memory: Memory
    end: datetime
    state: int = -2
    settled: bool = False
    accepted: datetime | None = None
    looked: set[str] = field(default_factory=set)
    first_seen: dict[str, datetime] = field(default_factory=dict)
    recent: list[Change] = field(default_factory=list)


def replay(
    plans: Iterable[WatchPlan],
    *,
    zone: ZoneInfo,
    ops: tuple[str, ...],
    policies: Mapping[str, TargetPolicy] | None = None,
    since: datetime | None = None,
    step: Callable[[], None] = lambda: None,
) -> Report:
    """Poll every watch's history at the watch's own times.

    The first poll of a watch is its baseline, as in real life. After the last state a watch is polled on until its
    details are `details` old once more, so that everything in that state has been looked at.

    Args:
        since: start there instead of at the first state.
        ops: the targets that get notices.
        policies: how each target wants to be told; at once, if none is given.
        step: called after every poll.
    """
    report = Report()
    plans = list(plans)
    players = [_player(plan, since) for plan in plans if plan.history.times]
    report.runs = [player.run for player in players]
    queue = [(_start(player, since), number) for number, player in enumerate(players)]
    heapq.heapify(queue)
    targets = {target for plan in plans for target in _targets(plan.settings)} | set(ops)
    post = Post({target: (policies or {}).get(target, TargetPolicy()) for target in sorted(targets)}, zone)
    standing = Standing()
    told: list[tuple[str, datetime, Alert]] = []
    while queue:
        now, number = heapq.heappop(queue)
        player = players[number]
        if now > player.end:
            continue
        outcome = _poll(player, players, standing, told, now)
        if outcome is not None:
            standing = outcome.memory.standing
            told += [(player.run.watch, now, alert) for alert in outcome.alerts] if len(players) > 1 else []
            _note(report, player, outcome)
            post.take(player.run.watch, outcome, ops)
        post.deliver(now)
        step()
        then = schedule.following(player.plan.every, player.plan.cron, zone, now)
        last = player.plan.history.times[-1]
        if now < last and (then is None or then > player.end):
            then = player.end = max(player.end, last)  # the last state is looked at, however short it was
        if then is not None:
            heapq.heappush(queue, (then, number))
    report.held.sort(key=lambda held: held.since)
    report.sent = post.sent
    return report


def _targets(settings: WatchSettings) -> Iterator[str]:
    for rule in settings.rules:
        yield from rule.to
    for watchlist in settings.watchlists:
        yield from watchlist.to


def polls_ahead(plan: WatchPlan, since: datetime | None) -> int:
    """About how many polls a plan has, for a progress bar."""
    if not plan.history.times:
        return 0
    player = _player(plan, since)
    span = player.end - _start(player, since)
    return max(1, int(span / (plan.every or timedelta(hours=24))) + 1)


def _player(plan: WatchPlan, since: datetime | None) -> _Player:
    last = plan.history.times[-1]
    end = plan.until or last + (plan.settings.details or timedelta(0)) + (plan.every or timedelta(hours=24))
    return _Player(plan, WatchRun(plan.settings.name), Memory(plan.settings.name), end)


def _start(player: _Player, since: datetime | None) -> datetime:
    first = player.plan.history.times[0]
    return max(first, since) if since is not None else first


def _poll(
    player: _Player,
    players: Sequence[_Player],
    standing: Standing,
    told: Sequence[tuple[str, datetime, Alert]],
    now: datetime,
) -> Outcome | None:
    """One poll; None where it would find what the last one found, which is then only counted."""
    plan, run = player.plan, player.run
    state = state_at(plan.history.times, now)
    listing = plan.history.listing(state)
    run.polls += 1
    run.first, run.last = run.first or now, now
    run.credits += max(1, math.ceil(listing.rows / _PAGE))
    due = pipeline.due(listing, player.memory, plan.settings, now)
    wanted = {slug: read for slug in due if (read := plan.history.detail(state, slug)) is not None}
    repeats = repeats_due(plan.settings.watchlists, standing.levels, now)
    if state != player.state:
        player.looked = set()
    if player.settled and state == player.state and not repeats and _known(player, wanted):
        # What was looked at in this very state says the same again: only its age is new.
        run.credits += len(wanted)
        seen_now = {slug: DetailSeen(now, listing.fingerprints[slug]) for slug in wanted}
        player.memory = replace(player.memory, details={**player.memory.details, **seen_now})
        player.accepted = now
        return None
    memory = replace(
        player.memory,
        recent=_recent(player, now),
        elsewhere=_elsewhere(player, players),
        standing=standing,
        others=_others(player, players) if plan.settings.watchlists else (),
        told_elsewhere=tuple(
            a for watch, at, a in told if watch != run.watch and player.accepted and at > player.accepted
        ),
    )
    seen = parse.join(listing, wanted)
    asked = set(wanted)
    while again := [slug for slug in pipeline.due_again(seen, memory, plan.settings) if slug not in asked]:
        asked |= set(again)
        wanted |= {slug: read for slug in again if (read := plan.history.detail(state, slug)) is not None}
        seen = parse.join(listing, wanted)
    run.credits += len(wanted)
    outcome = pipeline.conclude(seen, memory, plan.settings, now)
    player.memory, player.state = outcome.memory, state
    player.looked |= wanted.keys()
    if outcome.verdict != "held":
        player.accepted = now
    player.settled = outcome.verdict == "accepted" and outcome.memory.hold is None and not _waiting(outcome)
    if outcome.memory.snapshot is not None:
        for slug in outcome.memory.snapshot.slugs - player.first_seen.keys():
            player.first_seen[slug] = now
    player.recent += [change for change in outcome.changes if change.kind == "metric.changed"]
    return outcome


def _known(player: _Player, wanted: Mapping[str, parse.DetailRead]) -> bool:
    """Whether all details that are wanted were looked at in the present state, and believed."""
    details = player.memory.details
    return all(slug in player.looked and slug in details and details[slug].blank is None for slug in wanted)


def _waiting(outcome: Outcome) -> bool:
    """Whether time alone may still bring news: somebody is missing."""
    return any(entry.state == "missing" for entry in outcome.memory.absent)


def _recent(player: _Player, now: datetime) -> tuple[Change, ...]:
    within = player.plan.settings.judgement.reverts.within
    player.recent = [change for change in player.recent if now - change.at <= within]
    return tuple(player.recent)


def _elsewhere(player: _Player, players: Sequence[_Player]) -> dict[str, datetime]:
    known: dict[str, datetime] = {}
    for other in players:
        if other is not player:
            for slug, at in other.first_seen.items():
                known[slug] = min(at, known.get(slug, at))
    return known


def _others(player: _Player, players: Sequence[_Player]) -> tuple[Record, ...]:
    """The records of sites that only other watches have."""
    seen = set(player.memory.snapshot.slugs) if player.memory.snapshot is not None else set()
    found: list[Record] = []
    for other in players:
        if other is not player and other.memory.snapshot is not None:
            found += [record for record in other.memory.snapshot.records if record.slug not in seen]
            seen |= other.memory.snapshot.slugs
    return tuple(found)


def _note(report: Report, player: _Player, outcome: Outcome) -> None:
    watch, now = player.run.watch, outcome.at
    if outcome.verdict == "baseline" and outcome.memory.snapshot is not None:
        player.run.baseline = len(outcome.memory.snapshot.slugs)
    player.run.changes += outcome.changes
    report.alerts += [(now, alert) for alert in outcome.alerts]
    report.notices += [(now, notice) for notice in outcome.notices]
    for notice in outcome.notices:
        if notice.kind == "hold.started" and outcome.memory.hold is not None:
            report.held.append(Held(watch, now, outcome.memory.hold.reason))
        if notice.kind in {"hold.ended", "hold.believed"}:
            report.held = [
                replace(held, until=now, believed=notice.kind == "hold.believed")
                if held.watch == watch and held.until is None
                else held
                for held in report.held
            ]
