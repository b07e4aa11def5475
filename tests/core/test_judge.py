"""News from upstream noise: each phenomenon as a small history with what is told of it (DESIGN sections 3 and 4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.core.histories import START, play, site, sites, sweep, without
from watcher.judge import (
    HoldPolicy,
    JudgementPolicy,
    MovePolicy,
    RenamePolicy,
    RevertPolicy,
    SuspectPolicy,
)
from watcher.model import Detail, Memory
from watcher.pipeline import WatchSettings, decide

HOUR = timedelta(hours=1)
TABLE = sites(10)
NICKEL = site(commodity_type="Nickel", overburden_removal_volume=None, strip_ratio=None, resources_reserves=None)


def blank(table: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row | {"resources_reserves": None, "location": None} for row in table]


@pytest.mark.parametrize(
    ("accident", "reason"),
    [
        ([], "10 of 10 sites vanished"),
        (TABLE[:5], "5 of 10 sites vanished"),
        (blank(TABLE), "reserves.probable turned null at 10 of the 10 records that had it"),
        ([row | {"production_volume": row["production_volume"] * 1000} for row in TABLE], "production_volume is 1000"),
        ([row | {"strip_ratio": None} for row in TABLE[:4]] + TABLE[4:], None),
        (TABLE[:6], None),
    ],
    ids=["all gone", "half gone", "details null", "unit switched", "four nulls", "four gone"],
)
def test_whole_table_accidents_are_held(accident: list[dict[str, Any]], reason: str | None) -> None:
    """An accident is held with its reason, told to ops once at its start and once at its end, and never to readers."""
    told = play(TABLE, accident, accident, TABLE, every=timedelta(hours=7), settings=WatchSettings("all", details=HOUR))
    if reason is None:
        assert "held" not in told.verdicts
    else:
        assert told.verdicts == ("baseline", "held", "held", "accepted")
        assert told.kinds == []
        assert [notice.kind for notice in told.notices] == ["hold.started", "hold.ended"]
        assert reason in told.notices[0].title


def test_a_real_change_during_a_hold_is_told_when_it_ends() -> None:
    """What changed while the table was gone is compared with the last accepted snapshot."""
    after = [TABLE[0] | {"production_volume": 12.0}, *TABLE[1:]]
    told = play(TABLE, [], after, every=HOUR)
    assert [(c.kind, c.old, c.new) for c in told.changes] == [("metric.changed", 10.0, 12.0)]


def test_a_hold_is_believed_after_its_time() -> None:
    """A mass loss that stays for `confirm_after` is accepted, and told."""
    gone = [row | {"strip_ratio": None} for row in TABLE]
    told = play(TABLE, *[gone] * 26, every=HOUR)
    assert told.verdicts[1:25] == ("held",) * 24 and told.verdicts[25] == "accepted"
    assert told.kinds == ["metric.changed"] * 10


def test_a_hold_is_believed_when_accepted_by_hand() -> None:
    """`accept` makes the next poll believe what is held."""
    gone = [row | {"strip_ratio": None} for row in TABLE]
    first = play(TABLE, gone, every=HOUR)
    assert first.memory.hold is not None
    memory = replace(first.memory, hold=replace(first.memory.hold, accept=True))
    settings, now = WatchSettings("all"), START + 2 * HOUR
    outcome = decide(sweep(gone, memory, settings, now), memory, settings, now)
    assert outcome.verdict == "accepted" and len(outcome.changes) == 10


def test_details_nulled_at_the_source_are_probed_and_forgiven() -> None:
    """While details are in doubt five are asked per poll; when one is back, all are asked in the same poll."""
    flat = [row | {"location": {**row["location"], "latitude": None, "longitude": None}, "resources_reserves": None}
            for row in TABLE]  # fmt: skip
    quick = play(TABLE, flat, every=timedelta(hours=24))
    settings = WatchSettings("all")
    later = START + timedelta(hours=25)
    again = sweep(flat, quick.memory, settings, later)
    assert len(again.details) == 5
    outcome = decide(again, quick.memory, settings, later)
    assert outcome.verdict == "held"
    back = sweep(TABLE, outcome.memory, settings, later + HOUR)
    assert len(back.details) == 10
    assert decide(back, outcome.memory, settings, later + HOUR).verdict == "accepted"


NORTH = {"province": "Kalimantan Timur", "city": "Berau", "latitude": 2.1005, "longitude": 117.4}


@pytest.mark.parametrize(
    ("policy", "history", "default", "then"),
    [
        (JudgementPolicy(HoldPolicy(lost_sites=70.0)), [TABLE, TABLE[:5]], [], []),
        (JudgementPolicy(moves=MovePolicy(50)), [[site()], [site(location=NORTH)]], [], ["site.moved"]),
        (JudgementPolicy(suspects=SuspectPolicy(strip_ratio=5)), [[site()], [site(strip_ratio=9)]], [""],
         ["the strip ratio 9 is not overburden ÷ production (8)"]),
        (JudgementPolicy(suspects=SuspectPolicy(jump=2)), [[NICKEL], [NICKEL | {"production_volume": 30}]], [""],
         ["a jump to 3 times the former figure"]),
        (JudgementPolicy(reverts=RevertPolicy(timedelta(days=1))), [[site()], [site(strip_ratio=9)], [site()]],
         ["revised", "reverted"], ["revised", "revised"]),
        (JudgementPolicy(renames=RenamePolicy(10)), [[NICKEL], [NICKEL | {"slug": "b", "name": "B", "location": NORTH,
                                                                          "production_volume": 30}]],
         ["revised", "site.renamed"], ["site.added"]),
    ],
    ids=["hold", "moves", "suspect ratio", "suspect jump", "reverts", "renames"],
)  # fmt: skip
def test_thresholds_can_be_set(
    policy: JudgementPolicy, history: list[Any], default: list[str], then: list[str]
) -> None:
    """Each threshold changes what is judged: what is told with the default, and with another value."""

    def told(settings: WatchSettings) -> list[str]:
        changes = play(*history, every=timedelta(hours=30), settings=settings).changes
        if default == [""]:
            return [change.suspect for change in changes]
        return [change.nature or change.kind for change in changes]

    assert told(WatchSettings("all", details=timedelta(0))) == default
    assert told(WatchSettings("all", details=timedelta(0), judgement=policy)) == then


def test_a_removal_is_told_after_its_time_with_a_404() -> None:
    """One missing site is `site.removed` once, after 24 hours, when its own page is a 404."""
    less = without(TABLE, "mine-3")
    told = play(TABLE, *[less] * 27, every=HOUR)
    assert [(c.kind, c.slug, c.name) for c in told.changes] == [("site.removed", "mine-3", "Mine 3")]
    assert told.changes[0].at - START == timedelta(hours=25)


def test_a_detail_that_is_a_404_while_the_list_has_the_site_is_no_removal() -> None:
    """The list decides who is there; the record keeps what its detail said last."""
    settings, memory, now = WatchSettings("all", details=HOUR), play(TABLE).memory, START
    gone = {row["slug"]: Detail(row["slug"], None) for row in TABLE}
    for _ in range(30):
        now += HOUR
        outcome = decide(replace(sweep(TABLE, memory, settings, now), details=gone), memory, settings, now)
        assert outcome.verdict == "accepted" and not outcome.changes and not outcome.notices
        memory = outcome.memory
    assert play(TABLE, settings=settings, memory=memory).changes == ()


def test_a_site_that_comes_back_in_time_never_left() -> None:
    """Missing for twenty hours is no removal and no return."""
    assert play(TABLE, *[without(TABLE, "mine-3")] * 20, TABLE, every=HOUR).kinds == []


def test_a_site_that_comes_back_late_has_returned() -> None:
    """Back after a confirmed removal is `site.returned`, with the figures that moved meanwhile."""
    less = without(TABLE, "mine-3")
    back = [*less, TABLE[3] | {"production_volume": 14.0}]
    told = play(TABLE, less, less, back)
    assert told.kinds == ["site.removed", "site.returned", "metric.changed"]


def test_a_site_that_no_longer_matches_has_left() -> None:
    """A site below the watch's `min_production` is `site.left`, with the reason; back above, `site.entered`."""
    settings = WatchSettings("big", filter={"min_production": 10})
    low = [TABLE[0] | {"production_volume": 4.0}, *TABLE[1:]]
    big: Any = lambda row: row["production_volume"] >= 10  # noqa: E731  (a filter of the list, as the server's)
    told = play(TABLE, low, low, TABLE, settings=settings, listed=big)
    assert told.kinds == ["site.left", "site.entered"]
    assert told.changes[0].detail == "its production is now 4 (the watch asks for 10 or more)"


