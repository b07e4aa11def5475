"""Each list is read once for all watches that are due together; what is filtered here is compared with the API's."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import chain

from watcher import filters, plan
from watcher.api import SectorsApi
from watcher.errors import BudgetSpent, SweepIncomplete
from watcher.plan import Filter, Reading
from watcher.store import ListSize, Shelf, filter_key

#: That filtering here gives what the API gives is looked at again after so long, for one call.
COMPARED_EVERY = timedelta(days=30)

#: So many filters that differ only in a company, a year or a production, and agree, speak for all others of their like.
ENOUGH = 3
_OPEN = frozenset({"company", "year", "min_production"})

Rows = tuple[object, ...]


class Lists:
    """The lists of one errand. `own` names watches whose filter the API was seen to read otherwise than we do."""

    def __init__(
        self, api: SectorsApi, shelf: Shelf | None, *, writes: bool, share: bool, now: Callable[[], datetime]
    ) -> None:
        self._api, self._shelf, self._writes, self._share, self._now = api, shelf, writes, share, now
        self._sizes: dict[str, ListSize] = shelf.list_sizes() if shelf is not None else {}
        self._read: dict[str, Rows] = {}
        self._torn: set[str] = set()
        self._liked: dict[str, dict[str, bool]] = {}
        for key, size in self._sizes.items():
            if self._fresh(size):
                self._liked.setdefault(_kind(json.loads(key)), {})[key] = size.agrees is True
        self._readings: dict[str, Reading] = {}

    def rows(self, filter: Filter) -> int | None:
        """How many rows a filter's list had when it was last read; None where it never was."""
        size = self._sizes.get(filter_key(filter))
        return size.rows if size is not None else None

    async def plan(self, due: Sequence[tuple[str, Filter]]) -> None:
        """Decide which lists are read for the watches (name, filter) that are due together."""
        together = [(name, filter) for name, filter in due if self._share and self._trusted(filter)]
        wide = plan.worth_asking(together, self.rows)
        if wide is not None and self._writes:
            with suppress(BudgetSpent):
                self._note(wide, await self._api.count(wide))
        self._readings = {name: one for one in plan.readings(together, self.rows) for name in one.watches}

    def reading(self, watch: str, filter: Filter) -> Reading:
        """The list that a watch is read from."""
        return self._readings.get(watch) or Reading(filter, (watch,))

    def has(self, filter: Filter) -> bool:
        """Whether a filter's list was read already."""
        return filter_key(filter) in self._read

    def pending(self) -> int:
        """The calls that lists take which are due now and not read yet."""
        open_ones = {filter_key(one.filter): one.filter for one in self._readings.values()}
        sizes = (self.rows(filter) for key, filter in open_ones.items() if key not in self._read)
        return sum(plan.pages(plan.UNKNOWN if rows is None else rows) for rows in sizes)

    async def of(self, watch: str, filter: Filter) -> Rows:
        """The rows of a watch's list, whichever list they are read from.

        Raises:
            SourceError: it could not be read whole.
        """
        wide = self.reading(watch, filter)
        if filter_key(wide.filter) == filter_key(filter) or filter_key(wide.filter) in self._torn:
            return await self._whole(filter)
        try:
            rows = await self._whole(wide.filter)
        except SweepIncomplete:
            # The longer a list, the likelier it moves while it is read: the watch's own may still add up.
            self._torn.add(filter_key(wide.filter))
            return await self._whole(filter)
        shown = tuple(row for row in rows if not isinstance(row, dict) or filters.lists(row, filter))
        return await self._compared(filter, shown)

    async def _whole(self, filter: Filter) -> Rows:
        key = filter_key(filter)
        if key not in self._read:
            rows = self._read[key] = await self._api.sites(filter)
            odd = any(isinstance(row, dict) and not filters.lists(row, filter) for row in rows)
            self._note(filter, len(rows), False if odd else None)
        return self._read[key]

    async def _compared(self, filter: Filter, shown: Rows) -> Rows:
        """`shown`, once the API has given the same for this filter; else its own list."""
        size = self._sizes.get(filter_key(filter))
        if (size is not None and self._fresh(size)) or self._like(filter):
            self._note(filter, len(shown))
            return shown
        if await self._api.count(filter) == len(shown):
            self._note(filter, len(shown), True)
            return shown
        own = await self._whole(filter)
        self._note(filter, len(own), _counted(own) == _counted(shown))
        return own

    def _like(self, filter: Filter) -> bool:
        """Whether enough filters of its like were compared, and every one agreed."""
        alike = self._liked.get(_kind(filter), {})
        return len(alike) >= ENOUGH and all(alike.values())

    def _fresh(self, size: ListSize) -> bool:
        return size.compared_at is not None and self._now() - size.compared_at < COMPARED_EVERY

    def _trusted(self, filter: Filter) -> bool:
        size = self._sizes.get(filter_key(filter))
        return size is None or size.agrees is not False or not self._fresh(size)

    def _note(self, filter: Filter, rows: int, agrees: bool | None = None) -> None:
        """Remember a list's length, and what comparing it has shown; nothing is written where nothing is new."""
        key, now = filter_key(filter), self._now()
        before = self._sizes.get(key)
        seen = (agrees, now) if agrees is not None else (before.agrees, before.compared_at) if before else (None, None)
        after = ListSize(rows, now, *seen)
        if before is not None and (before.rows, before.agrees, before.compared_at) == (rows, *seen):
            return
        self._sizes[key] = after
        if agrees is not None:
            self._liked.setdefault(_kind(filter), {})[key] = agrees
        if self._shelf is not None and self._writes:
            self._shelf.set_list_size(filter, after)


def _kind(filter: Filter) -> str:
    """Filters of one kind have the same parameters, and the same commodity and province."""
    return json.dumps(sorted((name, "" if name in _OPEN else str(value)) for name, value in filter.items()))


def _counted(rows: Iterable[object]) -> Counter[str]:
    return Counter(repr(sorted(row.items(), key=repr)) if isinstance(row, dict) else repr(row) for row in chain(rows))
