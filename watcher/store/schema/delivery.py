"""Waits, dead letters, failing targets and sources."""

from __future__ import annotations

from sqlite_utils import Database

from watcher.store.schema.migrations import migrations

_DELIVERY_TABLES = (
    "alter table messages add column first_attempt_at text",
    "alter table messages add column next_attempt_at text",
    "alter table messages add column dead_at text",
    "alter table messages add column dropped_at text",
    "drop index messages_waiting",
    "create index messages_waiting on messages (target, id) where sent_at is null and dropped_at is null",
    "drop view waiting_messages",
    """create view waiting_messages as select * from messages
        where sent_at is null and dead_at is null and dropped_at is null order by target, id""",
    """create view dead_messages as select * from messages
        where sent_at is null and dead_at is not null and dropped_at is null order by target, id""",
    """create table target_troubles (
        target text primary key,
        since text not null,
        failures integer not null,
        next_attempt_at text not null,
        last_error text not null,
        told integer not null
    ) without rowid""",
    """create table source_troubles (
        watch text primary key,
        since text not null,
        cause text not null,
        told integer not null
    ) without rowid""",
    # `poll` may be null now: what the watcher says of itself need not come of a poll.
    """create table new_notices (
        id integer primary key,
        poll integer references polls (id),
        at text not null,
        target text not null,
        kind text not null,
        title text not null,
        text text not null,
        severity text not null,
        watch text,
        message integer references messages (id)
    )""",
    "insert into new_notices (id, poll, at, target, kind, title, text, severity, watch, message) "
    "select notices.id, poll, polls.at, target, kind, title, text, severity, notices.watch, message "
    "from notices join polls on polls.id = notices.poll",
    "drop table notices",
    "alter table new_notices rename to notices",
    "create index notices_unrendered on notices (target, id) where message is null",
)


@migrations()
def delivery(db: Database) -> None:
    """Waits, dead letters, failing targets; notices that no poll brings."""
    for statement in _DELIVERY_TABLES:
        db.execute(statement)
