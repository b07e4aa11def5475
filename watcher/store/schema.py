"""The tables, as users' own tools see them: names as in DESIGN, instants in ISO-8601 UTC (DESIGN section 7)."""

from __future__ import annotations

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

migrations = Migrations("watcher")

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


@migrations()
def away(db: Database) -> None:
    """When each site that a hold misses was first missed."""
    db.execute("alter table holds add column away text not null default '{}'")


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
def poll_durations(db: Database) -> None:
    """How many seconds a poll took."""
    db.execute("alter table polls add column seconds real")


def known() -> frozenset[str]:
    """The names of all migrations of this version; a database with others comes from a newer one."""
    return frozenset(migration.name for migration in migrations._migrations)
