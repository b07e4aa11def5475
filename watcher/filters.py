"""A watch's filter as the API applies it to its list, on rows that we have already (API contract, list parameters)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_LIST_FIELDS = (
    *("name", "project_name", "year", "commodity_type", "production_volume", "unit", "strip_ratio"),
    *("company_slug", "company_name", "slug"),
)


def list_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """What the list endpoint shows of a detail-shaped row; a field that the row lacks is lacking in the list too."""
    location = row.get("location")
    place = location if isinstance(location, dict) else {}
    shown = {name: row[name] for name in _LIST_FIELDS if name in row}
    return shown | {"province": place.get("province"), "city": place.get("city")}


def lists(row: Mapping[str, Any], filter: Mapping[str, Any]) -> bool:
    """Whether the API would list `row` (list-shaped) under `filter`.

    `province` and `company` are exact, `commodity_type` ignores case, `year` is equal, and `min_production` leaves out
    rows without a production.
    """
    for name, wanted in filter.items():
        if name == "min_production":
            produced = _number(row.get("production_volume"))
            if produced is None or produced < float(wanted):
                return False
        elif name == "year":
            if _number(row.get("year")) != float(wanted):
                return False
        elif name == "commodity_type":
            if str(row.get("commodity_type")).casefold() != str(wanted).casefold():
                return False
        elif row.get("company_slug" if name == "company" else name) != wanted:
            return False
    return True


def listed(rows: Iterable[Mapping[str, Any]], filter: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """The list that the API would answer with, given its whole table in detail shape."""
    return tuple(shown for row in rows if lists(shown := list_row(row), filter))


def _number(raw: object) -> float | None:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return None
    try:
        return float(raw)
    except ValueError:
        return None
