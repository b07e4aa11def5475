"""Every shape of the API's rows becomes the same record, and no JSON breaks a poll."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.histories import list_row, site
from watcher.model import Detail, Record, Sweep
from watcher.parse import observe

NOW = datetime(2026, 3, 2, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def read(row: dict[str, Any]) -> Record:
    (record,) = observe(Sweep(NOW, (list_row(row),), {row["slug"]: Detail(row["slug"], row)})).records
    return record


def figures(block: object, commodity: str = "Coal") -> dict[str, tuple[float, str | None]]:
    """The reserves and resources that a block says, by metric."""
    record = read(site(resources_reserves=block, commodity_type=commodity))
    apart = {"production_volume", "strip_ratio", "overburden_removal_volume"}
    return {name: (value.amount, value.unit) for name, value in record.metrics.items() if name not in apart}


ALL_COAL = {
    "reserves.proven": (475.12, "Mt"),
    "reserves.probable": (447.28, "Mt"),
    "resources.inferred": (176.8, "Mt"),
    "resources.total": (555.0, "Mt"),
}


@pytest.mark.parametrize(
    "block",
    [
        [
            {"category": "Proven Reserves", "volume": 475.12, "unit": "Mt"},
            {"category": "Probable Reserves", "volume": "447.28", "unit": "mt"},
            {"category": "Inferred Resources", "volume": 176.8, "unit": "Mt."},
            {"category": "Total Resources", "volume": 555, "unit": "million tonnes"},
        ],
        {
            "measurement_year": 2022,
            "proven_reserves_Mt": 475.12,
            "probable_reserves_Mt": 447.28,
            "total_reserves_Mt": None,
            "inferred_resources_Mt": 176.8,
            "total_resources_Mt": 555.0,
            "calorific_value_kcal": None,
        },
        {
            "year_measured": 2022,
            "calorific_value": "",
            "total_reserve": None,
            "total_resource": 555,
            "resources_inferred": 176.8,
            "reserves_proved": 475.12,
            "reserves_probable": 447.28,
        },
        {
            "reserves proved (Mt)": "475.12",
            "reserves probable (Mt)": 447.28,
            "resources inferred": 176.8,
            "resources": 555,
        },
        {"coal_reserves_proven": 475.12, "coalreservesprobable": 447.28, "inferredResources": 176.8, "resources": 555},
        {"reserves": {"proven": 475.12, "probable": 447.28}, "resources": {"inferred": 176.8, "total": 555}},
    ],
    ids=["list", "openapi", "other spelling", "spaces and text", "glued and camel case", "nested"],
)
def test_every_spelling_of_coal_reserves_is_the_same_metrics(block: object) -> None:
    """The shapes of the reference page, the OpenAPI and the history give one and the same set of metrics."""
    assert figures(block) == ALL_COAL


def test_layered_nickel_keeps_its_layers_apart() -> None:
    """Limonite and saprolite have metrics of their own, whatever prefix their keys repeat."""
    plain = {"limonite": {"reserves": {"tonnage": 12, "Ni": 1.2}}, "saprolite": {"total_reserve": 30}}
    prefixed = {"limonite": {"lim reserves (wmt)": 12, "lim reserves Ni grade (%)": 1.2}, "sap total_reserve": 30}
    expected = {"limonite.reserves.total", "limonite.reserves.ni_grade", "saprolite.reserves.total"}
    assert figures(plain, "Nickel").keys() == figures(prefixed, "Nickel").keys() == expected


def test_graded_gold_and_copper() -> None:
    """A graded block gives the tonnage, the grade and the contained metal of reserves and resources."""
    block = {
        "reserve": {"material (mt)": 10.5, "g/ton Au": 1.25, "koz Au": 420},
        "resource": {"material (mt)": 20, "g/ton Au": 1.1, "% Cu": 0.4},
    }
    assert figures(block, "Gold") == {
        "reserves.total": (10.5, "Mt"),
        "reserves.au_grade": (1.25, "g/t"),
        "reserves.au_contained": (420.0, "koz"),
        "resources.total": (20.0, "Mt"),
        "resources.au_grade": (1.1, "g/t"),
        "resources.cu_grade": (0.4, "%"),
    }


def test_an_unknown_key_is_a_metric_of_its_own() -> None:
    """What nobody knows is kept under its own words."""
    assert figures({"total_reserve": 5, "washability index": 0.7}) == {
        "reserves.total": (5.0, "Mt"),
        "washability_index": (0.7, None),
    }


@pytest.mark.parametrize("block", [None, "", "n/a", {}, []])
def test_an_empty_block_is_null_and_observed(block: object) -> None:
    """Null, in all its spellings, says that there are no figures."""
    record = read(site(resources_reserves=block))
    assert record.observed("reserves.total") and "reserves.total" not in record.metrics


@pytest.mark.parametrize(
    ("raw", "amount"),
    [(258, 258.0), (258.0, 258.0), ("258", 258.0), (" 1,234.5 ", 1234.5), ("12,5", 12.5), ("258 Mt", 258.0)],
)
def test_numbers_in_any_dress(raw: object, amount: float) -> None:
    """A number is a number, as JSON or as text."""
    assert read(site(production_volume=raw)).metrics["production_volume"].amount == amount


@pytest.mark.parametrize("raw", [None, "", " ", "-", "n/a", "null"])
def test_nothing_in_any_dress(raw: object) -> None:
    """What stands for nothing is null: observed, and no number."""
    record = read(site(production_volume=raw))
    assert record.observed("production_volume") and "production_volume" not in record.metrics


@pytest.mark.parametrize("raw", [True, [1], {"a": 1}, "many", float("nan"), float("inf"), 10**400])
def test_what_cannot_be_a_number_is_not_observed(raw: object) -> None:
    """A wrong type is neither a number nor null: the field was not observed."""
    assert not read(site(production_volume=raw)).observed("production_volume")


def test_a_missing_key_is_not_observed() -> None:
    """A row without a key says nothing about it."""
    row = site()
    del row["strip_ratio"]
    assert not read(row).observed("strip_ratio")


@pytest.mark.parametrize(
    ("raw", "commodity"),
    [("Thermal Coal", "Coal"), ("Low Sub-Bituminous", "Coal"), ("COAL", "Coal"), ("nikel", "Nickel"), ("Tin", "Tin")],
)
def test_commodities_by_their_contract_name(raw: str, commodity: str) -> None:
    """Grades and languages of a commodity are the commodity."""
    assert read(site(commodity_type=raw)).commodity_type == commodity


@given(JSON)
def test_any_json_as_a_block_raises_nothing(block: object) -> None:
    """Whatever stands in `resources_reserves`, the row is read."""
    assert read(site(resources_reserves=block)).metrics["production_volume"].amount == 10.0


@given(st.dictionaries(st.sampled_from(sorted(site())), JSON), JSON)
def test_any_json_in_any_field_raises_nothing(fields: dict[str, Any], extra: object) -> None:
    """Whatever stands in a row, or for a row, the sweep is read."""
    row = site() | {name: value for name, value in fields.items() if name != "slug"}
    seen = observe(Sweep(NOW, (list_row(row), extra), {"bukit-hitam": Detail("bukit-hitam", row)}))
    assert seen.records[0].slug == "bukit-hitam"


@given(st.sampled_from(["Coal", "Gold", "Nickel"]), JSON)
def test_reading_is_the_same_after_a_round_through_json_text(commodity: str, block: object) -> None:
    """A block that comes as JSON text says the same as the block itself."""
    if not isinstance(block, dict | list):
        return
    text = json.dumps(block)
    direct = figures(json.loads(text), commodity)
    assert json.dumps(figures(text, commodity)) == json.dumps(direct)


SPELLINGS = {
    "reserves.proven": (
        "reserves_proved",
        "proven_reserves_Mt",
        "reserves proved (Mt)",
        "provenReserves",
        "cadangan terbukti",
    ),
    "reserves.probable": ("reserves_probable", "probable_reserves_Mt", "reserves probable"),
    "reserves.total": ("total_reserve", "total_reserves_Mt", "reserves", "totalreserves"),
    "resources.measured": ("resources_measured", "measured_resources_Mt", "measured resource (mt)"),
    "resources.indicated": ("resources_indicated", "indicated_resources_Mt"),
    "resources.inferred": ("resources_inferred", "inferred_resources_Mt"),
    "resources.total": ("total_resource", "total_resources_Mt"),
}


@given(st.data(), st.dictionaries(st.sampled_from(sorted(SPELLINGS)), st.floats(0, 1e6), min_size=1))
def test_re_spelling_changes_nothing(data: st.DataObject, amounts: dict[str, float]) -> None:
    """Whichever spelling each key takes, and in whatever order, the metrics are the same."""
    keys = {name: data.draw(st.sampled_from(SPELLINGS[name])) for name in amounts}
    order = data.draw(st.permutations(sorted(amounts)))
    read_back = figures(
        {keys[name]: data.draw(st.sampled_from([amounts[name], repr(amounts[name])])) for name in order}
    )
    assert {name: amount for name, (amount, _) in read_back.items()} == amounts
