"""Credits as they are spent, what the operator was told of them, and the pause while the API's own quota is gone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlite_utils import Database

from watcher.model import Notice
from watcher.plan import Limits, Spent
from watcher.store import queue
from watcher.store.connect import in_our_words
from watcher.store.encode import instant, to_instant


@dataclass(frozen=True, slots=True)
class Pause:
    """No polling, as the API says that its quota is gone: since when, why, and when it is tried again."""

    since: datetime
    probe_at: datetime
    code: str
    reason: str


class Ledger:
    """The credits part of an open database."""

    def __init__(self, path: Path, db: Database) -> None:
        self._path, self._db = path, db

    def pay(self, day: date, watch: str, call: str, limits: Limits | None = None) -> bool:
        """Book one call (list or detail) before it is made. False if that would exceed a limit: it must not be made.

        It is one statement, so that no other process comes between the question and the booking.
        """
        limits = limits or Limits()
        first, last = _month(day)
        with in_our_words(self._path):
            booked = self._db.conn.execute(
                "insert into credits (day, watch, call, credits) select ?1, ?2, ?3, 1 where "
                "(?4 is null or (select coalesce(sum(credits), 0) from credits where day = ?1) < ?4) and (?5 is null "
                "or (select coalesce(sum(credits), 0) from credits where day between ?6 and ?7) < ?5) "
                "on conflict (day, watch, call) do update set credits = credits + 1",
                (day.isoformat(), watch, call, limits.per_day, limits.per_month, first, last),
            )
            return booked.rowcount > 0

    def give_back(self, day: date, watch: str, call: str) -> None:
        """A call that was booked turned out to be free."""
        with in_our_words(self._path):
            self._db.conn.execute(
                "update credits set credits = credits - 1 where day = ? and watch = ? and call = ? and credits > 0",
                (day.isoformat(), watch, call),
            )

    def spent(self, day: date) -> Spent:
        """Credits spent on a day, and in its whole month."""
        with in_our_words(self._path):
            row = self._db.conn.execute(
                "select coalesce(sum(credits) filter (where day = ?1), 0), coalesce(sum(credits), 0) from credits "
                "where day between ?2 and ?3",
                (day.isoformat(), *_month(day)),
            ).fetchone()
            return Spent(int(row[0]), int(row[1]))

    def tell_once(self, what: str, notice: Notice, targets: Iterable[str], at: datetime) -> bool:
        """Queue a notice for the operator unless `what` was told before. False if it was."""
        with in_our_words(self._path), self._db.atomic():
            insert = "insert into told (what, at) values (?, ?) on conflict do nothing"
            if self._db.conn.execute(insert, (what, instant(at))).rowcount == 0:
                return False
            queue.add_notices(self._db.conn, None, at, [notice], targets)
            return True

    def pause(self) -> Pause | None:
        """The pause that is on because the API's quota is gone."""
        with in_our_words(self._path):
            row = self._db.conn.execute("select since, probe_at, code, reason from pauses").fetchone()
            return Pause(to_instant(row[0]), to_instant(row[1]), row[2], row[3]) if row else None

    def set_pause(self, pause: Pause | None) -> None:
        """Begin or prolong a pause, or end it."""
        with in_our_words(self._path), self._db.atomic():
            self._db.conn.execute("delete from pauses")
            if pause is not None:
                self._db.conn.execute(
                    "insert into pauses (since, probe_at, code, reason) values (?, ?, ?, ?)",
                    (instant(pause.since), instant(pause.probe_at), pause.code, pause.reason),
                )


def _month(day: date) -> tuple[str, str]:
    """The first and the last day that the month of a day may have, as the ledger writes them."""
    return f"{day:%Y-%m}-01", f"{day:%Y-%m}-31"
