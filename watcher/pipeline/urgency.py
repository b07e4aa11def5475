"""Which details come first when the credits do not last for all: those that a watchlist waits for."""

from __future__ import annotations

from collections.abc import Sequence

from watcher import derived
from watcher.model import LIST_METRICS, Memory
from watcher.parse import Listing
from watcher.pipeline.settings import WatchSettings


def watched_first(due: Sequence[str], listing: Listing, memory: Memory, settings: WatchSettings) -> tuple[str, ...]:
    """`due` with the sites in front whose company has a limit on a figure that only details show, such as reserves."""
    companies = _companies(memory, settings)
    if not companies or len(due) < 2:
        return tuple(due)
    known = memory.snapshot.records if memory.snapshot is not None else ()
    wanted = {record.slug for record in (*known, *listing.records) if record.company_slug in companies}
    return tuple(sorted(due, key=lambda slug: slug not in wanted))


def _companies(memory: Memory, settings: WatchSettings) -> frozenset[str]:
    """The companies with such a limit, under the slugs that they have now."""
    return frozenset(
        memory.standing.companies.get(company, company)
        for watchlist in settings.watchlists
        if watchlist.enabled
        for company, own in watchlist.companies.items()
        if any(_needs_detail(metric) for metric in (*watchlist.limits, *own))
    )


def _needs_detail(metric: str) -> bool:
    return any(part not in LIST_METRICS for part in derived.parts(metric))
