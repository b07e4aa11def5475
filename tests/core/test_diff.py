"""What changed between two snapshots, record by record (DESIGN sections 2 and 3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.histories import play, site, sites
from watcher.diff import match, move
from watcher.model import Record, Value


def change_of(metric: str, before: dict[str, Any], after: dict[str, Any]) -> Any:
    return play([site(**before)], [site(**after)]).metric(metric)


def test_the_first_poll_is_silent() -> None:
    """A baseline makes no changes and no alerts."""
    told = play(sites(7))
    assert told.verdicts == ("baseline",) and not told.changes


def test_the_same_again_is_nothing() -> None:
    """An unchanged table makes no changes, and its snapshot is the very same one."""
    told = play(sites(7), sites(7), every=timedelta(hours=1))
    assert told.verdicts == ("baseline", "accepted") and not told.changes and told.credits == (7, 0)


@pytest.mark.parametrize(
    "respelt",
    [
        {"production_volume": "10"},
        {"production_volume": 10, "unit": "mt."},
        {"commodity_type": "Thermal Coal"},
        {"production_volume": 10_000.0, "unit": "kt"},
        {"name": "BUKIT  HITAM"},
        {"resources_reserves": {"reserves_proved": "30", "reserves_probable": 20, "total_reserve": 50.0}},
        {"resources_reserves": [{"category": "Proven Reserves", "volume": 30000, "unit": "kt"},
                                {"category": "Probable Reserves", "volume": 20, "unit": "Mt"},
                                {"category": "Total Reserves", "volume": 50, "unit": "wmt"}]},
        {"location": {"province": "kalimantan timur", "city": "Berau", "latitude": 2.1001, "longitude": 117.4001}},
        {"company_name": "PT. BATU SEJAHTERA"},
    ],
    ids=lambda fields: next(iter(fields)),
)  # fmt: skip
def test_another_spelling_is_no_change(respelt: dict[str, Any]) -> None:
    """Number formats, units with their values, keys, case and rounding of coordinates say nothing new."""
    assert play([site()], [site(**respelt)], [site()]).kinds == []


def test_a_figure_of_the_list_is_told_at_the_next_poll() -> None:
    """A revised production has its difference, its percentage, its unit and its year."""
    change = change_of("production_volume", {}, {"production_volume": 8.5})
    assert (change.old, change.new, change.delta, change.percent) == (10.0, 8.5, -1.5, -15.0)
    assert (change.unit, change.year, change.nature, change.suspect) == ("Mt", 2024, "revised", "")


def test_null_and_numbers() -> None:
    """null → number is disclosed, number → null withdrawn; neither has a percentage."""
    told = play([site(strip_ratio=None)], [site()], every=timedelta(days=8))
    assert (told.changes[0].nature, told.changes[0].percent) == ("disclosed", None)
    gone = play([site()], [site(strip_ratio="")]).changes[0]
    assert (gone.nature, gone.new, gone.old) == ("withdrawn", None, 8.0)


def test_zero_is_a_number() -> None:
    """A fall to zero is a fall of 100 %; a rise from zero has no percentage."""
    assert change_of("production_volume", {}, {"production_volume": 0}).percent == -100.0
    rise = change_of("production_volume", {"production_volume": 0}, {})
    assert (rise.delta, rise.percent) == (10.0, None)


def test_a_unit_changed_alone_has_no_percentage() -> None:
    """10 Mt → 10 kt says why no movement can be given."""
    change = change_of("production_volume", {}, {"unit": "kt"})
    assert change.percent is None and change.delta is None
    assert change.suspect == "the unit changed from Mt to kt without the value being converted"


def test_a_real_movement_along_with_a_unit() -> None:
    """10 Mt → 12,000 kt is +20 %, told in the new unit."""
    change = change_of("production_volume", {}, {"production_volume": 12_000, "unit": "kt"})
    assert (change.old, change.new, change.unit, change.percent) == (10_000.0, 12_000.0, "kt", 20.0)


def test_wrong_types_and_missing_keys_leave_the_record_as_it_was() -> None:
    """A row with a broken field changes nothing, and the next good row is compared with the last good one."""
    broken = site(production_volume={"x": 1}, strip_ratio=[], year="soon", name=7)
    del broken["unit"]
    assert play([site()], [broken], [site()]).kinds == []
    assert play([site()], [broken], [site(production_volume=12.0)]).metric("production_volume").old == 10.0


def test_a_row_without_a_slug_removes_nobody() -> None:
    """While a row cannot be read, no site counts as missing; ops hears of it once."""
    table = sites(6)
    broken = [*table[:5], table[5] | {"slug": None}]
    told = play(table, broken, broken, table)
    assert told.kinds == [] and not told.memory.absent
    assert [notice.kind for notice in told.notices] == ["structure.unknown"]


def test_a_name_change_on_the_same_slug_is_a_rename() -> None:
    """The slug stays, the name is another: `site.renamed`, once."""
    (change,) = play([site()], [site(name="Bukit Putih")]).changes
    assert (change.kind, change.old, change.new) == ("site.renamed", "Bukit Hitam", "Bukit Putih")


def test_another_company_is_an_owner_change() -> None:
    """A site that goes to a company of another name is `owner.changed`."""
    table = sites(3)
    (change,) = play(table, [table[0] | {"company_slug": "pt-lain", "company_name": "PT Lain"}, *table[1:]]).changes
    assert (change.kind, change.old, change.new) == ("owner.changed", "PT Company 0", "PT Lain")


def test_a_place_that_changes_has_moved() -> None:
    """Province, city or coordinates: one `site.moved`."""
    for place in ({"city": "Paser"}, {"latitude": 2.2}, {"province": "Kalimantan Utara", "city": "Bulungan"}):
        base = site()["location"]
        assert play([site()], [site(location=base | place)]).kinds == ["site.moved"]


def test_a_place_that_becomes_known_has_not_moved() -> None:
    """null → place, and place → null at one site, are no move."""
    assert play([site(location=None)], [site()], [site(location=None)]).kinds == []


def test_a_year_that_moves_on_is_a_new_report() -> None:
    """The row of 2024 becomes one of 2025: `report.added` with the comparison, and the figure as `reported`."""
    told = play([site()], [site(year=2025, production_volume=12.0)])
    report = told.of("report.added")[0]
    assert (report.year, report.old_year, report.old, report.new, report.percent) == (2025, 2024, 10.0, 12.0, 20.0)
    assert told.metric("production_volume").nature == "reported"
    assert not told.memory.absent


def test_a_year_beside_the_old_one_is_compared_with_the_latest_before() -> None:
    """A row for 2025 beside those of 2023 and 2024 is compared with 2024."""
    old = [site(year=2023, production_volume=5.0), site()]
    told = play(old, [*old, site(year=2025, production_volume=11.0)])
    assert [(c.kind, c.old, c.new) for c in told.changes if c.metric == "production_volume"] == [
        ("report.added", 10.0, 11.0),
        ("metric.changed", 10.0, 11.0),
    ]


def test_a_rolling_window_of_years_is_compared_with_the_latest_before() -> None:
    """2022–2024 become 2023–2025: one new report, compared with 2024, and nothing else."""
    years = {year: site(year=year, production_volume=float(year - 2012)) for year in range(2022, 2026)}
    told = play([years[y] for y in (2022, 2023, 2024)], [years[y] for y in (2023, 2024, 2025)])
    assert told.kinds.count("report.added") == 1
    assert told.of("report.added")[0].old == 12.0


def test_a_year_that_becomes_known_is_nothing() -> None:
    """null → 2024 on the same row is no new report."""
    assert play([site(year=None)], [site()]).kinds == []


def test_a_new_commodity_is_a_report() -> None:
    """A gold row beside the copper row is `report.added`, without a comparison."""
    copper = site(commodity_type="Copper")
    gold = site(commodity_type="Gold", production_volume=300, unit="koz")
    (change,) = play([copper], [copper, gold]).changes
    assert (change.kind, change.commodity_type, change.old, change.new) == ("report.added", "Gold", None, 300.0)


def test_a_row_that_comes_and_goes_is_told_once() -> None:
    """A report that vanishes and comes back is no second report."""
    both = [site(year=2023), site()]
    assert play([site()], both, [site()], both).kinds.count("report.added") == 1


def test_one_slug_in_four_rows_is_never_mispaired() -> None:
    """Rows of one slug told apart by year, commodity, company and project: only the one that moved is told."""
    rows = [
        site(year=2023),
        site(year=2024),
        site(year=2024, company_slug="pt-other", company_name="PT Other", production_volume=3.0),
        site(year=2024, project_name="Tahap II", production_volume=7.0),
    ]
    moved = [rows[3] | {"production_volume": 7.5}, rows[2], rows[0], rows[1]]
    told = play(rows, moved, list(reversed(moved)))
    assert [(c.old, c.new) for c in told.changes] == [(7.0, 7.5)]


def test_identical_rows_are_not_dropped() -> None:
    """Two rows alike in everything stay two rows."""
    told = play([site(), site()], [site(), site()])
    assert told.kinds == [] and told.memory.snapshot and len(told.memory.snapshot.records) == 2


def test_details_not_fetched_change_nothing() -> None:
    """A detail that was never observed, then is, makes no change."""
    bare = play([site()], settings=None)
    assert bare.credits == (1,)


records = st.builds(
    Record,
    slug=st.sampled_from(["a", "b"]),
    commodity_type=st.sampled_from(["Coal", "Gold", None]),
    year=st.sampled_from([2022, 2023, 2024, None]),
    company_slug=st.sampled_from(["x", "y"]),
    project_name=st.sampled_from([None, "p"]),
    metrics=st.dictionaries(st.just("production_volume"), st.floats(0, 9).map(Value)),
)


@given(st.lists(records, max_size=8), st.lists(records, max_size=8))
def test_matching_drops_nothing_and_pairs_within_a_slug(old: list[Record], new: list[Record]) -> None:
    """Every record is in exactly one pair or on one side alone, and pairs share their slug."""
    found = match(old, new)
    assert sorted(map(repr, [a for a, _ in found.pairs] + list(found.gone))) == sorted(map(repr, old))
    assert sorted(map(repr, [b for _, b in found.pairs] + list(found.fresh))) == sorted(map(repr, new))
    assert all(a.slug == b.slug for a, b in found.pairs)


@given(st.lists(records, max_size=8), st.randoms())
def test_order_is_no_change(rows: list[Record], random: Any) -> None:
    """Whatever order the rows come in, each finds its own."""
    shuffled = list(rows)
    random.shuffle(shuffled)
    found = match(rows, shuffled)
    assert not found.gone and not found.fresh and all(a == b for a, b in found.pairs)


amounts = st.floats(-1e9, 1e9, allow_nan=False)


@given(amounts, amounts)
def test_a_movement_there_and_back_is_symmetric(one: float, other: float) -> None:
    """The difference back is the difference there, with the other sign."""
    there, back = move(Value(one), Value(other)), move(Value(other), Value(one))
    assert (there is None) == (back is None)
    if there and back and there.delta is not None:
        assert there.delta == -(back.delta or 0.0)
