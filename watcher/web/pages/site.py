"""One site: who and where it is, its records, each figure's history, its timeline."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from watcher import derived
from watcher.geography import in_indonesia
from watcher.messages import metric, number
from watcher.model import Change, Record, Value
from watcher.store.pages import Pages, Point
from watcher.web.drawing import line, place
from watcher.web.pages.news import news
from watcher.web.pages.scene import Scene

#: What analysts look at first; the rest follows by name.
_FIRST = ("production_volume", "strip_ratio", "overburden_removal_volume", "reserves.total", "resources.total")
#: How many changes a timeline shows.
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure's history, drawn and as rows for those who want to read it.

    `prominent` ones have moved, or are what analysts look at first.
    """

    title: str
    unit: str
    now: float | None
    picture: Markup
    marks: tuple[line.Mark, ...]
    prominent: bool


def context(read: Pages, scene: Scene, slug: str) -> dict[str, Any]:
    """What the page of a site shows; `slug` is the one that it has now."""
    records = read.site_records(slug)
    timeline = read.worst(site=slug, limit=_LONGEST)
    timeline.sort(key=lambda told: told.change.at, reverse=True)
    watches = read.watches_of(slug)
    drawn = charts(read.histories(slug), [told.change for told in timeline], scene)
    return {
        "slug": slug,
        "site": records[0] if records else None,
        "former": sorted(read.former(slug)),
        "watches": watches,
        "locator": locator(records),
        "table": table(records),
        "derived": derived.OF_SITE,
        "charts": [chart for chart in drawn if chart.prominent],
        "still": [chart for chart in drawn if not chart.prominent],
        "timeline": news(timeline),
        "absent": not watches,
    }


def locator(records: Sequence[Record]) -> Markup:
    """Where the site is, if that is known and possible."""
    for record in records:
        if record.latitude is None or record.longitude is None or not in_indonesia(record.latitude, record.longitude):
            continue
        label = f"{record.name or record.slug} at {record.latitude:.3f}, {record.longitude:.3f}"
        return place.locator(place.Spot(record.latitude, record.longitude, record.commodity_type or "", label))
    return Markup("")


@dataclass(frozen=True, slots=True)
class Table:
    """Figures by record: a column per record, a row per metric with a value (or None) for each."""

    columns: tuple[Record, ...]
    rows: tuple[tuple[str, tuple[Value | None, ...]], ...]


def table(records: Sequence[Record]) -> Table:
    """A site's records side by side, derived figures included."""
    named = {name for record in records for name in record.metrics}
    worked = [name for name in derived.OF_SITE if any(derived.of_record(record, name) for record in records)]
    rows = [(name, tuple(record.metrics.get(name) for record in records)) for name in sorted(named, key=_order)]
    rows += [(name, tuple(derived.of_record(record, name) for record in records)) for name in worked]
    return Table(tuple(records), tuple(rows))


def charts(
    histories: Mapping[tuple[str, str], Sequence[Point]], changes: Sequence[Change], scene: Scene
) -> list[Chart]:
    """A chart for every figure that there ever was."""
    moved: dict[tuple[str, str], list[Change]] = defaultdict(list)
    for change in changes:
        if change.metric:
            moved[change.commodity_type or "", change.metric].append(change)
    several = len({commodity for commodity, _ in histories}) > 1
    found = []
    for (commodity, name), points in sorted(histories.items(), key=lambda item: (item[0][0], _order(item[0][1]))):
        known = [point for point in points if point.amount is not None]
        if not known:
            continue
        unit = known[-1].unit or ""
        marks = tuple(_mark(point, moved[commodity, name], unit, scene) for point in points)
        title = f"{metric(name)}{f' ({commodity})' if several and commodity else ''}"
        label = f"{title} over time, now {number(points[-1].amount)} {unit}; {len(points)} figures"
        drawn = line.line(marks, unit, label, scene.now, scene.settings.timezone)
        found.append(Chart(title, unit, points[-1].amount, drawn, marks, len(points) > 1 or name in _FIRST))
    return found


def _mark(point: Point, changes: Sequence[Change], unit: str, scene: Scene) -> line.Mark:
    day = f"{point.at.astimezone(scene.settings.timezone):%d %b %Y}".lstrip("0")
    note = f"{number(point.amount)} {unit}".strip() + f" from {day}" + (f", for {point.year}" if point.year else "")
    behind = next((c for c in changes if c.at == point.at and (c.new == point.amount or c.year == point.year)), None)
    flag: line.Flag = ""
    if behind is not None and behind.suspect:
        flag, note = "suspect", f"{note}; suspect: {behind.suspect}"
    elif behind is not None and behind.nature == "reverted":
        flag, note = "reverted", f"{note}; back to the former figure"
    elif behind is not None and (behind.nature == "reported" or behind.kind == "report.added"):
        flag, note = "reported", f"{note}; newly reported"
    return line.Mark(point.at, point.amount, flag, note)


def _order(name: str) -> tuple[int, str]:
    return (_FIRST.index(name) if name in _FIRST else len(_FIRST), name)
