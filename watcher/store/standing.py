"""What rules and watchlists remember, one for all watches: limits, cooldowns, silences, former names."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from datetime import datetime

from watcher.model import Level, LevelKey, Standing, renamed
from watcher.rules import Silence
from watcher.store.encode import instant, to_instant

_KEY = "watchlist, slug, commodity, metric, test, twin"
_COLUMNS = f'{_KEY}, "limit", value, unit, broken, since, told, told_at, pending, unknown, points'


def load(conn: sqlite3.Connection) -> Standing:
    """The standing as of the last commit."""
    return Standing(
        levels=levels(conn),
        cooldowns={
            (rule, slug): to_instant(at) for rule, slug, at in conn.execute("select rule, slug, at from cooldowns")
        },
        sites=_names(conn, "site.renamed"),
        companies=_names(conn, "company.renamed"),
    )


def levels(conn: sqlite3.Connection) -> dict[LevelKey, Level]:
    """Every level that is remembered."""
    found: dict[LevelKey, Level] = {}
    for row in conn.execute(f"select {_COLUMNS} from levels"):
        limit, value, unit, broken, since, told, told_at, pending, unknown, points = row[6:]
        found[LevelKey(*row[:6])] = Level(
            limit=limit,
            value=value,
            unit=unit,
            broken=bool(broken),
            since=_instant(since),
            told=told,
            told_at=_instant(told_at),
            pending=bool(pending),
            unknown=bool(unknown),
            points=tuple((to_instant(at), number) for at, number in json.loads(points)),
        )
    return found


def save(conn: sqlite3.Connection, before: Standing, after: Standing) -> None:
    """Write what differs."""
    if after is before:
        return
    gone = before.levels.keys() - after.levels.keys()
    marks = " and ".join(f"{name} = ?" for name in _KEY.split(", "))
    conn.executemany(f"delete from levels where {marks}", [_key(key) for key in gone])
    changed = [(key, level) for key, level in after.levels.items() if before.levels.get(key) != level]
    conn.executemany(
        f"insert or replace into levels ({_COLUMNS}) values ({', '.join('?' * 16)})",
        [(*_key(key), *_row(level)) for key, level in changed],
    )
    conn.executemany(
        "delete from cooldowns where rule = ? and slug = ?", list(before.cooldowns.keys() - after.cooldowns.keys())
    )
    conn.executemany(
        "insert or replace into cooldowns (rule, slug, at) values (?, ?, ?)",
        [(*key, instant(at)) for key, at in after.cooldowns.items() if before.cooldowns.get(key) != at],
    )


def silences(conn: sqlite3.Connection) -> list[Silence]:
    """The silences that were set at run time, also those that have ended, the oldest first."""
    rows = conn.execute("select id, matcher, until, reason from silences order by id")
    return [
        Silence({name: tuple(globs) for name, globs in json.loads(matcher).items()}, to_instant(until), reason, number)
        for number, matcher, until, reason in rows
    ]


def add_silence(conn: sqlite3.Connection, silence: Silence, now: datetime) -> int:
    matcher = json.dumps({name: list(globs) for name, globs in silence.matcher.items()}, ensure_ascii=False)
    number = conn.execute(
        "insert into silences (matcher, until, reason, created_at) values (?, ?, ?, ?)",
        (matcher, instant(silence.until), silence.reason, instant(now)),
    ).lastrowid
    assert number is not None
    return number


def expire_silence(conn: sqlite3.Connection, number: int, now: datetime) -> bool:
    """End a silence now. False if there is none of that number that is still on."""
    text = instant(now)
    return conn.execute("update silences set until = ? where id = ? and until > ?", (text, number, text)).rowcount > 0


def _names(conn: sqlite3.Connection, kind: str) -> Mapping[str, str]:
    names: Mapping[str, str] = {}
    query = "select old_slug, slug from changes where kind = ? and old_slug is not null order by number"
    for old, new in conn.execute(query, (kind,)):
        names = renamed(names, old, new)
    return names


def _key(key: LevelKey) -> tuple[str, ...]:
    return (key.watchlist, key.slug, key.commodity, key.metric, key.test, key.twin)


def _row(level: Level) -> tuple[object, ...]:
    points = json.dumps([(instant(at), number) for at, number in level.points])
    since, told_at = (instant(at) if at else None for at in (level.since, level.told_at))
    return (
        *(level.limit, level.value, level.unit, int(level.broken), since, level.told, told_at),
        *(int(level.pending), int(level.unknown), points),
    )


def _instant(text: str | None) -> datetime | None:
    return to_instant(text) if text else None
