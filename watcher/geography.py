"""Indonesia as the API names it: provinces, and the box that all of its mines lie in."""

from __future__ import annotations

import math

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


Point = tuple[float | None, float | None]


def metres_apart(one: Point, other: Point) -> float | None:
    """Distance in metres between two (latitude, longitude) in degrees, or None where one is not known."""
    (lat, lon), (lat2, lon2) = one, other
    if lat is None or lon is None or lat2 is None or lon2 is None:
        return None
    middle = math.radians((lat + lat2) / 2)
    return 6_371_000 * math.hypot(math.radians(lat2 - lat), math.radians(lon2 - lon) * math.cos(middle))
