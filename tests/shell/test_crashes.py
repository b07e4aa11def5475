"""Whatever befalls the process, its disk or its clock: nothing lost, one clear message, no damage (DESIGN 1, 7)."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.core.histories import START, sites, sweep, without
from tests.core.test_messages import BASE
from tests.shell.test_dispatch import commit
from tests.shell.test_sending import Post, words
from watcher.dispatch import deliver
from watcher.errors import StoreError, StoreLost
from watcher.messages import Attachment, Format
from watcher.pipeline import WatchSettings, decide
from watcher.store import Store

TABLE = sites(12)
WATCH = WatchSettings("w")


def poll(store: Store, table: Sequence[object], hours: float) -> str:
    """One poll of a table; returns the verdict."""
    now = START + timedelta(hours=hours)
    before = store.memory("w", now)
    outcome = decide(sweep(table, before, WATCH, now), before, WATCH, now)  # type: ignore[arg-type]
    store.commit("w", outcome, before=before, list_calls=1, detail_calls=0)
    return outcome.verdict


def dies(work: Callable[[], None]) -> None:
    """Do some work in a process that is killed by it."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL


def whole(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as conn:
        return bool(conn.execute("pragma integrity_check").fetchone()[0] == "ok")


@pytest.mark.parametrize("statement", ["insert into polls", "insert into records", "insert into changes", "COMMIT"])
def test_a_kill_in_a_transaction_leaves_the_poll_to_be_done_again(tmp_path: Path, statement: str) -> None:
    """kill -9 at a statement of the commit: nothing of the poll is there, and the next one tells the same."""
    path = tmp_path / "w.db"
    table = [TABLE[0] | {"production_volume": 3.0}, *TABLE[1:]]
    with Store.open(path) as store:
        poll(store, TABLE, 0)

    def work() -> None:
        store = Store.open(path)
        store._db.conn.set_trace_callback(
            lambda sql: os.kill(os.getpid(), signal.SIGKILL) if sql.lower().startswith(statement.lower()) else None
        )
        poll(store, table, 1)

    dies(work)
    with Store.open(path, check=True) as store:
        assert store.changes() == []
        poll(store, table, 2)
        assert [change.new for change in store.changes()] == [3.0]
    assert whole(path)


class Deadly(Post):
    """A carrier that takes a message and dies before it can say so."""

    def send(self, name: str, title: str, body: str, format: Format, attachments: Sequence[Attachment] = ()) -> None:
        with Path(os.environ["TAKEN"]).open("a") as taken:
            taken.write(f"{title}\n")
        if title.startswith("two"):
            os.kill(os.getpid(), signal.SIGKILL)


def test_a_kill_between_send_and_mark_repeats_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three messages wait, the second is taken at the instant of a kill: it comes twice, the others once."""
    path, taken = tmp_path / "w.db", tmp_path / "taken"
    monkeypatch.setenv("TAKEN", str(taken))
    with Store.open(path) as store:
        for name in ("one", "two", "three"):
            commit(store, START, replace(BASE, id=name, slug=name, name=name), to=("mail",))

    def work() -> None:
        with Store.open(path) as store:
            asyncio.run(deliver(store, Deadly(("mail",)), words(), now=lambda: START))

    dies(work)
    post = Post(("mail",))
    with Store.open(path, check=True) as store:
        asyncio.run(deliver(store, post, words(), now=lambda: START))
    titles = [title.split(":")[0] for title in [*taken.read_text().splitlines(), *post.titles("mail")]]
    assert titles == ["one", "two", "two", "three"]


def test_a_log_that_a_kill_left_behind_is_read(tmp_path: Path) -> None:
    """A commit that is still in the -wal counts, for writers and for readers."""
    path = tmp_path / "w.db"

    def work() -> None:
        poll(Store.open(path), TABLE, 0)
        os.kill(os.getpid(), signal.SIGKILL)

    dies(work)
    assert Path(f"{path}-wal").stat().st_size > 0
    with Store.open_readonly(path) as store:
        assert store.last_poll("w") == START
    with Store.open(path, check=True) as store:
        assert poll(store, TABLE, 1) == "accepted"


def test_a_full_disk_is_one_sentence_and_no_damage(tmp_path: Path) -> None:
    """No page can be had: an error that says so; with room again the same poll goes through."""
    path = tmp_path / "w.db"
    with Store.open(path) as store:
        poll(store, TABLE, 0)
        pages = store._db.conn.execute("pragma page_count").fetchone()[0]
        store._db.conn.execute(f"pragma max_page_count = {pages}")
        with pytest.raises(StoreError, match=r"disk of .* is full\. Make room"):
            poll(store, sites(300), 1)
        store._db.conn.execute("pragma max_page_count = 1000000")
        assert poll(store, sites(300), 1) == "accepted"
    assert whole(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_file_system_that_is_full_or_read_only(tmp_path: Path) -> None:
    """The same on a real file system without room, and on one that cannot be written."""
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", tmp_path], check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        path = tmp_path / "w.db"
        with Store.open(path) as store:
            poll(store, TABLE, 0)
            with pytest.raises(StoreError, match="full"):
                poll(store, sites(900), 1)
            assert store.last_poll("w") == START
            assert poll(store, TABLE, 2) == "accepted"
        subprocess.run(["mount", "-o", "remount,ro", tmp_path], check=True)
        with pytest.raises(StoreError, match=r"cannot be (used|written)"):
            Store.open(path)
        with Store.open_readonly(path) as store:
            assert store.last_poll("w") == START + timedelta(hours=2)
    finally:
        subprocess.run(["umount", tmp_path], check=True)


@pytest.mark.parametrize("damage", ["overwritten", "no database", "truncated"])
def test_a_damaged_file_is_refused_and_left_alone(tmp_path: Path, damage: str) -> None:
    """Bytes overwritten, another file in its place, half of it gone: refused with a remedy, not a byte changed."""
    path = tmp_path / "w.db"
    with Store.open(path) as store:
        poll(store, TABLE, 0)
    raw = bytearray(path.read_bytes())
    if damage == "truncated":
        del raw[len(raw) // 2 :]
    elif damage == "no database":
        raw[:] = b"x" * 5000
    else:
        for at in range(4096, len(raw) - 2000, 4096):
            raw[at : at + 1500] = b"\xa5" * 1500
    path.write_bytes(raw)
    with pytest.raises(StoreLost, match=r"is damaged .* Restore a backup, or move the file away"):
        Store.open(path, check=True)
    assert path.read_bytes() == bytes(raw)


def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    """Written by a newer version: upgrade; nothing was changed."""
    path = tmp_path / "w.db"
    with Store.open(path) as store:
        poll(store, TABLE, 0)
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("insert into _sqlite_migrations (migration_set, name, applied_at) values ('watcher', 'later', '')")
        conn.commit()
    for open_it in (Store.open, Store.open_readonly):
        with pytest.raises(StoreLost, match="newer version of Watcher"):
            open_it(path)


def test_a_deleted_database_is_noticed(tmp_path: Path) -> None:
    """What would be written to a file that is gone is lost: that is said before the next poll."""
    path = tmp_path / "w.db"
    with Store.open(path) as store:
        store.check_there()
        path.rename(tmp_path / "elsewhere")
        with pytest.raises(StoreLost, match="deleted or replaced"):
            store.check_there()


def test_a_database_that_another_program_locks(tmp_path: Path) -> None:
    """Somebody else's long transaction: an error that says so, and nothing lost when it ends."""
    path = tmp_path / "w.db"
    with Store.open(path) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        poll(store, TABLE, 0)
        store._db.conn.execute("pragma busy_timeout = 20")
        other.execute("begin immediate")
        with pytest.raises(StoreError, match="locked by another program"):
            poll(store, TABLE, 1)
        other.execute("rollback")
        assert poll(store, TABLE, 1) == "accepted"


def test_a_clock_that_ran_a_year_ahead_stops_nothing(tmp_path: Path) -> None:
    """A mine went missing while the clock was a year ahead: a day after it was set right the removal is told."""
    year = 8760
    with Store.open(tmp_path / "w.db") as store:
        poll(store, TABLE, year)
        gone = without(TABLE, "mine-3")
        poll(store, gone, year + 1)
        assert store.set_clock_right(START) > 0 and store.set_clock_right(START) == 0
        for hour in (1, 12, 25):
            store.set_clock_right(START + timedelta(hours=hour))
            poll(store, gone, hour)
        assert [(change.kind, change.slug) for change in store.changes()] == [("site.removed", "mine-3")]