def test_a_site_known_to_another_watch_has_entered() -> None:
    """A mine that another watch knew before is not new."""
    known = {"mine-9": START - HOUR}
    assert play(TABLE[:9], TABLE, elsewhere=known).kinds == ["site.entered"]
    assert play(TABLE[:9], TABLE, elsewhere={"mine-9": START + HOUR}).kinds == ["site.added"]


def renamed(row: dict[str, Any], name: str, **fields: Any) -> dict[str, Any]:
    return row | {"name": name, "slug": name.lower().replace(" ", "-")} | fields


@pytest.mark.parametrize(
    "name_and_fields",
    [
        ("Anything Else", {}),
        ("Anything Else", {"location": None}),
        ("Anything Else", {"location": None, "production_volume": None, "resources_reserves": None}),
    ],
    ids=["same place", "same figures", "no rival"],
)
def test_a_renamed_mine_is_one_change(name_and_fields: tuple[str, dict[str, Any]]) -> None:
    """Same company, commodity and year, and place, figures or no rival: one `site.renamed`, and nothing removed."""
    name, fields = name_and_fields
    table = [TABLE[0] | {"location": fields.get("location", TABLE[0]["location"])}, *TABLE[1:]]
    after = [renamed(table[0], name, **fields), *table[1:]]
    told = play(table, after, *[after] * 3)
    assert [(c.kind, c.slug, c.old_slug) for c in told.changes if c.kind.startswith("site")] == [
        ("site.renamed", "anything-else", "mine-0")
    ]


