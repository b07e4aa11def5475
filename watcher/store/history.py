"""Validity intervals: a record's content from the poll that brought it to the poll that ended it (DESIGN section 7)."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable

from watcher.model import Record, Snapshot, in_order
from watcher.store.encode import RECORD_COLUMNS, Row, record_row, to_instant, to_record

_COLUMNS = ", ".join(RECORD_COLUMNS)


def replace_open(conn: sqlite3.Connection, watch: str, poll: int, records: Iterable[Record]) -> None:
    """Close the intervals of what is no longer so, and open those of what is new. Twins are counted, not merged."""
    open_rows: dict[Row, list[int]] = defaultdict(list)
    query = f"select id, {_COLUMNS} from records where watch = ? and to_poll is null"
    for number, *content in conn.execute(query, (watch,)):
        open_rows[tuple(content)].append(number)
    fresh: list[Row] = []
    for record in records:
        row = record_row(record)
        if open_rows.get(row):
            open_rows[row].pop()
        else:
            fresh.append((watch, *row, poll))
    ended = [(poll, number) for numbers in open_rows.values() for number in numbers]
    conn.executemany("update records set to_poll = ? where id = ?", ended)
    marks = ", ".join("?" * (len(RECORD_COLUMNS) + 2))
    conn.executemany(f"insert into records (watch, {_COLUMNS}, from_poll) values ({marks})", fresh)


def current(conn: sqlite3.Connection, watch: str) -> tuple[Record, ...]:
    """The records of the last accepted snapshot."""
    query = f"select {_COLUMNS} from records where watch = ? and to_poll is null"
    return tuple(sorted(map(to_record, conn.execute(query, (watch,))), key=in_order))


def snapshot_at(conn: sqlite3.Connection, watch: str, poll: int) -> Snapshot | None:
    """The snapshot that was accepted as of a poll, rebuilt exactly; None before the baseline."""
    last = conn.execute(
        "select at from polls where watch = ? and id <= ? and verdict in ('baseline', 'accepted') "
        "order by id desc limit 1",
        (watch, poll),
    ).fetchone()
    if last is None:
        return None
    query = f"select {_COLUMNS} from records where watch = ? and from_poll <= ? and (to_poll is null or to_poll > ?)"
    records = sorted(map(to_record, conn.execute(query, (watch, poll, poll))), key=in_order)
    return Snapshot(to_instant(last[0]), tuple(records))


def open_records(conn: sqlite3.Connection, slug: str) -> list[tuple[str, Record]]:
    """(watch, record) of one site, as it is now, the latest year first."""
    query = f"select watch, {_COLUMNS} from records where slug = ? and to_poll is null"
    found = [(watch, to_record(tuple(row))) for watch, *row in conn.execute(query, (slug,))]
    return sorted(found, key=lambda item: (item[0], -(item[1].year or 0), in_order(item[1])))
