"""What is to be told: alerts and notices wait for their message, messages for their delivery (at least once).

Rows name a target, never its URL. A message is frozen when it is rendered, so that a retry repeats the same words.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from watcher.messages import Attachment, Message
from watcher.model import Alert, Change, Notice
from watcher.routing import Untold
from watcher.store.encode import CHANGE_COLUMNS, change_json, crossing_json, instant, to_about, to_change, to_instant


@dataclass(frozen=True, slots=True)
class WaitingMessage:
    """A frozen message that has not been delivered yet. `format` is markdown, html or text.

    `next_attempt_at` is set for one that was set aside; others keep to their target's waits.
    """

    id: int
    target: str
    created_at: datetime
    attempts: int
    last_error: str | None
    title: str
    body: str
    format: Literal["markdown", "html", "text"]
    first_attempt_at: datetime | None = None
    next_attempt_at: datetime | None = None


def add_alerts(conn: sqlite3.Connection, poll: int, alerts: Iterable[Alert], numbers: dict[Change, int]) -> None:
    """Queue alerts, a row per target; `numbers` are the rows of their changes."""
    conn.executemany(
        "insert into alerts (poll, target, rule, severity, template, change, said, silenced) "
        "values (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (poll, target, alert.rule, alert.severity, alert.template, *_about(alert, numbers), alert.silenced)
            for alert in alerts
            for target in alert.targets
        ],
    )


def _about(alert: Alert, numbers: dict[Change, int]) -> tuple[int | None, str | None]:
    about = alert.about
    if not isinstance(about, Change):
        return None, crossing_json(about)
    return (numbers[about], None) if about in numbers else (None, change_json(about))


def add_notices(
    conn: sqlite3.Connection, poll: int | None, at: datetime, notices: Iterable[Notice], targets: Iterable[str]
) -> None:
    """Queue notices for the operator, a row per target."""
    names = tuple(targets)
    conn.executemany(
        "insert into notices (poll, at, target, kind, title, text, severity, watch) values (?, ?, ?, ?, ?, ?, ?, ?)",
        [(poll, instant(at), name, n.kind, n.title, n.text, n.severity, n.watch) for n in notices for name in names],
    )


def notify(conn: sqlite3.Connection, notice: Notice, targets: Iterable[str], at: datetime) -> bool:
    """Queue a notice that no poll brings; not twice within a day."""
    said = conn.execute(
        "select count(*) from notices where kind = ? and title = ? and at > ?",
        (notice.kind, notice.title, instant(at - timedelta(days=1))),
    ).fetchone()[0]
    if said:
        return False
    add_notices(conn, None, at, [notice], targets)
    return True


def untold(conn: sqlite3.Connection) -> dict[str, list[Untold]]:
    """What is in no message yet, by target, in order. What is silenced stays untold."""
    found: dict[str, list[Untold]] = {}
    columns = ", ".join(f"changes.{name}" for name in CHANGE_COLUMNS)
    rows = conn.execute(
        "select alerts.id, alerts.poll, polls.watch, polls.at, target, rule, severity, template, said, "
        f"{columns} from alerts join polls on polls.id = alerts.poll "
        "left join changes on changes.number = alerts.change "
        "where message is null and silenced = '' order by alerts.id"
    )
    for number, poll, watch, at, target, rule, severity, template, said, *change in rows:
        about = to_about(said) if said is not None else to_change(tuple(change))
        alert = Alert(rule, severity, (target,), about, template)
        found.setdefault(target, []).append(Untold(number, poll, watch, to_instant(at), alert))
    rows = conn.execute(
        "select notices.id, notices.poll, polls.watch, notices.at, target, kind, title, text, severity, notices.watch "
        "from notices left join polls on polls.id = notices.poll where message is null order by notices.id"
    )
    for number, poll, watch, at, target, *said in rows:
        found.setdefault(target, []).append(Untold(number, poll or 0, watch or "", to_instant(at), Notice(*said)))
    return found


def freeze(conn: sqlite3.Connection, target: str, untold: Sequence[Untold], message: Message, at: datetime) -> int:
    """Write a message; what it tells is part of it from now on. Returns its id."""
    number = conn.execute(
        "insert into messages (target, created_at, title, body, format) values (?, ?, ?, ?, ?)",
        (target, instant(at), message.title, message.body, message.format),
    ).lastrowid
    assert number is not None
    conn.executemany(
        "insert into attachments (message, name, mimetype, inline, content) values (?, ?, ?, ?, ?)",
        [(number, a.name, a.mimetype, int(a.inline), a.content) for a in message.attachments],
    )
    for table, kind in (("alerts", Alert), ("notices", Notice)):
        rows = [(number, one.id) for one in untold if isinstance(one.about, kind)]
        conn.executemany(f"update {table} set message = ? where id = ?", rows)
    return number


_COLUMNS = "id, target, created_at, attempts, last_error, title, body, format, first_attempt_at, next_attempt_at"


def waiting(conn: sqlite3.Connection, target: str | None = None, *, dead: bool = False) -> list[WaitingMessage]:
    """Messages that were not delivered yet, the oldest first: those that are still tried, or those given up."""
    rows = conn.execute(
        f"select {_COLUMNS} from messages where sent_at is null and dropped_at is null "
        f"and dead_at is {'not ' if dead else ''}null and (?1 is null or target = ?1) order by id",
        (target,),
    )
    return [
        WaitingMessage(
            i, t, to_instant(c), n, e, title, body, f, first and to_instant(first), again and to_instant(again)
        )
        for i, t, c, n, e, title, body, f, first, again in rows
    ]


def attachments(conn: sqlite3.Connection, message: int) -> tuple[Attachment, ...]:
    """What goes along with a message."""
    rows = conn.execute("select name, mimetype, content, inline from attachments where message = ?", (message,))
    return tuple(Attachment(name, mimetype, content, bool(inline)) for name, mimetype, content, inline in rows)


def mark_sent(conn: sqlite3.Connection, message: int, at: datetime) -> None:
    conn.execute(
        "update messages set sent_at = ?1, last_attempt_at = ?1, attempts = attempts + 1, last_error = null "
        "where id = ?2",
        (instant(at), message),
    )


def mark_failed(
    conn: sqlite3.Connection, message: int, at: datetime, error: str, *, again: datetime | None, dead: bool
) -> None:
    conn.execute(
        "update messages set last_attempt_at = ?1, first_attempt_at = coalesce(first_attempt_at, ?1), "
        "attempts = attempts + 1, last_error = ?2, next_attempt_at = ?3, dead_at = ?4 where id = ?5",
        (instant(at), error, again and instant(again), instant(at) if dead else None, message),
    )


def set_aside(conn: sqlite3.Connection, message: int, again: datetime) -> None:
    conn.execute("update messages set next_attempt_at = ? where id = ?", (instant(again), message))


def revive(conn: sqlite3.Connection, messages: Iterable[int]) -> int:
    """Forget all failures of some messages, and their targets' waits."""
    ids = [(message,) for message in messages]
    conn.executemany("delete from target_troubles where target = (select target from messages where id = ?)", ids)
    return conn.executemany(
        "update messages set dead_at = null, next_attempt_at = null, first_attempt_at = null, attempts = 0 "
        "where id = ? and sent_at is null and dropped_at is null",
        ids,
    ).rowcount


def drop(conn: sqlite3.Connection, messages: Iterable[int], at: datetime) -> int:
    return conn.executemany(
        "update messages set dropped_at = ? where id = ? and sent_at is null and dropped_at is null",
        [(instant(at), message) for message in messages],
    ).rowcount


def last_digest(conn: sqlite3.Connection, target: str) -> datetime | None:
    """When a target's last digest went out."""
    row = conn.execute("select at from digests where target = ?", (target,)).fetchone()
    return to_instant(row[0]) if row else None


def set_digest(conn: sqlite3.Connection, target: str, at: datetime) -> None:
    conn.execute("insert or replace into digests (target, at) values (?, ?)", (target, instant(at)))
