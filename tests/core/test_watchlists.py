"""Watchlists: told on crossing, every time anew, resolved past `clear`, movements that add up (DESIGN section 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.histories import START, site, sites, sweep
from watcher.model import Alert, Crossing, Memory, Notice, Standing
from watcher.pipeline import WatchSettings, decide
from watcher.rules import Bound, Limit, Rule, Silence, Watchlist

DAY = timedelta(hours=25)
PIT = "pt-batu-sejahtera"


@dataclass(frozen=True)
class Heard:
    """The alerts of each poll, the notices of all, and the memory at the end."""

    polls: tuple[tuple[Alert, ...], ...]
    notices: tuple[Notice, ...]
    memory: Memory

    @property
    def said(self) -> list[list[str]]:
        """Per poll, each crossing that is not silenced: `transition new`."""
        return [
            [
                f"{a.about.transition} {a.about.new:g}" if a.about.new is not None else a.about.transition
                for a in poll
                if isinstance(a.about, Crossing) and not a.silenced
            ]
            for poll in self.polls
        ]

    def one(self) -> Crossing:
        (found,) = [a.about for poll in self.polls for a in poll if isinstance(a.about, Crossing)]
        return found


def hear(
    *tables: Sequence[Mapping[str, Any]],
    lists: Sequence[Watchlist] = (),
    rules: Sequence[Rule] = (),
    silences: Sequence[Silence] = (),
    every: timedelta = DAY,
    memory: Memory | None = None,
    start: datetime = START,
    others: tuple[Any, ...] = (),
    min_severity: Mapping[str, Any] | None = None,
) -> Heard:
    """Poll the tables in order and keep what is told; details are always fresh."""
    settings = WatchSettings(
        "all",
        details=timedelta(0),
        rules=tuple(rules),
        watchlists=tuple(lists),
        silences=tuple(silences),
        min_severity=min_severity or {},
    )
    memory = memory or Memory("all")
    polls, notices = [], []
    for number, table in enumerate(tables):
        now = start + number * every
        memory = replace(memory, others=others)
        outcome = decide(sweep(table, memory, settings, now), memory, settings, now)
        memory = outcome.memory
        polls.append(outcome.alerts)
        notices += outcome.notices
    return Heard(tuple(polls), tuple(notices), memory)


def watchlist(limit: Limit, metric: str = "strip_ratio", **more: Any) -> Watchlist:
    return Watchlist("core", ("desk",), {PIT: {}}, {metric: limit}, **more)


def ratio(value: float | None, **more: Any) -> list[dict[str, Any]]:
    """One mine of the company with a strip ratio (and an overburden that agrees)."""
    overburden = None if value is None else 10.0 * value
    return [site("pit", strip_ratio=value, overburden_removal_volume=overburden, **more)]


def ratios(*values: float | None) -> list[list[dict[str, Any]]]:
    return [ratio(value) for value in values]


@pytest.mark.parametrize(
    ("limit", "more", "values", "told"),
    [
        (Limit(above=11), {}, (10, 12, 12, 13), [[], ["crossed 12"], [], []]),
        (Limit(above=11), {}, (10, 12, 10, 12), [[], ["crossed 12"], [], ["crossed 12"]]),
        (Limit(above=11), {"resolve": True}, (10, 12, 10), [[], ["crossed 12"], ["resolved 10"]]),
        (
            Limit(above=11, clear=9.5),
            {"resolve": True},
            (10, 12, 10, 12, 9),
            [[], ["crossed 12"], [], [], ["resolved 9"]],
        ),
        (Limit(above=11, clear=9.5), {"resolve": True}, (10, 12, 9.5, 9.4), [[], ["crossed 12"], [], ["resolved 9.4"]]),
        (Limit(below=8), {}, (9, 7, 9, 7), [[], ["crossed 7"], [], ["crossed 7"]]),
        (Limit(above=11), {}, (12, 12, 10, 12), [["already 12"], [], [], ["crossed 12"]]),
        (Limit(above=11), {}, (11, 11.0), [[], []]),
        (Limit(above=11), {}, (10, 12, None, 12), [[], ["crossed 12"], ["unknown"], []]),
        (Limit(above=11), {}, (10, None, None, 12), [[], ["unknown"], [], ["crossed 12"]]),
        (Limit(above=11), {}, (None, 12), [[], ["already 12"]]),
        (
            Limit(above=11),
            {"repeat": timedelta(days=2)},
            (12,) * 5,
            [["already 12"], [], ["still 12"], [], ["still 12"]],
        ),
        (Limit(above=11, below=9), {}, (10, 12, 8), [[], ["crossed 12"], ["crossed 8"]]),
        (Limit(falls_by=Bound(10, True)), {}, (10, 9.6, 9.2, 8.9, 8.5), [[], [], [], ["moved 8.9"], []]),
        (Limit(rises_by=Bound(2)), {}, (10, 11, 12, 13, 14), [[], [], ["moved 12"], [], ["moved 14"]]),
        (Limit(changes_by=Bound(10, True), since="previous"), {}, (10, 10.5, 11, 12.5), [[], [], [], ["moved 12.5"]]),
        (Limit(changes_by=Bound(1)), {}, (10, 9, None, 10), [[], ["moved 9"], ["unknown"], ["moved 10"]]),
        (Limit(above=11, below=5, changes_by=Bound(50)), {}, (12, None), [["already 12"], ["unknown"]]),
        (Limit(rises_by=Bound(10, True)), {}, (0, 3), [[], ["moved 3"]]),
    ],
)
def test_a_figure_at_its_limit(
    limit: Limit, more: dict[str, Any], values: tuple[float | None, ...], told: list[list[str]]
) -> None:
    """Told on crossing, each time anew; resolved past `clear`; drift adds up; null keeps the state and says so."""
    assert hear(*ratios(*values), lists=[watchlist(limit, **more)]).said == told


def test_movements_against_the_year_before() -> None:
    """`since: last_year` compares with the record of the year before, and says so once."""
    limit = Limit(falls_by=Bound(20, percent=True), since="last_year")
    tables = [
        [site("pit", year=2023, production_volume=10.0), site("pit", year=2024, production_volume=volume)]
        for volume in (9.0, 7.5, 7.0, 9.0)
    ]
    heard = hear(*tables, lists=[watchlist(limit, "production_volume")])
    assert heard.said == [[], ["moved 7.5"], [], []]
    assert (heard.one().old, heard.one().percent, heard.one().since) == (10.0, -25, "against the year before")


def test_movements_within_a_time() -> None:
    """`since: 3d` compares with the figure of three days ago: old drift is forgotten."""
    limit = Limit(rises_by=Bound(1.5), since=timedelta(days=3))
    slow = hear(*ratios(10, 10.4, 10.8, 11.2, 11.6, 12.0), lists=[watchlist(limit)], every=timedelta(days=2))
    quick = hear(*ratios(10, 10.4, 10.8, 11.2, 11.6, 12.0), lists=[watchlist(limit)], every=timedelta(hours=12))
    assert slow.said == [[]] * 6
    assert [said for said in quick.said if said] == [["moved 11.6"]]


def test_a_company_limit_stands_in_place_of_the_list_s() -> None:
    """A metric of a company's own replaces the list's limit for it; other metrics keep the list's."""
    own = {"strip_ratio": Limit(above=20)}
    one = Watchlist(
        "core", ("desk",), {PIT: own}, {"strip_ratio": Limit(above=11), "production_volume": Limit(below=5)}
    )
    tables = [[site("pit")], [site("pit", strip_ratio=15.0, production_volume=4.0, overburden_removal_volume=60.0)]]
    assert hear(*tables, lists=[one]).said == [[], ["crossed 4"]]


