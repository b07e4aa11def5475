"""Looks at watches: api → decide → commit (DESIGN section 1). Delivery comes after, in `dispatch`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic
from typing import Protocol
from zoneinfo import ZoneInfo

from watcher import parse, pipeline
from watcher.api import SectorsApi
from watcher.errors import SourceError, SourceRefused
from watcher.model import Detail, Memory, Notice, Outcome, Sweep
from watcher.pipeline import WatchSettings
from watcher.store import SourceTrouble, Store


@dataclass(slots=True)
class Meter:
    """Counts the billed calls of one poll as they happen, and books each where `book` says.

    `book` takes the call's kind, `list` or `detail`.
    """

    book: Callable[[str], None]
    lists: int = 0
    details: int = 0

    def __call__(self, call: str) -> None:
        self.book(call)
        if call == "list":
            self.lists += 1
        else:
            self.details += 1

    @property
    def credits(self) -> int:
        return self.lists + self.details


class Progress(Protocol):
    """Hears how the details of a poll get on."""

    def begin(self, watch: str, details: int) -> None: ...
    def step(self) -> None: ...


@dataclass(frozen=True, slots=True)
class PollReport:
    """What one poll did. `outcome` is None where it failed; `missed` maps slugs to why their detail failed."""

    watch: str
    outcome: Outcome | None
    credits: int
    missed: dict[str, str]
    error: SourceError | None = None

    @property
    def words(self) -> str:
        """What came of it, in one line."""
        credits = f"{self.credits} credit{'s' if self.credits != 1 else ''}"
        if self.outcome is None:
            return f"{self.watch}: failed. {self.error}"
        outcome, memory = self.outcome, self.outcome.memory
        sites, count = len(memory.snapshot.slugs) if memory.snapshot else 0, len(outcome.changes)
        said = {
            "baseline": f"baseline of {sites} sites; changes are told from the next poll on",
            "accepted": f"{sites} sites, {count or 'no'} change{'s' if count != 1 else ''}",
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
) -> list[PollReport]:
    """Poll the watches that are due, one after the other; every billed call is booked as it happens.

    Args:
        ops: the targets that hear of the watcher's own troubles.
        zone: whose days the credits are counted in.
        tell_after: so many polls of a watch must fail in a row before the operator is told.
    """
    reports: list[PollReport] = []
    for watch in watches:
        meter, began = Meter(_booker(store, watch.name, zone, now)), monotonic()
        api.on_billed = meter
        reports.append(
            await poll(api, store, watch, meter, ops=ops, now=now(), tell_after=tell_after, progress=progress)
        )
        store.took(watch.name, monotonic() - began)
    return reports


def _booker(store: Store, watch: str, zone: ZoneInfo, now: Callable[[], datetime]) -> Callable[[str], None]:
    return lambda call: store.spend(now().astimezone(zone).date(), watch, call)


async def look(
    api: SectorsApi, memory: Memory, settings: WatchSettings, *, now: datetime, progress: Progress | None = None
) -> tuple[Sweep, dict[str, str], SourceError | None]:
    """Fetch one sweep: the whole list, then the details that are due.

    Returns the sweep, why some details were missed, and the refusal that stopped the details, if any.

    Raises:
        SourceError: the list could not be read whole; then there is no sweep.
    """
    rows = await api.sites(settings.filter)
    sweep = Sweep(now, rows)
    missed: dict[str, str] = {}
    wanted: Sequence[str] = pipeline.due(parse.read_list(rows), memory, settings, now)
    while wanted:
        if progress is not None:
            progress.begin(settings.name, len(wanted))
        answers = await api.details(wanted, on_done=progress.step if progress is not None else lambda: None)
        details: dict[str, Detail] = {**sweep.details, **answers.found}
        sweep = replace(sweep, details=details)
        missed |= answers.failed
        if answers.refused is not None:
            return sweep, missed, answers.refused
        asked = sweep.details.keys() | missed.keys()
        wanted = [slug for slug in pipeline.due_again(parse.observe(sweep), memory, settings) if slug not in asked]
    return sweep, missed, None


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
) -> PollReport:
    """Poll one watch and commit what it means, in one transaction. A failed poll changes nothing, and is recorded."""
    memory = store.memory(settings.name, now, others=bool(settings.watchlists))
    try:
        sweep, missed, refused = await look(api, memory, settings, now=now, progress=progress)
    except SourceError as error:
        trouble, notices = _trouble(store, settings.name, error, tell_after, now)
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
        return PollReport(settings.name, None, meter.credits, {}, error)
    # Another watch may have been committed while this one was fetched.
    memory = store.refreshed(memory)
    outcome = pipeline.decide(sweep, memory, settings, now)
    outcome = replace(outcome, notices=(*_recovered(store, settings.name), *outcome.notices))
    store.commit(
        settings.name,
        outcome,
        before=memory,
        list_calls=meter.lists,
        detail_calls=meter.details,
        ops_targets=ops,
        note=_note(outcome, missed),
    )
    return PollReport(settings.name, outcome, meter.credits, missed, refused)


def _note(outcome: Outcome, missed: dict[str, str]) -> str:
    """What was not well about a poll that was good."""
    parts = [f"{len(missed)} details could not be fetched"] if missed else []
    parts += [f"{outcome.unread} rows could not be read whole"] if outcome.unread else []
    return "; ".join(parts)


def _trouble(
    store: Store, watch: str, error: SourceError, tell_after: int, now: datetime
) -> tuple[SourceTrouble | None, tuple[Notice, ...]]:
    """A failure as the operator hears of it: a refusal at once, others when they persist, either once for all watches.

    Returns the trouble that it is part of, if it has lasted, and what is told.
    """
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
    text = f"{cause} Nothing has been seen since {since:%Y-%m-%d %H:%M} UTC. You hear when it works again."
    return trouble, (Notice("source.failing", title, text, severity="critical", watch=watch),)


def _recovered(store: Store, watch: str) -> tuple[Notice, ...]:
    """The end of a trouble, told once the last watch that had it is polled well."""
    troubles = store.source_troubles()
    if [one.watch for one in troubles] != [watch]:
        return ()
    text = (
        f"It failed since {troubles[0].since:%Y-%m-%d %H:%M} UTC: {troubles[0].cause} "
        "What changed in between is compared as usual."
    )
    return (Notice("source.recovered", f"{watch}: the API answers again", text, severity="info", watch=watch),)
