"""A figure over time: it holds until the next one, so the line has steps; null is a gap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Literal

from markupsafe import Markup

from watcher.messages import number
from watcher.web.drawing.scale import Scale, ticks
from watcher.web.drawing.svg import element, picture

Flag = Literal["", "suspect", "reverted", "reported"]

_WIDTH, _HEIGHT = 380, 170
_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 12, 12, 24


@dataclass(frozen=True, slots=True)
class Mark:
    """A figure from `at` on; None is null. `note` is what a reader is told of it."""

    at: datetime
    value: float | None
    flag: Flag = ""
    note: str = ""


def line(marks: Sequence[Mark], unit: str, label: str, until: datetime, zone: tzinfo) -> Markup:
    """A line chart with a point per figure; suspect ones, reverts and new reports look different.

    Args:
        marks: oldest first.
        until: the right edge, up to which the last figure holds.
    """
    known = [mark.value for mark in marks if mark.value is not None]
    if not known:
        return Markup("")
    named = ticks(known)
    y = Scale(named[0], named[-1], _HEIGHT - _BOTTOM, _TOP)
    first, last = marks[0].at, max(until, marks[-1].at)
    x = Scale(first.timestamp(), last.timestamp(), _LEFT, _WIDTH - _RIGHT)
    grid = [
        element(
            "g",
            element("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=y(value), y2=y(value), class_="grid"),
            element("text", number(value), x=_LEFT - 7, y=y(value) + 3.5, class_="tick end"),
        )
        for value in named
    ]
    dates = [
        element("text", _day(first, zone), x=_LEFT, y=_HEIGHT - 6, class_="tick"),
        element("text", _day(last, zone), x=_WIDTH - _RIGHT, y=_HEIGHT - 6, class_="tick end"),
    ]
    drawn = element("path", d=_steps(marks, x, y), class_="line")
    points = [_point(mark, x(mark.at.timestamp()), y(mark.value), unit) for mark in marks if mark.value is not None]
    return picture(_WIDTH, _HEIGHT, label, *grid, *dates, drawn, *points, class_="chart")


def _steps(marks: Sequence[Mark], x: Scale, y: Scale) -> str:
    words: list[str] = []
    drawing = False
    for mark, end in zip(marks, [*(mark.at.timestamp() for mark in marks[1:]), x.high], strict=True):
        if mark.value is None:
            drawing = False
            continue
        here = f"{x(mark.at.timestamp()):.1f}"
        words.append(f"V{y(mark.value):.1f}" if drawing else f"M{here} {y(mark.value):.1f}")
        words.append(f"H{x(end):.1f}")
        drawing = True
    return "".join(words)


def _point(mark: Mark, x: float, y: float, unit: str) -> Markup:
    said = element("title", mark.note or f"{number(mark.value)} {unit}".strip())
    common = {"class_": f"point {mark.flag}".strip(), "data_value": f"{mark.value:g}"}
    if mark.flag == "suspect":
        corners = f"{x:.1f},{y - 6:.1f} {x + 5.6:.1f},{y + 4:.1f} {x - 5.6:.1f},{y + 4:.1f}"
        return element("polygon", said, points=corners, **common)
    if mark.flag == "reverted":
        corners = f"{x:.1f},{y - 5.5:.1f} {x + 5.5:.1f},{y:.1f} {x:.1f},{y + 5.5:.1f} {x - 5.5:.1f},{y:.1f}"
        return element("polygon", said, points=corners, **common)
    return element("circle", said, cx=x, cy=y, r=4.5 if mark.flag == "reported" else 3.2, **common)


def _day(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%d %b %Y}".lstrip("0")
