"""A clock that ran ahead and was set right: what is remembered from a time to come happened just now, at the latest.

Else holds, removals, details, digests and waits would stand still until that time has come.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from watcher.store.encode import instant

_PAST = (
    *(("absences", "since"), ("details", "at"), ("details", "blank"), ("holds", "since"), ("cooldowns", "at")),
    *(("levels", "since"), ("levels", "told_at"), ("digests", "at"), ("target_troubles", "since")),
    *(("source_troubles", "since"), ("messages", "first_attempt_at"), ("pauses", "since")),
)
#: Waits end in the future, but in no more than this (`retries`: an hour; a quota: the next month).
_AHEAD = (
    ("target_troubles", "next_attempt_at", timedelta(hours=2)),
    ("messages", "next_attempt_at", timedelta(hours=2)),
    ("pauses", "probe_at", timedelta(days=32)),
)


def set_right(conn: sqlite3.Connection, now: datetime) -> int:
    """Move what lies in the future to now. Returns how many instants that were."""
    moved = 0
    for table, column in _PAST:
        # Some seconds are no jump, but a clock that is kept right.
        late = instant(now + timedelta(minutes=1))
        moved += conn.execute(f"update {table} set {column} = ? where {column} > ?", (instant(now), late)).rowcount
    for table, column, longest in _AHEAD:
        late = instant(now + longest)
        moved += conn.execute(f"update {table} set {column} = ? where {column} > ?", (instant(now), late)).rowcount
    return moved