def test_a_rename_back_and_forth_is_told_each_time() -> None:
    """There, back and there again: three renames, no removal, no new site."""
    bare = {"production_volume": None, "strip_ratio": None, "overburden_removal_volume": None,
            "resources_reserves": None, "location": None}  # fmt: skip
    before = [site("north-pit", **bare), site("south-pit", **bare), *TABLE]
    after = [site("pit-utara", **bare), site("pit-selatan", **bare), *TABLE]
    told = play(before, after, before, after)
    assert told.kinds == ["site.renamed"] * 6
    assert {(c.old_slug, c.slug) for c in told.changes[:2]} == {
        ("north-pit", "pit-utara"),
        ("south-pit", "pit-selatan"),
    }


def test_two_look_alikes_are_never_guessed() -> None:
    """Two gone and two new of one company with nothing to tell them apart: added, and later removed."""
    bare = {"production_volume": None, "strip_ratio": None, "overburden_removal_volume": None,
            "resources_reserves": None, "location": None}  # fmt: skip
    before = [site("alpha", **bare), site("beta", **bare), *TABLE]
    after = [site("gamma", **bare), site("delta", **bare), *TABLE]
    told = play(before, after, after, after)
    assert sorted(told.kinds) == ["site.added", "site.added", "site.removed", "site.removed"]


def test_a_company_renamed_is_one_change() -> None:
    """A `pt-` prefix on all of a company's sites is one `company.renamed`, and no owner changed."""
    before = [site(f"pit-{n}", company_slug="batu-jaya", company_name="Batu Jaya") for n in range(4)]
    after = [row | {"company_slug": "pt-batu-jaya", "company_name": "PT Batu Jaya"} for row in before]
    (change,) = play(before, after).changes
    assert (change.kind, change.old, change.new, change.old_slug) == (
        "company.renamed", "Batu Jaya", "PT Batu Jaya", "batu-jaya",
    )  # fmt: skip


