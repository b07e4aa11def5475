"""Random true edits mixed with random noise upstream: nothing true is lost, nothing false is told."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.histories import play, sites
from watcher.pipeline import WatchSettings

TABLE = sites(12)
Table = list[dict[str, Any]]


def respelt_numbers(table: Table) -> Table:
    return [row | {"production_volume": str(row["production_volume"])} for row in table]


def respelt_keys(table: Table) -> Table:
    names = {
        "proven_reserves_Mt": "reserves_proved",
        "probable_reserves_Mt": "reserves probable (Mt)",
        "total_reserves_Mt": "total_reserve",
    }
    return [row | {"resources_reserves": {names[k]: v for k, v in row["resources_reserves"].items()}} for row in table]


def in_thousands(table: Table) -> Table:
    return [row | {"production_volume": row["production_volume"] * 1000, "unit": "kt"} for row in table]


def thermal(table: Table) -> Table:
    return [row | {"commodity_type": "Thermal Coal"} for row in table]


def shuffled(table: Table) -> Table:
    return list(reversed(table))


def vanished(table: Table) -> Table:
    return []


def nulled(table: Table) -> Table:
    return [row | {"resources_reserves": None, "location": None} for row in table]


def one_missing(table: Table) -> Table:
    return table[1:]


def broken_row(table: Table) -> Table:
    return [table[0] | {"production_volume": {}, "strip_ratio": [], "year": "?"}, *table[1:]]


NOISE = (respelt_numbers, respelt_keys, in_thousands, thermal, shuffled, vanished, nulled, one_missing, broken_row)
FACTORS = st.sampled_from([0.7, 0.93, 1.04, 1.3])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(NOISE), st.integers(0, 11), FACTORS | st.none()), min_size=1, max_size=6),
)
def test_only_what_is_true_is_told(history: list[tuple[Any, int, float | None]]) -> None:
    """Each step may really move one mine's production, and is then shown through some noise, and once clean."""
    table, tables, true = copy.deepcopy(TABLE), [TABLE], []
    for noise, place, factor in history:
        if factor is not None:
            row = dict(table[place])
            old, row["production_volume"] = row["production_volume"], round(row["production_volume"] * factor, 3)
            table = [*table[:place], row, *table[place + 1 :]]
            true.append((row["slug"], old, row["production_volume"]))
        tables += [noise(table), table]
    told = play(*tables, every=timedelta(hours=1), settings=WatchSettings("all", details=timedelta(0)))
    seen = []
    for change in told.changes:
        assert (change.kind, change.metric) == ("metric.changed", "production_volume"), change
        scale = 1000.0 if change.unit == "kt" else 1.0
        seen.append((change.slug, round(float(change.old or 0) / scale, 6), round(float(change.new or 0) / scale, 6)))
    assert seen == [(slug, round(old, 6), round(new, 6)) for slug, old, new in true]
