"""Watchlists on data that is not simple: twins, doubt, units, parts that are missing, limits that overlap."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.core.histories import START, site, sweep
from tests.core.test_watchlists import DOUBLE, PIT, hear, ratio, watchlist
from watcher.model import Crossing, Memory
from watcher.pipeline import WatchSettings, decide
from watcher.rules import Bound, Limit, Rule, Watchlist

HIGH = Limit(above=11)


def dug(slug: str, value: float, **more: Any) -> dict[str, Any]:
    """A mine with a strip ratio, and an overburden that agrees."""
    return site(slug, strip_ratio=value, overburden_removal_volume=10 * value, **more)


def test_mines_of_one_slug_have_limits_of_their_own() -> None:
    """Two companies with a mine of one name each, and two projects of one company: none answers for the other."""
    other = {"company_slug": "pt-other", "company_name": "PT Other"}
    both = Watchlist("core", ("desk",), {PIT: {}, "pt-other": {}}, {"strip_ratio": HIGH})
    tables = [[dug("pit", one), dug("pit", two, **other)] for one, two in ((12, 8), (12.5, 8.5), (12.5, 12), (10, 12))]
    assert hear(*tables, lists=[both]).said == [["already 12"], [], ["crossed 12"], []]
    blocks = [
        [dug("pit", one, project_name="A"), dug("pit", two, project_name="B")] for one, two in ((12, 8), (12.5, 13))
    ]
    assert hear(*blocks, lists=[both]).said == [["already 12"], ["crossed 13"]]


def test_a_sum_has_every_row_of_a_site() -> None:
    """Two projects of one site are both counted, and are one site."""
    rows = [site("pit", project_name=name, production_volume=volume) for name, volume in (("A", 10.0), ("B", 20.0))]
    heard = hear(rows, lists=[watchlist(Limit(above=25), "production_volume", per="company")])
    assert heard.said == [["already 30"]] and heard.one().detail == "over 1 site"


def test_a_derived_figure_over_a_suspect_part_says_so() -> None:
    """Also where the doubt is older than the change, and where it is another site's."""
    slipped = site("b", strip_ratio=80.0)
    one = watchlist(Limit(above=30), "strip_ratio", per="company")
    less = dug("a", 8.0) | {"production_volume": 9.0, "overburden_removal_volume": 72.0}
    heard = hear([dug("a", 8.0), site("b")], [dug("a", 8.0), slipped], [less, slipped], lists=[one])
    assert heard.said == [[], ["crossed 44"], []]
    assert heard.one().suspect.startswith("B: the strip ratio equals")
    later = hear([dug("a", 8.0), slipped], [dug("a", 30.0), slipped], lists=[watchlist(Limit(above=50), per="company")])
    assert later.one().suspect.startswith("B: the strip ratio equals")
    doubtful = {"proven_reserves_Mt": 30.0, "probable_reserves_Mt": 20.0, "total_reserves_Mt": 90.0}
    tables = [[site("a", resources_reserves=doubtful)], [site("a", resources_reserves=doubtful, **DOUBLE)]]
    life = hear(*tables, lists=[watchlist(Limit(below=4), "reserve_life")])
    assert life.said == [[], ["crossed 2.25"]] and "are not the total" in life.one().suspect


def test_a_change_of_another_year_says_nothing_of_this_one() -> None:
    """A suspect revision of 2023 marks no figure of 2024."""
    rows = [site("pit", year=2023), dug("pit", 10.0)]
    after = [site("pit", year=2023, strip_ratio=80.0), dug("pit", 12.0)]
    heard = hear(rows, after, lists=[watchlist(HIGH)])
    assert heard.said == [[], ["crossed 12"]]
    assert heard.one().suspect == "" and (heard.one().old, heard.one().new) == (10, 12)


