"""Who fails, since when, and whether the operator has heard of it: targets, and the API as each watch sees it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from watcher.retries import Trouble
from watcher.store.encode import instant, to_instant


@dataclass(frozen=True, slots=True)
class SourceTrouble:
    """A watch whose polls fail: since when, why, and whether the operator was told (or another watch's told it)."""

    watch: str
    since: datetime
    cause: str
    told: bool


def sources(conn: sqlite3.Connection) -> list[SourceTrouble]:
    """The watches whose polls have failed so often that it counts."""
    rows = conn.execute("select watch, since, cause, told from source_troubles order by watch")
    return [SourceTrouble(watch, to_instant(since), cause, bool(told)) for watch, since, cause, told in rows]


def set_source(conn: sqlite3.Connection, trouble: SourceTrouble) -> None:
    conn.execute(
        "insert or replace into source_troubles (watch, since, cause, told) values (?, ?, ?, ?)",
        (trouble.watch, instant(trouble.since), trouble.cause, int(trouble.told)),
    )


def end_source(conn: sqlite3.Connection, watch: str) -> None:
    conn.execute("delete from source_troubles where watch = ?", (watch,))


def keep_only(conn: sqlite3.Connection, watches: frozenset[str], targets_known: frozenset[str]) -> None:
    """Retire the watches that are not in the file any more; forget their troubles, and those of such targets."""
    for watch, retired in conn.execute("select watch, retired from watches").fetchall():
        if bool(retired) != (watch not in watches):
            conn.execute("update watches set retired = ? where watch = ?", (int(watch not in watches), watch))
    for trouble in sources(conn):
        if trouble.watch not in watches:
            end_source(conn, trouble.watch)
    for failing in targets(conn):
        if failing.target not in targets_known:
            end_target(conn, failing.target)


def targets(conn: sqlite3.Connection, target: str | None = None) -> list[Trouble]:
    """The targets that fail, or the one that is named."""
    rows = conn.execute(
        "select target, since, failures, next_attempt_at, last_error, told from target_troubles "
        "where ?1 is null or target = ?1 order by target",
        (target,),
    )
    return [Trouble(t, to_instant(s), n, to_instant(again), error, bool(told)) for t, s, n, again, error, told in rows]


def set_target(conn: sqlite3.Connection, trouble: Trouble) -> None:
    conn.execute(
        "insert or replace into target_troubles (target, since, failures, next_attempt_at, last_error, told) "
        "values (?, ?, ?, ?, ?, ?)",
        (
            *(trouble.target, instant(trouble.since), trouble.failures, instant(trouble.next_attempt_at)),
            *(trouble.last_error, int(trouble.told)),
        ),
    )


def end_target(conn: sqlite3.Connection, target: str) -> None:
    conn.execute("delete from target_troubles where target = ?", (target,))
