"""Charts and map: values in, the right places out."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.web.conftest import HOSTILE
from watcher.web.drawing import bars, line, place
from watcher.web.drawing.scale import Scale, ticks
from watcher.web.drawing.spark import spark
from watcher.web.drawing.svg import element

AT = datetime(2026, 1, 1, tzinfo=UTC)
numbers = st.floats(-1e12, 1e12, allow_nan=False)


@given(st.lists(numbers, min_size=1, max_size=6), st.integers(2, 6))
@settings(max_examples=60, deadline=None)
def test_ticks_span_all_values_and_are_few(values: list[float], wanted: int) -> None:
    """Every value lies between the first and the last tick; they are even, and at most twice as many as wanted."""
    named = ticks(values, wanted)
    slack = 1e-6 * max(abs(named[0]), abs(named[-1])) + 1e-30
    assert named[0] <= min(values) + slack and named[-1] >= max(values) - slack
    assert 2 <= len(named) <= 2 * wanted + 2 and named == sorted(named)


@given(st.lists(st.none() | numbers, min_size=1, max_size=8))
@settings(max_examples=40, deadline=None)
def test_a_line_has_a_point_per_figure_within_its_frame(values: list[float | None]) -> None:
    """As many points as figures that are not null, all inside the picture, whatever the figures."""
    marks = [line.Mark(AT + timedelta(days=n), value) for n, value in enumerate(values)]
    drawn = str(line.line(marks, "Mt", "chart", AT + timedelta(days=9), UTC))
    known = [value for value in values if value is not None]
    if not known:
        assert drawn == ""
        return
    svg = ET.fromstring(drawn)
    points = svg.findall("circle")
    assert [float(point.get("data-value") or "") for point in points] == pytest.approx(known, rel=1e-5)
    assert all(40 <= float(p.get("cx") or "") <= 380 and 5 <= float(p.get("cy") or "") <= 160 for p in points)
    path = svg.find("path")
    assert path is not None and "nan" not in (path.get("d") or "nan")


def test_a_null_is_a_gap_in_the_line() -> None:
    """The line stops where a figure is withdrawn, and begins anew where one comes back."""
    marks = [line.Mark(AT + timedelta(days=n), value) for n, value in enumerate([1.0, 2.0, None, 3.0])]
    (path,) = re.findall(r' d="([^"]+)"', str(line.line(marks, "", "x", AT + timedelta(days=4), UTC)))
    assert path.count("M") == 2 and path.count("V") == 1 and path.count("H") == 3


def test_figures_that_matter_have_shapes_of_their_own() -> None:
    """Suspect is a triangle, a revert a diamond, a new report a ring: told apart without colour."""
    flags: list[line.Flag] = ["", "suspect", "reverted", "reported"]
    marks = [line.Mark(AT + timedelta(days=n), n + 1.0, flag, "why") for n, flag in enumerate(flags)]
    svg = ET.fromstring(str(line.line(marks, "", "x", AT + timedelta(days=4), UTC)))
    shapes = {
        (el.get("class") or ""): len((el.get("points") or "").split())
        for el in svg
        if "point" in (el.get("class") or "")
    }
    assert shapes == {"point": 0, "point suspect": 3, "point reverted": 4, "point reported": 0}


def test_bars_add_up() -> None:
    """A bar per day with lists and details on each other, and the budget where it belongs."""
    days = [bars.Spent(date(2026, 1, 1) + timedelta(days=n), n, 2 * n) for n in range(5)]
    svg = ET.fromstring(str(bars.credits(days, 10)))
    assert [bar.get("data-value") for bar in svg.findall("g")] == ["0", "3", "6", "9", "12"]
    heights = [sum(float(rect.get("height") or "") for rect in bar.findall("rect")) for bar in svg.findall("g")]
    assert heights[4] == pytest.approx(4 * heights[1], rel=0.01)
    budget = next(el for el in svg.findall("line") if el.get("class") == "budget")
    top_of_9 = min(float(rect.get("y") or "") for rect in svg.findall("g")[3].findall("rect"))
    top_of_12 = min(float(rect.get("y") or "") for rect in svg.findall("g")[4].findall("rect"))
    assert top_of_12 < float(budget.get("y1") or "") < top_of_9
    assert "30 in all, at most 12 on one day, 10 allowed per day" in (svg.get("aria-label") or "")


def test_places_on_the_map_are_where_they_are() -> None:
    """West is left and north is up, one degree as long as the other; Berau lies on land that is drawn."""
    jakarta, berau = place.at(-6.2, 106.8), place.at(2.1, 117.4)
    assert jakarta[0] < berau[0] and jakarta[1] > berau[1]
    assert berau[0] - jakarta[0] == pytest.approx((117.4 - 106.8) * 20) and jakarta[1] - berau[1] == pytest.approx(
        8.3 * 20
    )
    assert len(place.outlines()["indonesia"]) > 10_000 and "public domain" in place.outlines()["licence"]


def test_larger_mines_are_larger_circles_below_smaller_ones() -> None:
    """Area goes with production within a commodity; what has none is small and hollow; small ones lie on top."""
    sizes = [None, 1e6, 4e6, 16e6]
    spots = [place.Spot(0, 110, "Coal", str(size), "/x", size, changed=size == 1e6) for size in sizes]
    svg = ET.fromstring(str(place.archipelago(spots, "map")))
    circles = [(a.find("title").text, a.findall("circle")[-1]) for a in svg.findall("a")]  # type: ignore[union-attr]
    radii = [float(circle.get("r") or "") for _, circle in circles]
    assert [name for name, _ in circles] == ["16000000.0", "4000000.0", "1000000.0", "None"]
    assert radii == sorted(radii, reverse=True) and radii[0] / radii[3] == pytest.approx(15 / 4, rel=0.01)
    assert "unknown" in (circles[3][1].get("class") or "")
    assert len(svg.findall(".//circle[@class='ring']")) == 1


@given(st.lists(st.tuples(st.floats(-11, 6), st.floats(95, 141)), max_size=5))
@settings(max_examples=40, deadline=None)
def test_the_map_shows_all_of_its_spots_and_no_more_than_there_is(where: list[tuple[float, float]]) -> None:
    """The window holds every spot, has the whole map's shape and lies within it; near spots are shown near."""
    places = [place.at(*one) for one in where]
    whole, shown = place.window([place.at(-12, 94), place.at(7.5, 142)]), place.window(places)
    assert all(
        shown.left <= x <= shown.left + shown.width and shown.top <= y <= shown.top + shown.height for x, y in places
    )
    assert shown.left >= 0 and shown.left + shown.width <= whole.width + 1e-9 and 0.3 < shown.zoom <= 1
    assert shown.width / shown.height == pytest.approx(whole.width / whole.height)


def test_sparklines_need_a_history() -> None:
    """Two figures are said in words already; three are drawn."""
    assert spark([1, 2]) == "" and spark([1, 2, 1.5]).count("<circle") == 1


def test_scales_of_one_value_put_it_in_the_middle() -> None:
    """No span is no division by zero."""
    assert Scale(5, 5, 0, 10)(5) == 5


def test_text_and_attributes_are_escaped() -> None:
    """Upstream words in a picture are words, short and visible."""
    drawn = str(element("text", HOSTILE, aria_label=HOSTILE, x=1))
    assert "<script" not in drawn and "\u202e" not in drawn and len(drawn) < 1500
    ET.fromstring(drawn)