def test_globs_reach_every_metric() -> None:
    """`reserves.*` watches proven, probable and total, each on its own, also after one becomes null."""
    block = {"proven_reserves_Mt": 30.0, "probable_reserves_Mt": 20.0, "total_reserves_Mt": 50.0}
    less = {"proven_reserves_Mt": 24.0, "probable_reserves_Mt": 20.0, "total_reserves_Mt": 44.0}
    none = {"probable_reserves_Mt": 20.0, "total_reserves_Mt": 44.0}
    tables = [[site("pit", resources_reserves=one)] for one in (block, less, none, less)]
    heard = hear(*tables, lists=[watchlist(Limit(below=25), "reserves.*")])
    assert heard.said == [["already 20"], ["crossed 24"], ["unknown"], []]


def test_a_sum_over_a_company_s_sites() -> None:
    """`per: company`: latest year each, units converted, sites without a figure counted and said."""

    def table(one: float, other: float | None, unit: str = "Mt") -> list[dict[str, Any]]:
        return [
            site("a", production_volume=one), site("a", year=2023, production_volume=99.0),
            site("b", production_volume=other, unit=unit), site("c", production_volume=None),
        ]  # fmt: skip

    heard = hear(
        table(10.0, 20.0), table(10.0, 20_000.0, "kt"), table(9.0, 15.0), table(9.0, None),
        lists=[watchlist(Limit(below=25), "production_volume", per="company")],
    )  # fmt: skip
    assert heard.said == [[], [], ["crossed 24"], []]
    assert (heard.one().slug, heard.one().name) == (PIT, "PT Batu Sejahtera")
    assert heard.one().detail == "over 3 sites, 1 of them without a figure"


