"""A watch's memory: loaded before a decision, and its successor written with the outcome."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta

from watcher.model import Absent, Alert, Cause, DetailSeen, Hold, Memory, Record, Snapshot
from watcher.store import history, standing
from watcher.store.encode import (
    CHANGE_COLUMNS,
    RECORD_COLUMNS,
    instant,
    packed,
    record_row,
    to_about,
    to_change,
    to_instant,
    to_record,
    unpacked,
)

#: How far back a memory knows its changes of figures, unless somebody wants it otherwise.
RECENT = timedelta(days=7)


def load(
    conn: sqlite3.Connection,
    watch: str,
    now: datetime,
    *,
    others: bool = False,
    recent: timedelta = RECENT,
) -> Memory:
    """All that the next decision about `watch` remembers; an empty memory if it was never polled."""
    row = conn.execute("select filter, structures from watches where watch = ?", (watch,)).fetchone()
    empty = Memory(watch, standing=standing.load(conn), others=_others(conn, watch) if others else ())
    if row is None:
        return replace(empty, elsewhere=_elsewhere(conn, watch))
    filter, structures = row
    at = conn.execute(
        "select max(at) from polls where watch = ? and verdict in ('baseline', 'accepted')", (watch,)
    ).fetchone()[0]
    return replace(
        empty,
        filter=json.loads(filter),
        snapshot=Snapshot(to_instant(at), history.current(conn, watch)) if at is not None else None,
        absent=_absent(conn, watch),
        hold=_hold(conn, watch),
        details={
            slug: DetailSeen(to_instant(seen), fingerprint, to_instant(blank) if blank else None)
            for slug, seen, fingerprint, blank in conn.execute(
                "select slug, at, fingerprint, blank from details where watch = ? order by slug", (watch,)
            )
        },
        structures=frozenset(json.loads(structures)),
        elsewhere=_elsewhere(conn, watch),
        recent=tuple(
            to_change(row)
            for row in conn.execute(
                f"select {', '.join(CHANGE_COLUMNS)} from changes "
                "where watch = ? and at >= ? and kind = 'metric.changed' order by number",
                (watch, instant(now - recent)),
            )
        ),
    )


def save(conn: sqlite3.Connection, before: Memory, after: Memory, poll: int, at: datetime) -> None:
    """Write what differs between a memory and its successor; nothing where nothing does."""
    watch = after.watch
    if after.snapshot is not None and after.snapshot is not before.snapshot:
        history.replace_open(conn, watch, poll, after.snapshot.records)
    if after.filter != before.filter or after.structures != before.structures:
        conn.execute(
            "insert into watches (watch, filter, structures) values (?, ?, ?) "
            "on conflict (watch) do update set filter = excluded.filter, structures = excluded.structures",
            (watch, json.dumps(dict(after.filter or {})), json.dumps(sorted(after.structures))),
        )
    if after.absent != before.absent:
        conn.execute("delete from absences where watch = ?", (watch,))
        conn.executemany(
            "insert into absences (watch, slug, state, since, record) values (?, ?, ?, ?, ?)",
            [(watch, e.record.slug, e.state, instant(e.since), json.dumps(record_row(e.record))) for e in after.absent],
        )
    if after.details != before.details:
        gone = before.details.keys() - after.details.keys()
        conn.executemany("delete from details where watch = ? and slug = ?", [(watch, slug) for slug in gone])
        conn.executemany(
            "insert or replace into details (watch, slug, at, fingerprint, blank) values (?, ?, ?, ?, ?)",
            [
                (watch, slug, instant(seen.at), seen.fingerprint, instant(seen.blank) if seen.blank else None)
                for slug, seen in after.details.items()
                if before.details.get(slug) != seen
            ],
        )
    standing.save(conn, before.standing, after.standing)
    if after.hold != before.hold:
        _save_hold(conn, watch, before.hold, after.hold, at)


def accept(conn: sqlite3.Connection, watch: str) -> bool:
    """Believe the open hold of a watch at its next poll. False if there is none."""
    return conn.execute("update holds set accept = 1 where watch = ? and ended_at is null", (watch,)).rowcount > 0


def _save_hold(conn: sqlite3.Connection, watch: str, before: Hold | None, after: Hold | None, at: datetime) -> None:
    if after is None:
        conn.execute("update holds set ended_at = ? where watch = ? and ended_at is null", (instant(at), watch))
        return
    away = json.dumps({slug: instant(since) for slug, since in after.away.items()})
    said = (after.reason, _causes(after), int(after.accept), packed(after.candidate), away)
    if before is None:
        conn.execute(
            "insert into holds (watch, since, reason, causes, accept, candidate, away) values (?, ?, ?, ?, ?, ?, ?)",
            (watch, instant(after.since), *said),
        )
    else:
        conn.execute(
            # `watcher accept` may have come while the poll was on.
            "update holds set reason = ?, causes = ?, accept = max(accept, ?), candidate = ?, away = ? "
            "where watch = ? and ended_at is null",
            (*said, watch),
        )


def _absent(conn: sqlite3.Connection, watch: str) -> tuple[Absent, ...]:
    rows = conn.execute("select record, since, state from absences where watch = ? order by id", (watch,))
    return tuple(Absent(to_record(tuple(json.loads(r))), to_instant(since), state) for r, since, state in rows)


def _hold(conn: sqlite3.Connection, watch: str) -> Hold | None:
    row = conn.execute(
        "select since, reason, causes, candidate, accept, away from holds where watch = ? and ended_at is null",
        (watch,),
    ).fetchone()
    if row is None:
        return None
    begun, reason, causes, candidate, accepted, away = row
    since = to_instant(begun)
    return Hold(
        since,
        reason,
        tuple(_cause(one, since) for one in json.loads(causes)),
        unpacked(candidate),
        bool(accepted),
        {slug: to_instant(at) for slug, at in json.loads(away).items()},
    )


def _causes(hold: Hold) -> str:
    return json.dumps([[cause.key, cause.words, instant(cause.since)] for cause in hold.causes])


def _cause(stored: list[str] | str, since: datetime) -> Cause:
    """A cause as stored; a database of the first schema has only its words."""
    if isinstance(stored, str):
        return Cause(stored, stored, since)
    key, words, at = stored
    return Cause(key, words, to_instant(at))


def told_elsewhere(conn: sqlite3.Connection, watch: str, since: datetime | None) -> tuple[Alert, ...]:
    """The alerts that other watches brought since an instant, silenced ones too."""
    if since is None:
        return ()
    rows = conn.execute(
        f"select alerts.rule, alerts.severity, target, said, {', '.join(f'changes.{name}' for name in CHANGE_COLUMNS)} "
        "from alerts join polls on polls.id = alerts.poll left join changes on changes.number = alerts.change "
        "where polls.watch <> ? and polls.at > ?",
        (watch, instant(since)),
    )
    return tuple(
        Alert(rule, severity, (target,), to_about(said) if said is not None else to_change(tuple(change)))
        for rule, severity, target, said, *change in rows
    )


def _others(conn: sqlite3.Connection, watch: str) -> tuple[Record, ...]:
    """The records of sites that only other watches have; of several watches that have one, the first.

    A watch that is not in the file any more looks at nothing: what it saw last may be true no longer.
    """
    rows = conn.execute(
        f"select watch, {', '.join(RECORD_COLUMNS)} from records where watch <> ?1 and to_poll is null "
        "and watch not in (select watch from watches where retired) "
        "and slug not in (select slug from records where watch = ?1 and to_poll is null) order by watch",
        (watch,),
    )
    found: dict[str, tuple[str, list[Record]]] = {}
    for other, *row in rows:
        record = to_record(tuple(row))
        whose, records = found.setdefault(record.slug, (other, []))
        if whose == other:
            records.append(record)
    return tuple(record for _, records in found.values() for record in records)


def _elsewhere(conn: sqlite3.Connection, watch: str) -> dict[str, datetime]:
    """The slugs that other watches know, and since when."""
    rows = conn.execute(
        "select slug, min(polls.at) from records join polls on polls.id = from_poll "
        "where records.watch <> ? group by slug",
        (watch,),
    )
    return {slug: to_instant(at) for slug, at in rows}
