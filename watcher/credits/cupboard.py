"""What the API said before, in the database: answers with an ETag, which are free while they hold, and odd rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from watcher.plan import Filter
from watcher.store import Store


class Cupboard:
    """What `SectorsApi` keeps such answers in; with `writes=False` it only shows those that are there."""

    def __init__(self, store: Store, now: Callable[[], datetime], *, writes: bool = True) -> None:
        self._shelf, self._now, self._writes = store.shelf, now, writes

    def kept(self, url: str) -> tuple[str, str, bytes] | None:
        return self._shelf.kept(url)

    def believed(self, filter: Filter) -> str | None:
        return self._shelf.odd_rows(filter)

    def believe(self, filter: Filter, signature: str) -> None:
        if self._writes:
            self._shelf.set_odd_rows(filter, signature)

    def keep(self, url: str, etag: str, last_modified: str, body: bytes) -> None:
        if self._writes:
            self._shelf.keep(url, etag, last_modified, body, self._now())
