"""One errand: the watches that are due together, the lists and details that they share, and what they may spend."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from watcher.api import SectorsApi
from watcher.credits.lists import Lists
from watcher.credits.pantry import Pantry
from watcher.credits.purse import Purse
from watcher.model import Detail, Memory
from watcher.parse import Listing
from watcher.pipeline import WatchSettings
from watcher.plan import Thrift
from watcher.store import Store


@dataclass(frozen=True, slots=True)
class Had:
    """Details that need not be asked for, and when each was had."""

    details: Mapping[str, Detail]
    at: Mapping[str, datetime]


class Errand:
    """What polls of one moment have in common.

    Args:
        store: the database; None before there is one.
        writes: whether it may be written; a dry run only books its credits, and only where they are limited.
    """

    def __init__(
        self,
        api: SectorsApi,
        store: Store | None,
        thrift: Thrift,
        *,
        zone: ZoneInfo,
        now: Callable[[], datetime],
        writes: bool = True,
    ) -> None:
        shelf = store.shelf if store is not None else None
        books = store is not None and (writes or bool(thrift.limits))
        self._api, self._thrift, self._overlap = api, thrift, len(thrift.watches) > 1
        self._lists = Lists(api, shelf, writes=writes, share=thrift.share_lists, now=now)
        self._pantry = Pantry(shelf if self._overlap else None, now(), writes=writes)
        ledger = store.ledger if store is not None and books else None
        self.purse = Purse(ledger, thrift, self._lists.rows, zone=zone, now=now)

    def ranked(self, watches: Sequence[WatchSettings]) -> list[WatchSettings]:
        """The watches in the order in which they are polled: the most important first."""
        place = {watch.name: number for number, watch in enumerate(self._thrift.ranked())}
        return sorted(watches, key=lambda watch: place.get(watch.name, len(place)))

    async def begin(self, watches: Sequence[WatchSettings]) -> None:
        """Decide which lists are read for the watches that are due."""
        if len(watches) > 1:
            await self._lists.plan([(watch.name, watch.filter) for watch in self.ranked(watches)])

    async def rows(self, watch: WatchSettings) -> tuple[object, ...]:
        """The rows of a watch's list.

        Raises:
            BudgetSpent: what may be spent does not pay for it.
            SourceError: it could not be read whole.
        """
        reading = self._lists.reading(watch.name, watch.filter)
        if not self._lists.has(reading.filter):
            self.purse.check_list(watch.name, reading.filter, frozenset(reading.watches))
        return await self._lists.of(watch.name, watch.filter)

    def had(self, listing: Listing, memory: Memory, settings: WatchSettings, now: datetime) -> Had:
        """The details that another watch has had since this one looked."""
        return Had(*self._pantry.newer(listing, memory, settings, now)) if self._overlap else Had({}, {})

    def just_had(self, slugs: Sequence[str], listing: Listing) -> Had:
        """Those details of sites that the list no longer shows which were had a moment ago."""
        return Had(*self._pantry.just_had(slugs, listing)) if self._overlap else Had({}, {})

    def keep(self, details: Mapping[str, Detail], listing: Listing, now: datetime) -> None:
        """Keep details for the other watches."""
        if self._overlap:
            self._pantry.put(details, listing, now)

    def affordable(self, due: Sequence[str], listing: Listing, memory: Memory) -> list[str]:
        """Those of the details due that may be asked for now; what is new or changed comes before what has its turn."""
        allowed = self.purse.details(self._lists.pending()) if self.purse.limited else None
        if allowed is None:
            return list(due)
        most, paced = allowed
        seen, marks = memory.details, listing.fingerprints
        news = {slug for slug in due if slug not in seen or seen[slug].fingerprint != marks.get(slug)}
        turns = [slug for slug in due if slug not in news][:paced]
        chosen = [slug for slug in due if slug in news] + turns
        kept = set(chosen[:most])
        return [slug for slug in due if slug in kept]
