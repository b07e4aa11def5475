"""Validity intervals: a record's content from the poll that brought it to the poll that ended it (DESIGN section 7)."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from watcher.model import Record, Snapshot, in_order, ordered
from watcher.store.encode import RECORD_COLUMNS, Row, record_row, to_instant, to_record, unpacked

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
    return ordered(map(to_record, conn.execute(query, (watch,))))


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


@dataclass(frozen=True, slots=True)
class StoredState:
    """What a watch's list said from `at` on. `left` holds mines that it no longer listed though they existed."""

    at: datetime
    records: tuple[Record, ...]
    left: tuple[Record, ...] = ()


def states(conn: sqlite3.Connection, watch: str) -> list[StoredState]:
    """Every distinct state of a watch since its last baseline, accepted and held: what a backtest polls again."""
    baseline = conn.execute(
        "select coalesce(max(id), 0), max(at) from polls where watch = ? and verdict = 'baseline'", (watch,)
    ).fetchone()
    instants = {n: to_instant(at) for n, at in conn.execute("select id, at from polls where watch = ?", (watch,))}
    begins: dict[int, list[tuple[int, Record]]] = defaultdict(list)
    ends: dict[int, list[int]] = defaultdict(list)
    query = f"select id, from_poll, to_poll, {_COLUMNS} from records where watch = ?"
    for number, begin, end, *row in conn.execute(query, (watch,)):
        begins[begin].append((number, to_record(tuple(row))))
        if end is not None:
            ends[end].append(number)
    left = _left(conn, watch)
    current: dict[int, Record] = {}
    accepted: list[StoredState] = []
    for poll in sorted(begins.keys() | ends.keys()):
        for number in ends[poll]:
            current.pop(number, None)
        current.update(begins[poll])
        if poll < baseline[0]:
            continue
        accepted.append(StoredState(instants[poll], tuple(sorted(current.values(), key=in_order)), left))
    held: list[StoredState] = []
    query = "select since, ended_at, candidate from holds where watch = ? and candidate is not null and since > ?"
    for since, ended, candidate in conn.execute(query, (watch, baseline[1] or "")):
        held.append(StoredState(to_instant(since), unpacked(candidate), left))
        if ended is not None and not any(state.at == to_instant(ended) for state in accepted):
            before = [state for state in accepted if state.at <= to_instant(ended)]
            held.append(StoredState(to_instant(ended), before[-1].records if before else (), left))
    return sorted((*accepted, *held), key=lambda state: state.at)


def _left(conn: sqlite3.Connection, watch: str) -> tuple[Record, ...]:
    """The mines that were told as left: as they were when they had their last row here."""
    query = (
        f"select {_COLUMNS}, max(records.id) from records where watch = ?1 and slug in "
        "(select slug from changes where watch = ?1 and kind = 'site.left') group by slug"
    )
    return tuple(to_record(tuple(row[:-1])) for row in conn.execute(query, (watch,)))
