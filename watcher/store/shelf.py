"""What was had from the API and may serve again: details for other watches, lengths of lists, answers with an ETag."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlite_utils import Database

from watcher.model import Detail
from watcher.plan import Answer, Filter
from watcher.store.connect import in_our_words
from watcher.store.encode import instant, to_instant

#: Answers with an ETag that were not had anew for so long are forgotten.
_KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class ListSize:
    """How many rows a filter's list had at `at`; whether filtering here gave the same, and when that was seen."""

    rows: int
    at: datetime
    agrees: bool | None = None
    compared_at: datetime | None = None


class Shelf:
    """The part of an open database that holds answers."""

    def __init__(self, path: Path, db: Database) -> None:
        self._path, self._db = path, db

    def answers(self) -> list[Answer]:
        """The details that were had for one watch and may serve another, without their bodies."""
        with in_our_words(self._path):
            rows = self._db.conn.execute("select slug, at, rows from answers")
            return [Answer(slug, to_instant(at), json.loads(marks)) for slug, at, marks in rows]

    def details(self, slugs: Iterable[str]) -> dict[str, Detail]:
        """The details of `slugs` that were had."""
        found: dict[str, Detail] = {}
        with in_our_words(self._path):
            for slug in slugs:
                row = self._db.conn.execute("select body from answers where slug = ?", (slug,)).fetchone()
                if row is not None:
                    found[slug] = Detail(slug, json.loads(row[0]))
        return found

    def put(self, at: datetime, details: Iterable[Detail], rows: Mapping[str, Mapping[str, str]]) -> None:
        """Keep details for other watches, with what their list rows said when they were had (`plan.marks`)."""
        with in_our_words(self._path), self._db.atomic():
            self._db.conn.executemany(
                "insert or replace into answers (slug, at, rows, body) values (?, ?, ?, ?)",
                [(one.slug, instant(at), _text(rows.get(one.slug, {})), _text(one.body)) for one in details],
            )

    def list_sizes(self) -> dict[str, ListSize]:
        """What is known of lists, by `filter_key`."""
        with in_our_words(self._path):
            rows = self._db.conn.execute("select filter, rows, at, agrees, compared_at from lists")
            return {
                filter: ListSize(
                    count, to_instant(at), None if agrees is None else bool(agrees), to_instant(seen) if seen else None
                )
                for filter, count, at, agrees, seen in rows
            }

    def set_list_size(self, filter: Filter, size: ListSize) -> None:
        """Remember how long a filter's list is, and whether filtering here gives the same."""
        seen = instant(size.compared_at) if size.compared_at is not None else None
        agrees = None if size.agrees is None else int(size.agrees)
        with in_our_words(self._path), self._db.atomic():
            self._db.conn.execute(
                "insert or replace into lists (filter, rows, at, agrees, compared_at) values (?, ?, ?, ?, ?)",
                (filter_key(filter), size.rows, instant(size.at), agrees, seen),
            )

    def odd_rows(self, filter: Filter) -> str | None:
        """The signature of the odd rows of a filter's list that were believed."""
        with in_our_words(self._path):
            row = self._db.conn.execute("select signature from odd_lists where filter = ?", (filter_key(filter),))
            return next((str(signature) for (signature,) in row), None)

    def set_odd_rows(self, filter: Filter, signature: str) -> None:
        """Odd rows of a filter's list are believed."""
        with in_our_words(self._path), self._db.atomic():
            self._db.conn.execute(
                "insert or replace into odd_lists (filter, signature) values (?, ?)", (filter_key(filter), signature)
            )

    def watched_sites(self) -> dict[str, frozenset[str]]:
        """Per watch, the slugs that it has."""
        found: dict[str, set[str]] = {}
        with in_our_words(self._path):
            rows = self._db.conn.execute("select distinct watch, slug from records where to_poll is null")
            for watch, slug in rows:
                found.setdefault(watch, set()).add(slug)
        return {watch: frozenset(slugs) for watch, slugs in found.items()}

    def kept(self, url: str) -> tuple[str, str, bytes] | None:
        """An answer that came with validators: its ETag, its Last-Modified (either may be empty), and its body."""
        with in_our_words(self._path):
            row = self._db.conn.execute(
                "select etag, last_modified, body from kept_answers where url = ?", (url,)
            ).fetchone()
            return (row[0], row[1], zlib.decompress(row[2])) if row else None

    def keep(self, url: str, etag: str, last_modified: str, body: bytes, at: datetime) -> None:
        """Keep an answer that came with validators, and forget those that are too old."""
        with in_our_words(self._path), self._db.atomic():
            self._db.conn.execute("delete from kept_answers where at < ?", (instant(at - _KEPT),))
            self._db.conn.execute(
                "insert or replace into kept_answers (url, at, etag, last_modified, body) values (?, ?, ?, ?, ?)",
                (url, instant(at), etag, last_modified, zlib.compress(body)),
            )


def filter_key(filter: Filter) -> str:
    """One text per filter, whatever the order of its parameters."""
    return json.dumps(dict(filter), sort_keys=True, ensure_ascii=False)


def _text(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
