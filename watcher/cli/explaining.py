"""explain: why a change was told, or was not, and what stands behind it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from watcher.cli import console, session

if TYPE_CHECKING:
    from watcher.config import Settings
    from watcher.model import Change, Record
    from watcher.store import Evidence


def explain(
    context: typer.Context,
    id: Annotated[str, typer.Argument(metavar="CHANGE_ID", help="As messages and `watcher changes` show it.")],
    json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Which rules matched a change, which did not and why, and the two snapshots behind it."""
    from watcher.errors import ConfigError
    from watcher.pipeline import list_verdicts, verdicts

    settings = session.settings_of(context.obj)
    with session.reader(settings) as store:
        found = store.evidence(id)
        standing = store.standing()
    if found is None:
        raise ConfigError(f"No change {id!r} is known.", "`watcher changes --since 30d` shows ids.")
    said = verdicts(found.change, settings.rules, standing) if found.change is not None else {}
    lists = list_verdicts(found.change, settings.watchlists, standing) if found.change is not None else {}
    if json:
        console.write_json(_document(found, said, lists))
    else:
        _show(found, said, lists, settings)


def _document(found: Evidence, said: dict[str, str], lists: dict[str, str]) -> dict[str, Any]:
    return {
        "change": session.as_json(found.change),
        "crossings": [session.as_json(crossing) for crossing in found.crossings],
        "before": {"at": session.as_json(found.before_at), "records": [session.as_json(r) for r in found.before]},
        "after": {
            "at": session.as_json(found.change.at) if found.change else None,
            "records": [session.as_json(record) for record in found.after],
        },
        "rules": [{"rule": rule, "matches": not reason, "reason": reason} for rule, reason in said.items()],
        "watchlists": [{"watchlist": name, "looks": not reason, "reason": reason} for name, reason in lists.items()],
        "told": [
            {"rule": alert.rule, "target": alert.targets[0], "severity": alert.severity, "silenced": alert.silenced,
             "message": message, "sent_at": session.as_json(sent)}
            for alert, message, sent in found.told
        ],
    }  # fmt: skip


def _show(found: Evidence, said: dict[str, str], lists: dict[str, str], settings: Settings) -> None:
    from watcher.messages import headline, tame

    def when(at: datetime | None) -> str:
        return at.astimezone(settings.timezone).strftime("%Y-%m-%d %H:%M %Z") if at else "never"

    change = found.change
    if change is not None:
        console.say(headline(change), "bold")
        console.say(f"{change.kind}, found by watch {change.watch} at {when(change.at)}, id {change.id}")
        for label, text in (("suspect", change.suspect), ("corrects", change.corrects), ("detail", change.detail)):
            if text:
                console.say(f"{label}: {tame(text, 600)}")
        rows = list(_rows(change, found.before, found.after))
        if rows:
            console.table(f"\nAs the API said it, at {when(found.before_at)} and at {when(change.at)}",
                          ("record", "field", "before", "after"), rows)  # fmt: skip
    if said or lists or found.crossings:
        console.say("\nRules and lists", "bold")
    for crossing in found.crossings:
        console.say(f"  list “{crossing.watchlist}” speaks: {headline(crossing)}")
    for name, reason in lists.items():
        if name not in {crossing.watchlist for crossing in found.crossings}:
            console.say(f"  list “{name}” says nothing: {reason or 'no limit was crossed, or that had been told'}")
    for rule, reason in said.items():
        console.say(f"  “{rule}” {'does not match: ' + reason if reason else 'matches'}")
    console.say("\nTold", "bold")
    for alert, message, sent in found.told:
        state = f"sent {when(sent)}" if sent else "waits in a message" if message else "waits"
        state = f"silenced: {alert.silenced}" if alert.silenced else state
        console.say(f"  {alert.targets[0]}, by “{alert.rule}” ({alert.severity}): {state}")
    if not found.told:
        console.say("  nobody")


def _rows(change: Change, before: tuple[Record, ...], after: tuple[Record, ...]) -> Any:
    """What differs between the site's records on both sides, and the figure in question in any case."""
    from watcher.model import EMPTY

    fields = ("name", "project_name", "company_slug", "company_name", "province", "city", "latitude", "longitude")
    olds = {(record.commodity_type, record.year): record for record in before}
    for new in after:
        old = olds.pop((new.commodity_type, new.year), None)
        which = " ".join(str(part) for part in (new.slug, new.commodity_type, new.year) if part)
        for field in fields:
            one, other = (getattr(old, field) if old else None), getattr(new, field)
            if one != other:
                yield which, field, _shown(one), _shown(other)
        metrics = (old.metrics if old else EMPTY).keys() | new.metrics.keys()
        for metric in sorted(metrics):
            values = (old.metrics.get(metric) if old else None), new.metrics.get(metric)
            shown = tuple(_shown(f"{v.amount:.12g} {v.unit or ''}".strip() if v else None) for v in values)
            if shown[0] != shown[1] or (metric == change.metric and new.year == change.year):
                yield (which, metric, *shown)
    for old in olds.values():
        which = " ".join(str(part) for part in (old.slug, old.commodity_type, old.year) if part)
        yield which, "record", "there", "not in the snapshot"


def _shown(value: object) -> str:
    return "null" if value is None else str(value)
