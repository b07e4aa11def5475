"""What stands behind a message: a change's two snapshots, a metric's history, what the data holds at all."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from watcher.model import Alert, Change, Crossing, Record
from watcher.rules.foresight import Vocabulary
from watcher.store import reading
from watcher.store.encode import CHANGE_COLUMNS, RECORD_COLUMNS, instant, to_about, to_change, to_instant, to_record


@dataclass(frozen=True, slots=True)
class Evidence:
    """A change with the snapshots on both sides of it, and what was told of it to whom.

    `before` and `after` are the site's records in the last snapshot without it and the first one with it. `told` has
    each alert, the message that it is part of (None while it waits) and when that was sent.
    """

    change: Change | None
    crossings: tuple[Crossing, ...]
    before_at: datetime | None
    before: tuple[Record, ...]
    after: tuple[Record, ...]
    told: tuple[tuple[Alert, int | None, datetime | None], ...]


def evidence(conn: sqlite3.Connection, id: str) -> Evidence | None:
    """What stands behind the change or crossing of an id; None if nobody knows it."""
    found = conn.execute(
        f"select number, poll, {', '.join(CHANGE_COLUMNS)} from changes where id = ? order by number desc limit 1",
        (id,),
    ).fetchone()
    change = to_change(tuple(found[2:])) if found else None
    told = _told(conn, found[0] if found else None, id)
    crossings = tuple(alert.about for alert, _, _ in told if isinstance(alert.about, Crossing))
    if change is None:
        derived = [alert.about for alert, _, _ in told if isinstance(alert.about, Change)]
        if not crossings and not derived:
            return None
        behind = crossings[0].change if crossings else None
        if behind is not None and behind != id and (more := evidence(conn, behind)) is not None:
            return more
        return Evidence(derived[0] if derived else None, tuple(dict.fromkeys(crossings)), None, (), (), told)
    slugs, poll = tuple({change.slug, change.old_slug or change.slug}), found[1]
    before = _last_with(conn, change.watch, slugs, poll)
    at = conn.execute(
        "select max(at) from polls where watch = ? and id <= ? and verdict in ('baseline', 'accepted')",
        (change.watch, before),
    ).fetchone()[0]
    return Evidence(
        change,
        tuple(dict.fromkeys(crossings)),
        to_instant(at) if at else None,
        _records(conn, change.watch, slugs, before),
        _records(conn, change.watch, slugs, poll),
        told,
    )


def _last_with(conn: sqlite3.Connection, watch: str, slugs: Sequence[str], poll: int) -> int:
    """The last poll before another at which one of `slugs` was in the snapshot: a mine may be away for a while."""
    marks = ", ".join("?" * len(slugs))
    row = conn.execute(
        f"select max(coalesce(to_poll, ?1)) from records where watch = ?2 and from_poll < ?1 and slug in ({marks})",
        (poll, watch, *slugs),
    ).fetchone()
    return min(int(row[0]), poll) - 1 if row[0] is not None else poll - 1


def _told(
    conn: sqlite3.Connection, number: int | None, id: str
) -> tuple[tuple[Alert, int | None, datetime | None], ...]:
    rows = conn.execute(
        "select alerts.target, rule, severity, template, said, silenced, message, sent_at, "
        f"{', '.join(f'changes.{name}' for name in CHANGE_COLUMNS)} from alerts left join messages "
        "on messages.id = message left join changes on changes.number = alerts.change where alerts.change = ?1 "
        "or (said is not null and (json_extract(said, '$.crossing.id') = ?2 "
        "or json_extract(said, '$.crossing.change') = ?2 or json_extract(said, '$.change.id') = ?2)) "
        "order by alerts.id",
        (number, id),
    )
    found = []
    for target, rule, severity, template, said, silenced, message, sent, *change in rows:
        about = to_about(said) if said is not None else to_change(tuple(change))
        alert = Alert(rule, severity, (target,), about, template, silenced)
        found.append((alert, message, to_instant(sent) if sent else None))
    return tuple(found)


def _records(conn: sqlite3.Connection, watch: str, slugs: Sequence[str], poll: int) -> tuple[Record, ...]:
    rows = conn.execute(
        f"select {', '.join(RECORD_COLUMNS)} from records where watch = ? and slug in ({', '.join('?' * len(slugs))}) "
        "and from_poll <= ? and (to_poll is null or to_poll > ?)",
        (watch, *slugs, poll, poll),
    )
    return tuple(map(to_record, rows))


def series(conn: sqlite3.Connection, about: Change | Crossing) -> tuple[float, ...]:
    """The figures that a metric had: of the years before, then each one of this year up to `about`, oldest first."""
    if about.metric is None or (isinstance(about, Crossing) and about.per == "company"):
        return ()
    slugs = sorted(reading.aliases(conn, about.slug))
    marks = ", ".join("?" * len(slugs))
    years: dict[int, float] = {}
    rows = conn.execute(
        f"select year, metrics from records where slug in ({marks}) and commodity_type is ? and to_poll is null "
        "and year < ? order by year",
        (*slugs, about.commodity_type, about.year or 0),
    )
    for year, metrics in rows:
        amount, unit, _ = json.loads(metrics).get(about.metric, (None, None, 0))
        if amount is not None and unit == about.unit:
            years[year] = amount
    values = list(years.values())
    rows = conn.execute(
        f"select old, new, unit from changes where slug in ({marks}) and metric = ? and commodity_type is ? "
        "and year is ? and kind = 'metric.changed' and nature <> 'reported' and at <= ? order by number",
        (*slugs, about.metric, about.commodity_type, about.year, instant(about.at)),
    )
    moved = [(old, new) for old, new, unit in rows if unit == about.unit]
    values += [old for old, _ in moved[:1]] + [new for _, new in moved]
    if not moved and isinstance(about.new, float):
        values.append(about.new)
    return tuple(float(value) for value in values if isinstance(value, int | float))


def vocabulary(conn: sqlite3.Connection) -> Vocabulary:
    """What the stored data holds; all empty before the first poll. Former slugs count."""
    rows = conn.execute(
        "select distinct slug, company_slug, company_name, province, commodity_type, metrics, name from records "
        "where to_poll is null"
    ).fetchall()
    found: dict[str, list[tuple[float, str | None]]] = defaultdict(list)
    for row in rows:
        for name, (amount, unit, _) in json.loads(row[5]).items():
            found[name].append((amount, unit))
    former = dict(
        conn.execute(
            "select kind, group_concat(old_slug, char(10)) from changes where old_slug is not null "
            "and kind in ('site.renamed', 'company.renamed') group by kind"
        ).fetchall()
    )
    return Vocabulary(
        sites=frozenset([row[0] for row in rows] + former.get("site.renamed", "").split()),
        site_names=frozenset(row[6] for row in rows if row[6]),
        companies=frozenset([row[1] for row in rows if row[1]] + former.get("company.renamed", "").split()),
        company_names=frozenset(row[2] for row in rows if row[2]),
        provinces=frozenset(row[3] for row in rows if row[3]),
        commodities=frozenset(row[4] for row in rows if row[4]),
        metrics={
            name: (min(amount for amount, _ in figures), max(amount for amount, _ in figures), figures[0][1])
            for name, figures in found.items()
        },
    )


@dataclass(frozen=True, slots=True)
class VitalSigns:
    """What was looked at since an instant, so that silence can be trusted."""

    polls: int
    failed: int
    sites: int
    values: int
    oldest_detail: datetime | None
    held: tuple[str, ...]
    credits: int


def vital_signs(conn: sqlite3.Connection, since: datetime) -> VitalSigns:
    """What has been looked at since `since`."""
    polls, failed, credits = conn.execute(
        "select count(*), coalesce(sum(verdict = 'failed'), 0), coalesce(sum(list_calls + detail_calls), 0) "
        "from polls where at >= ?",
        (instant(since),),
    ).fetchone()
    rows = conn.execute("select distinct slug, commodity_type, year, metrics from records where to_poll is null")
    known = {(slug, commodity, year): len(json.loads(metrics)) for slug, commodity, year, metrics in rows}
    oldest = conn.execute("select min(at) from details").fetchone()[0]
    held = conn.execute("select watch from holds where ended_at is null order by watch").fetchall()
    return VitalSigns(
        polls=polls,
        failed=failed,
        sites=len({slug for slug, _, _ in known}),
        values=sum(known.values()),
        oldest_detail=to_instant(oldest) if oldest else None,
        held=tuple(watch for (watch,) in held),
        credits=credits,
    )
