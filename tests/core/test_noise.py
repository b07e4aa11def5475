"""Random true edits mixed with random noise upstream: nothing true is lost, nothing false is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.histories import Credits, play, site, sites
from watcher.model import Change
from watcher.pipeline import WatchSettings

Row = dict[str, Any]
Table = list[Row]
TABLE = sites(12)
DETAILS = timedelta(hours=2)
OF_DETAILS = ("unknown words in keys", "nulled", "reserves nulled", "reserves in kt unsaid")


def each(change: Callable[[Row], Row]) -> Callable[[Table], Table]:
    return lambda table: [row | change(row) for row in table]


def reserves(change: Callable[[str, Any], tuple[str, Any]]) -> Callable[[Table], Table]:
    """Noise in the reserves of every row, key by key."""
    return each(
        lambda row: {"resources_reserves": dict(change(k, v) for k, v in (row["resources_reserves"] or {}).items())}
    )


SPELT = {
    "proven_reserves_Mt": "reserves_proved",
    "probable_reserves_Mt": "reserves probable (Mt)",
    "total_reserves_Mt": "total_reserve",
}
NOISE: dict[str, Callable[[Table], Table]] = {
    "clean": lambda table: table,
    "numbers as text": each(lambda row: {"production_volume": str(row["production_volume"])}),
    "keys respelt": reserves(lambda key, value: (SPELT[key], value)),
    "commodity glued to keys": reserves(lambda key, value: (f"coal{SPELT[key]}", str(value))),
    "unknown words in keys": reserves(lambda key, value: (f"{key} zeta", value)),
    "in thousands": each(lambda row: {"production_volume": row["production_volume"] * 1000, "unit": "kt"}),
    "thermal": each(lambda row: {"commodity_type": "Thermal Coal"}),
    "shuffled": lambda table: table[::-1],
    "vanished": lambda table: [],
    "nulled": each(lambda row: {"resources_reserves": None, "location": None}),
    "reserves nulled": each(lambda row: {"resources_reserves": None}),
    "reserves in kt unsaid": reserves(lambda key, value: (key, value * 1000)),
    "one missing": lambda table: table[1:],
    "a broken row": lambda table: [table[0] | {"production_volume": {}, "strip_ratio": [], "year": "?"}, *table[1:]],
}


def produced(row: Row, number: int) -> tuple[Row, tuple[object, ...]]:
    new = round(row["production_volume"] * 1.07, 3)
    return row | {"production_volume": new}, ("production_volume", row["production_volume"], new)


def measured(row: Row, number: int) -> tuple[Row, tuple[object, ...]]:
    block = row["resources_reserves"]
    new = block["proven_reserves_Mt"] + 0.25
    return row | {"resources_reserves": {**block, "proven_reserves_Mt": new}}, (
        "reserves.proven", block["proven_reserves_Mt"], new,
    )  # fmt: skip


def renamed(row: Row, number: int) -> tuple[Row, tuple[object, ...]]:
    name = f"Tambang {'abcdefghij'[number]}"
    return row | {"name": name, "slug": name.lower().replace(" ", "-")}, ("site.renamed", row["name"], name)


def sold(row: Row, number: int) -> tuple[Row, tuple[object, ...]]:
    company = f"PT Buyer {number}"
    return row | {"company_slug": f"pt-buyer-{number}", "company_name": company}, (
        "owner.changed", row["company_name"], company,
    )  # fmt: skip


def added(number: int) -> tuple[Row, tuple[object, ...]]:
    row = site(f"new-{number}", company_slug=f"pt-new-{number}", company_name=f"PT New {number}")
    return row, ("site.added", None, None)


EDITS = (produced, measured, renamed, sold, None)


def said(change: Change) -> tuple[object, ...]:
    scale = 1000.0 if change.unit == "kt" else 1.0
    if change.kind == "metric.changed":
        return (change.metric, *(round(float(v or 0) / scale, 6) for v in (change.old, change.new)))
    if change.kind == "site.added":
        return (change.kind, None, None)
    return (change.kind, change.old, change.new)


@settings(max_examples=20)
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(NOISE)), st.integers(0, 11), st.sampled_from((*EDITS, None, "none"))),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from([Credits(), Credits(rotated=4)]),
)
def test_only_what_is_true_is_told(history: list[tuple[str, int, Any]], credits: Credits) -> None:
    """Each step may truly change one mine, or add one; it is then shown through some noise, and long enough clean."""
    table, tables, true = TABLE, [TABLE], list[tuple[object, ...]]()
    for number, (noise, place, edit) in enumerate(history):
        # The first detail of a new mine is all that is known of it, be it true or not.
        if edit is None and noise not in OF_DETAILS:
            row, told_of = added(number)
            table = [*table, row]
            true.append(told_of)
        elif edit not in {None, "none"}:
            row, told_of = edit(table[place], number)
            table = [*table[:place], row, *table[place + 1 :]]
            true.append(told_of)
        tables += [NOISE[noise](table), *[table] * 5]
    watch = WatchSettings("all", details=DETAILS)
    told = play(*tables, every=timedelta(hours=1), settings=watch, credits=credits)
    assert Counter(map(said, told.changes)) == Counter(true)
    assert not any(change.suspect for change in told.changes if change.metric == "production_volume")
