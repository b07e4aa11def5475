"""What was not observed this time is as it was: an unread field, a detail that was not fetched (DESIGN section 2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from watcher.model import LIST_METRICS, Record, Value, standard

_FIELDS = ("name", "project_name", "company_slug", "company_name", "commodity_type", "year", "province", "city")
OVERBURDEN = "overburden_removal_volume"


def carry(old: Record, new: Record) -> Record:
    """`new`, completed with what `old` knows and `new` did not observe. Returns `old` itself where nothing differs.

    A new reporting year keeps reserves and place, which belong to the mine, but not the old year's volumes.
    """
    if _as_known(old, new):
        return old
    same_year = old.year == new.year or "year" in new.unread or old.year is None or new.year is None
    unread = set(new.unread)
    fields = {}
    for name in _FIELDS:
        if name in unread and name not in old.unread:
            fields[name] = getattr(old, name)
            unread.discard(name)
    metrics = dict(new.metrics)
    for name in LIST_METRICS:
        if name in unread and same_year:
            _keep(name, old, metrics, unread)
    attributes, place, detailed = new.attributes, (new.latitude, new.longitude), new.detailed
    if not new.detailed and old.detailed:
        metrics |= {name: v for name, v in old.metrics.items() if name not in (*LIST_METRICS, OVERBURDEN)}
        attributes, place, detailed = old.attributes, (old.latitude, old.longitude), True
        unread |= old.unread & {"location", "resources_reserves", OVERBURDEN}
        if same_year and OVERBURDEN in old.metrics:
            metrics[OVERBURDEN] = old.metrics[OVERBURDEN]
        elif not same_year:
            unread.add(OVERBURDEN)
    elif new.detailed and old.detailed:
        metrics = _respelt(old.metrics, metrics)
        if OVERBURDEN in unread and same_year:
            _keep(OVERBURDEN, old, metrics, unread)
        if "resources_reserves" in unread and "resources_reserves" not in old.unread:
            metrics |= {name: v for name, v in old.metrics.items() if name not in (*LIST_METRICS, OVERBURDEN)}
            attributes = old.attributes
            unread.discard("resources_reserves")
        if "location" in unread and "location" not in old.unread:
            place = (old.latitude, old.longitude)
            unread.discard("location")
    whole = replace(
        new,
        metrics=metrics,
        attributes=attributes,
        latitude=place[0],
        longitude=place[1],
        detailed=detailed,
        unread=frozenset(unread),
        **fields,
    )
    return old if whole == old else whole


_ONLY_DETAIL = frozenset({"location", "resources_reserves", OVERBURDEN})


def _as_known(old: Record, new: Record) -> bool:
    """Whether a list row says what is known of it, and no more: the most frequent case, told apart at little cost."""
    return (
        not new.detailed
        and old.detailed
        and not new.unread
        and old.slug == new.slug
        and all(getattr(old, name) == getattr(new, name) for name in _FIELDS)
        and all(old.metrics.get(name) == new.metrics.get(name) for name in LIST_METRICS)
        and old.unread <= _ONLY_DETAIL
        and new.metrics.keys() <= set(LIST_METRICS)
    )


def _respelt(old: Mapping[str, Value], new: dict[str, Value]) -> dict[str, Value]:
    """`new` with the names of `old` where a figure is there no more, and a like one is new under an odd name.

    Like is a name with words that nobody knows behind it, or the very same figure: upstream spells a key anew.
    """
    lost = [name for name in old if name not in new]
    found = [name for name in new if name not in old]
    if not lost or not found:
        return new
    names: dict[str, str] = {}
    for like in (_words_added, lambda was, now: old[was].amount == new[now].amount != 0):
        pairs = [
            (was, now)
            for was in lost
            for now in found
            if was not in names.values()
            and now not in names
            and not (standard(was) and standard(now))
            and like(was, now)
        ]
        for was, now in pairs:
            if sum(was in pair for pair in pairs) == 1 == sum(now in pair for pair in pairs):
                names[now] = was
    return {names.get(n, n): _in_unit_of(old[names[n]], v) if n in names else v for n, v in new.items()}


def _in_unit_of(was: Value, now: Value) -> Value:
    return now if now.unit is not None else replace(now, unit=was.unit)


def _words_added(was: str, now: str) -> bool:
    return now.startswith(f"{was}.") or was.startswith(f"{now}.")


def _keep(name: str, old: Record, metrics: dict[str, Value], unread: set[str]) -> None:
    if not old.observed(name):
        return
    unread.discard(name)
    if name in old.metrics:
        metrics[name] = old.metrics[name]
