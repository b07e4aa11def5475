"""poll and accept: the main job, by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import clock, console, session
from watcher.cli.preview import counted, readable

if TYPE_CHECKING:
    from watcher.config import Settings
    from watcher.delivery import Courier
    from watcher.dispatch import DeliveryReport, Wording
    from watcher.model import Alert, Notice, Outcome
    from watcher.poll import PollReport
    from watcher.store import Store


def poll(
    context: typer.Context,
    watches: Annotated[
        list[str] | None, typer.Argument(metavar="[WATCH]...", help="All watches if none is named.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the messages; write and send nothing.")] = False,
) -> None:
    """Poll now: list, due details, judgement, messages, delivery."""
    settings = session.settings_of(context.obj)
    names = watches or []
    session.watch_settings(settings, names)
    if dry_run:
        raise typer.Exit(asyncio.run(_rehearse(settings, names)))
    raise typer.Exit(asyncio.run(_poll(settings, names)))


async def _poll(settings: Settings, names: Sequence[str]) -> int:
    from watcher.api import SectorsApi
    from watcher.poll import poll_watches
    from watcher.store import Store

    api_settings = session.api_settings(settings)
    with Store.open(settings.database) as store, ExitStack() as stack:
        store.keep_to(settings.watches, settings.targets)
        store.set_clock_right(clock.now())
        bar = stack.enter_context(console.progress_bar())
        async with SectorsApi(api_settings) as api:
            due = session.watch_settings(settings, names, silences=store.silences())
            reports = await poll_watches(
                api,
                store,
                due,
                ops=settings.ops,
                zone=settings.timezone,
                now=clock.now,
                tell_after=settings.tell_after,
                progress=bar,
                thrift=session.thrift_of(settings),
                probe=True,
            )
        stack.close()
        for report in reports:
            _say(report)
        delivered = await _deliver(settings, store) if _something_to_tell(settings, store) else None
        if settings.heartbeat:
            await _beat(settings.heartbeat, reports)
    if delivered is not None:
        _say_delivery(delivered)
    if any(report.error is not None for report in reports) or (delivered is not None and delivered.failed):
        return 1
    return 3 if any(report.outcome is not None and report.outcome.verdict == "held" for report in reports) else 0


async def _beat(url: str, reports: Sequence[PollReport]) -> None:
    from watcher.delivery import beat

    problem = await beat(url, "\n".join(report.words for report in reports if report.outcome is None))
    if problem:
        console.warn(f"No heartbeat: {problem}.")


def _something_to_tell(settings: Settings, store: Store) -> bool:
    """Whether delivery has anything to look at. A quiet poll need not load what renders and sends."""
    digests = any(policy.digest is not None for policy in settings.policies.values())
    return digests or bool(store.outbox.untold()) or bool(store.outbox.waiting())


async def _deliver(settings: Settings, store: Store) -> DeliveryReport:
    from watcher import dispatch
    from watcher.delivery import Courier

    return await dispatch.deliver(store, Courier(settings.targets), session.wording_of(settings), now=clock.now)


def _say(report: PollReport) -> None:
    from watcher.errors import BudgetSpent

    if report.outcome is None and isinstance(report.error, BudgetSpent):
        console.warn(report.words)
        return
    if report.outcome is None:
        console.fail(report.words)
        return
    console.say(report.words, style="yellow" if report.outcome.verdict == "held" else None)
    for doubt in report.doubts:
        console.warn(doubt)


def _say_delivery(report: DeliveryReport) -> None:
    if report.sent:
        console.say(f"{report.sent} message{'s' if report.sent != 1 else ''} sent")
    for error in report.failed.values():
        console.warn(f"Not delivered: {error} It waits, and is tried again at the next poll.")
    for target, count in report.dead.items():
        console.warn(f"{count} given up for {target}: `watcher outbox list --dead` shows them.")
    for problem in report.problems:
        console.warn(f"A template failed, and the built-in one was used: {problem}")
    for target, count in report.parked.items():
        console.warn(f"{count} waiting for {target}, which is not in rules.yaml any more.")


async def _rehearse(settings: Settings, names: Sequence[str]) -> int:
    """The same poll and the same words, with nothing written and nothing sent."""
    from watcher import pipeline
    from watcher.api import SectorsApi
    from watcher.credits import Errand, Meter
    from watcher.delivery import Courier
    from watcher.errors import SourceError
    from watcher.model import Memory, Standing
    from watcher.poll import look

    status, spent = 0, 0
    standing: Standing | None = None
    told: tuple[Alert, ...] = ()
    courier, wording = Courier(settings.targets), session.wording_of(settings)
    with ExitStack() as stack:
        store = _beside(settings)
        if store is not None:
            stack.enter_context(store)
        async with SectorsApi(session.api_settings(settings)) as api:
            thrift = session.thrift_of(settings)
            errand = Errand(api, store, thrift, zone=settings.timezone, now=clock.now, writes=False)
            watches = session.watch_settings(settings, names, silences=store.silences() if store else ())
            for number, watch in enumerate(errand.ranked(watches)):
                now = clock.now()
                lists = bool(watch.watchlists)
                memory = (
                    store.memory(watch.name, now, others=lists, recent=watch.judgement.reverts.within)
                    if store
                    else Memory(watch.name)
                )
                if store is not None:
                    memory = store.refreshed(memory)
                told = (*memory.told_elsewhere, *told)
                memory = replace(memory, standing=standing or memory.standing, told_elsewhere=told)
                api.pay = meter = Meter(errand.purse.payer(watch.name))
                try:
                    if number == 0:
                        await errand.begin(watches)
                    found = await look(api, memory, watch, now=now, errand=errand)
                except SourceError as error:
                    console.warn(f"{watch.name}: failed. {error}")
                    status = 1
                    continue
                finally:
                    spent += meter.credits
                outcome = pipeline.conclude(found.seen, memory, watch, now)
                _show(outcome, settings, courier, wording, watch.name, store)
                standing, told = outcome.memory.standing, (*told, *outcome.alerts)
                if found.stopped is not None or found.missed or found.deferred:
                    console.warn(f"{watch.name}: some details were not fetched. {found.stopped or ''}")
                if status == 0 and outcome.verdict == "held":
                    status = 3
    booked = ", and booked, as they are limited" if settings.credits else ""
    cost = counted(spent, "credit")
    console.say(f"Dry run: nothing was written or sent. The API was asked all the same ({cost}{booked}).")
    return status


def _beside(settings: Settings) -> Store | None:
    """The database beside whoever writes it: only read, but where credits are limited, what is spent is booked."""
    from watcher.store import Store

    if not settings.credits:
        return Store.open_readonly(settings.database) if settings.database.exists() else None
    if not settings.database.exists():
        Store.open(settings.database).close()
    return Store.open_beside(settings.database)


def _when(settings: Settings, target: str, at: datetime) -> str:
    """What keeps a target's message from going out at once."""
    policy = settings.policies[target]
    if policy.digest is not None:
        return f" (alerts wait for its digest, {policy.digest})"
    return (
        " (held back until its quiet hours end)" if policy.quiet and policy.quiet.covers(at, settings.timezone) else ""
    )


