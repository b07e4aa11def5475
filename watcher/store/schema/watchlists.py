"""Limits, cooldowns, silences, digests and attachments."""

from __future__ import annotations

from sqlite_utils import Database

from watcher.store.schema.migrations import migrations

_WATCHLIST_TABLES = (
    """create table levels (
        watchlist text not null,
        slug text not null,
        commodity text not null,
        metric text not null,
        test text not null,
        "limit" text not null,
        value real,
        unit text,
        broken integer not null,
        since text,
        told real,
        told_at text,
        pending integer not null,
        unknown integer not null,
        points text not null,
        primary key (watchlist, slug, commodity, metric, test)
    ) without rowid""",
    """create table cooldowns (
        rule text not null,
        slug text not null,
        at text not null,
        primary key (rule, slug)
    ) without rowid""",
    """create table silences (
        id integer primary key,
        matcher text not null,
        until text not null,
        reason text not null,
        created_at text not null
    )""",
    """create table digests (
        target text primary key,
        at text not null
    ) without rowid""",
    """create table attachments (
        message integer not null references messages (id),
        name text not null,
        mimetype text not null,
        inline integer not null,
        content blob not null
    )""",
    "create index attachments_message on attachments (message)",
    # `change` may be null now: a watchlist's crossing, and a derived figure, are kept as JSON in `said`.
    """create table new_alerts (
        id integer primary key,
        poll integer not null references polls (id),
        target text not null,
        rule text not null,
        severity text not null,
        template text,
        change integer references changes (number),
        said text,
        silenced text not null default '',
        message integer references messages (id)
    )""",
    "insert into new_alerts (id, poll, target, rule, severity, template, change, message) "
    "select id, poll, target, rule, severity, template, change, message from alerts",
    "drop table alerts",
    "alter table new_alerts rename to alerts",
    "create index alerts_unrendered on alerts (target, poll) where message is null and silenced = ''",
    "create index alerts_change on alerts (change)",
    """create view open_limits as
        select watchlist, slug, commodity, metric, "limit", value, unit, since, told_at
        from levels where broken order by watchlist, slug""",
)


@migrations()
def watchlists(db: Database) -> None:
    """Limits, cooldowns, silences, digests and attachments."""
    for statement in _WATCHLIST_TABLES:
        db.execute(statement)


@migrations()
def twin_levels(db: Database) -> None:
    """Two mines may share slug and commodity: each has limits of its own."""
    columns = (
        'watchlist, slug, commodity, metric, test, "limit", value, unit, broken, since, told, told_at, pending, '
        "unknown, points"
    )
    db.execute("drop view open_limits")
    db.execute("alter table levels rename to old_levels")
    db.execute(
        """create table levels (
            watchlist text not null,
            slug text not null,
            commodity text not null,
            metric text not null,
            test text not null,
            twin text not null default '',
            "limit" text not null,
            value real,
            unit text,
            broken integer not null,
            since text,
            told real,
            told_at text,
            pending integer not null,
            unknown integer not null,
            points text not null,
            primary key (watchlist, slug, commodity, metric, test, twin)
        ) without rowid"""
    )
    db.execute(f"insert into levels ({columns}) select {columns} from old_levels")
    db.execute("drop table old_levels")
    db.execute(
        """create view open_limits as
            select watchlist, slug, commodity, metric, "limit", value, unit, since, told_at
            from levels where broken order by watchlist, slug"""
    )
