"""What is counted and what waits: polls, credits, alerts, messages (for the status pages and their metrics)."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

from watcher.retries import Trouble
from watcher.store import Store, connect, troubles
from watcher.store.encode import instant, to_instant


@dataclass(frozen=True, slots=True)
class Firing:
    """How often a rule or list has told something, and when it last did."""

    alerts: int
    last: datetime


@dataclass(frozen=True, slots=True)
class Letter:
    """A message in or out of the outbox. `next_attempt_at` is set for one that was set aside."""

    id: int
    target: str
    title: str
    body: str
    format: str
    created_at: datetime
    attempts: int
    last_error: str | None
    sent_at: datetime | None
    next_attempt_at: datetime | None
    dead_at: datetime | None


class Tallies(Store):
    """A database that is open for counting; see `Pages`."""

    @contextmanager
    def steady(self) -> Iterator[Self]:
        """Everything that is read within is of one instant."""
        with connect.in_our_words(self.path):
            self._db.conn.execute("begin")
            try:
                yield self
            finally:
                self._db.conn.execute("rollback")

    @property
    def _conn(self) -> sqlite3.Connection:
        conn: sqlite3.Connection = self._db.conn
        return conn

    def kinds(self) -> dict[tuple[str, str], int]:
        """How many changes of each (watch, kind) there have been."""
        rows = self._conn.execute("select watch, kind, count(*) from changes group by watch, kind")
        return {(watch, kind): count for watch, kind, count in rows}

    # --- polls and credits -----------------------------------------------------------------------------------------

    def credits_by_day(self, first: date, last: date) -> dict[date, dict[str, int]]:
        """Credits by day and call (`list`, `detail`), both days included; a day without calls is left out."""
        rows = self._conn.execute(
            "select day, call, sum(credits) from credits where day between ? and ? group by day, call order by day",
            (first.isoformat(), last.isoformat()),
        )
        found: dict[date, dict[str, int]] = defaultdict(dict)
        for day, call, credits in rows:
            found[date.fromisoformat(day)][call] = credits
        return dict(found)

    def credits_by_watch(self) -> dict[tuple[str, str], int]:
        """All credits ever spent, by (watch, call)."""
        rows = self._conn.execute("select watch, call, sum(credits) from credits group by watch, call")
        return {(watch, call): credits for watch, call, credits in rows}

    def first_poll(self) -> datetime | None:
        """When the history begins."""
        return _when(self._conn.execute("select min(at) from polls").fetchone()[0])

    def polls_by_verdict(self) -> dict[tuple[str, str], int]:
        """All polls ever, by (watch, verdict)."""
        rows = self._conn.execute("select watch, verdict, count(*) from polls group by watch, verdict")
        return {(watch, verdict): count for watch, verdict, count in rows}

    def calls_by_watch(self) -> dict[tuple[str, str], int]:
        """All calls of polls ever, by (watch, `list` or `detail`)."""
        rows = self._conn.execute("select watch, sum(list_calls), sum(detail_calls) from polls group by watch")
        return {(watch, call): n for watch, *counts in rows for call, n in zip(("list", "detail"), counts, strict=True)}

    def durations(self) -> dict[str, tuple[int, float, float]]:
        """By watch: how many polls were timed, the seconds that they took together, and those of the last one."""
        rows = self._conn.execute(
            "select watch, count(seconds), total(seconds), (select seconds from polls as last "
            "where last.watch = polls.watch and seconds is not null order by id desc limit 1) from polls group by watch"
        )
        return {watch: (count, total, last) for watch, count, total, last in rows if count}

    # --- rules and outbox ------------------------------------------------------------------------------------------

    def firings(self, since: datetime | None = None) -> dict[str, Firing]:
        """By rule or list: how often it has told something (since an instant), and when it last did."""
        rows = self._conn.execute(
            "select rule, count(distinct coalesce(change, said)), max(polls.at) from alerts "
            "join polls on polls.id = poll where silenced = '' and polls.at >= ? group by rule",
            (instant(since) if since else "",),
        )
        return {rule: Firing(count, to_instant(at)) for rule, count, at in rows}

    def alerts_by(self) -> dict[tuple[str, str, str], int]:
        """All alerts ever, by (rule, target, severity)."""
        rows = self._conn.execute("select rule, target, severity, count(*) from alerts group by rule, target, severity")
        return {(rule, target, severity): count for rule, target, severity, count in rows}

    def letters(self, *, sent: bool, limit: int = 200) -> list[Letter]:
        """Messages that wait or are dead, the oldest first; or those that were sent, the newest first."""
        which = (
            "sent_at is not null order by sent_at desc, id desc"
            if sent
            else "sent_at is null and dropped_at is null order by id"
        )
        rows = self._conn.execute(
            "select id, target, title, body, format, created_at, attempts, last_error, sent_at, next_attempt_at, "
            f"dead_at from messages where {which} limit ?",
            (limit,),
        )
        return [
            Letter(
                *(number, target, title, body, form, to_instant(created), tries, error),
                *(_when(sent), _when(planned), _when(died)),
            )
            for number, target, title, body, form, created, tries, error, sent, planned, died in rows
        ]

    def letters_by(self) -> dict[tuple[str, str], int]:
        """All messages ever, by (target, outcome): `sent`, `waiting`, `failing` (tried in vain), `dead`, `dropped`."""
        rows = self._conn.execute(
            "select target, case when sent_at is not null then 'sent' when dropped_at is not null then 'dropped' "
            "when dead_at is not null then 'dead' when attempts > 0 then 'failing' else 'waiting' end as outcome, "
            "count(*) from messages group by target, outcome"
        )
        return {(target, outcome): count for target, outcome, count in rows}

    def failing(self) -> list[Trouble]:
        """The targets that fail, and when each is tried again."""
        return troubles.targets(self._conn)

    def attempts(self) -> dict[str, int]:
        """By target: how often a delivery was tried."""
        rows = self._conn.execute("select target, sum(attempts) from messages group by target")
        return dict(rows.fetchall())

    def oldest_waiting(self) -> datetime | None:
        """Since when the oldest undelivered message waits."""
        row = self._conn.execute(
            "select min(created_at) from messages where sent_at is null and dead_at is null and dropped_at is null"
        ).fetchone()
        return _when(row[0])

    def undecided(self) -> dict[str, tuple[int, datetime]]:
        """By target: how many alerts and notices are in no message yet (a digest, quiet hours), and since when."""
        found: dict[str, tuple[int, datetime]] = {}
        rows: Sequence[tuple[str, int, str]] = self._conn.execute(
            "select target, count(*), min(at) from (select target, polls.at from alerts join polls on polls.id = poll "
            "where message is null and silenced = '' union all select target, at from notices "
            "where message is null) group by target order by target"
        ).fetchall()
        for target, count, at in rows:
            found[target] = (count, to_instant(at))
        return found


def _when(text: str | None) -> datetime | None:
    return to_instant(text) if text else None