def test_a_mine_with_a_slug_for_each_year_counts_once_in_a_sum() -> None:
    """Upstream lists some mines as pit, pit-2, a year each: a sum has the latest; two of one year are two mines."""
    years = [site(f"pit-{year}", name="Pit", year=year, production_volume=year - 2000.0) for year in (2022, 2023, 2024)]
    twins = [site(slug, name="Twin", production_volume=5.0) for slug in ("twin", "twin-2")]
    limit = watchlist(Limit(above=30), "production_volume", per="company")
    assert hear(years, lists=[limit]).said == [[]]
    heard = hear([*years, *twins], lists=[limit])
    assert heard.said == [["already 34"]] and heard.one().detail == "over 3 sites"


def test_a_company_s_sum_is_not_moved_by_a_site_that_is_missing_for_a_while() -> None:
    """A site that the list lacks counts as it was until it is told as removed; then the sum is without it."""
    full, less = [site("a"), site("b", production_volume=20.0)], [site("a")]
    heard = hear(
        full, less, full, less, less, every=timedelta(hours=20),
        lists=[watchlist(Limit(below=25), "production_volume", per="company")],
    )  # fmt: skip
    assert heard.said == [[], [], [], [], []]
    later = hear(less, memory=heard.memory, start=START + timedelta(hours=101),
                 lists=[watchlist(Limit(below=25), "production_volume", per="company")])  # fmt: skip
    assert later.said == [["crossed 10"]]


TWICE = {"production_volume": 20.0, "overburden_removal_volume": 160.0}
DOUBLE = {"production_volume": 40.0, "overburden_removal_volume": 320.0}
STEEP = {"strip_ratio": 14.0, "overburden_removal_volume": 140.0}


@pytest.mark.parametrize(
    ("metric", "per", "limit", "before", "after", "told"),
    [
        ("reserve_life", "site", Limit(below=4), {}, TWICE, 2.5),
        ("implied_strip_ratio", "site", Limit(above=9), {}, {"overburden_removal_volume": 100.0}, 10.0),
        ("reserve_life", "company", Limit(below=4), {}, DOUBLE, 2.0),
        ("strip_ratio", "company", Limit(above=9), {}, STEEP, 11.0),
        ("company.strip_ratio", "company", Limit(above=9), {}, STEEP, 11.0),
        ("company.production_volume", "company", Limit(above=25), {},
         TWICE, 30.0),
    ],
)  # fmt: skip
def test_derived_metrics(
    metric: str, per: Any, limit: Limit, before: dict[str, Any], after: dict[str, Any], told: float
) -> None:
    """Reserve life, implied strip ratio, and a company's totals and weighted strip ratio, in limits."""
    beside = [site("b")] if per == "company" else []
    tables = [[site("a", **before), *beside], [site("a", **after), *beside]]
    assert hear(*tables, lists=[watchlist(limit, metric, per=per)]).said == [[], [f"crossed {told:g}"]]


def test_a_derived_figure_is_not_computed_over_what_is_missing() -> None:
    """Without a production there is no reserve life: null, which is said where the limit was broken."""
    tables = [[site("a", production_volume=20.0, overburden_removal_volume=160.0)], [site("a", production_volume=None)]]
    assert hear(*tables, lists=[watchlist(Limit(below=4), "reserve_life")]).said == [["already 2.5"], ["unknown"]]


def test_rules_may_name_derived_metrics() -> None:
    """`on: reserve_life` is told when it moves; no glob reaches it, so that nothing is said twice."""
    tables = [[site("a")], [site("a", production_volume=12.5, overburden_removal_volume=100.0)]]
    named = Rule("life", ("reserve_life",), ("desk",))
    everything = Rule("all", ("*",), ("desk",))
    (alert,) = hear(*tables, rules=[named]).polls[1]
    assert not isinstance(alert.about, Crossing)
    assert (alert.about.metric, alert.about.old, alert.about.new, alert.about.unit) == ("reserve_life", 5, 4, "years")
    metrics = [getattr(a.about, "metric", None) for a in hear(*tables, rules=[everything]).polls[1]]
    assert metrics == ["production_volume", "overburden_removal_volume"]
    company = Rule("sum", ("company.production_volume",), ("desk",))
    (alert,) = hear([*tables[0], site("b")], [*tables[1], site("b")], rules=[company]).polls[1]
    assert (alert.about.slug, alert.about.new) == (PIT, 22.5)


