"""Make watcher/web/outlines.json, the shores that the status pages draw, from Natural Earth's public-domain data.

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    python docs/map/make.py package/countries-10m.json

Natural Earth (naturalearthdata.com) is in the public domain; the npm package `world-atlas` (ISC) carries its 1:10m
countries as TopoJSON. What is written here is clipped to the map's frame, simplified and rounded.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OUTLINES = Path(__file__).parents[2] / "watcher" / "web" / "outlines.json"
#: The frame in degrees, and how many units of the drawing a degree is.
WEST, EAST, SOUTH, NORTH, SCALE = 94.0, 142.0, -12.0, 7.5, 20.0
INDONESIA = "360"
#: Straighter than this many units, a bend is left out; an island of fewer square units, too.
TOLERANCE, SMALLEST = 0.45, 0.9

Point = tuple[float, float]


def arcs(topology: dict[str, Any]) -> list[list[Point]]:
    """The lines that the countries' borders are made of, in degrees."""
    (kx, ky), (dx, dy) = topology["transform"]["scale"], topology["transform"]["translate"]
    found = []
    for arc in topology["arcs"]:
        x = y = 0
        line = []
        for step in arc:
            x, y = x + step[0], y + step[1]
            line.append((x * kx + dx, y * ky + dy))
        found.append(line)
    return found


def rings(geometry: dict[str, Any], lines: list[list[Point]]) -> Iterator[list[Point]]:
    """The closed outlines of one country."""
    polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
    for polygon in polygons:
        for ring in polygon:
            points: list[Point] = []
            for number in ring:
                line = lines[number] if number >= 0 else lines[~number][::-1]
                points += line[1:] if points else line
            yield points


def clipped(ring: list[Point]) -> list[Point]:
    """The part of a ring in the frame, a little beyond it (Sutherland and Hodgman)."""
    for axis, edge, sign in ((0, WEST - 1, 1), (0, EAST + 1, -1), (1, SOUTH - 1, 1), (1, NORTH + 1, -1)):
        kept: list[Point] = []
        for one, other in zip(ring, ring[1:] + ring[:1], strict=True):
            inside, next_inside = (one[axis] - edge) * sign >= 0, (other[axis] - edge) * sign >= 0
            if inside:
                kept.append(one)
            if inside != next_inside:
                share = (edge - one[axis]) / (other[axis] - one[axis])
                kept.append((one[0] + share * (other[0] - one[0]), one[1] + share * (other[1] - one[1])))
        ring = kept
        if not ring:
            break
    return ring


def simplified(points: list[Point]) -> list[Point]:
    """The same line with fewer points (Douglas and Peucker)."""
    if len(points) < 3:
        return points
    (ax, ay), (bx, by) = points[0], points[-1]
    length = math.hypot(bx - ax, by - ay)

    def away(p: Point) -> float:
        if not length:
            return math.hypot(p[0] - ax, p[1] - ay)
        return abs((bx - ax) * (ay - p[1]) - (ax - p[0]) * (by - ay)) / length

    far = max(range(1, len(points) - 1), key=lambda n: away(points[n]))
    if away(points[far]) <= TOLERANCE:
        return [points[0], points[-1]]
    return simplified(points[: far + 1])[:-1] + simplified(points[far:])


def area(points: list[Point]) -> float:
    pairs = zip(points, points[1:] + points[:1], strict=True)
    return abs(sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairs)) / 2


def path(ring: list[Point]) -> str:
    """A ring as SVG path data in the drawing's units; empty if it is too small to be seen."""
    drawn = [((x - WEST) * SCALE, (NORTH - y) * SCALE) for x, y in clipped(ring)]
    if len(drawn) < 4 or area(drawn) < SMALLEST:
        return ""
    points = simplified([*drawn, drawn[0]])[:-1]
    tenths = list(dict.fromkeys((round(x * 10), round(y * 10)) for x, y in points))
    if len(tenths) < 3:
        return ""
    x, y = tenths[0]
    steps = [f"M{x / 10:g} {y / 10:g}l"]
    words = []
    for nx, ny in tenths[1:]:
        words.append(f"{(nx - x) / 10:g} {(ny - y) / 10:g}")
        x, y = nx, ny
    return steps[0] + " ".join(words).replace(" -", "-") + "z"


def main() -> None:
    topology = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    lines = arcs(topology)
    home, around = [], []
    for geometry in topology["objects"]["countries"]["geometries"]:
        if geometry["type"] is None:
            continue
        found = [text for ring in rings(geometry, lines) if (text := path(ring))]
        (home if geometry.get("id") == INDONESIA else around).extend(found)
    document = {
        "source": "Natural Earth 1:10m countries 4.1.0, by way of the npm package world-atlas 2.0.2; docs/map/make.py",
        "licence": "public domain (Natural Earth)",
        "frame": {"west": WEST, "east": EAST, "south": SOUTH, "north": NORTH, "scale": SCALE},
        "indonesia": "".join(home),
        "neighbours": "".join(around),
    }
    OUTLINES.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    print(OUTLINES, OUTLINES.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
