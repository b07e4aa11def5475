"""What is to be told: alerts and notices wait for their message, messages for their delivery (at least once).

Rows name a target, never its URL. A message is frozen when it is rendered, so that a retry repeats the same words.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from watcher.model import Alert, Change, Notice
from watcher.store.encode import CHANGE_COLUMNS, instant, to_change, to_instant


@dataclass(frozen=True, slots=True)
class Batch:
    """All that one poll has to tell one target, not rendered yet. `alert_ids` and `notice_ids` are its rows."""

    poll_id: int
    at: datetime
    watch: str
    target: str
    alerts: tuple[Alert, ...]
    notices: tuple[Notice, ...]
    alert_ids: tuple[int, ...]
    notice_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WaitingMessage:
    """A frozen message that has not been delivered yet. `format` is markdown, html or text."""

    id: int
    target: str
    created_at: datetime
    attempts: int
    last_error: str | None
    title: str
    body: str
    format: Literal["markdown", "html", "text"]


def add_alerts(conn: sqlite3.Connection, poll: int, alerts: Iterable[Alert], numbers: dict[Change, int]) -> None:
    """Queue alerts, a row per target; `numbers` are the rows of their changes."""
    conn.executemany(
        "insert into alerts (poll, target, rule, severity, template, change) values (?, ?, ?, ?, ?, ?)",
        [
            (poll, target, alert.rule, alert.severity, alert.template, numbers[alert.change])
            for alert in alerts
            for target in alert.targets
        ],
    )


def add_notices(conn: sqlite3.Connection, poll: int, notices: Iterable[Notice], targets: Iterable[str]) -> None:
    """Queue notices for the operator, a row per target."""
    names = tuple(targets)
    conn.executemany(
        "insert into notices (poll, target, kind, title, text, severity, watch) values (?, ?, ?, ?, ?, ?, ?)",
        [(poll, name, n.kind, n.title, n.text, n.severity, n.watch) for n in notices for name in names],
    )


def unrendered(conn: sqlite3.Connection) -> list[Batch]:
    """What has no message yet, in order, a batch per poll and target."""
    queues: dict[tuple[int, str], tuple[list[Alert], list[Notice], list[int], list[int]]] = {}
    columns = ", ".join(f"changes.{name}" for name in CHANGE_COLUMNS)
    rows = conn.execute(
        f"select alerts.id, alerts.poll, target, rule, severity, template, {columns} "
        "from alerts join changes on changes.number = alerts.change where message is null order by alerts.id"
    )
    for number, poll, target, rule, severity, template, *change in rows:
        queue = queues.setdefault((poll, target), ([], [], [], []))
        queue[0].append(Alert(rule, severity, (target,), to_change(tuple(change)), template))
        queue[2].append(number)
    rows = conn.execute(
        "select id, poll, target, kind, title, text, severity, watch from notices where message is null order by id"
    )
    for number, poll, target, *said in rows:
        queue = queues.setdefault((poll, target), ([], [], [], []))
        queue[1].append(Notice(*said))
        queue[3].append(number)
    batches = []
    for (poll, target), (alerts, notices, alert_ids, notice_ids) in sorted(queues.items(), key=lambda item: item[0]):
        watch, at = conn.execute("select watch, at from polls where id = ?", (poll,)).fetchone()
        ids = (tuple(alert_ids), tuple(notice_ids))
        batches.append(Batch(poll, to_instant(at), watch, target, tuple(alerts), tuple(notices), *ids))
    return batches


def freeze(conn: sqlite3.Connection, batch: Batch, title: str, body: str, format: str, at: datetime) -> int:
    """Write a batch's message; its alerts and notices are part of it from now on. Returns the message's id."""
    number = conn.execute(
        "insert into messages (target, created_at, title, body, format) values (?, ?, ?, ?, ?)",
        (batch.target, instant(at), title, body, format),
    ).lastrowid
    assert number is not None
    conn.executemany("update alerts set message = ? where id = ?", [(number, row) for row in batch.alert_ids])
    conn.executemany("update notices set message = ? where id = ?", [(number, row) for row in batch.notice_ids])
    return number


def waiting(conn: sqlite3.Connection, target: str | None = None) -> list[WaitingMessage]:
    """Messages that were not delivered yet, the oldest first."""
    rows = conn.execute(
        "select id, target, created_at, attempts, last_error, title, body, format from messages "
        "where sent_at is null and (?1 is null or target = ?1) order by id",
        (target,),
    )
    return [WaitingMessage(i, t, to_instant(c), a, e, title, body, f) for i, t, c, a, e, title, body, f in rows]


def mark_sent(conn: sqlite3.Connection, message: int, at: datetime) -> None:
    conn.execute(
        "update messages set sent_at = ?1, last_attempt_at = ?1, attempts = attempts + 1, last_error = null "
        "where id = ?2",
        (instant(at), message),
    )


def mark_failed(conn: sqlite3.Connection, message: int, at: datetime, error: str) -> None:
    conn.execute(
        "update messages set last_attempt_at = ?, attempts = attempts + 1, last_error = ? where id = ?",
        (instant(at), error, message),
    )
