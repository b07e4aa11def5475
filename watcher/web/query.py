"""What a reader asks for in the address: the same names as the options of `watcher changes`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from watcher import moments
from watcher.store.reading import Asked

_LONGEST = 300
NAMES = ("since", "watch", "site", "company", "kind", "suspect", "page")


class BadQuery(ValueError):
    """A parameter that means nothing; the text says which and what is expected."""


@dataclass(frozen=True, slots=True)
class Query:
    """Which changes are asked for; empty means any. `since` is as it was written."""

    since: str = ""
    watch: str = ""
    site: str = ""
    company: str = ""
    kind: str = ""
    suspect: bool = False
    page: int = 1

    @classmethod
    def read(cls, said: Mapping[str, str], now: datetime, *, since: str = "") -> Query:
        """The query of an address; `since` is the default.

        Raises:
            BadQuery: a name is unknown, or a value means nothing.
        """
        for name, value in said.items():
            if name not in NAMES:
                raise BadQuery(f"There is no parameter of this name; known are {', '.join(NAMES)}.")
            if len(value) > _LONGEST or "\0" in value:
                raise BadQuery(f"What {name} says is too long to be a name.")
        words = {name: said.get(name, "").strip() for name in ("watch", "site", "company", "kind")}
        suspect, page = said.get("suspect", ""), said.get("page", "1")
        if suspect not in {"", "0", "1", "true", "false", "on"}:
            raise BadQuery("suspect is 1 or left out.")
        if not page.isascii() or not page.isdigit() or not 1 <= int(page[:9]) <= 100_000:
            raise BadQuery("page is a number from 1 on.")
        query = cls(said.get("since", since).strip(), **words, suspect=suspect in {"1", "true", "on"}, page=int(page))
        query.start(now)
        return query

    def start(self, now: datetime) -> datetime | None:
        """The instant that `since` means."""
        if self.since in {"", "all"}:
            return None
        try:
            return moments.since(self.since, now)
        except ValueError:
            raise BadQuery("since is no time; 7d, 24h or 2026-01-31 is expected, or all.") from None

    def conditions(self, now: datetime) -> Asked:
        """What the store is asked for."""
        return {
            "since": self.start(now),
            "watch": self.watch or None,
            "site": self.site or None,
            "company": self.company or None,
            "kind": self.kind or None,
            "suspect": self.suspect,
        }

    @property
    def narrowed(self) -> bool:
        """Whether anything but the time is asked for."""
        return any((self.watch, self.site, self.company, self.kind, self.suspect))

    def href(self, path: str = "", **changes: Any) -> str:
        """An address that asks the same, but for `changes`."""
        other = replace(self, **changes)
        said = {name: getattr(other, name) for name in ("since", "watch", "site", "company", "kind")}
        said |= {"suspect": "1" if other.suspect else "", "page": str(other.page) if other.page > 1 else ""}
        return f"{path}?{urlencode({name: value for name, value in said.items() if value})}"
