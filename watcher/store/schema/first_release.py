"""Polls, records, changes, holds, credits and messages: what the first release kept, and what polls grew since."""

from __future__ import annotations

from sqlite_utils import Database

from watcher.store.schema.migrations import migrations

_TABLES = (
    """create table polls (
        id integer primary key,
        watch text not null,
        at text not null,
        verdict text not null,
        error text,
        note text,
        list_calls integer not null,
        detail_calls integer not null
    )""",
    "create index polls_watch on polls (watch, id)",
    """create table records (
        id integer primary key,
        watch text not null,
        slug text not null,
        commodity_type text,
        year integer,
        name text,
        project_name text,
        company_slug text,
        company_name text,
        province text,
        city text,
        latitude real,
        longitude real,
        metrics text not null,
        attributes text not null,
        detailed integer not null,
        unread text not null,
        from_poll integer not null references polls (id),
        to_poll integer references polls (id)
    )""",
    "create index records_open on records (watch, to_poll)",
    "create index records_slug on records (slug)",
    """create table changes (
        number integer primary key,
        poll integer not null references polls (id),
        id text not null,
        at text not null,
        watch text not null,
        kind text not null,
        slug text not null,
        name text,
        company_slug text,
        company_name text,
        commodity_type text,
        year integer,
        metric text,
        unit text,
        old,
        new,
        delta real,
        percent real,
        nature text,
        suspect text not null,
        corrects text not null,
        detail text not null,
        old_slug text,
        old_year integer,
        province text,
        city text,
        latitude real,
        longitude real
    )""",
    "create index changes_watch_at on changes (watch, at)",
    "create index changes_slug on changes (slug)",
    """create table watches (
        watch text primary key,
        filter text not null,
        structures text not null
    )""",
    """create table absences (
        id integer primary key,
        watch text not null,
        slug text not null,
        state text not null,
        since text not null,
        record text not null
    )""",
    "create index absences_watch on absences (watch)",
    """create table details (
        watch text not null,
        slug text not null,
        at text not null,
        fingerprint text not null,
        primary key (watch, slug)
    ) without rowid""",
    """create table holds (
        id integer primary key,
        watch text not null,
        since text not null,
        reason text not null,
        causes text not null,
        accept integer not null,
        candidate blob,
        ended_at text
    )""",
    """create table credits (
        day text not null,
        watch text not null,
        call text not null,
        credits integer not null,
        primary key (day, watch, call)
    ) without rowid""",
    """create table messages (
        id integer primary key,
        target text not null,
        created_at text not null,
        title text not null,
        body text not null,
        format text not null,
        attempts integer not null default 0,
        last_attempt_at text,
        last_error text,
        sent_at text
    )""",
    "create index messages_waiting on messages (target, id) where sent_at is null",
    """create table alerts (
        id integer primary key,
        poll integer not null references polls (id),
        target text not null,
        rule text not null,
        severity text not null,
        template text,
        change integer not null references changes (number),
        message integer references messages (id)
    )""",
    "create index alerts_unrendered on alerts (poll) where message is null",
    """create table notices (
        id integer primary key,
        poll integer not null references polls (id),
        target text not null,
        kind text not null,
        title text not null,
        text text not null,
        severity text not null,
        watch text,
        message integer references messages (id)
    )""",
    "create index notices_unrendered on notices (poll) where message is null",
    """create view sites as
        select watch, slug, name, commodity_type, year, company_slug, company_name, province, city, latitude, longitude,
            metrics ->> '$.production_volume[0]' as production_volume, metrics ->> '$.production_volume[1]' as unit,
            metrics ->> '$.strip_ratio[0]' as strip_ratio, metrics
        from records where to_poll is null""",
    """create view latest_changes as
        select at, watch, kind, slug, name, company_name, metric, old, new, unit, percent, nature, suspect, id
        from changes order by number desc""",
    "create view credits_per_day as select day, sum(credits) as credits from credits group by day order by day desc",
    "create view waiting_messages as select * from messages where sent_at is null order by target, id",
)


@migrations()
def first_release(db: Database) -> None:
    """Everything that version 0.1 keeps."""
    for statement in _TABLES:
        db.execute(statement)


@migrations()
def blank_details(db: Database) -> None:
    """Since when a detail has been blank without being believed."""
    db.execute("alter table details add column blank text")


@migrations()
def away(db: Database) -> None:
    """When each site that a hold misses was first missed."""
    db.execute("alter table holds add column away text not null default '{}'")


@migrations()
def poll_durations(db: Database) -> None:
    """How many seconds a poll took."""
    db.execute("alter table polls add column seconds real")


@migrations()
def retired_watches(db: Database) -> None:
    """Which watches are not in the file any more."""
    db.execute("alter table watches add column retired integer not null default 0")
