"""status, changes, site: what the database knows."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import clock, console, pricing, session

if TYPE_CHECKING:
    from watcher.model import Level

Json = Annotated[bool, typer.Option("--json", help="One JSON document.")]


def status(context: typer.Context, json: Json = False) -> None:
    """Watches, last polls, holds, credits spent, waiting deliveries."""
    settings = session.settings_of(context.obj)
    today = clock.now().astimezone(settings.timezone).date()
    with session.reader(settings) as store:
        watches = store.status(settings.watches)
        waiting, dead, troubles = store.outbox.waiting(), store.outbox.dead(), store.outbox.troubles()
        upcoming = session.next_polls(settings, store)
        levels = {key: level for key, level in store.levels().items() if level.broken}
        silences = [one for one in (*settings.silences, *store.silences()) if clock.now() < one.until]
        spent, pause = store.ledger.spent(today), store.ledger.pause()
    bill = pricing.bill_of(settings)
    limits = settings.credits
    credits = {
        **{"today": spent.day, "month": spent.month, "per_day": limits.per_day, "per_month": limits.per_month},
        "planned_per_day": round(bill.day, 2),
        "paused": session.as_json(pause) if pause is not None else None,
    }
    if json:
        console.write_json(
            {
                "watches": [
                    {**session.as_json(watch), "next_poll": session.as_json(upcoming[name])}
                    for name, watch in watches.items()
                ],
                "credits": credits,
                "limits": [{**session.as_json(key), **session.as_json(level)} for key, level in levels.items()],
                "silences": [session.as_json(silence) for silence in silences],
                "waiting": [
                    {"id": m.id, "target": m.target, "created_at": session.as_json(m.created_at), "title": m.title,
                     "attempts": m.attempts, "last_error": m.last_error}
                    for m in waiting
                ],
                "dead": len(dead),
                "failing_targets": [session.as_json(trouble) for trouble in troubles],
            }
        )  # fmt: skip
        return

    def when(at: object) -> str:
        return at.astimezone(settings.timezone).strftime("%Y-%m-%d %H:%M") if hasattr(at, "astimezone") else "never"

    rows = [
        (
            w.watch,
            when(w.last_poll),
            w.verdict or "not polled yet",
            when(upcoming[w.watch]),
            w.sites,
            w.missing or "",
            w.credits,
        )
        for w in watches.values()
    ]
    console.table("", ("watch", "last poll", "verdict", "next poll", "sites", "missing", "credits"), rows)
    for watch in watches.values():
        if watch.held_since is not None:
            believed = "; accepted, the next poll believes it" if watch.hold_accepted else ""
            console.say(f"{watch.watch}: held since {when(watch.held_since)}: {watch.held_reason}{believed}", "yellow")
        if watch.verdict == "failed":
            console.say(f"{watch.watch}: {watch.error} Last good poll: {when(watch.last_good_poll)}", "red")
    if levels:
        broken = [
            (key.watchlist, key.slug, key.metric, _figure(level), level.limit.partition(" since")[0], when(level.since))
            for key, level in levels.items()
        ]
        columns = ("watchlist", "site or company", "metric", "value", "limit", "since")
        console.table("Limits that are broken", columns, broken)
    for silence in silences:
        console.say(f"Silenced until {when(silence.until)}: {silence.words} ({silence.reason})", "yellow")
    day, month = (f" of {limit:,}" if limit is not None else "" for limit in (limits.per_day, limits.per_month))
    console.say(
        f"Credits spent: {spent.day:,}{day} today, {spent.month:,}{month} this month ({settings.timezone.key}). "
        f"{pricing.summary(bill)}"
    )
    for warning in pricing.warnings(settings, bill):
        console.warn(f"Warning: {warning}")
    if pause is not None:
        console.say(
            f"Polling pauses since {when(pause.since)}: {pause.reason} It is tried again at {when(pause.probe_at)}, or "
            "by `watcher poll` now.",
            "red",
        )
    if waiting:
        console.table(
            "Waiting for delivery",
            ("target", "message", "since", "tries", "last error"),
            [(m.target, m.title, when(m.created_at), m.attempts, m.last_error) for m in waiting],
        )
    else:
        console.say("No message is waiting for delivery.")
    for trouble in troubles:
        console.say(
            f"{trouble.target} has taken no message since {when(trouble.since)}; next try "
            f"{when(trouble.next_attempt_at)}: {trouble.last_error}",
            "red",
        )
    if dead:
        console.say(f"{len(dead)} given up: `watcher outbox list --dead` shows what.", "red")


def _figure(level: Level) -> str:
    return "null" if level.value is None else f"{level.value:g} {level.unit or ''}".strip()


def changes(
    context: typer.Context,
    since: Annotated[str | None, typer.Option(help="7d, 24h, or a date.")] = "7d",
    watch: Annotated[str | None, typer.Option(help="Of this watch.")] = None,
    site: Annotated[str | None, typer.Option(help="Of this site, under any slug it had.")] = None,
    company: Annotated[str | None, typer.Option(help="Of this company (slug or name).")] = None,
    kind: Annotated[str | None, typer.Option(help="Of this kind (globs work: site.*).")] = None,
    suspect: Annotated[bool, typer.Option("--suspect", help="Only what contradicts itself.")] = False,
    json: Json = False,
    csv: Annotated[bool, typer.Option("--csv", help="CSV with a header line.")] = False,
) -> None:
    """What changed, newest first."""
    settings = session.settings_of(context.obj)
    start = session.since(since, clock.now())
    with session.reader(settings) as store:
        found = store.changes(since=start, watch=watch, site=site, company=company, kind=kind, suspect=suspect)
    if json:
        console.write_json([session.as_json(change) for change in found])
        return
    if csv:
        _write_csv([session.as_json(change) for change in found])
        return
    if not found:
        console.say(f"No changes since {start:%Y-%m-%d %H:%M %Z}." if start else "No changes.")
        return
    from watcher.messages import headline

    rows = [
        (
            c.at.astimezone(settings.timezone).strftime("%Y-%m-%d %H:%M"),
            headline(c),
            c.company_name,
            "; ".join(part for part in (c.nature, f"suspect: {c.suspect}" if c.suspect else "", c.detail) if part),
            c.id,
        )
        for c in found
    ]
    console.table("", ("when", "change", "company", "how", "id"), rows)


def _write_csv(rows: list[dict[str, object]]) -> None:
    from dataclasses import fields

    from watcher.model import Change

    writer = csv.DictWriter(sys.stdout, [field.name for field in fields(Change)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def site(
    context: typer.Context,
    slug: Annotated[str, typer.Argument(help="The site, under any slug it had.")],
    json: Json = False,
) -> None:
    """One site's records and timeline."""
    from watcher.errors import ConfigError

    settings = session.settings_of(context.obj)
    with session.reader(settings) as store:
        now = store.resolve(slug)
        if now is None:
            raise ConfigError(
                f"No site {slug!r} is known.", "`watcher changes` shows slugs; the API's list has them all."
            )
        records, timeline = store.records(now), store.changes(site=now)
    if json:
        console.write_json(
            {
                "slug": now,
                "records": [{"watch": watch, **session.as_json(record)} for watch, record in records],
                "timeline": [session.as_json(change) for change in timeline],
            }
        )
        return
    from watcher.messages import headline, metric, number, tame

    first = records[0][1] if records else None
    console.say(tame(f"{first.name if first else now} ({now})"), "bold")
    if first is not None:
        console.say(tame(f"{first.company_name or 'no company'}, {first.city or '?'}, {first.province or '?'}", 300))
    else:
        console.say("No list shows it any more.")
    for watch, record in records:
        console.say(f"\n{record.commodity_type} {record.year or ''} (watch {watch})")
        figures = [(metric(n), number(v.amount), v.unit or "") for n, v in sorted(record.metrics.items())]
        console.table("", ("metric", "value", "unit"), figures)
    if timeline:
        rows = [
            (c.at.astimezone(settings.timezone).strftime("%Y-%m-%d %H:%M"), headline(c), c.suspect) for c in timeline
        ]
        console.table("Timeline", ("when", "change", "suspect"), rows)