def test_some_sites_of_a_company_moving_is_no_rename() -> None:
    """If one site stays under the old company, the others changed their owner."""
    before = [site(f"pit-{n}", company_slug="batu-jaya", company_name="Batu Jaya") for n in range(4)]
    after = [row | {"company_slug": "pt-batu-jaya", "company_name": "PT Batu Jaya"} for row in before[:3]]
    assert play(before, [*after, before[3]]).kinds == ["owner.changed"] * 3


def test_a_figure_that_goes_back_within_a_week_is_reverted() -> None:
    """10 → 12 → 10 within seven days: the second change says so; after eight days it is a revision."""
    there = [site(production_volume=12.0)]
    assert [c.nature for c in play([site()], there, [site()]).changes] == ["revised", "reverted"]
    slow = play([site()], there, [site()], every=timedelta(days=8))
    assert [c.nature for c in slow.changes] == ["revised", "revised"]


@pytest.mark.parametrize(
    ("fields", "metric", "reason"),
    [
        ({"strip_ratio": 80.0}, "strip_ratio",
         "the strip ratio equals the overburden volume; a jump to 10 times the former figure"),
        ({"strip_ratio": 13.0}, "strip_ratio", "the strip ratio 13 is not overburden ÷ production (8)"),
        ({"production_volume": -10.0}, "production_volume", "a negative figure"),
        ({"resources_reserves": {"proven": 30, "probable": 20, "total_reserve": 70}}, "reserves.total",
         "proven + probable reserves (50) are not the total (70)"),
        ({"overburden_removal_volume": None, "strip_ratio": None, "production_volume": 100.0}, "production_volume",
         "a jump to 10 times the former figure"),
        ({"strip_ratio": 9.0}, "strip_ratio", ""),
    ],
    ids=["slip", "ratio", "negative", "sum", "jump", "plausible"],
)  # fmt: skip
def test_a_change_that_contradicts_its_record_is_suspect(fields: dict[str, Any], metric: str, reason: str) -> None:
    """The reason is in words, and computed from the record itself."""
    assert play([site()], [site(**fields)]).metric(metric).suspect == reason


def test_coordinates_outside_indonesia_are_suspect() -> None:
    """A move to Australia is told, and marked."""
    place = {"province": "Kalimantan Timur", "city": "Berau", "latitude": -22.9, "longitude": 148.1}
    (change,) = play([site()], [site(location=place)]).changes
    assert change.suspect == "the coordinates lie outside Indonesia"


def test_what_stood_before_marks_nothing() -> None:
    """Totals that never added up do not make a later change of production suspect, nor their own revision."""
    odd = {"proven": 30, "probable": 20, "total_reserve": 70}
    told = play([site(resources_reserves=odd)], [site(resources_reserves=odd | {"total_reserve": 71})])
    assert told.metric("reserves.total").suspect == ""


def test_a_correction_says_what_it_corrects() -> None:
    """The slipped strip ratio put right: not suspect, and `corrects` says what was wrong."""
    told = play([site()], [site(strip_ratio=80.0)], [site(strip_ratio=8.2)], every=timedelta(days=30))
    slip, correction = told.changes
    assert slip.suspect and not correction.suspect
    assert correction.corrects == "a record in which the strip ratio equalled the overburden volume"


def test_a_detail_first_fetched_late_makes_no_change() -> None:
    """From not observed to anything is no change: a watch that starts to fetch details reports none of them as new."""
    memory = play(TABLE, settings=WatchSettings("all", details=None)).memory
    told = play(TABLE, settings=WatchSettings("all"), memory=memory)
    assert told.credits == (10,) and told.changes == () and told.verdicts == ("accepted",)


def test_an_unknown_structure_on_many_records_is_one_notice() -> None:
    """A key that nobody knows on all records is told to ops once."""
    odd = [row | {"resources_reserves": {**row["resources_reserves"], "zeta score": 1.0}} for row in TABLE]
    told = play(TABLE, odd, odd)
    assert [notice.kind for notice in told.notices] == ["structure.unknown"]


