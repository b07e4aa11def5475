"""Indonesia as the API names it: provinces, and the box that all of its mines lie in."""

from __future__ import annotations

import math
import re

#: The `province` parameter's values in the API contract; any other is a 400.
PROVINCES = (
    "Aceh",
    "Banten",
    "Gorontalo",
    "Jambi",
    "Jawa Timur",
    "Kalimantan Selatan",
    "Kalimantan Tengah",
    "Kalimantan Timur",
    "Kalimantan Utara",
    "Maluku",
    "Maluku Utara",
    "Nusa Tenggara Barat",
    "Papua",
    "Papua Barat",
    "Sulawesi Barat",
    "Sulawesi Selatan",
    "Sulawesi Tengah",
    "Sulawesi Tenggara",
    "Sulawesi Utara",
    "Sumatera Barat",
    "Sumatera Selatan",
    "Sumatera Utara",
)

#: The `commodity_type` parameter's values in the API contract (case-insensitive there).
COMMODITIES = ("Coal", "Copper", "Gold", "Nickel")


def in_indonesia(latitude: float, longitude: float) -> bool:
    """Whether a point in degrees lies in the box around Indonesia (Sabang to Merauke, Miangas to Rote)."""
    return -11.2 <= latitude <= 6.3 and 94.9 <= longitude <= 141.1


_PARTS_OF_THE_SKY = {
    "north": "utara", "south": "selatan", "east": "timur", "west": "barat", "central": "tengah",
    "southeast": "tenggara", "java": "jawa", "sumatra": "sumatera", "southwest": "barat daya",
}  # fmt: skip
_KINDS = {
    **dict.fromkeys(("kab", "kabupaten", "regency"), "kabupaten"),
    **dict.fromkeys(("kota", "city"), "kota"),
    **dict.fromkeys(("prov", "provinsi", "province"), "provinsi"),
}


def same_name(one: str, other: str) -> bool:
    """Whether two names of a city or province are one: `Kab. Berau` and `Berau`, `East Kalimantan` and its own name.

    A town and the regency of its name are two, where both say which they are.
    """
    (mine, kind), (theirs, other_kind) = _plain_name(one), _plain_name(other)
    return mine == theirs and (kind == other_kind or not kind or not other_kind)


def _plain_name(text: str) -> tuple[tuple[str, ...], str]:
    said = re.findall(r"[^\W_]+", text.casefold())
    kind = next((_KINDS[word] for word in said if word in _KINDS), "")
    rest = [_PARTS_OF_THE_SKY.get(word, word) for word in said if word not in _KINDS] or said
    return tuple(sorted(rest)), kind


Point = tuple[float | None, float | None]


def metres_apart(one: Point, other: Point) -> float | None:
    """Distance in metres between two (latitude, longitude) in degrees, or None where one is not known."""
    (lat, lon), (lat2, lon2) = one, other
    if lat is None or lon is None or lat2 is None or lon2 is None:
        return None
    middle = math.radians((lat + lat2) / 2)
    return 6_371_000 * math.hypot(math.radians(lat2 - lat), math.radians(lon2 - lon) * math.cos(middle))
