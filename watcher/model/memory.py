"""What a decision remembers, and what comes of it (DESIGN section 1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from watcher.model.changes import Alert, Change, Notice
from watcher.model.crossings import Standing
from watcher.model.records import EMPTY, Record, Snapshot

Verdict = Literal["baseline", "accepted", "held"]
AbsentState = Literal["missing", "removed", "left"]


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing about a snapshot that is not believed: `key` is the same whatever its numbers, `words` has them."""

    key: str
    words: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Hold:
    """A snapshot that is not believed yet: why, since when, and the records it would bring.

    `away` maps the slugs that have vanished meanwhile to when each was first missed.
    """

    since: datetime
    reason: str
    causes: tuple[Cause, ...]
    candidate: tuple[Record, ...]
    accept: bool = False
    away: Mapping[str, datetime] = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True, slots=True)
class Absent:
    """A record that the list no longer shows, as it was last seen, and since when it is away."""

    record: Record
    since: datetime
    state: AbsentState = "missing"


@dataclass(frozen=True, slots=True)
class DetailSeen:
    """When a slug's detail was last fetched, and the fingerprint of its list rows at that time.

    `blank` is since when it has had nothing in it, where that is not believed yet.
    """

    at: datetime
    fingerprint: str
    blank: datetime | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """All that `pipeline.decide` knows of a watch's past.

    `elsewhere` (slugs other watches know, and since when), `others` (records of sites that only other watches have) and
    `recent` (this watch's metric changes of the last seven days) are read from history, as is `told_elsewhere` (the
    alerts that other watches brought since this one's last accepted poll); a decision changes the rest.
    `standing` is one for all watches.
    """

    watch: str
    filter: Mapping[str, str | int | float] | None = None
    snapshot: Snapshot | None = None
    absent: tuple[Absent, ...] = ()
    hold: Hold | None = None
    details: Mapping[str, DetailSeen] = field(default_factory=lambda: EMPTY)
    structures: frozenset[str] = frozenset()
    elsewhere: Mapping[str, datetime] = field(default_factory=lambda: EMPTY)
    recent: tuple[Change, ...] = ()
    standing: Standing = field(default_factory=Standing)
    others: tuple[Record, ...] = ()
    told_elsewhere: tuple[Alert, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a poll decided. `memory` is the successor of the memory it was decided with.

    `unread` counts the rows with something in them that could not be read; they keep their last values there.
    """

    verdict: Verdict
    at: datetime
    memory: Memory
    changes: tuple[Change, ...] = ()
    alerts: tuple[Alert, ...] = ()
    notices: tuple[Notice, ...] = ()
    unread: int = 0