def _show(
    outcome: Outcome, settings: Settings, courier: Courier, wording: Wording, watch: str, store: Store | None
) -> None:
    from watcher.messages import headline
    from watcher.routing import Bundle, Untold

    loud = [alert for alert in outcome.alerts if not alert.silenced]
    for alert in outcome.alerts:
        if alert.silenced:
            console.say(f"Silenced ({alert.silenced}): {headline(alert.about)}")
    targets = dict.fromkeys(target for alert in loud for target in alert.targets)
    if outcome.notices:
        targets |= dict.fromkeys(settings.ops)
    counts = (counted(len(outcome.changes), "change"), counted(len(targets), "message"))
    console.say(f"{watch}: {outcome.verdict}, {', '.join(counts)}")
    for target in targets:
        notices = outcome.notices if target in settings.ops else ()
        mine = [replace(alert, targets=(target,)) for alert in loud if target in alert.targets]
        whole: list[Alert | Notice] = [*mine, *notices]
        bundle = Bundle((watch,), outcome.at, tuple(Untold(0, 0, watch, outcome.at, one) for one in whole))
        series = {a.about.id: store.series(a.about) for a in bundle.alerts} if store is not None else {}
        message = wording.message(bundle, courier.format_of(target), attach=False, series=series)
        for problem in message.problems:
            console.warn(f"A template failed, and the built-in one is used: {problem}")
        console.say(f"--- to {target}{_when(settings, target, outcome.at)} ---", style="bold")
        console.say(message.title, style="bold")
        console.say(readable(message.body, message.format))


def accept(
    context: typer.Context, watch: Annotated[str, typer.Argument(help="The watch whose held snapshot is right.")]
) -> None:
    """Believe what is held: the next poll accepts it and tells its changes; sites it lost are told once confirmed."""
    from watcher.errors import ConfigError
    from watcher.store import Store

    settings = session.settings_of(context.obj)
    session.watch_settings(settings, [watch])
    with Store.open_beside(settings.database) as store:
        if not store.accept(watch):
            raise ConfigError(f"Nothing is held for {watch}.", "`watcher status` shows what is.")
    console.say(f"{watch}: what is held is believed at the next poll. `watcher poll {watch}` does it now.")
