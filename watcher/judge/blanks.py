"""A detail that has lost everything at once is an accident until it stays so (DESIGN section 4, in the small).

Holds catch a table whose details all turn null; when details are asked for a few at a time, the same accident shows
as single sites that lose their location and every reserve together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from watcher.model import LIST_METRICS, DetailSeen, Record


def blanked(pairs: Iterable[tuple[Record, Record]], fetched: frozenset[str]) -> frozenset[str]:
    """The slugs whose detail, fetched just now, lost its location and all its figures, of which it had some."""
    return frozenset(
        new.slug
        for old, new in pairs
        if old is not new and new.slug in fetched and new.detailed and _known(old) and _empty(new)
    )


def unbelieved(
    blank: Iterable[str], seen: Mapping[str, DetailSeen], confirm_after: timedelta, now: datetime
) -> dict[str, datetime]:
    """Of the blank details those that are not believed yet, each with the time at which it was first seen so."""
    since = {slug: (seen[slug].blank if slug in seen else None) or now for slug in blank}
    return {slug: at for slug, at in since.items() if now - at < confirm_after}


def _known(record: Record) -> bool:
    return record.detailed and record.latitude is not None and bool(record.metrics.keys() - set(LIST_METRICS))


def _empty(record: Record) -> bool:
    readable = not record.unread & {"location", "resources_reserves"}
    return readable and record.latitude is None and not record.metrics.keys() - set(LIST_METRICS)
