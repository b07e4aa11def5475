"""A consistent copy of the database, taken while a writer goes on writing."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from watcher.errors import StoreError
from watcher.store.connect import in_our_words, open_readonly


def backup(database: Path, copy: Path, *, replace: bool = False) -> int:
    """Copy `database` to `copy`, whole as of one instant, checked, and readable by its owner only.

    The copy appears under its name only once it is whole. Returns its size in bytes.

    Raises:
        StoreError: there is no database, the copy is there already and may not be replaced, or it cannot be written.
    """
    if copy.exists() and not replace:
        raise StoreError(f"{copy} is there already, and is left as it is.", "Choose another name, or say --force.")
    unfinished = copy.with_name(f".{copy.name}.{os.getpid()}.unfinished")
    with in_our_words(database):
        source = open_readonly(database)
    try:
        with in_our_words(copy):
            os.close(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
            target = sqlite3.connect(unfinished)
            try:
                source.conn.backup(target)
                # One file, complete in itself: no -wal beside it is needed to read it.
                target.execute("pragma journal_mode = delete")
                found = target.execute("pragma quick_check(1)").fetchone()[0]
            finally:
                target.close()
            if found != "ok":
                raise StoreError(f"The database {database} is damaged; no backup was made.", "Restore an older one.")
            with unfinished.open("rb+") as handle:
                os.fsync(handle.fileno())
            unfinished.replace(copy)
            return copy.stat().st_size
    finally:
        unfinished.unlink(missing_ok=True)
        source.conn.close()
