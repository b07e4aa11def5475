"""backtest: what the rules would have sent, over stored history or over a file of states."""

from __future__ import annotations

from collections import defaultdict
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from watcher.cli import clock, console, session

if TYPE_CHECKING:
    from watcher.backtest import Report, WatchPlan
    from watcher.config import Settings


def backtest(
    context: typer.Context,
    since: Annotated[str | None, typer.Option(help="Start there: 90d, or a date.")] = None,
    source: Annotated[
        Path | None,
        typer.Option("--from", help='A file [{"at": …, "sites": […]}], .json or .json.gz, instead of the database.'),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """What these rules would have sent over a history; sends nothing, asks nobody."""
    from watcher.backtest import replay

    settings = session.settings_of(context.obj)
    start = session.since(since, clock.now())
    plans = _from_file(settings, source) if source is not None else _from_database(settings)
    with ExitStack() as stack:
        step = stack.enter_context(console.counting("polls", _polls(plans, start)))
        report = replay(
            plans, zone=settings.timezone, ops=settings.ops, policies=settings.policies, since=start, step=step
        )
    if json:
        console.write_json(_document(report))
    else:
        _show(report, settings)


def _polls(plans: list[WatchPlan], since: datetime | None) -> int:
    from watcher.backtest.replay import polls_ahead

    return sum(polls_ahead(plan, since) for plan in plans)


def _from_file(settings: Settings, source: Path) -> list[WatchPlan]:
    from watcher.backtest import FileHistory, WatchPlan
    from watcher.errors import ConfigError
    from watcher.sandbox import load_states

    try:
        states = [(_instant(at), rows) for at, rows in load_states(source)]
    except ValueError as error:
        raise ConfigError(f"{error}.", 'A list [{"at": "2026-01-31T06:00:00Z", "sites": […]}] is expected.') from None
    return [
        WatchPlan(watch, FileHistory(states, watch.filter), own.every, own.cron)
        for watch, own in _watches(settings)
    ]  # fmt: skip


def _from_database(settings: Settings) -> list[WatchPlan]:
    from watcher.backtest import StoredHistory, WatchPlan
    from watcher.errors import ConfigError

    with session.reader(settings) as store:
        plans = [
            WatchPlan(watch, StoredHistory(store.states(watch.name)), own.every, own.cron, store.last_poll(watch.name))
            for watch, own in _watches(settings)
        ]
    if not any(plan.history.times for plan in plans):
        raise ConfigError(
            "The database has no history of these watches yet.", "Poll first, or name a file with --from."
        )
    return plans


def _watches(settings: Settings) -> list[tuple[Any, Any]]:
    # A silence is about the present: a look at the past shows what the rules say.
    watches = [replace(watch, silences=()) for watch in session.watch_settings(settings, [])]
    return [(watch, settings.watches[watch.name]) for watch in watches]


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f'the state at "{text}" has no time') from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _document(report: Report) -> dict[str, Any]:
    from watcher.model import Crossing

    rules: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for at, alert in report.alerts:
        rules[alert.rule].append(
            {"at": session.as_json(at), "to": list(alert.targets), "severity": alert.severity,
             "limit" if isinstance(alert.about, Crossing) else "change": session.as_json(alert.about)}
        )  # fmt: skip
    return {
        "watches": [session.as_json(run) for run in report.runs],
        "held": [session.as_json(held) for held in report.held],
        "rules": [{"rule": rule, "alerts": alerts} for rule, alerts in rules.items()],
        "notices": [{"at": session.as_json(at), **session.as_json(notice)} for at, notice in report.notices],
        "messages": [{**session.as_json(sent), "ops": sent.ops} for sent in report.sent],
    }


def _show(report: Report, settings: Settings) -> None:
    from watcher.messages import LISTED, headline

    def when(at: datetime | None) -> str:
        return at.astimezone(settings.timezone).strftime("%Y-%m-%d %H:%M") if at else "…"

    for run in report.runs:
        console.say(
            f"{run.watch}: {run.polls:,} polls from {when(run.first)} to {when(run.last)}, baseline of {run.baseline} "
            f"sites, {len(run.changes)} changes, {run.credits:,} credits",
            "bold",
        )
    for held in report.held:
        end = "and was still held at the end"
        if held.until is not None:
            end = f"until {when(held.until)}, then {'believed' if held.believed else 'back to normal'}"
        console.say(f"Held: {held.watch} from {when(held.since)} {end}: {held.reason}", "yellow")
    by_rule: dict[str, list[tuple[datetime, Any]]] = {rule.name: [] for rule in settings.rules if rule.enabled}
    by_rule |= {watchlist.name: [] for watchlist in settings.watchlists if watchlist.enabled}
    for at, alert in report.alerts:
        by_rule.setdefault(alert.rule, []).append((at, alert))
    for rule, told in by_rule.items():
        if not told:
            console.say(f"\n{rule}: nothing would have been sent.")
            continue
        count = f"{len(told)} alert{'s' if len(told) != 1 else ''}"
        rows = []
        for at, alerts in groupby(told, key=itemgetter(0)):
            said = [alert for _, alert in alerts]
            rows += [(when(at), a.severity, ", ".join(a.targets), headline(a.about)) for a in said[:LISTED]]
            if len(said) > LISTED:
                rows.append((when(at), "", "", f"… and {len(said) - LISTED} more at this poll (--json has them all)"))
        console.table(f"\n{rule}: {count}", ("when", "severity", "to", "what"), rows)
    if report.notices:
        rows = [(when(at), notice.severity, ", ".join(settings.ops), notice.title) for at, notice in report.notices]
        console.table("\nOps", ("when", "severity", "to", "what"), rows)
    people = sum(not sent.ops for sent in report.sent)
    console.say(
        f"\nIn all {people} message{'s' if people != 1 else ''} to people and {len(report.sent) - people} to ops. "
        "Nothing was sent."
    )
