"""What happens in the sandbox, day by day: each day is a story and what it makes of the table."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

from watcher.sandbox.world import Row, fictional_sites

Table = list[Row]


@dataclass(frozen=True, slots=True)
class Day:
    """`story` says what happens upstream; `table` is what the API then serves."""

    story: str
    table: Table


def days() -> list[Day]:
    """The script: news, and every accident that the real upstream has had (nothing of its data)."""
    table = fictional_sites()
    told: list[Day] = [
        Day("The first look: a baseline, with which everything later is compared.", copy.deepcopy(table))
    ]

    def then(story: str, *steps: Callable[[Table], None]) -> None:
        for step in steps:
            step(table)
        told.append(Day(story, copy.deepcopy(table)))

    then("A new mine appears.", _new_mine)
    then("Production falls, a strip ratio rises, reserves are revised, a figure is disclosed.", _figures)
    told.append(Day("Accident: every site vanishes.", []))
    told.append(Day("The table is back as it was.", copy.deepcopy(table)))
    then("A mine gets another name and slug; a company gets its PT on all its sites.", _rename, _company)
    then("Every reserves key is spelt differently, numbers become text, coal becomes thermal coal.", _respell)
    before = copy.deepcopy(table)
    then("A column slips: strip ratios read like the overburden volumes.", _slip)
    table[:] = before
    then("The slip is put right.")
    then("A mine reports a new year, with more production.", _report)
    told.append(Day("Accident: all reserves and locations turn null.", [_blank(row) for row in table]))
    told.append(Day("They are back.", copy.deepcopy(table)))
    return told


def _of(table: Table, slug: str) -> Row:
    return max((row for row in table if row["slug"] == slug), key=lambda row: row["year"] or 0)


def producing(table: Table) -> list[Row]:
    """Coal mines with one row, a production and a strip ratio, in the table's order."""
    return [
        row
        for row in table
        if row["production_volume"] and row["strip_ratio"] and sum(r["slug"] == row["slug"] for r in table) == 1
    ]


def _new_mine(table: Table) -> None:
    table.append(
        {
            "name": "Bukit Fajar",
            "project_name": None,
            "year": 2024,
            "commodity_type": "Coal",
            "production_volume": 3.4,
            "unit": "Mt",
            "overburden_removal_volume": 25.8,
            "strip_ratio": 7.59,
            "resources_reserves": [
                {"category": "Proven Reserves", "volume": 41.0, "unit": "Mt"},
                {"category": "Probable Reserves", "volume": 22.5, "unit": "Mt"},
                {"category": "Total Reserves", "volume": 63.5, "unit": "Mt"},
            ],
            "location": {
                "province": "Kalimantan Timur",
                "city": "Kutai Timur",
                "latitude": 0.912345,
                "longitude": 117.201234,
            },
            "company_slug": "pt-kencana-bumi-coal",
            "company_name": "PT Kencana Bumi Coal",
            "slug": "bukit-fajar",
        }
    )


def _figures(table: Table) -> None:
    falls, rises = producing(table)[:2]
    revised = next(row for row in table[8:] if "proven_reserves_Mt" in (row["resources_reserves"] or ()))
    falls["production_volume"] = round(falls["production_volume"] * 0.88, 1)
    falls["overburden_removal_volume"] = round(falls["production_volume"] * falls["strip_ratio"], 1)
    rises["strip_ratio"] = round(rises["strip_ratio"] * 1.17, 2)
    rises["overburden_removal_volume"] = round(rises["production_volume"] * rises["strip_ratio"], 1)
    revised["resources_reserves"] |= {
        "proven_reserves_Mt": 88.0,
        "probable_reserves_Mt": 41.5,
        "total_reserves_Mt": 129.5,
    }
    silent = next(row for row in table if row["commodity_type"] == "Coal" and row["production_volume"] is None)
    silent["production_volume"] = 2.6


def _rename(table: Table) -> None:
    row = producing(table)[3]
    row["name"], row["slug"] = f"Batubara {row['name']} Utara", f"batubara-{row['slug']}-utara"


def _company(table: Table) -> None:
    for row in table:
        if row["company_slug"] == "lembayung-mining":
            row["company_slug"], row["company_name"] = "pt-lembayung-mining", "PT Lembayung Mining"


_OTHER = {
    "proven_reserves_Mt": "reserves_proved",
    "probable_reserves_Mt": "reserves_probable",
    "total_reserves_Mt": "total_reserve",
    "measured_resources_Mt": "resources_measured",
    "indicated_resources_Mt": "resources_indicated",
    "inferred_resources_Mt": "resources_inferred",
    "total_resources_Mt": "total_resource",
    "measurement_year": "year_measured",
    "total_reserve": "total_reserves_Mt",
    "total_resource": "total_resources_Mt",
    "reserves_proved": "reserves proved (Mt)",
    "reserves_probable": "reserves probable (Mt)",
}


def _respell(table: Table) -> None:
    for number, row in enumerate(table):
        block = row["resources_reserves"]
        if isinstance(block, dict):
            row["resources_reserves"] = {_OTHER.get(key, key): value for key, value in block.items()}
        elif isinstance(block, list):
            row["resources_reserves"] = {item["category"].lower(): f"{item['volume']}" for item in block}
        if row["commodity_type"] == "Coal" and number % 7 == 0:
            row["commodity_type"] = "Thermal Coal"
        if row["production_volume"] is not None and number % 3 == 0:
            row["production_volume"] = str(row["production_volume"])


def _slip(table: Table) -> None:
    for row in producing(table)[:6]:
        row["strip_ratio"] = row["overburden_removal_volume"]


def _report(table: Table) -> None:
    row = producing(table)[5]
    produced = float(row["production_volume"])
    row["year"] = 2025
    row["production_volume"] = round(produced * 1.2, 1)
    row["overburden_removal_volume"] = round(row["production_volume"] * row["strip_ratio"], 1)


def _blank(row: Row) -> Row:
    return row | {"resources_reserves": None, "location": None}
