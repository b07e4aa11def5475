"""Details are rotated a few at a time: an accident is known by a few of them, and a true withdrawal too."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.core.histories import Credits, play, site, sites
from watcher.pipeline import WatchSettings

HOUR = timedelta(hours=1)
TABLE = sites(30)
WATCH = WatchSettings("all", details=HOUR)
TWO = Credits(rotated=2)
ONLY_TWO = Credits(rotated=2, beside=False)


def with_reserves(row: dict[str, Any], **keys: Any) -> dict[str, Any]:
    return row | {"resources_reserves": {**row["resources_reserves"], **keys}}


ACCIDENTS = {
    "reserves null": [row | {"resources_reserves": None} for row in TABLE],
    "one metric null": [with_reserves(row, total_reserves_Mt=None) for row in TABLE],
    "coordinates null": [row | {"location": {"province": "Kalimantan Timur", "city": "Berau"}} for row in TABLE],
    "overburden null": [row | {"overburden_removal_volume": None} for row in TABLE],
    "kt unsaid": [with_reserves(row, total_reserves_Mt=50_000.0) for row in TABLE],
    "short tons unsaid": [with_reserves(row, total_reserves_Mt=55.116) for row in TABLE],
}


@pytest.mark.parametrize("accident", ACCIDENTS.values(), ids=ACCIDENTS)
def test_an_accident_is_known_by_its_first_two_details(accident: list[dict[str, Any]]) -> None:
    """Two details a poll: the first that show it make Watcher look at the others, and the snapshot is held."""
    told = play(TABLE, *[accident] * 6, *[TABLE] * 20, every=HOUR, settings=WATCH, credits=TWO)
    assert told.verdicts[1:7] == ("held",) * 6 and told.verdicts[7] == "accepted"
    assert told.kinds == [] and [notice.kind for notice in told.notices] == ["hold.started", "hold.ended"]


@pytest.mark.parametrize("accident", [ACCIDENTS["reserves null"], ACCIDENTS["one metric null"]], ids=["all", "one"])
def test_short_of_credits_a_loss_waits(accident: list[dict[str, Any]]) -> None:
    """Two details a poll and not one more: the losses are not believed until they have stayed for a day."""
    assert play(TABLE, *[accident] * 6, *[TABLE] * 40, every=HOUR, settings=WATCH, credits=ONLY_TWO).kinds == []
    stayed = play(TABLE, *[accident] * 80, every=HOUR, settings=WATCH, credits=ONLY_TWO)
    assert len({change.slug for change in stayed.of("metric.changed")}) == 30


@pytest.mark.parametrize("credits", [TWO, Credits()], ids=["two a poll", "all at once"])
def test_a_true_withdrawal_is_told_when_it_is_seen(credits: Credits) -> None:
    """One site that loses a figure is news in the same poll, for the price of a few details beside it."""
    less = [with_reserves(TABLE[0], total_reserves_Mt=None), *TABLE[1:]]
    told = play(TABLE, less, every=HOUR, settings=WATCH, credits=credits)
    assert [(c.slug, c.metric, c.nature) for c in told.changes] == [("mine-0", "reserves.total", "withdrawn")]
    assert told.credits[1] <= max(8, credits.rotated if credits.rotated < 30 else 30)


def test_a_true_withdrawal_is_told_even_without_credits() -> None:
    """It is told a day late, and once."""
    less = [with_reserves(TABLE[0], total_reserves_Mt=None), *TABLE[1:]]
    told = play(TABLE, *[less] * 60, every=HOUR, settings=WATCH, credits=ONLY_TWO)
    assert [(c.slug, c.metric, c.nature) for c in told.changes] == [("mine-0", "reserves.total", "withdrawn")]


def test_six_sites_of_one_company_are_no_accident() -> None:
    """What a fifth of the table truly withdraws is told, though the first that are seen have all withdrawn."""
    oldest = sorted(row["slug"] for row in TABLE)[:6]
    less = [with_reserves(row, total_reserves_Mt=None) if row["slug"] in oldest else row for row in TABLE]
    told = play(TABLE, less, every=HOUR, settings=WATCH, credits=Credits(rotated=6))
    assert told.verdicts == ("baseline", "accepted") and len(told.changes) == 6


def test_what_moves_everywhere_is_told_in_one_poll() -> None:
    """Figures disclosed or revised at all sites are not told in fifteen portions."""
    before = [row | {"resources_reserves": None} for row in TABLE]
    disclosed = play(before, *[TABLE] * 3, every=HOUR, settings=WATCH, credits=TWO)
    assert len({change.at for change in disclosed.changes}) == 1 and len(disclosed.changes) == 90
    revised = [with_reserves(row, total_reserves_Mt=51.0 + n) for n, row in enumerate(TABLE)]
    told = play(TABLE, *[revised] * 3, every=HOUR, settings=WATCH, credits=TWO)
    assert len({change.at for change in told.changes}) == 1 and len(told.changes) == 30


def test_a_table_too_small_for_a_hold_waits_when_it_loses_all() -> None:
    """Four sites that lose a figure at once: nothing is told while it may be an accident, and all when it stayed."""
    less = [with_reserves(row, total_reserves_Mt=None) for row in TABLE[:4]]
    day = timedelta(hours=24)
    assert play(TABLE[:4], less, TABLE[:4], every=day).kinds == []
    assert play(TABLE[:4], less, less, every=day).kinds == ["metric.changed"] * 4


def test_an_unknown_structure_is_known_by_two_details() -> None:
    """A key that nobody knows on all sites is told to ops once, though only two details are asked for at a time."""
    odd = [with_reserves(row, zeta=1.0) for row in TABLE]
    told = play(TABLE, *[odd] * 10, every=HOUR, settings=WATCH, credits=ONLY_TWO)
    assert [notice.kind for notice in told.notices] == ["structure.unknown"]


def test_a_batch_that_comes_in_an_accident_is_looked_at_again() -> None:
    """New sites whose details were fetched while all was null disclose nothing when the accident is over."""
    new = [site(f"new-{n}", company_slug=f"pt-new-{n}", company_name=f"PT New {n}") for n in range(6)]
    both = [*TABLE, *new]
    null = [row | {"resources_reserves": None} for row in both]
    told = play(TABLE, null, null, *[both] * 20, every=HOUR, settings=WatchSettings("all"), credits=TWO)
    assert told.kinds == ["site.added"] * 6
    assert [notice.kind for notice in told.notices] == ["hold.started", "hold.ended"]


def test_a_mine_renamed_in_an_accident_loses_nothing() -> None:
    """Its detail under the new slug is a glimpse of the accident like any other."""
    renamed = [TABLE[0] | {"name": "Another", "slug": "another"}, *TABLE[1:]]
    null = [row | {"resources_reserves": None} for row in renamed]
    told = play(TABLE, null, null, *[renamed] * 20, every=HOUR, settings=WatchSettings("all"), credits=TWO)
    assert told.kinds == ["site.renamed"]


def test_each_cause_of_a_hold_has_its_own_time() -> None:
    """Twenty hours without sites, then twenty without reserves: neither stayed for a day, and neither is believed."""
    null = ACCIDENTS["reserves null"]
    told = play(TABLE, *[[]] * 20, *[null] * 20, *[TABLE] * 3, every=HOUR, settings=WatchSettings("all", details=HOUR))
    assert told.kinds == [] and [notice.kind for notice in told.notices] == ["hold.started", "hold.ended"]


def test_a_site_that_vanishes_in_a_hold_is_missed_from_then_on() -> None:
    """The hold is believed after a day; the site that went in its last hours is not gone for a day yet."""
    null = [row | {"strip_ratio": None} for row in TABLE]
    told = play(TABLE, *[null] * 20, *[null[1:]] * 10, null, every=HOUR, settings=WatchSettings("all"))
    assert {change.kind for change in told.changes} == {"metric.changed"}
    gone = play(TABLE, *[null] * 20, *[null[1:]] * 30, every=HOUR, settings=WatchSettings("all"))
    assert [change.slug for change in gone.of("site.removed")] == ["mine-0"]
