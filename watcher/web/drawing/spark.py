"""A metric's history as a small line without axes, for a row of text."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from watcher.web.drawing.scale import Scale
from watcher.web.drawing.svg import element

_WIDTH, _HEIGHT, _EDGE = 88, 26, 4
#: A history shorter than this shows nothing that the words do not say already.
SHORTEST = 3


def spark(values: Sequence[float]) -> Markup:
    """The line with its last point marked; nothing for less than three values."""
    if len(values) < SHORTEST:
        return Markup("")
    shown = list(values)[-24:]
    x = Scale(0, len(shown) - 1, _EDGE, _WIDTH - _EDGE)
    y = Scale(min(shown), max(shown), _HEIGHT - _EDGE, _EDGE)
    points = [(x(place), y(value)) for place, value in enumerate(shown)]
    line = element("polyline", points=" ".join(f"{px:.1f},{py:.1f}" for px, py in points), class_="line")
    last = element("circle", cx=points[-1][0], cy=points[-1][1], r=2.8, class_="point")
    return element("svg", line, last, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", class_="spark", aria_hidden="true")
