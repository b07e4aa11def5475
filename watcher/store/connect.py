"""Opening the database: file mode, lock, checks, and sqlite's errors in our words."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sqlite_utils import Database

from watcher.errors import StoreError, StoreLost
from watcher.store.schema import known, migrations


@contextmanager
def in_our_words(path: Path) -> Iterator[None]:
    """Turn sqlite's and the file system's errors into a StoreError with a remedy."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _explained(path, error) from error
    except OSError as error:
        raise StoreError(
            f"The database {path} cannot be used: {error.strerror or error}.",
            "Check the path (`database:` in rules.yaml), its permissions and the free space.",
        ) from error


def _explained(path: Path, error: sqlite3.DatabaseError) -> StoreError:
    text = str(error)
    if "not a database" in text or "malformed" in text:
        remedy = "Restore a backup, or move the file away: the next poll starts anew with a silent baseline."
        return StoreLost(f"The database {path} is damaged ({text}).", remedy)
    if "locked" in text:
        return StoreError(f"The database {path} is locked by another program.", "Close that program and try again.")
    if "full" in text:
        return StoreError(f"The disk of {path} is full.", "Make room and try again; nothing was lost.")
    if "readonly" in text or "unable to open" in text or "read-only" in text:
        return StoreError(f"The database {path} cannot be written ({text}).", "Check the folder's permissions.")
    return StoreError(f"The database {path} failed: {text}.", "If it happens again, restore a backup.")


def lock(path: Path) -> IO[str]:
    """The one writer's lock, held as long as the returned file is open.

    Raises:
        StoreError: another process has it.
    """
    handle = os.fdopen(os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600), "r+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = handle.read().strip() or "unknown"
        handle.close()
        raise StoreError(
            f"Another watcher (process {owner}) is using {path}.",
            "Stop it first, or wait until it is done; status, changes and site work meanwhile.",
        ) from None
    handle.truncate(0)
    handle.write(str(os.getpid()))
    handle.flush()
    return handle


def open_writable(path: Path) -> Database:
    """The database, created or migrated to this version's schema, readable by its owner only."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = sqlite3.connect(path, isolation_level=None, timeout=10)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = normal")
    connection.execute("pragma foreign_keys = on")
    db = Database(connection, execute_plugins=False)
    _refuse_newer(db, path)
    if migrations.pending(db):
        migrations.apply(db)
    return db


def check_whole(db: Database, path: Path) -> None:
    """Look through the whole file for damage.

    Raises:
        StoreLost: there is some.
    """
    found = db.conn.execute("pragma quick_check(1)").fetchone()[0]
    if found != "ok":
        raise _explained(path, sqlite3.DatabaseError(f"malformed: {found.splitlines()[0]}"))


def identity(path: Path) -> tuple[int, int] | None:
    """Which file a path names now; None if there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def open_readonly(path: Path) -> Database:
    """The database for reading, beside a writer.

    Raises:
        StoreError: there is none yet.
    """
    return _open_existing(path, "ro")


def open_beside(path: Path) -> Database:
    """The database for a small transaction beside a writer.

    Raises:
        StoreError: there is none yet.
    """
    db = _open_existing(path, "rw")
    db.conn.execute("pragma foreign_keys = on")
    return db


def _open_existing(path: Path, mode: str) -> Database:
    if not path.exists():
        raise StoreError(f"There is no database at {path} yet.", "Run `watcher poll` first.")
    if mode == "ro" and not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists():
        # Beside a writer, readers share a file with it; where none can be made, nobody writes either.
        mode = "ro&immutable=1"
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=10)
    db = Database(connection, execute_plugins=False)
    _refuse_newer(db, path)
    if migrations.pending(db):
        raise StoreError(
            f"The database {path} was made by an older version.", "Run `watcher poll` once to bring it up."
        )
    return db


def _refuse_newer(db: Database, path: Path) -> None:
    if {migration.name for migration in migrations.applied(db)} - known():
        raise StoreLost(
            f"The database {path} was written by a newer version of Watcher.", "Upgrade Watcher; nothing was changed."
        )