def test_a_suspect_figure_crosses_marked_and_never_resolves_in_silence() -> None:
    """A slipped column crosses with its reason; a suspect way back resolves only where that is told."""
    slipped = [site("pit", strip_ratio=80.0)]
    heard = hear([site("pit")], slipped, lists=[watchlist(Limit(above=11))])
    assert heard.said == [[], ["crossed 80"]] and "equals the overburden volume" in heard.one().suspect
    back = [site("pit", strip_ratio=1.0, overburden_removal_volume=120.0)]
    high = ratio(12)
    assert hear(high, back, high, lists=[watchlist(Limit(above=11))]).said == [["already 12"], [], []]
    told = hear(high, back, lists=[watchlist(Limit(above=11), resolve=True)])
    assert told.said == [["already 12"], ["resolved 1"]]
    assert told.polls[1][0].about.suspect


def test_a_unit_that_changed_alone_moves_no_threshold() -> None:
    """10 Mt → 10 kt: nothing moved that anybody knows of; converted, it is the same figure."""
    tables = [[site("pit")], [site("pit", unit="kt")]]
    assert hear(*tables, lists=[watchlist(Limit(falls_by=Bound(5, True)), "production_volume")]).said == [[], []]
    tables = [[site("pit")], [site("pit", unit="kt", production_volume=10_000.0)]]
    assert hear(*tables, lists=[watchlist(Limit(above=11), "production_volume")]).said == [[], []]


def test_nothing_is_told_while_held() -> None:
    """A held snapshot neither crosses nor resolves; when it ends, what is true is told."""
    table = sites(10)
    one = Watchlist("core", ("desk",), {"pt-company-0": {}}, {"production_volume": Limit(above=11)}, resolve=True)
    risen = [table[0] | {"production_volume": 12.0, "overburden_removal_volume": 96.0}, *table[1:]]
    assert hear(table, risen, [], risen, table, lists=[one]).said == [[], ["crossed 12"], [], [], ["resolved 10"]]


def test_what_was_not_observed_is_not_looked_at() -> None:
    """A detail that arrives later is a first look, told as already so, and a list-only watch says nothing of it."""
    settings = WatchSettings("all", details=None, watchlists=(watchlist(Limit(below=60), "reserves.total"),))
    memory = Memory("all")
    outcome = decide(sweep([site("pit")], memory, settings, START), memory, settings, START)
    assert outcome.alerts == () and outcome.memory.standing == Standing()
    assert hear([site("pit")], lists=[settings.watchlists[0]], memory=outcome.memory).said == [["already 50"]]


def test_a_renamed_company_is_followed() -> None:
    """The list goes on under the new slug with what it remembers; ops is told to update the file, once."""
    before = [site(f"pit-{n}", strip_ratio=12.0, overburden_removal_volume=120.0) for n in range(3)]
    after = [row | {"company_slug": "pt-batu-sejahtera-tbk", "company_name": "PT Batu Sejahtera Tbk"} for row in before]
    risen = [after[0] | {"strip_ratio": 16.0, "overburden_removal_volume": 160.0}, *after[1:]]
    one = watchlist(Limit(above=11, rises_by=Bound(20, True)))
    heard = hear(before, after, risen, lists=[one])
    assert heard.said == [["already 12"] * 3, [], ["moved 16"]]
    (notice,) = heard.notices
    assert notice.kind == "company.followed" and "pt-batu-sejahtera-tbk" in notice.text and "core" in notice.text
    rule = Rule("mine", ("strip_ratio",), ("desk",), where={"company": (PIT,)})
    assert len(hear(before, after, risen, rules=[rule]).polls[2]) == 1


def test_a_renamed_site_keeps_its_state_and_cooldown() -> None:
    """Limits and cooldowns go on under the new slug."""
    before = ratio(12.0)
    after = [row | {"slug": "new-pit", "name": "New Pit"} for row in before]
    risen = [row | {"strip_ratio": 13.0, "overburden_removal_volume": 130.0} for row in after]
    assert hear(before, after, risen, lists=[watchlist(Limit(above=11))]).said == [["already 12"], [], []]
    rule = Rule("ratio", ("strip_ratio",), ("desk",), cooldown=timedelta(days=7))
    tables = [ratio(11.5), before, after, risen]
    assert [len(poll) for poll in hear(*tables, rules=[rule]).polls] == [0, 1, 0, 0]


