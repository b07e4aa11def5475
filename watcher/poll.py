"""Looks at watches: api → decide → commit (DESIGN section 1). Delivery comes after, in `dispatch`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import monotonic
from typing import Protocol
from zoneinfo import ZoneInfo

from watcher import parse, pipeline
from watcher.api import SectorsApi
from watcher.credits import Cupboard, Errand, Meter, is_quota, paused, quota
from watcher.errors import BudgetSpent, SourceError, SourceRefused
from watcher.model import Detail, DetailSeen, Memory, Notice, Outcome
from watcher.pipeline import WatchSettings
from watcher.plan import Planned, Thrift
from watcher.schedule import Timing
from watcher.store import SourceTrouble, Store


class Progress(Protocol):
    """Hears how the details of a poll get on."""

    def begin(self, watch: str, details: int) -> None: ...
    def step(self) -> None: ...


@dataclass(frozen=True, slots=True)
class PollReport:
    """What one poll did. `outcome` is None where it failed, or was not made for want of credits.

    Attributes:
        missed: why details failed, by slug.
        error: why it failed, or what stopped its details.
        deferred: how many details were left to later polls, as the credits are limited.
        again: when it may be polled again, where that is not now.
    """

    watch: str
    outcome: Outcome | None
    credits: int
    missed: dict[str, str]
    error: SourceError | None = None
    deferred: int = 0
    again: datetime | None = None

    @property
    def words(self) -> str:
        """What came of it, in one line."""
        credits = f"{self.credits} credit{'s' if self.credits != 1 else ''}"
        if self.outcome is None:
            return f"{self.watch}: {'not polled' if isinstance(self.error, BudgetSpent) else 'failed'}. {self.error}"
        outcome, memory = self.outcome, self.outcome.memory
        sites, count = len(memory.snapshot.slugs) if memory.snapshot else 0, len(outcome.changes)
        here = memory.snapshot.slugs if memory.snapshot else frozenset()
        away = len({one.record.slug for one in memory.absent if one.state == "missing"} - here)
        missing = f" ({away} missing, not yet told as removed)" if away else ""
        said = {
            "baseline": f"baseline of {sites} sites; changes are told from the next poll on",
            "accepted": f"{sites} sites{missing}, {count or 'no'} change{'s' if count != 1 else ''}",
            "held": f"held: {memory.hold.reason if memory.hold else ''}; nothing is told meanwhile",
        }[outcome.verdict]
        return f"{self.watch}: {said} ({credits})"

    @property
    def doubts(self) -> tuple[str, ...]:
        """What was not well about a poll that was good, a line each."""
        found = []
        if self.outcome is not None and self.outcome.unread:
            found.append(f"{self.outcome.unread} rows could not be read whole; they keep their last values.")
        if self.missed:
            found.append(f"{len(self.missed)} details could not be fetched; the next poll asks again.")
        if self.deferred:
            found.append(f"{self.deferred} details are left to later polls, as credits are limited.")
        if self.outcome is not None and self.error is not None:
            found.append(f"details stopped. {self.error}")
        return tuple(f"{self.watch}: {one}" for one in found)


async def poll_watches(
    api: SectorsApi,
    store: Store,
    watches: Sequence[WatchSettings],
    *,
    ops: tuple[str, ...],
    zone: ZoneInfo,
    now: Callable[[], datetime],
    tell_after: int = 3,
    progress: Progress | None = None,
    thrift: Thrift | None = None,
    probe: bool = False,
) -> list[PollReport]:
    """Poll the watches that are due, the most important first; every call is paid before it is made.

    Args:
        ops: the targets that hear of the watcher's own troubles.
        zone: whose days the credits are counted in.
        tell_after: so many polls of a watch must fail in a row before the operator is told.
        thrift: the limits of credits, and every watch of the file; no limits and these watches, if it is not given.
        probe: ask the API even while its quota is known to be gone (somebody waits for the answer).
    """
    api.kept = Cupboard(store, now)
    errand = Errand(api, store, thrift or _thrift(watches), zone=zone, now=now)
    pause = store.ledger.pause()
    gone: SourceRefused | None = None
    if pause is not None and not probe and now() < pause.probe_at:
        gone = paused(pause, zone)
    reports: dict[str, PollReport] = {}
    for watch in errand.ranked(watches):
        if gone is not None:
            reports[watch.name] = PollReport(watch.name, None, 0, {}, gone, again=pause.probe_at if pause else None)
            continue
        meter, began = Meter(errand.purse.payer(watch.name)), monotonic()
        api.pay = meter
        if not reports:
            await _begin(errand, watches)
        report = await poll(
            api, store, watch, meter, ops=ops, now=now(), tell_after=tell_after, progress=progress, errand=errand
        )
        reports[watch.name] = report
        if report.outcome is not None:
            store.took(watch.name, monotonic() - began)
        news = list(errand.purse.news())
        if isinstance(report.error, SourceRefused) and is_quota(report.error):
            gone, pause = report.error, quota.begun(report.error, pause, zone, now())
            store.ledger.set_pause(pause)
            reports[watch.name] = replace(report, again=pause.probe_at)
            news.append(quota.gone(pause, zone))
        elif report.outcome is not None and pause is not None:
            store.ledger.set_pause(None)
            news.append(quota.back(pause, zone))
            pause = None
        for what, notice in news:
            store.ledger.tell_once(what, notice, ops, now())
    return [reports[watch.name] for watch in watches]


def _thrift(watches: Sequence[WatchSettings]) -> Thrift:
    """No limits, and no other watches than these."""
    hourly = Timing(timedelta(hours=1))
    return Thrift(watches=tuple(Planned(w.name, w.filter, w.timing or hourly, w.details) for w in watches))


async def _begin(errand: Errand, watches: Sequence[WatchSettings]) -> None:
    """Decide which lists are read. Where the API cannot be asked, the polls themselves will tell why."""
    with suppress(SourceError):
        await errand.begin(watches)


@dataclass(frozen=True, slots=True)
class Look:
    """What one look brought: all that was read; why details were missed; what stopped the rest, if something did.

    `had` says when details were had that another watch had asked for, `deferred` how many were not asked for.
    """

    seen: parse.Observation
    missed: dict[str, str]
    stopped: SourceError | None = None
    had: Mapping[str, datetime] = field(default_factory=dict)
    deferred: int = 0


async def look(
    api: SectorsApi,
    memory: Memory,
    settings: WatchSettings,
    *,
    now: datetime,
    progress: Progress | None = None,
    errand: Errand | None = None,
) -> Look:
    """Fetch the whole list, then the details that are due, less those that another watch has had.

    Raises:
        SourceError: the list could not be read whole; then there is nothing to decide about.
    """
    rows = await (errand.rows(settings) if errand is not None else api.sites(settings.filter))
    listing = parse.read_list(rows)
    details: dict[str, Detail] = {}
    had: dict[str, datetime] = {}
    if errand is not None:
        known = errand.had(listing, memory, settings, now)
        details, had = dict(known.details), dict(known.at)
    wanted = list(pipeline.due(listing, _aware(memory, listing, had), settings, now))
    if errand is not None:
        known = errand.just_had(wanted, listing)
        details, had = {**details, **known.details}, {**had, **known.at}
        wanted = [slug for slug in wanted if slug not in details]
    missed: dict[str, str] = {}
    deferred = 0
    reads = {slug: parse.read_detail(detail) for slug, detail in details.items()}
    asked = set(reads)
    while True:
        asked.update(wanted)
        affordable = wanted if errand is None else errand.affordable(wanted, listing, memory)
        deferred += len(wanted) - len(affordable)
        stopped: SourceError | None = None
        if affordable:
            if progress is not None:
                progress.begin(settings.name, len(affordable))
            answers = await api.details(affordable, on_done=progress.step if progress is not None else lambda: None)
            if errand is not None:
                errand.keep(answers.found, listing, now)
            reads |= {slug: parse.read_detail(detail) for slug, detail in answers.found.items()}
            missed |= answers.failed
            stopped = answers.refused
        seen = parse.join(listing, reads)
        if not reads or stopped is not None or deferred:
            return Look(seen, missed, stopped, had, deferred)
        wanted = [slug for slug in pipeline.due_again(seen, memory, settings) if slug not in asked]
        if not wanted:
            return Look(seen, missed, None, had, deferred)


def _aware(memory: Memory, listing: parse.Listing, had: Mapping[str, datetime]) -> Memory:
    """The memory, with details that another watch has had counting as seen when they were had."""
    if not had:
        return memory
    seen = {slug: DetailSeen(at, listing.fingerprints[slug]) for slug, at in had.items()}
    return replace(memory, details={**memory.details, **seen})


def _as_had(outcome: Outcome, had: Mapping[str, datetime]) -> Outcome:
    """The outcome, with details that another watch has had being as old as they are."""
    details = outcome.memory.details
    dated = {slug: replace(details[slug], at=at) for slug, at in had.items() if slug in details}
    if not dated:
        return outcome
    return replace(outcome, memory=replace(outcome.memory, details={**details, **dated}))


async def poll(
    api: SectorsApi,
    store: Store,
    settings: WatchSettings,
    meter: Meter,
    *,
    ops: tuple[str, ...],
    now: datetime,
    tell_after: int = 3,
    progress: Progress | None = None,
    errand: Errand | None = None,
) -> PollReport:
    """Poll one watch and commit what it means, in one transaction. A failed poll changes nothing, and is recorded."""
    memory = store.memory(
        settings.name, now, others=bool(settings.watchlists), recent=settings.judgement.reverts.within
    )
    try:
        found = await look(api, memory, settings, now=now, progress=progress, errand=errand)
    except SourceError as error:
        # Want of credits is no failure of the source: it is told by itself. Where nothing was asked there was no poll.
        ours = isinstance(error, BudgetSpent) or is_quota(error)
        known = isinstance(error, BudgetSpent) or store.ledger.pause() is not None
        if meter.credits or not (ours and known):
            trouble, notices = (None, ()) if ours else _trouble(store, settings, error, tell_after, now)
            store.record_failure(
                settings.name,
                now,
                str(error),
                meter.lists,
                meter.details,
                trouble=trouble,
                notices=notices,
                ops_targets=ops,
            )
        return PollReport(settings.name, None, meter.credits, {}, error, again=_again(error, settings, now))
    # Another watch may have been committed while this one was fetched.
    memory = store.refreshed(memory)
    outcome = _as_had(pipeline.conclude(found.seen, memory, settings, now), found.had)
    outcome = replace(outcome, notices=(*_recovered(store, settings), *outcome.notices))
    store.commit(
        settings.name,
        outcome,
        before=memory,
        list_calls=meter.lists,
        detail_calls=meter.details,
        ops_targets=ops,
        note=_note(outcome, found),
    )
    return PollReport(settings.name, outcome, meter.credits, found.missed, found.stopped, found.deferred)


def _note(outcome: Outcome, found: Look) -> str:
    """What was not well about a poll that was good."""
    parts = [f"{len(found.missed)} details could not be fetched"] if found.missed else []
    parts += [f"{found.deferred} details left for want of credits"] if found.deferred else []
    parts += [f"{outcome.unread} rows could not be read whole"] if outcome.unread else []
    return "; ".join(parts)


def _again(error: SourceError, settings: WatchSettings, now: datetime) -> datetime | None:
    """When a watch may be polled again that the budget did not pay for."""
    if not isinstance(error, BudgetSpent):
        return None
    if error.until is not None or settings.timing is None:
        return error.until
    return next(settings.timing.times(now, now + timedelta(days=366)), None)


def _trouble(
    store: Store, settings: WatchSettings, error: SourceError, tell_after: int, now: datetime
) -> tuple[SourceTrouble | None, tuple[Notice, ...]]:
    """A failure as the operator hears of it: a refusal at once, others when they persist, either once for all watches.

    Returns the trouble that it is part of, if it has lasted, and what is told.
    """
    watch = settings.name
    failures, first = store.failures(watch)
    refused, cause, since = isinstance(error, SourceRefused), str(error), first or now
    troubles = store.source_troubles()
    mine = next((one for one in troubles if one.watch == watch), None)
    if failures + 1 < (1 if refused else tell_after) or (mine is not None and (mine.cause == cause or not refused)):
        return None, ()
    known = any(one.told and one.cause == cause for one in troubles)
    trouble = SourceTrouble(watch, since, cause, told=True)
    if known:
        return trouble, ()
    title = f"{watch}: the API refuses us" if refused else f"{watch}: {failures + 1} polls failed in a row"
    text = f"{cause} Nothing has been seen since {settings.moment(since)}. You hear when it works again."
    return trouble, (Notice("source.failing", title, text, severity="critical", watch=watch),)


def _recovered(store: Store, settings: WatchSettings) -> tuple[Notice, ...]:
    """The end of a trouble, told once the last watch that had it is polled well."""
    troubles, watch = store.source_troubles(), settings.name
    if [one.watch for one in troubles] != [watch]:
        return ()
    text = (
        f"It failed since {settings.moment(troubles[0].since)}: {troubles[0].cause} "
        "What changed in between is compared as usual."
    )
    return (Notice("source.recovered", f"{watch}: the API answers again", text, severity="info", watch=watch),)
