"""Where a backtest's states come from: a file of whole tables, or a watch's own history in the database."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from watcher import filters, parse
from watcher.model import Detail, Record
from watcher.store import StoredState


class History(Protocol):
    """What the API would have answered, state by state. States are counted from 0, in the order of `times`."""

    @property
    def times(self) -> Sequence[datetime]:
        """When each state began, ascending."""
        ...

    def listing(self, state: int) -> parse.Listing:
        """The watch's list in a state."""
        ...

    def detail(self, state: int, slug: str) -> parse.DetailRead | None:
        """A site's detail in a state; None where nobody ever asked for it."""
        ...


def state_at(times: Sequence[datetime], now: datetime) -> int:
    """The number of the state that holds at `now`; -1 before the first."""
    return bisect_right(times, now) - 1


class FileHistory:
    """A file of states, `(at, rows)` with rows in detail shape, seen through a watch's filter."""

    def __init__(
        self, states: Sequence[tuple[datetime, Sequence[Mapping[str, Any]]]], filter: Mapping[str, Any]
    ) -> None:
        self._states = sorted(states, key=lambda state: state[0])
        self._filter = filter
        self._times = [at for at, _ in self._states]
        self._listings: dict[int, parse.Listing] = {}
        self._details: dict[tuple[int, str], parse.DetailRead] = {}
        self._by_slug: dict[int, dict[str, Mapping[str, Any]]] = {}

    @property
    def times(self) -> Sequence[datetime]:
        return self._times

    def listing(self, state: int) -> parse.Listing:
        if state not in self._listings:
            self._listings[state] = parse.read_list(filters.listed(self._states[state][1], self._filter))
        return self._listings[state]

    def detail(self, state: int, slug: str) -> parse.DetailRead | None:
        if (state, slug) not in self._details:
            body = self._latest(state).get(slug)
            self._details[state, slug] = parse.read_detail(Detail(slug, body))
        return self._details[state, slug]

    def _latest(self, state: int) -> dict[str, Mapping[str, Any]]:
        """Per slug the row that its detail shows: the one of the latest year."""
        if state not in self._by_slug:
            latest: dict[str, Mapping[str, Any]] = {}
            for row in self._states[state][1]:
                slug = row.get("slug")
                if isinstance(slug, str) and (slug not in latest or _year(row) > _year(latest[slug])):
                    latest[slug] = row
            self._by_slug[state] = latest
        return self._by_slug[state]


def _year(row: Mapping[str, Any]) -> int:
    year = row.get("year")
    return year if isinstance(year, int) else 0


class StoredHistory:
    """A watch's own history: every state that was accepted, and every one that was held."""

    def __init__(self, states: Sequence[StoredState]) -> None:
        self._states = states
        self._times = [state.at for state in states]
        self._listings: dict[int, parse.Listing] = {}
        self._details: dict[int, dict[str, Record]] = {}

    @property
    def times(self) -> Sequence[datetime]:
        return self._times

    def listing(self, state: int) -> parse.Listing:
        if state not in self._listings:
            self._listings[state] = parse.listing_of(self._states[state].records)
        return self._listings[state]

    def detail(self, state: int, slug: str) -> parse.DetailRead | None:
        if state not in self._details:
            known = (*self._states[state].left, *self._states[state].records)
            self._details[state] = {r.slug: r for r in sorted(known, key=lambda r: (r.detailed, r.year or 0))}
        record = self._details[state].get(slug)
        if record is None:
            return parse.DetailRead(None, gone=True)
        return parse.DetailRead(record) if record.detailed else None
