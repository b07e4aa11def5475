"""Credits: the pause while the quota is gone, and answers that may serve again."""

from __future__ import annotations

from sqlite_utils import Database

from watcher.store.schema.migrations import migrations

_THRIFT_TABLES = (
    # The API's quota is gone: at most one row.
    """create table pauses (
        since text not null,
        probe_at text not null,
        code text not null,
        reason text not null
    )""",
    """create table told (
        what text primary key,
        at text not null
    ) without rowid""",
    """create table lists (
        filter text primary key,
        rows integer not null,
        at text not null,
        agrees integer,
        compared_at text
    ) without rowid""",
    # Details that one watch has had and another may use; only kept where watches may overlap.
    """create table answers (
        slug text primary key,
        at text not null,
        rows text not null,
        body text not null
    )""",
    """create table kept_answers (
        url text primary key,
        at text not null,
        etag text not null,
        last_modified text not null,
        body blob not null
    )""",
)


@migrations()
def thrift(db: Database) -> None:
    """The pause while the quota is gone, what ops was told of credits, and answers that may serve again."""
    for statement in _THRIFT_TABLES:
        db.execute(statement)


@migrations()
def odd_lists(db: Database) -> None:
    """Rows that come twice or say no site, and stay so: believed once, they are no reason to read a list again."""
    db.execute("create table odd_lists (filter text primary key, signature text not null) without rowid")