def test_a_filter_that_was_edited_starts_anew() -> None:
    """Another filter is another baseline: nobody is told that the sites outside of it vanished."""
    memory = play(TABLE).memory
    told = play(TABLE[:2], settings=WatchSettings("all", filter={"company": "x"}), memory=memory)
    assert told.verdicts == ("baseline",) and told.credits == (0,)


def test_a_first_look_into_an_empty_table_is_no_baseline_for_a_full_one() -> None:
    """A whole table that appears after an empty baseline is not so many new sites."""
    assert play([], TABLE).changes == ()
    assert play([], TABLE[:1]).kinds == ["site.added"]


def test_ids_are_stable_and_distinct() -> None:
    """The same history gives the same ids, and no two changes share one."""
    after = [row | {"production_volume": 1.0 + n, "strip_ratio": 6 + n / 7} for n, row in enumerate(TABLE)]
    first, second = play(TABLE, after), play(TABLE, after)
    assert [c.id for c in first.changes] == [c.id for c in second.changes]
    assert len({c.id for c in first.changes}) == len(first.changes) == 20


def test_an_empty_memory_is_a_baseline() -> None:
    """Nothing remembered: nothing to compare with."""
    settings = WatchSettings("all")
    outcome = decide(sweep(TABLE, Memory("all"), settings, START), Memory("all"), settings, START)
    assert outcome.verdict == "baseline" and not outcome.alerts


def test_one_blank_detail_is_no_news_until_it_stays_so() -> None:
    """A detail that loses its place and all its reserves at once: asked again after `confirm_after`, and only then
    believed; back by then, it was nothing. Half a loss is told at once."""
    empty = {"resources_reserves": None, "location": None, "overburden_removal_volume": None}
    blank_one = [TABLE[0] | empty, *TABLE[1:]]
    day = timedelta(hours=24)
    assert play(TABLE, blank_one, TABLE, TABLE, every=day).kinds == []
    nowhere = [row | {"location": None} for row in TABLE]
    assert play(nowhere, [TABLE[0] | empty, *nowhere[1:]], nowhere, every=day).kinds == []
    stayed = play(TABLE, blank_one, blank_one, every=day)
    assert {change.nature for change in stayed.changes} == {"withdrawn"} and len(stayed.changes) == 4
    half = play(TABLE, [TABLE[0] | {"resources_reserves": None}, *TABLE[1:]], every=day)
    assert len(half.changes) == 3


def test_a_detail_still_blank_when_a_hold_ends_is_no_news() -> None:
    """The table is back from an accident, but for one detail that is blank, unreadable, or could not be had."""
    day, settings = timedelta(hours=24), WatchSettings("all")
    held = play(TABLE, blank(TABLE), every=day)
    assert held.verdicts[-1] == "held"
    now = START + 2 * day
    empty = {"resources_reserves": None, "location": None, "overburden_removal_volume": None}
    blank_one = [TABLE[0] | empty, *TABLE[1:]]
    strange = [TABLE[0] | {"resources_reserves": 7, "location": "?"}, *TABLE[1:]]
    for table in (blank_one, strange):
        outcome = decide(sweep(table, held.memory, settings, now), held.memory, settings, now)
        assert outcome.verdict == "accepted" and outcome.changes == ()
    seen = sweep(TABLE, held.memory, settings, now)
    missed = replace(seen, details={slug: one for slug, one in seen.details.items() if slug != "mine-0"})
    outcome = decide(missed, held.memory, settings, now)
    assert outcome.verdict == "accepted" and outcome.changes == ()


def test_a_row_that_comes_twice_is_no_new_report() -> None:
    """A page shows one row twice and another not at all: nothing is told, then or when it is right again."""
    twice = [*TABLE[:-1], TABLE[0]]
    assert play(TABLE, twice, TABLE, twice, TABLE, every=HOUR).kinds == []


def test_what_cannot_be_read_when_a_hold_ends_is_what_was_accepted() -> None:
    """All production turns null, is held, and comes back, but for one row that cannot be read."""
    silent = [row | {"production_volume": None} for row in TABLE]
    strange = [TABLE[0] | {"production_volume": {"x": []}}, *TABLE[1:]]
    assert play(TABLE, silent, strange, TABLE, every=HOUR).kinds == []
