"""What people ask of the database: changes, a site, the state of each watch."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict, Unpack

from watcher.model import Change
from watcher.store.encode import CHANGE_COLUMNS, instant, to_change, to_instant


@dataclass(frozen=True, slots=True)
class WatchStatus:
    """How one watch stands. `error` is of the last poll; `since` and `reason` of the open hold; all may be None."""

    watch: str
    polls: int
    last_poll: datetime | None
    verdict: str | None
    error: str | None
    last_good_poll: datetime | None
    sites: int
    records: int
    held_since: datetime | None
    held_reason: str | None
    hold_accepted: bool
    missing: int
    credits: int


class Asked(TypedDict, total=False):
    """Which changes are asked for; what is left out or None narrows nothing.

    `site` finds a mine under any of its slugs, `company` by name or any of its slugs, `kind` by glob; `suspect` leaves
    out the rest.
    """

    since: datetime | None
    watch: str | None
    site: str | None
    company: str | None
    kind: str | None
    suspect: bool


def changes(conn: sqlite3.Connection, *, limit: int | None = None, **asked: Unpack[Asked]) -> list[Change]:
    """Changes, newest first."""
    where, values = conditions(conn, **asked)
    query = f"select {', '.join(CHANGE_COLUMNS)} from changes where {where} order by number desc limit ?"
    return [to_change(row) for row in conn.execute(query, (*values, -1 if limit is None else limit))]


def conditions(conn: sqlite3.Connection, **asked: Unpack[Asked]) -> tuple[str, list[str]]:
    """What narrows a question about changes, as SQL and its values."""
    where: list[str] = ["1"]
    values: list[str] = []
    since, site, company = asked.get("since"), asked.get("site"), asked.get("company")
    if since is not None:
        where.append("at >= ?")
        values.append(instant(since))
    for column, value in (("watch = ?", asked.get("watch")), ("kind glob ?", asked.get("kind"))):
        if value is not None:
            where.append(column)
            values.append(value)
    if company is not None:
        names = sorted(aliases(conn, company, "company.renamed"))
        where.append(f"(company_slug in ({', '.join('?' * len(names))}) or lower(company_name) = lower(?))")
        values += [*names, company]
    if site is not None:
        slugs = sorted(aliases(conn, site))
        where.append(f"slug in ({', '.join('?' * len(slugs))})")
        values += slugs
    if asked.get("suspect"):
        where.append("suspect <> ''")
    return " and ".join(where), values


def aliases(conn: sqlite3.Connection, slug: str, renaming: str = "site.renamed") -> frozenset[str]:
    """Every slug that a mine (or, by `company.renamed`, a company) has or had, `slug` included."""
    found, new = {slug}, {slug}
    while new:
        marks = ", ".join("?" * len(new))
        rows = conn.execute(
            f"select old_slug, slug from changes where kind = ? and (slug in ({marks}) or old_slug in ({marks}))",
            (renaming, *new, *new),
        )
        new = {name for row in rows for name in row if name} - found
        found |= new
    return frozenset(found)


def resolve(conn: sqlite3.Connection, slug: str) -> str | None:
    """The slug that a mine has now, given any that it has or had; None if nobody knows it."""
    names = aliases(conn, slug)
    marks = ", ".join("?" * len(names))
    row = conn.execute(
        f"select slug from records where slug in ({marks}) "
        "order by to_poll is null desc, to_poll desc, id desc limit 1",
        tuple(names),
    ).fetchone()
    return row[0] if row else None


def status(conn: sqlite3.Connection, watch: str) -> WatchStatus:
    """How a watch stands; zeros and None for one that was never polled."""
    polls, credits = conn.execute(
        "select count(*), coalesce(sum(list_calls + detail_calls), 0) from polls where watch = ?", (watch,)
    ).fetchone()
    last = conn.execute(
        "select at, verdict, error from polls where watch = ? order by id desc limit 1", (watch,)
    ).fetchone()
    good = conn.execute("select max(at) from polls where watch = ? and verdict <> 'failed'", (watch,)).fetchone()[0]
    sites, records = conn.execute(
        "select count(distinct slug), count(*) from records where watch = ? and to_poll is null", (watch,)
    ).fetchone()
    hold = conn.execute(
        "select since, reason, accept from holds where watch = ? and ended_at is null", (watch,)
    ).fetchone()
    missing = conn.execute(
        "select count(distinct slug) from absences where watch = ? and state = 'missing' "
        "and slug not in (select slug from records where watch = ? and to_poll is null)",
        (watch, watch),
    ).fetchone()[0]
    return WatchStatus(
        watch=watch,
        polls=polls,
        last_poll=to_instant(last[0]) if last else None,
        verdict=last[1] if last else None,
        error=last[2] if last else None,
        last_good_poll=to_instant(good) if good else None,
        sites=sites,
        records=records,
        held_since=to_instant(hold[0]) if hold else None,
        held_reason=hold[1] if hold else None,
        hold_accepted=bool(hold[2]) if hold else False,
        missing=missing,
        credits=credits,
    )
