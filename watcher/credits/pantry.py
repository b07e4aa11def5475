"""Details that one watch has had, for the others: nothing is asked twice within its age."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from watcher import plan
from watcher.model import Detail, Memory
from watcher.parse import Listing
from watcher.pipeline import WatchSettings
from watcher.plan import Answer
from watcher.store import Shelf


class Pantry:
    """The details of one errand and of earlier ones. Without a shelf, of this errand alone."""

    def __init__(self, shelf: Shelf | None, began: datetime, *, writes: bool) -> None:
        self._shelf, self._began, self._writes = shelf, began, writes
        self._answers = {one.slug: one for one in shelf.answers()} if shelf is not None else {}
        self._bodies: dict[str, Detail] = {}

    def newer(
        self, listing: Listing, memory: Memory, settings: WatchSettings, now: datetime
    ) -> tuple[dict[str, Detail], dict[str, datetime]]:
        """The details of listed sites that are newer than what a watch has of them, and when each was had."""
        found: dict[str, datetime] = {}
        rows: Mapping[str, Mapping[str, str]] | None = None
        for slug, fingerprint in listing.fingerprints.items():
            answer, seen = self._answers.get(slug), memory.details.get(slug)
            if settings.details is None or answer is None or (seen is not None and seen.at >= answer.at):
                continue
            rows = rows if rows is not None else plan.marks(listing.records)
            # What was had in this errand is as good as new, however short the ages are.
            age = timedelta.max if answer.at >= self._began else settings.details
            if plan.reusable(answer, rows[slug], fingerprint, seen, max_age=age, now=now):
                found[slug] = answer.at
        return self._take(found), found

    def just_had(self, slugs: Iterable[str], listing: Listing) -> tuple[dict[str, Detail], dict[str, datetime]]:
        """Those details of sites which the list does not show that were had in this errand."""
        found = {
            slug: answer.at
            for slug in slugs
            if slug not in listing.fingerprints
            and (answer := self._answers.get(slug)) is not None
            and answer.at >= self._began
        }
        return self._take(found), found

    def put(self, details: Mapping[str, Detail], listing: Listing, now: datetime) -> None:
        """Keep what a watch has just had."""
        if not details:
            return
        rows = plan.marks(record for record in listing.records if record.slug in details)
        for slug, detail in details.items():
            self._answers[slug] = Answer(slug, now, rows.get(slug, {}))
            self._bodies[slug] = detail
        if self._shelf is not None and self._writes:
            self._shelf.put(now, details.values(), rows)

    def _take(self, slugs: Iterable[str]) -> dict[str, Detail]:
        wanted = list(slugs)
        found = {slug: self._bodies[slug] for slug in wanted if slug in self._bodies}
        if self._shelf is not None:
            found |= self._shelf.details(slug for slug in wanted if slug not in found)
        return found
