"""One row of the list, or one detail, as a record. A field that cannot be read is named in `unread`, never guessed."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from watcher import units
from watcher.model import Record, Value, valued
from watcher.parse import numbers, reserves

_TEXTS = ("name", "project_name", "company_slug", "company_name")
_COMMODITY_WORDS = (
    ("Coal", ("coal", "bituminous", "lignite", "anthracite", "batubara", "batu bara")),
    ("Nickel", ("nickel", "nikel", "limonite", "saprolite")),
    ("Gold", ("gold", "emas")),
    ("Copper", ("copper", "tembaga")),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A record as read, and the keys in it that nobody knows."""

    record: Record
    unknown: frozenset[str] = frozenset()


@lru_cache(maxsize=1024)
def commodity(raw: str) -> str:
    """The canonical commodity: `Thermal Coal` and `Sub-Bituminous` are `Coal`; what names two stays as it is."""
    text = " ".join(raw.split())
    hits = [name for name, words in _COMMODITY_WORDS if any(word in text.lower() for word in words)]
    return hits[0] if len(hits) == 1 else text.title() if text.islower() or text.isupper() else text


def read(raw: object, *, detail: bool) -> Row | None:
    """Read a list row or a detail (API contract: `MiningSiteListItem`, `MiningSiteDetail`).

    Returns None where not even the slug can be read. Raises nothing, whatever the JSON.
    """
    if not isinstance(raw, dict):
        return None
    slug = raw.get("slug")
    if not isinstance(slug, str) or not slug.strip():
        return None
    unread: set[str] = set()
    texts: dict[str, Any] = {name: _text(raw, name, unread) for name in (*_TEXTS, "commodity_type")}
    year = _year(raw, unread)
    kind = texts.pop("commodity_type")
    kind = commodity(kind) if kind else None
    metrics = _list_metrics(raw, kind, unread)
    place = _place(raw, unread, detail=detail)
    unknown: set[str] = set()
    attributes: dict[str, str] = {}
    if detail:
        _number(raw, "overburden_removal_volume", "Mbcm" if kind == "Coal" else None, metrics, unread)
        block = reserves.read(raw.get("resources_reserves"), kind)
        if not block.readable or "resources_reserves" not in raw:
            unread.add("resources_reserves")
        metrics.update(block.metrics)
        attributes.update(block.attributes)
        unknown = block.unknown
    record = Record(
        slug=slug.strip(),
        commodity_type=kind,
        year=year,
        metrics=metrics,
        attributes=attributes,
        detailed=detail,
        unread=frozenset(unread),
        **texts,
        **place,
    )
    return Row(record, frozenset(unknown))


def _text(raw: Mapping[str, object], field: str, unread: set[str]) -> str | None:
    value = raw.get(field)
    if field not in raw or not (value is None or isinstance(value, str)):
        unread.add(field)
        return None
    return sys.intern(" ".join(value.split())) if value and not numbers.nothing(value) else None


def _year(raw: Mapping[str, object], unread: set[str]) -> int | None:
    reading = numbers.read(raw.get("year"))
    if "year" not in raw or not (reading.null or reading.amount is not None):
        unread.add("year")
    elif reading.amount is not None:
        if reading.amount.is_integer() and 1000 <= reading.amount <= 9999:
            return int(reading.amount)
        unread.add("year")
    return None


def _number(
    raw: Mapping[str, object], field: str, unit: str | None, metrics: dict[str, Value], unread: set[str]
) -> None:
    reading = numbers.read(raw.get(field))
    if field not in raw or not (reading.null or reading.amount is not None):
        unread.add(field)
    elif reading.amount is not None:
        metrics[field] = valued(reading.amount, reading.unit or unit, reading.unit is not None)


def _list_metrics(raw: Mapping[str, object], kind: str | None, unread: set[str]) -> dict[str, Value]:
    metrics: dict[str, Value] = {}
    _number(raw, "production_volume", None, metrics, unread)
    _number(raw, "strip_ratio", "bcm/t" if kind == "Coal" else None, metrics, unread)
    unit = raw.get("unit")
    produced = metrics.get("production_volume")
    if produced and not produced.stated and isinstance(unit, str) and not numbers.nothing(unit):
        metrics["production_volume"] = valued(produced.amount, units.canonical(unit), True)
    return metrics


def _place(raw: Mapping[str, object], unread: set[str], *, detail: bool) -> dict[str, Any]:
    """Province and city (list row), or with latitude and longitude in degrees (detail's `location`)."""
    if not detail:
        return {name: _text(raw, name, unread) for name in ("province", "city")}
    location = raw.get("location")
    if "location" not in raw or not (location is None or location == "" or isinstance(location, dict)):
        unread.add("location")
        return {}
    if not isinstance(location, dict):
        return {}
    if not location.keys() & {"province", "city", "latitude", "longitude"}:
        return {}
    bad: set[str] = set()
    place: dict[str, Any] = {name: _text({name: None, **location}, name, bad) for name in ("province", "city")}
    latitude, longitude = (numbers.read(location.get(name)) for name in ("latitude", "longitude"))
    if bad or any(reading.amount is None and not reading.null for reading in (latitude, longitude)):
        unread.add("location")
    if latitude.amount is not None and longitude.amount is not None:
        place |= {"latitude": latitude.amount, "longitude": longitude.amount}
    return place
