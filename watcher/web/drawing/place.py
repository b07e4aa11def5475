"""Sites on a map of Indonesia: coloured by commodity, sized by production, ringed where something changed.

The shores are Natural Earth's (public domain), simplified by docs/map/make.py; degrees are drawn as they are, which at
the equator is right to the eye.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from markupsafe import Markup

from watcher.web.drawing.svg import element, picture

_NAMES = (
    ("Sumatera", -2.6, 98.4),
    ("Kalimantan", -0.6, 112.2),
    ("Jawa", -5.7, 110.0),
    ("Sulawesi", -6.2, 121.4),
    ("Maluku", -4.6, 127.6),
    ("Papua", -5.4, 138.9),
)
_LARGEST, _SMALLEST = 15.0, 4.0
#: Room around the outermost spots, and the narrowest window, in units of the drawing.
_ROOM, _CLOSEST = 36.0, 300.0
#: A window of this share of the whole may as well be the whole.
_NEARLY = 0.7
#: The window around one site.
_NEAR = (300.0, 190.0)


@dataclass(frozen=True, slots=True)
class Spot:
    """A site on the map. `size` is its production, in one unit for all spots of a commodity; None where unknown."""

    latitude: float
    longitude: float
    commodity: str
    label: str
    href: str = ""
    size: float | None = None
    changed: bool = False


@cache
def outlines() -> dict[str, Any]:
    """The shores and the frame that they are drawn in."""
    found: dict[str, Any] = json.loads((resources.files("watcher.web") / "outlines.json").read_text("utf-8"))
    return found


def at(latitude: float, longitude: float) -> tuple[float, float]:
    """Degrees as a place on the drawing."""
    frame = outlines()["frame"]
    return (longitude - frame["west"]) * frame["scale"], (frame["north"] - latitude) * frame["scale"]


def shade(commodity: str | None) -> str:
    """The class that colours a commodity."""
    name = (commodity or "").casefold()
    return next((known for known in ("coal", "copper", "gold", "nickel") if known in name), "other")


@dataclass(frozen=True, slots=True)
class Window:
    """The part of the drawing that is shown. `zoom` is how much smaller it is than the whole."""

    left: float
    top: float
    width: float
    height: float

    @property
    def zoom(self) -> float:
        return self.width / _whole()[0]

    @property
    def box(self) -> str:
        return f"{self.left:.1f} {self.top:.1f} {self.width:.1f} {self.height:.1f}"


def window(places: Sequence[tuple[float, float]], smallest: float = _CLOSEST) -> Window:
    """The window around places, with room at its edges, of the shape of the whole and within it."""
    wide, high = _whole()
    xs, ys = [x for x, _ in places] or [wide / 2], [y for _, y in places] or [high / 2]
    width = max(max(xs) - min(xs) + 2 * _ROOM, (max(ys) - min(ys) + 2 * _ROOM) * wide / high, smallest)
    width = width if width < wide * _NEARLY else wide
    height = width * high / wide
    left = min(max((min(xs) + max(xs) - width) / 2, 0.0), wide - width)
    top = min(max((min(ys) + max(ys) - height) / 2, 0.0), high - height)
    return Window(left, top, width, height)


def _whole() -> tuple[float, float]:
    frame = outlines()["frame"]
    return (frame["east"] - frame["west"]) * frame["scale"], (frame["north"] - frame["south"]) * frame["scale"]


def archipelago(spots: Sequence[Spot], label: str) -> Markup:
    """The map around all spots, the largest first, so that small ones lie on top."""
    shown = window([at(spot.latitude, spot.longitude) for spot in spots])
    most: dict[str, float] = {}
    for spot in spots:
        most[shade(spot.commodity)] = max(most.get(shade(spot.commodity), 0.0), spot.size or 0.0)
    names = []
    for name, latitude, longitude in _NAMES:
        x, y = at(latitude, longitude)
        names.append(element("text", name, x=x, y=y, font_size=12 * shown.zoom, class_="island", aria_hidden="true"))
    ordered = sorted(spots, key=lambda spot: -(_radius(spot, most)))
    drawn = [_spot(spot, _radius(spot, most) * shown.zoom, shown.zoom) for spot in ordered]
    shores = (_shore("neighbours"), _shore("indonesia"))
    # A picture of links is no image to a screen reader, but a group of them.
    return element("svg", *shores, *names, *drawn, viewBox=shown.box, role="group", aria_label=label, class_="map")


def locator(spot: Spot) -> Markup:
    """A part of the map around one site."""
    x, y = at(spot.latitude, spot.longitude)
    wide, high = _whole()
    left = min(max(x - _NEAR[0] / 2, 0.0), wide - _NEAR[0])
    top = min(max(y - _NEAR[1] / 2, 0.0), high - _NEAR[1])
    marker = element(
        "g",
        element("circle", cx=x, cy=y, r=9.0, class_="ring"),
        element("circle", cx=x, cy=y, r=4.5, class_=f"spot {shade(spot.commodity)}"),
    )
    box = Window(left, top, *_NEAR).box
    shores = (_shore("neighbours"), _shore("indonesia"))
    return picture(*_NEAR, f"Map: {spot.label}", *shores, marker, class_="map locator", box=box)


def _shore(whose: str) -> Markup:
    return element("path", d=str(outlines()[whose]), class_=f"land {whose}")


def _radius(spot: Spot, most: dict[str, float]) -> float:
    largest = most.get(shade(spot.commodity), 0.0)
    if not spot.size or spot.size < 0 or not largest:
        return _SMALLEST
    return _SMALLEST + (_LARGEST - _SMALLEST) * math.sqrt(spot.size / largest)


def _spot(spot: Spot, radius: float, zoom: float) -> Markup:
    x, y = at(spot.latitude, spot.longitude)
    known = "" if spot.size else " unknown"
    parts = [
        element("title", spot.label),
        element("circle", cx=x, cy=y, r=radius + 4 * zoom, class_="ring") if spot.changed else None,
        element("circle", cx=x, cy=y, r=radius, class_=f"spot {shade(spot.commodity)}{known}"),
    ]
    if not spot.href:
        return element("g", *parts)
    return element("a", *parts, href=spot.href, aria_label=spot.label)