@pytest.mark.parametrize(
    ("own", "shared", "limit"),
    [
        ({"reserves.*": Limit(below=60)}, {"reserves.total": Limit(below=70)}, "below 60"),
        ({"reserves.total": Limit(below=60)}, {"reserves.*": Limit(below=70)}, "below 60"),
        ({}, {"reserves.*": Limit(below=70), "reserves.total": Limit(below=60)}, "below 60"),
        ({"*.total": Limit(below=60)}, {"*": Limit(below=70)}, "below 60"),
    ],
)
def test_the_nearest_limit_stands(own: dict[str, Limit], shared: dict[str, Limit], limit: str) -> None:
    """A company's own before the list's, in each a name before a glob; one limit per metric."""
    told = hear([site("a")], lists=[Watchlist("core", ("desk",), {PIT: own}, shared)]).polls[0]
    found = [a.about for a in told if isinstance(a.about, Crossing) and a.about.metric == "reserves.total"]
    assert [one.limit for one in found] == [limit]


def test_a_unit_that_changed_without_its_value_crosses_marked() -> None:
    """10 Mt that turn into 10 kt cross `below`, with the reason to doubt it; converted, nothing moved."""
    limit = watchlist(Limit(below=5), "production_volume")
    heard = hear([site("pit")], [site("pit", unit="kt")], lists=[limit])
    assert heard.said == [[], ["crossed 0.01"]] and "the unit changed from Mt to kt" in heard.one().suspect
    assert hear([site("pit")], [site("pit", unit="kt", production_volume=10_000.0)], lists=[limit]).said == [[], []]


def test_several_lists_know_nothing_of_each_other() -> None:
    """Each has its own memory, targets and severity."""
    strict, lax = watchlist(HIGH), replace(watchlist(Limit(above=13)), name="lax", to=("mail",), severity="critical")
    heard = hear(ratio(10), ratio(12), ratio(14), lists=[strict, lax])
    told = [[(a.rule, a.targets, a.severity) for a in poll] for poll in heard.polls]
    assert told == [[], [("core", ("desk",), "warning")], [("lax", ("mail",), "critical")]]


def test_a_new_report_moves_a_derived_figure() -> None:
    """`on: reserve_life` is told of a new year's figure as of any other, with both years."""
    rule = Rule("life", ("reserve_life",), ("desk",))
    tables = [[site("a")], [site("a", year=2025, production_volume=12.5, overburden_removal_volume=100.0)]]
    (alert,) = hear(*tables, rules=[rule]).polls[1]
    about = alert.about
    assert not isinstance(about, Crossing)
    assert (about.old, about.new, about.nature, about.old_year, about.year) == (5, 4, "reported", 2024, 2025)


def test_a_company_s_total_in_a_rule_is_the_one_of_the_lists() -> None:
    """A site that is missing counts until it is told as removed; then the total moves, and says over how many sites."""
    rule = Rule("sum", ("company.production_volume",), ("desk",))
    full, less = [site("a"), site("b", production_volume=20.0)], [site("a")]
    heard = hear(full, less, less, rules=[rule])
    told = [[(a.about.old, a.about.new, a.about.detail) for a in poll] for poll in heard.polls]
    assert told == [[], [], [(30, 10, "over 1 site")]]


def test_a_movement_away_from_zero_is_more_than_any_percentage() -> None:
    """A mine that starts to produce has risen by 10 %, for rules too; one that stays at zero has not."""
    rule = Rule(
        "starts", ("production_volume",), ("desk",), when=replace(Rule("", (), ()).when, rises_by=Bound(10, True))
    )
    tables = [[site("a", production_volume=volume)] for volume in (0, 3.0, 3.1)]
    assert [len(poll) for poll in hear(*tables, rules=[rule]).polls] == [0, 1, 0]


def test_a_sum_waits_for_every_detail_and_every_year_before() -> None:
    """It is not looked at over sites whose detail nobody has, nor against a year that some sites have no report of."""
    one = watchlist(Limit(below=80), "reserves.total", per="company")
    settings = WatchSettings("all", watchlists=(one,))
    seen = sweep([site("a"), site("b")], Memory("all"), settings, START)
    half = replace(seen, details={"a": seen.details["a"]})
    assert decide(half, Memory("all"), settings, START).alerts == ()
    year = watchlist(Limit(rises_by=Bound(20, True), since="last_year"), "production_volume", per="company")
    rows = [site("a", year=2023), site("a"), site("b", production_volume=20.0)]
    assert hear(rows, lists=[year]).said == [[]]
    assert hear([*rows, site("b", year=2023, production_volume=5.0)], lists=[year]).said == [["already 30"]]
