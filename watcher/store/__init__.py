"""The database: one file, one writer, every state ever seen (DESIGN section 7).

`schema` tables and migrations · `connect` opening and locking · `encode` values ↔ columns · `history` intervals ·
`remembering` a watch's memory · `standing` limits, cooldowns, silences · `outbox` what is to be told · `queue` its
rows · `troubles` who fails · `ledger` credits · `shelf` answers that may serve again · `reading` what people ask ·
`pages` and `tallies` what the status pages ask · `evidence` what stands behind a message · `backup` a copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self, Unpack

from sqlite_utils import Database

from watcher.errors import StoreLost
from watcher.model import Change, Crossing, Level, LevelKey, Memory, Notice, Outcome, Record, Snapshot, Standing
from watcher.retries import Trouble
from watcher.rules import Silence
from watcher.rules.foresight import Vocabulary
from watcher.store import clock, connect, evidence, history, queue, reading, remembering, standing, troubles
from watcher.store.encode import CHANGE_COLUMNS, change_row, instant, to_instant
from watcher.store.evidence import Evidence, VitalSigns
from watcher.store.history import StoredState
from watcher.store.ledger import Ledger, Pause
from watcher.store.outbox import Outbox
from watcher.store.queue import WaitingMessage
from watcher.store.reading import WatchStatus
from watcher.store.shelf import ListSize, Shelf, filter_key
from watcher.store.troubles import SourceTrouble

__all__ = [
    "Evidence",
    "Ledger",
    "ListSize",
    "Outbox",
    "Pause",
    "Shelf",
    "SourceTrouble",
    "Store",
    "StoredState",
    "Trouble",
    "VitalSigns",
    "Vocabulary",
    "WaitingMessage",
    "WatchStatus",
    "filter_key",
]


class Store:
    """An open database. Every method that writes is one transaction; sqlite's errors come out as StoreError.

    `ledger` books credits, `shelf` holds answers that may serve again.
    """

    def __init__(self, path: Path, db: Database, held: ExitStack) -> None:
        self.path = path
        self._file = connect.identity(path)
        self._db = db
        self._held = held
        self.ledger = Ledger(path, db)
        self.outbox = Outbox(path, db)
        self.shelf = Shelf(path, db)

    @classmethod
    def open(cls, path: Path, *, check: bool = False) -> Self:
        """Open for writing: create or migrate it, and keep every other writer out until `close`.

        Args:
            check: look through the whole file for damage first, which takes a while for a large one.

        Raises:
            StoreError: another writer has it, or it cannot be used.
        """
        with connect.in_our_words(path), ExitStack() as stack:
            path.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(connect.lock(path))
            db = connect.open_writable(path)
            stack.callback(db.conn.close)
            if check:
                connect.check_whole(db, path)
            return cls(path, db, stack.pop_all())

    @classmethod
    def open_beside(cls, path: Path) -> Self:
        """Open for a small word to a running writer: accept, silence. Each is one transaction that the writer heeds.

        Raises:
            StoreError: there is no database yet, or it cannot be used.
        """
        with connect.in_our_words(path), ExitStack() as stack:
            db = connect.open_beside(path)
            stack.callback(db.conn.close)
            return cls(path, db, stack.pop_all())

    @classmethod
    def open_readonly(cls, path: Path) -> Self:
        """Open for reading, beside a writer.

        Raises:
            StoreError: there is no database yet, or it cannot be read.
        """
        with connect.in_our_words(path), ExitStack() as stack:
            db = connect.open_readonly(path)
            stack.callback(db.conn.close)
            return cls(path, db, stack.pop_all())

    def close(self) -> None:
        self._held.close()

    def check_there(self) -> None:
        """What is written to a file that was deleted while in use is lost.

        Raises:
            StoreLost: the file was deleted or replaced since it was opened.
        """
        if connect.identity(self.path) != self._file:
            raise StoreLost(
                f"The database {self.path} was deleted or replaced while it was in use.",
                "Put it back from a backup, or start again without it: the next poll is a silent baseline.",
            )

    def version(self) -> int:
        """A number that changes whenever another process has written."""
        with connect.in_our_words(self.path):
            return int(self._db.conn.execute("pragma data_version").fetchone()[0])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- polls -----------------------------------------------------------------------------------------------------

    def memory(
        self, watch: str, now: datetime, *, others: bool = False, recent: timedelta = remembering.RECENT
    ) -> Memory:
        """All that the next decision about `watch` remembers; with the `others`' records, if watchlists want them.

        `recent` is how far back it knows the watch's changes of figures.
        """
        with connect.in_our_words(self.path):
            return remembering.load(self._db.conn, watch, now, others=others, recent=recent)

    def commit(
        self,
        watch: str,
        outcome: Outcome,
        *,
        before: Memory,
        list_calls: int,
        detail_calls: int,
        ops_targets: Iterable[str] = (),
        note: str = "",
    ) -> int:
        """Write an outcome whole: poll, history, memory, changes and outbox. Returns the poll's id.

        Args:
            before: the memory that the outcome was decided with, as `memory` gave it.
            ops_targets: who gets the outcome's notices.
        """
        with connect.in_our_words(self.path), self._db.atomic():
            conn = self._db.conn
            poll = self._add_poll(watch, outcome.at, outcome.verdict, None, note or None, list_calls, detail_calls)
            remembering.save(conn, before, outcome.memory, poll, outcome.at)
            troubles.end_source(conn, watch)
            numbers: dict[Change, int] = {}
            marks = ", ".join("?" * (len(CHANGE_COLUMNS) + 1))
            insert = f"insert into changes (poll, {', '.join(CHANGE_COLUMNS)}) values ({marks})"
            for change in outcome.changes:
                number = conn.execute(insert, (poll, *change_row(change))).lastrowid
                assert number is not None
                numbers[change] = number
            queue.add_alerts(conn, poll, outcome.alerts, numbers)
            queue.add_notices(conn, poll, outcome.at, outcome.notices, ops_targets)
            return poll

    def record_failure(
        self,
        watch: str,
        at: datetime,
        error: str,
        list_calls: int,
        detail_calls: int,
        *,
        trouble: SourceTrouble | None = None,
        notices: Iterable[Notice] = (),
        ops_targets: Iterable[str] = (),
    ) -> int:
        """Write that a poll failed, and the trouble that it is part of; nothing else changes. Returns the poll's id."""
        with connect.in_our_words(self.path), self._db.atomic():
            if trouble is not None:
                troubles.set_source(self._db.conn, trouble)
            poll = self._add_poll(watch, at, "failed", error, None, list_calls, detail_calls)
            queue.add_notices(self._db.conn, poll, at, notices, ops_targets)
            return poll

    def _add_poll(self, watch: str, at: datetime, *said: object) -> int:
        number = self._db.conn.execute(
            "insert into polls (watch, at, verdict, error, note, list_calls, detail_calls) "
            "values (?, ?, ?, ?, ?, ?, ?)",
            (watch, instant(at), *said),
        ).lastrowid
        assert number is not None
        return int(number)

    def took(self, watch: str, seconds: float) -> None:
        """Write how long the last poll of `watch` took."""
        with connect.in_our_words(self.path), self._db.atomic():
            self._db.conn.execute(
                "update polls set seconds = ? where id = (select max(id) from polls where watch = ?)",
                (round(seconds, 3), watch),
            )

    def failures(self, watch: str) -> tuple[int, datetime | None]:
        """How many polls of `watch` have failed since its last good one, and when the first of them was."""
        with connect.in_our_words(self.path):
            count, first = self._db.conn.execute(
                "select count(*), min(at) from polls where watch = ?1 and id > "
                "coalesce((select max(id) from polls where watch = ?1 and verdict <> 'failed'), 0)",
                (watch,),
            ).fetchone()
            return int(count), to_instant(first) if first else None

    def keep_to(self, watches: Iterable[str], targets: Iterable[str]) -> None:
        """The watches and targets that there are now: others have no troubles, and their sites count in no sum."""
        with connect.in_our_words(self.path), self._db.atomic():
            troubles.keep_only(self._db.conn, frozenset(watches), frozenset(targets))

    def source_troubles(self) -> list[SourceTrouble]:
        """The watches whose polls have failed so often that it counts."""
        with connect.in_our_words(self.path):
            return troubles.sources(self._db.conn)

    def set_clock_right(self, now: datetime) -> int:
        """Move what is remembered from the future, by a clock that ran ahead, to now. Returns how much that was."""
        with connect.in_our_words(self.path), self._db.atomic():
            return clock.set_right(self._db.conn, now)

    def accept(self, watch: str) -> bool:
        """Believe what is held, at the next poll. False if nothing is held."""
        with connect.in_our_words(self.path), self._db.atomic():
            return remembering.accept(self._db.conn, watch)

    # --- credits ---------------------------------------------------------------------------------------------------

    def spent(self, first: date, last: date) -> int:
        """Credits spent from one day to another, both included."""
        with connect.in_our_words(self.path):
            row = self._db.conn.execute(
                "select coalesce(sum(credits), 0) from credits where day between ? and ?",
                (first.isoformat(), last.isoformat()),
            ).fetchone()
            return int(row[0])

    # --- silences --------------------------------------------------------------------------------------------------

    def silences(self) -> list[Silence]:
        """The silences that were set at run time, also those that have ended."""
        with connect.in_our_words(self.path):
            return standing.silences(self._db.conn)

    def add_silence(self, silence: Silence, now: datetime) -> int:
        """Set a silence. Returns its number."""
        with connect.in_our_words(self.path), self._db.atomic():
            return standing.add_silence(self._db.conn, silence, now)

    def expire_silence(self, number: int, now: datetime) -> bool:
        """End a silence. False if none of that number is on."""
        with connect.in_our_words(self.path), self._db.atomic():
            return standing.expire_silence(self._db.conn, number, now)

    # --- reading ---------------------------------------------------------------------------------------------------

    def changes(self, *, limit: int | None = None, **asked: Unpack[reading.Asked]) -> list[Change]:
        """Changes, newest first; `reading.Asked` says what narrows them."""
        with connect.in_our_words(self.path):
            return reading.changes(self._db.conn, limit=limit, **asked)

    def resolve(self, slug: str) -> str | None:
        """The slug that a mine has now, given any that it has or had."""
        with connect.in_our_words(self.path):
            return reading.resolve(self._db.conn, slug)

    def records(self, slug: str) -> list[tuple[str, Record]]:
        """(watch, record) of a site as it is now, the latest year first."""
        with connect.in_our_words(self.path):
            return history.open_records(self._db.conn, slug)

    def snapshot_at(self, watch: str, poll: int) -> Snapshot | None:
        """The snapshot that was accepted as of a poll, rebuilt exactly."""
        with connect.in_our_words(self.path):
            return history.snapshot_at(self._db.conn, watch, poll)

    def states(self, watch: str) -> list[StoredState]:
        """Every distinct state of a watch, accepted and held, in order."""
        with connect.in_our_words(self.path):
            return history.states(self._db.conn, watch)

    def last_poll(self, watch: str) -> datetime | None:
        """When a watch was last polled well."""
        with connect.in_our_words(self.path):
            return reading.status(self._db.conn, watch).last_good_poll

    def levels(self) -> Mapping[LevelKey, Level]:
        """How every figure on a watchlist stands at its limits."""
        with connect.in_our_words(self.path):
            return standing.levels(self._db.conn)

    def evidence(self, id: str) -> Evidence | None:
        """What stands behind the change or crossing of an id."""
        with connect.in_our_words(self.path):
            return evidence.evidence(self._db.conn, id)

    def series(self, about: Change | Crossing) -> tuple[float, ...]:
        """The figures that a metric had up to a change, oldest first."""
        with connect.in_our_words(self.path):
            return evidence.series(self._db.conn, about)

    def vocabulary(self) -> Vocabulary:
        """What the stored data holds at all."""
        with connect.in_our_words(self.path):
            return evidence.vocabulary(self._db.conn)

    def vital_signs(self, since: datetime) -> VitalSigns:
        """What has been looked at since an instant."""
        with connect.in_our_words(self.path):
            return evidence.vital_signs(self._db.conn, since)

    def standing(self) -> Standing:
        """What rules and watchlists remember, as of the last commit."""
        with connect.in_our_words(self.path):
            return standing.load(self._db.conn)

    def refreshed(self, memory: Memory) -> Memory:
        """A memory with what other watches have brought since it was loaded: limits, cooldowns, alerts."""
        with connect.in_our_words(self.path):
            since = memory.snapshot.at if memory.snapshot is not None else None
            told = remembering.told_elsewhere(self._db.conn, memory.watch, since)
            return replace(memory, standing=standing.load(self._db.conn), told_elsewhere=told)

    def status(self, watches: Iterable[str]) -> Mapping[str, WatchStatus]:
        """How each watch stands."""
        with connect.in_our_words(self.path):
            return {watch: reading.status(self._db.conn, watch) for watch in watches}
