"""What watches share: one wider list where that costs less, details that another watch has had (pure)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.core.histories import START, list_row, site
from watcher.model import DetailSeen
from watcher.parse import read_list
from watcher.plan import (
    Ahead,
    Answer,
    Limits,
    Reading,
    Spent,
    covers,
    for_details,
    for_list,
    marks,
    readings,
    reusable,
    worth_asking,
)
from watcher.store import filter_key

COAL: dict[str, Any] = {"commodity_type": "Coal"}
EAST: dict[str, Any] = {"province": "Kalimantan Timur"}
BOTH = COAL | EAST


@pytest.mark.parametrize(
    ("wide", "narrow", "does"),
    [
        ({}, COAL, True),
        (COAL, {}, False),
        (COAL, BOTH, True),
        ({"commodity_type": "coal"}, BOTH, True),
        (EAST, COAL, False),
        ({"min_production": 5}, {"min_production": 10}, True),
        ({"min_production": 10}, {"min_production": 5}, False),
        ({"year": 2024}, {"year": 2023}, False),
    ],
)
def test_a_filter_covers_what_is_narrower(wide: dict[str, Any], narrow: dict[str, Any], does: bool) -> None:
    """Every row of the narrower list is one of the wider."""
    assert covers(wide, narrow) is does


def sizes(**rows: int) -> Any:
    known = {filter_key(dict(COAL)): rows.get("coal"), filter_key(dict(EAST)): rows.get("east")}
    known |= {filter_key({}): rows.get("all"), filter_key(dict(BOTH)): rows.get("both")}
    return lambda filter: known.get(filter_key(filter))


def test_a_list_that_another_covers_costs_nothing() -> None:
    """Whatever the sizes: the wider one is read anyway."""
    assert readings([("coal", COAL), ("all", {}), ("both", BOTH)], sizes()) == (Reading({}, ("all", "coal", "both")),)
    assert readings([("one", COAL), ("two", dict(COAL))], sizes()) == (Reading(COAL, ("one", "two")),)


def test_a_wider_list_is_read_where_it_takes_fewer_calls() -> None:
    """Coal (100 rows) and the east (90) take 4 + 3 pages of their own, or 5 of a table of 150 (but 10 of 300)."""
    due = [("coal", COAL), ("east", EAST)]
    assert readings(due, sizes(coal=100, east=90, all=150)) == (Reading({}, ("coal", "east")),)
    assert len(readings(due, sizes(coal=100, east=90, all=300))) == 2
    assert len(readings(due, sizes(coal=100, east=90))) == 2
    assert worth_asking(due, sizes(coal=100, east=90)) == {}
    assert worth_asking(due, sizes(coal=20, east=20)) is None
    assert worth_asking(due, sizes(coal=100, east=90, all=300)) is None


def rows_of(*table: dict[str, Any]) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    listing = read_list([list_row(row) for row in table])
    return marks(listing.records), dict(listing.fingerprints)


def good(answer: Answer, *now: dict[str, Any], seen: DetailSeen | None = None, age: int = 24, hours: int = 2) -> bool:
    rows, prints = rows_of(*now)
    at = START + timedelta(hours=hours)
    return reusable(answer, rows["m"], prints["m"], seen, max_age=timedelta(hours=age), now=at)


def test_a_detail_serves_another_watch_until_it_is_too_old() -> None:
    """As old as the watch that wants it allows, and newer than what that watch has."""
    answer = Answer("m", START, rows_of(site("m"))[0]["m"])
    assert good(answer, site("m")) and not good(answer, site("m"), age=2)
    newer = DetailSeen(START + timedelta(hours=1), "")
    assert not good(answer, site("m"), seen=newer) and good(
        answer, site("m"), seen=replace(newer, at=START - timedelta(1))
    )


def test_a_row_that_changed_since_is_asked_for() -> None:
    """Also where it changed and changed back for the other watch; a re-spelling is no change."""
    answer = Answer("m", START, rows_of(site("m", production_volume=11.0))[0]["m"])
    seen = DetailSeen(START - timedelta(hours=1), rows_of(site("m"))[1]["m"])
    assert not good(answer, site("m")) and not good(answer, site("m"), seen=seen)
    assert good(answer, site("m", production_volume="11.0"))


def test_a_row_that_the_other_watch_does_not_list() -> None:
    """A gold row beside the copper row: unknown to the other watch, so this one must have seen it unchanged."""
    gold, copper = site("m", commodity_type="Gold"), site("m", commodity_type="Copper")
    answer = Answer("m", START, rows_of(copper)[0]["m"])
    seen = DetailSeen(START - timedelta(hours=1), rows_of(gold, copper)[1]["m"])
    assert not good(answer, gold, copper) and good(answer, gold, copper, seen=seen)
    assert not good(answer, gold | {"year": 2025}, copper, seen=seen)


def test_lists_come_before_details_and_what_matters_more_before_the_rest() -> None:
    """100 a day, 60 spent, 30 set aside for lists: 10 details at most, evenly over the polls that are left."""
    limits, spent = Limits(per_day=100), Spent(60, 900)
    assert for_details(limits, spent, Ahead(30, 4), Ahead(3000, 300)) == (10, 2)
    assert for_details(limits, spent, Ahead(50, 4), Ahead(0, 0)) == (0, 0)
    assert for_details(Limits(), spent, Ahead(50, 4), Ahead(0, 0)) is None
    assert for_details(Limits(100, 1000), spent, Ahead(30, 4), Ahead(95, 0)) == (5, 2)
    assert for_list(limits, spent, 6, (34, 9e9)) and not for_list(limits, spent, 6, (35, 0))
    assert not for_list(Limits(None, 905), spent, 6, (0, 0))
