"""Credits by day: a bar for each, details on top of list pages, and the budget as a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from watcher.messages import number
from watcher.web.drawing.scale import Scale, ticks
from watcher.web.drawing.svg import element, picture

_WIDTH, _HEIGHT = 380, 130
_LEFT, _RIGHT, _TOP, _BOTTOM = 42, 6, 12, 22


@dataclass(frozen=True, slots=True)
class Spent:
    """The credits of one day."""

    day: date
    lists: int
    details: int


def credits(days: Sequence[Spent], budget: int | None = None) -> Markup:
    """A bar chart of `days`, oldest first; `budget` is the credits allowed per day."""
    if not days:
        return Markup("")
    most = max(day.lists + day.details for day in days)
    named = ticks([0.0, float(max(most, budget or 0, 1))], wanted=3)
    y = Scale(0, named[-1], _HEIGHT - _BOTTOM, _TOP)
    room = (_WIDTH - _LEFT - _RIGHT) / len(days)
    base = _HEIGHT - _BOTTOM
    parts = []
    for value in named:
        parts.append(element("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=y(value), y2=y(value), class_="grid"))
        parts.append(element("text", number(value), x=_LEFT - 6, y=y(value) + 3.5, class_="tick end"))
    for place, day in enumerate(days):
        x, width = _LEFT + place * room + room * 0.14, room * 0.72
        total = day.lists + day.details
        said = f"{day.day}: {total} credits, {day.lists} for lists and {day.details} for details"
        bar = [element("title", said)]
        if day.lists:
            top = y(day.lists)
            bar.append(element("rect", x=x, y=top, width=width, height=base - top, class_="lists"))
        if day.details:
            top = y(total)
            bar.append(element("rect", x=x, y=top, width=width, height=y(day.lists) - top, class_="details"))
        parts.append(element("g", *bar, class_="bar", data_value=str(total)))
    if budget is not None:
        parts.append(element("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=y(budget), y2=y(budget), class_="budget"))
    parts.append(element("text", f"{days[0].day:%d %b}", x=_LEFT, y=_HEIGHT - 5, class_="tick"))
    parts.append(element("text", f"{days[-1].day:%d %b}", x=_WIDTH - _RIGHT, y=_HEIGHT - 5, class_="tick end"))
    limit = f", {budget} allowed per day" if budget is not None else ""
    spent = sum(day.lists + day.details for day in days)
    label = f"Credits of {len(days)} days: {spent} in all, at most {most} on one day{limit}"
    return picture(_WIDTH, _HEIGHT, label, *parts, class_="chart bars")