def test_a_cooldown_is_per_rule_and_site() -> None:
    """Within it the rule is silent about that site only; after it, it speaks again."""
    rule = Rule("ratio", ("strip_ratio",), ("desk",), cooldown=timedelta(hours=60))
    other = site("other", strip_ratio=8.0)
    moved = site("other", strip_ratio=9.0, overburden_removal_volume=90.0)
    tables = [[*ratio(10), other], [*ratio(11), other], [*ratio(12), moved], [*ratio(13), moved], [*ratio(14), moved]]
    told = [[a.about.slug for a in poll] for poll in hear(*tables, rules=[rule]).polls]
    assert told == [[], ["pit"], ["other"], [], ["pit"]]


def test_a_silence_holds_an_alert_back_and_a_limit_is_told_when_it_ends() -> None:
    """What is silenced is not sent; a limit that is still broken when the silence ends is told then."""
    silence = Silence({"company": (PIT,), "metric": ("strip_ratio",)}, START + 2.5 * DAY, "maintenance")
    heard = hear(*ratios(10, 12, 12, 12, 12), lists=[watchlist(Limit(above=11))], silences=[silence])
    assert heard.said == [[], [], [], ["crossed 12"], []]
    assert [alert.silenced for alert in heard.polls[1]] == ["maintenance"]
    moved = hear(*ratios(10, 12, 12, 12), lists=[watchlist(Limit(rises_by=Bound(1)))], silences=[silence])
    assert moved.said == [[], [], [], ["moved 12"]]
    gone = hear(*ratios(10, 12, 10, 10), lists=[watchlist(Limit(above=11), resolve=True)], silences=[silence])
    assert gone.said == [[], [], [], []]
    rule = Rule("all", ("*",), ("desk",), severity="critical")
    by_severity = Silence({"severity": ("critical",), "rule": ("all",)}, START + 2.5 * DAY, "quiet please")
    told = hear(*ratios(10, 12, 13, 14), rules=[rule], silences=[by_severity]).polls
    assert [[bool(a.silenced) for a in poll][:1] for poll in told] == [[], [True], [True], [False]]


def test_sums_see_all_watches() -> None:
    """A company's sum counts the sites that only other watches have."""
    other = decide(
        sweep([site("b", production_volume=20.0)], Memory("x"), WatchSettings("x"), START), Memory("x"),
        WatchSettings("x"), START,
    ).memory.snapshot  # fmt: skip
    assert other is not None
    heard = hear(
        [site("a")], [site("a", production_volume=4.0)], others=other.records,
        lists=[watchlist(Limit(below=25), "production_volume", per="company")],
    )  # fmt: skip
    assert heard.said == [[], ["crossed 24"]]


def test_an_edited_limit_is_a_new_one() -> None:
    """Another limit is looked at anew: told at once if it is broken already, and nothing is said of the old one."""
    heard = hear(*ratios(10, 12), lists=[watchlist(Limit(above=11))])
    stricter = hear(ratio(12), memory=heard.memory, start=START + 2 * DAY, lists=[watchlist(Limit(above=11.5))])
    laxer = hear(
        ratio(12), memory=heard.memory, start=START + 2 * DAY, lists=[watchlist(Limit(above=15), resolve=True)]
    )
    assert (stricter.said, laxer.said) == ([["already 12"]], [[]])


VALUES = st.lists(st.sampled_from([6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, None]), min_size=1, max_size=12)


@given(VALUES)
def test_a_level_is_told_exactly_when_it_is_crossed(values: list[float | None]) -> None:
    """Law: each transition from within to beyond is told once, each way back past `clear` once, and nothing else."""
    told = hear(*ratios(*values), lists=[watchlist(Limit(above=11, clear=9), resolve=True)]).said
    beyond, expected, first = False, [], True
    for value in values:
        said: list[str] = []
        if value is not None:
            if not beyond and value > 11:
                beyond, said = True, [f"{'already' if first else 'crossed'} {value:g}"]
            elif beyond and value < 9:
                beyond, said = False, [f"resolved {value:g}"]
            first = False
        expected.append(said)
    assert [[one for one in said if one != "unknown"] for said in told] == expected


@given(st.lists(st.sampled_from([-0.9, -0.4, 0.3, 0.8, 1.4]), min_size=1, max_size=15))
def test_drift_adds_up(steps: list[float]) -> None:
    """Law: however small the steps, a movement is told once it is as large as the bound."""
    values = [20.0]
    for one in steps:
        values.append(round(values[-1] + one, 3))
    heard = hear(*ratios(*values), lists=[watchlist(Limit(changes_by=Bound(2.0)))])
    reference, expected = values[0], []
    for value in values:
        moved = abs(round(value - reference, 9)) >= 2.0
        expected.append([f"moved {value:g}"] if moved else [])
        reference = value if moved else reference
    assert heard.said == expected
