"""What has been seen upstream, as a table: a small history of states, and all that is told of it.

Each state is polled once, `HOURS` apart as the row says; details are looked at in each poll. The first state is the
baseline. A line that is told reads `what, who, figures`; `ops:` marks what only the operator hears; an empty list is
silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from tests.core.histories import Told, play, site, sites, without
from watcher.model import Change
from watcher.pipeline import WatchSettings

Row = dict[str, Any]
Table = list[Row]

TEN = sites(10)
PLACE = {"province": "Kalimantan Timur", "city": "Berau", "latitude": 2.1, "longitude": 117.4}
EMPTY = {"resources_reserves": None, "location": None}
BARE = EMPTY | {"production_volume": None, "strip_ratio": None, "overburden_removal_volume": None}


def each(change: Row | Any, table: Sequence[Row] = TEN) -> Table:
    """A table with every row changed, by the same fields or by a function of the row."""
    return [row | (change(row) if callable(change) else change) for row in table]


def first(table: Sequence[Row] = TEN, /, **fields: Any) -> Table:
    """A table with its first site changed."""
    return [table[0] | fields, *table[1:]]


def pit(**fields: Any) -> Table:
    """A table of one mine, `pit`."""
    return [site("pit", **fields)]


def blocks(*blocks: Row) -> list[Table]:
    """The same mine with one block of reserves after the other."""
    return [pit(resources_reserves=block) for block in blocks]


def plus(*rows: Row) -> Table:
    """Ten mines and some more."""
    return [*TEN, *rows]


def called(name: str, row: Row, **fields: Any) -> Row:
    return row | {"name": name, "slug": name.lower().replace(" ", "-")} | fields


def spelt(probable: str, proven: str, total: str) -> Table:
    """Ten mines with other keys for the same reserves."""
    keys = {"probable_reserves_Mt": probable, "proven_reserves_Mt": proven, "total_reserves_Mt": total}
    return each(lambda row: {"resources_reserves": {keys[k]: v for k, v in row["resources_reserves"].items()}})


def times(factor: float, **fields: Any) -> Table:
    return each(lambda row: {"production_volume": row["production_volume"] * factor} | fields)


SILENT = site("alpha", company_slug="pt-a", company_name="PT A", **BARE)
ALPHA = site("alpha", company_slug="pt-a", company_name="PT A")
NORTH, SOUTH = called("North Pit", SILENT), called("South Pit", SILENT)
UTARA, SELATAN = called("Pit Utara", SILENT), called("Pit Selatan", SILENT)
NEW = [site(f"new-{n}", company_slug=f"pt-new-{n}", company_name=f"PT New {n}") for n in range(6)]
BATU = [site(f"pit-{n}", company_slug="batu", company_name="Batu") for n in range(4)]
PT_BATU = each({"company_slug": "pt-batu", "company_name": "PT Batu"}, BATU)
YEARS = [site("pit", year=year, production_volume=float(year - 2012)) for year in (2022, 2023, 2024)]
NICKEL = [site("pit", commodity_type="Nickel", strip_ratio=None, overburden_removal_volume=None)]
GOLD = [NICKEL[0] | {"commodity_type": "Gold", "production_volume": 300, "unit": "koz"}]
COPPER = [NICKEL[0] | {"commodity_type": "Copper"}]
ORES = COPPER + GOLD
HELD, BACK = "ops: hold.started", "ops: hold.ended"


def swapped(row: Row) -> Row:
    place = row["location"]
    return {"location": place | {"latitude": place["longitude"], "longitude": place["latitude"]}}


def in_full(row: Row) -> Row:
    return {"location": row["location"] | {"province": "East Kalimantan", "city": "Kab. Berau"}}


def ore(commodity: Table, *blocks: Row) -> list[Table]:
    """A mine of another ore with one block after the other."""
    return [each({"resources_reserves": block}, commodity) for block in blocks]


LAYERS = ore(
    NICKEL,
    {"limonite": {"total_reserve": 40, "ni_grade": 1.2}, "saprolite": {"total_reserve": 20}},
    {"limonite": {"lim total_reserve": 40.0, "lim ni_grade": "1.2"}, "saprolite": {"sap total_reserve": 20}},
    {"limonite": {"nickeltotal_reserve": 40, "nickelni_grade": 1.2}, "saprolite": {"nickel total_reserve": 20}},
    {"lim total_reserve": 40, "lim Ni (%)": 1.2, "sap reserves (Mt)": 20},
)
GRADES = ore(
    COPPER,
    {"reserve": {"material (mt)": 90, "g/ton Au": 0.6, "% Cu": 0.9}},
    {"reserves": {"Material": "90", "Au (g/t)": 0.6, "Cu (%)": 0.9}},
    {"reserve material (mt)": 90, "reserve g/ton Au": 0.6, "reserve % Cu": 0.9},
)
LISTED = [
    {"category": "Proven Reserves", "volume": "30", "unit": "Mt"},
    {"category": "Probable Reserves", "volume": 20_000, "unit": "kt"},
    {"category": "Total Reserves", "volume": 50, "unit": "Mt"},
]
AS_TEXT = '{"proved": 30, "probable": 20, "reserves": 50}'

# name: (hours between the states, the states, what is told)
# fmt: off
PHENOMENA: dict[str, tuple[int, list[Table], list[str]]] = {
    # 1. Accidents to the whole table
    "every site vanishes":          (3, [TEN, [], TEN], [HELD, BACK]),
    "half of them vanish":          (3, [TEN, TEN[:5], TEN], [HELD, BACK]),
    "all details turn null":        (3, [TEN, each(EMPTY), TEN], [HELD, BACK]),
    "all reserves turn null":       (3, [TEN, each({"resources_reserves": None}), TEN], [HELD, BACK]),
    "all places turn null":         (3, [TEN, each({"location": None}), TEN], [HELD, BACK]),
    "production in kt, unsaid":     (3, [TEN, times(1000), TEN], [HELD, BACK]),
    "reserves are in kt, unsaid":   (3, [TEN, each({"resources_reserves": {"reserves": 50_000}}), TEN],
                                     [HELD, BACK]),
    "the unit named kt, only it":   (3, [TEN, each({"unit": "kt"}), TEN], [HELD, BACK]),
    "all production turns 0":       (3, [TEN, times(0), TEN], [HELD, BACK]),
    "null is written 0":            (3, [each({"strip_ratio": n}) for n in (None, 0, "")], [HELD, BACK]),
    "coordinates are swapped":      (3, [TEN, each(swapped), TEN], [HELD, BACK]),
    "one accident after the other": (14, [TEN, [], each(EMPTY), each(EMPTY), TEN], [HELD, BACK]),
    "a true change meanwhile":      (3, [TEN, [], first(production_volume=12)],
                                     [HELD, BACK, "revised mine-0 production_volume 10 → 12"]),
    "nulls that stay for a day":    (24, [TEN[:5], *[each({"strip_ratio": None}, TEN[:5])] * 2],
                                     [HELD, "ops: hold.believed",
                                      *(f"withdrawn mine-{n} strip_ratio 8 → –" for n in range(5))]),
    "a few nulls are no accident":  (3, [TEN, first(strip_ratio=None)], ["withdrawn mine-0 strip_ratio 8 → –"]),
    # 2. Sites that come and go
    "a new site":                   (1, [TEN, plus(ALPHA)], ["added alpha"]),
    "a site missing for 20 hours":  (20, [TEN, TEN[1:], TEN], []),
    "a site is gone":               (24, [TEN, TEN[1:], TEN[1:]], ["removed mine-0"]),
    "it comes back after that":     (24, [TEN, TEN[1:], TEN[1:], TEN], ["removed mine-0", "returned mine-0"]),
    "it vanishes in an accident":   (12, [TEN, each(EMPTY), each(EMPTY, TEN[1:]), TEN[1:], TEN], [HELD, BACK]),
    # 3. Renames
    "another name, same place":     (1, [plus(ALPHA), plus(called("Other", ALPHA, production_volume=None))],
                                     ["renamed other (Alpha → Other)",
                                      "withdrawn other production_volume 10 → –"]),
    "another name, same figures":   (1, [plus(ALPHA), plus(called("Other", ALPHA, location=None))],
                                     ["renamed other (Alpha → Other)"]),
    "another name, no rival":       (1, [plus(SILENT), plus(called("Other", SILENT))],
                                     ["renamed other (Alpha → Other)"]),
    "renamed, revised and held":    (1, [plus(ALPHA), [], plus(called("Other", ALPHA, production_volume=11))],
                                     [HELD, BACK, "renamed other (Alpha → Other)",
                                      "revised other production_volume 10 → 11"]),
    "there and back":               (1, [plus(SILENT), plus(called("Other", SILENT)), plus(SILENT)],
                                     ["renamed alpha (Other → Alpha)", "renamed other (Alpha → Other)"]),
    "two look-alikes":              (24, [plus(SILENT, called("Beta", SILENT)),
                                          *[plus(called("Gamma", SILENT), called("Delta", SILENT))] * 2],
                                     ["added delta", "added gamma", "removed alpha", "removed beta"]),
    "north becomes utara":          (1, [plus(NORTH, SOUTH), plus(UTARA, SELATAN)],
                                     ["renamed pit-selatan (South Pit → Pit Selatan)",
                                      "renamed pit-utara (North Pit → Pit Utara)"]),
    "a batch, and one is missing":  (3, [plus(SILENT), plus(*NEW, called("Omega", SILENT)),
                                         plus(SILENT, *NEW, called("Omega", SILENT))],
                                     [*(f"added new-{n}" for n in range(6)), "added omega"]),
    "a numbered sibling":           (3, [plus(called("Benhes 2", SILENT)), plus(called("Benhes 3", SILENT)),
                                         plus(called("Benhes 2", SILENT), called("Benhes 3", SILENT))],
                                     ["added benhes-3"]),
    "only the name":                (1, [pit(), pit(name="Other")], ["renamed pit (Pit → Other)"]),
    "a mine of three rows":         (1, [YEARS, each({"slug": "raya", "name": "Raya"}, YEARS)],
                                     ["renamed raya (Pit → Raya)"]),
    # 4. Companies
    "a company gains its PT":       (1, [BATU, PT_BATU], ["company pt-batu (Batu → PT Batu)"]),
    "some of its sites only":       (1, [BATU, [*PT_BATU[:2], *BATU[2:]]],
                                     ["owner pit-0 (Batu → PT Batu)", "owner pit-1 (Batu → PT Batu)"]),
    "one of them sold as well":     (1, [BATU, first(PT_BATU, company_slug="pt-x", company_name="PT X")],
                                     ["company pt-batu (Batu → PT Batu)", "owner pit-0 (Batu → PT X)"]),
    "one of them missing":          (3, [BATU, PT_BATU[1:], PT_BATU], ["company pt-batu (Batu → PT Batu)"]),
    "another owner, of three rows": (1, [YEARS, each({"company_slug": "pt-x", "company_name": "PT X"}, YEARS)],
                                     ["owner pit (PT Batu Sejahtera → PT X)"]),
    # 5. Reverts, suspects, corrections
    "back within a week":           (24, [pit(), pit(production_volume=12), pit()],
                                     ["reverted pit production_volume 12 → 10",
                                      "revised pit production_volume 10 → 12"]),
    "back after a week":            (192, [pit(), pit(production_volume=12), pit()],
                                     ["revised pit production_volume 10 → 12",
                                      "revised pit production_volume 12 → 10"]),
    "a column slips and is mended": (720, [pit(), pit(strip_ratio=80), pit(strip_ratio=8.1)],
                                     ["revised pit strip_ratio 8 → 80 (suspect)",
                                      "revised pit strip_ratio 80 → 8.1 (corrects)"]),
    "only what slipped is suspect": (1, [pit(), pit(strip_ratio=70, production_volume=11)],
                                     ["revised pit production_volume 10 → 11",
                                      "revised pit strip_ratio 8 → 70 (suspect)"]),
    "only what was wrong corrects": (1, [pit(strip_ratio=80), pit(overburden_removal_volume=81)],
                                     ["revised pit overburden_removal_volume 80 → 81",
                                      "revised pit strip_ratio 80 → 8 (corrects)"]),
    "ten times, and back":          (24, [NICKEL, first(NICKEL, production_volume=100), NICKEL],
                                     ["reverted pit production_volume 100 → 10 (corrects)",
                                      "revised pit production_volume 10 → 100 (suspect)"]),
    "it never added up before":     (1, blocks({"proven": 3, "probable": 2, "reserves": 9},
                                               {"proven": 3, "probable": 2, "reserves": 10}),
                                     ["revised pit reserves.total 9 → 10"]),
    "a sum that does not add up":   (1, blocks({"proven": 3, "probable": 2, "reserves": 5},
                                               {"proven": 3, "probable": 2, "reserves": 7}),
                                     ["revised pit reserves.total 5 → 7 (suspect)"]),
    "less than nothing":            (1, [pit(), pit(production_volume=-9)],
                                     ["revised pit production_volume 10 → -9 (suspect)"]),
    "in Australia":                 (1, [pit(), pit(location=PLACE | {"latitude": -23.0, "longitude": 148.0})],
                                     ["moved pit (suspect)"]),
    "a unit without its value":     (1, [NICKEL, first(NICKEL, unit="kt")],
                                     ["revised pit production_volume 10 → 10 (suspect)"]),
    # 6. Spelling
    "numbers and nothing as text":  (1, [TEN, each(lambda row: {"production_volume": f"{row['production_volume']}",
                                                                "project_name": "", "year": "2024"})], []),
    "mt, Mt., million tonnes":      (1, [TEN, *(each({"unit": u}) for u in ("mt", "Mt.", "million tonnes"))], []),
    "a unit with its value":        (1, [TEN, times(1000, unit="kt")], []),
    "wet and dry tonnes":           (1, ore(NICKEL, {"reserve (Mt)": 40}, {"reserve (wmt)": 40e6},
                                            {"reserve": 40}, {"reserve (dmt)": 40}), []),
    "koz, Moz and oz":              (1, [GOLD, first(GOLD, production_volume=0.3, unit="Moz"),
                                         first(GOLD, production_volume=300_000, unit="oz")], []),
    "Coal, Thermal Coal …":         (1, [TEN, each({"commodity_type": "Thermal Coal"}),
                                         each({"commodity_type": "Low Sub-Bituminous"})], []),
    "all reserves respelt":         (1, [TEN, spelt("reserves_probable", "reserves_proved", "total_reserve"),
                                         spelt("reserves probable (Mt)", "reserves proved (Mt)", "reserves")], []),
    "a commodity glued to keys":    (1, [TEN, spelt("coalreserves_probable", "coal proven", "coaltotal_reserve"),
                                         spelt("reserves_probable coal", "provencoal", "reserves (Mt) coal")], []),
    "words that nobody knows":      (1, [TEN, spelt("probable zeta", "proven zeta", "reserves zeta"), TEN],
                                     ["ops: structure.unknown"]),
    "keys that nobody knows":       (1, [TEN, spelt("foo", "bar", "zeta"), TEN], ["ops: structure.unknown"]),
    "as a list, and as text":       (1, [TEN, each({"resources_reserves": LISTED}),
                                         each({"resources_reserves": AS_TEXT})], []),
    "nickel in four spellings":     (1, LAYERS, []),
    "gold, copper: three shapes":   (1, GRADES, []),
    "a range where a number was":   (1, blocks({"cv": 5100}, {"cv": "<5100"}, {"cv": 5100}), []),
    "N/A for names and units":      (1, [TEN, each({"name": "N/A", "company_slug": "-", "unit": "n/a"}), TEN], []),
    "provinces and towns in full":  (1, [TEN, each(in_full), TEN], []),
    "every row twice":              (1, [TEN, TEN + TEN, TEN], []),
    "rows in another order":        (1, [TEN, TEN[::-1]], []),
    # 7. Not observed is not null; years and rows
    "a row with wrong types":       (1, [TEN, first(production_volume={}, strip_ratio=[], year="?"), TEN], []),
    "a year moves on":              (1, [pit(), pit(year=2025, production_volume=11)],
                                     ["report pit 2025 10 → 11", "reported pit production_volume 10 → 11"]),
    "a year moves on, respelt":     (1, [pit(), pit(year=2025, production_volume=11, resources_reserves=AS_TEXT)],
                                     ["report pit 2025 10 → 11", "reported pit production_volume 10 → 11"]),
    "a wrong year is put right":    (1, [pit(year=2025), pit()], []),
    "a year becomes known":         (1, [pit(year=None), pit()], []),
    "no year is given for a while": (1, [YEARS, each({"year": None}, YEARS), YEARS], []),
    "no commodity for a while":     (1, [ORES, each({"commodity_type": None}, ORES), ORES], []),
    "one of three rows vanishes":   (24, [YEARS, YEARS[1:], YEARS[1:], YEARS], []),
    "a gold row beside copper":     (1, [COPPER, ORES], ["report pit 2024 – → 300"]),
    "two companies, one name":      (1, [plus(ALPHA), plus(ALPHA, site("alpha-2", name="Alpha"))],
                                     ["added alpha-2"]),
}
# fmt: on


def line(change: Change) -> str:
    """A change as the table writes it."""
    mark = " (suspect)" if change.suspect else " (corrects)" if change.corrects else ""
    moved = f"{_figure(change.old)} → {_figure(change.new)}"
    match change.kind:
        case "metric.changed":
            return f"{change.nature} {change.slug} {change.metric} {moved}{mark}"
        case "report.added":
            return f"report {change.slug} {change.year} {moved}{mark}"
        case "site.renamed" | "owner.changed" | "company.renamed":
            what = {"site.renamed": "renamed", "owner.changed": "owner", "company.renamed": "company"}[change.kind]
            return f"{what} {change.slug} ({moved}){mark}"
        case kind:
            return f"{kind.removeprefix('site.')} {change.slug}{mark}"


def _figure(value: float | str | None) -> str:
    return "–" if value is None else value if isinstance(value, str) else f"{value:g}"


def lines(told: Told) -> list[str]:
    return sorted([f"ops: {notice.kind}" for notice in told.notices] + [line(change) for change in told.changes])


@pytest.mark.parametrize(("hours", "history", "expected"), PHENOMENA.values(), ids=PHENOMENA)
def test_what_is_told(hours: int, history: list[Table], expected: list[str]) -> None:
    """Of each phenomenon exactly what the table says is told, and the operator hears what it says."""
    watch = WatchSettings("all", details=timedelta(0))
    assert lines(play(*history, every=timedelta(hours=hours), settings=watch)) == sorted(expected)


def test_the_list_of_ten_stays_as_it_is() -> None:
    """The table's own ground: ten mines, polled again, say nothing."""
    assert lines(play(TEN, TEN, without(TEN), settings=WatchSettings("all", details=timedelta(0)))) == []
