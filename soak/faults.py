"""72 simulated hours of a bad source, a fifth of all answers wrong in some way, with true edits in between."""

from __future__ import annotations

import asyncio
import copy
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from soak.servers import Answer, Row, Table, as_json, sink, source, truthful
from soak.truth import History, changes_in, judge
from watcher import config, wiring
from watcher.api import SectorsApi
from watcher.delivery import Courier
from watcher.dispatch import deliver
from watcher.poll import poll_watches
from watcher.sandbox import fictional_sites
from watcher.store import Store

START = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
#: How long a call may take, in seconds; what hangs, hangs a little longer.
_TIMEOUT = 0.25


@dataclass
class World:
    """What is true, what the table shows of it in this hour, and how answers go wrong."""

    chance: random.Random
    luck: random.Random
    share: float = 0.2
    table: Table = field(default_factory=fictional_sites)
    history: History = field(default_factory=History)
    faults: Counter[str] = field(default_factory=Counter)
    accident: str = ""
    until: int = 0
    shown: Table = field(default_factory=list)
    edits: int = 0

    def __post_init__(self) -> None:
        slugs = Counter(row["slug"] for row in self.table)
        single = [row for row in self.table if slugs[row["slug"]] == 1]
        mines = [row for row in single if row["production_volume"]]
        #: Each kind of edit has mines of its own, and accidents of names have theirs.
        self.producing = [row["slug"] for row in mines[:14]]
        self.flipping = [row["slug"] for row in mines[14:19]]
        self.reserves = [row["slug"] for row in single if "proven_reserves_Mt" in (row["resources_reserves"] or ())]
        self.reserves = [slug for slug in self.reserves if slug not in self.flipping]
        idle = [row["slug"] for row in single if not row["production_volume"]]
        self.going = [slug for slug in idle if slug not in self.reserves][:12]
        for row in self.table:
            if row["slug"] in self.producing:
                row["overburden_removal_volume"] = None
                self.history.note(row["slug"], "production_volume", row["production_volume"])
            if row["slug"] in self.reserves:
                self.history.note(row["slug"], "reserves.proven", row["resources_reserves"]["proven_reserves_Mt"])
        self.shown = self.table

    def edit(self) -> None:
        """Something happens for good."""
        table, pick = copy.deepcopy(self.table), self.chance.random()
        if pick < 0.5:
            row = _row(table, self.chance.choice(self.producing))
            row["production_volume"] = round(self.chance.uniform(1, 30), 3)
            self.history.note(row["slug"], "production_volume", row["production_volume"])
        elif pick < 0.8:
            row = _row(table, self.chance.choice(self.reserves))
            row["resources_reserves"]["proven_reserves_Mt"] = round(self.chance.uniform(20, 90), 2)
            self.history.note(row["slug"], "reserves.proven", row["resources_reserves"]["proven_reserves_Mt"])
        elif pick < 0.92 or not self.going:
            slug = f"tambang-baru-{self.edits}"
            new = {"name": f"Tambang Baru {self.edits}", "slug": slug, "company_slug": f"pt-{slug}", "year": 2024}
            table.append(table[3] | new | {"company_name": f"PT {slug}", "project_name": None})
            self.history.events.append(("site.added", slug))
        else:
            slug = self.going.pop()
            table = [row for row in table if row["slug"] != slug]
            self.history.events.append(("site.removed", slug))
        self.table = table
        self.edits += 1

    def hour(self, number: int) -> None:
        """An accident may begin or end."""
        if number >= self.until:
            self.accident = ""
            if self.share and self.chance.random() < self.share:
                self.accident = self.chance.choice(list(_ACCIDENTS))
                self.until = number + self.chance.randint(1, _ACCIDENTS[self.accident][0])
                self.faults[self.accident] += 1
        if not self.accident:
            self.shown = self.table
            return
        if self.accident == "renamed there and back":
            self.history.possible |= {("site.renamed", slug) for slug in self.flipping}
            self.history.possible |= {("site.renamed", f"batubara-{slug}") for slug in self.flipping}
        if self.accident == "a company renamed there and back":
            self.history.possible |= {("company.renamed", f"{pt}lembayung-mining") for pt in ("", "pt-")}
        self.shown = _ACCIDENTS[self.accident][1](self, copy.deepcopy(self.table))

    def answer(self, path: str, query: dict[str, str]) -> Answer:
        if self.accident == "down":
            return self.luck.choice([_failure(503), _failure(500), _html(), _failure(429)])
        good = truthful(self.shown, path, query)
        if self.luck.random() >= self.share:
            return good
        kinds = {**_ANY, **(_LIST if path.endswith("/mining/sites/") else _DETAIL)}
        name = self.luck.choice(list(kinds))
        self.faults[name] += 1
        return kinds[name](self, good)


def _row(table: Table, slug: str) -> Row:
    return next(row for row in table if row["slug"] == slug)


# --- accidents of the table, for some hours --------------------------------------------------------------------


def _renamed(world: World, table: Table) -> Table:
    for row in table:
        if row["slug"] in world.flipping:
            row["slug"], row["name"] = f"batubara-{row['slug']}", f"Batubara {row['name']}"
    return table


def _company(world: World, table: Table) -> Table:
    for row in table:
        if row["company_slug"] == "lembayung-mining":
            row["company_slug"], row["company_name"] = "pt-lembayung-mining", "PT Lembayung Mining"
    return table


def _respelt(world: World, table: Table) -> Table:
    for row in table:
        block = row["resources_reserves"]
        if isinstance(block, dict) and "total_reserves_Mt" in block:
            block["total_reserve"] = block.pop("total_reserves_Mt")
        if row["production_volume"] is not None:
            row["production_volume"] = str(row["production_volume"])
        if row["commodity_type"] == "Coal":
            row["commodity_type"] = "Thermal Coal"
        row["strip_ratio"] = "" if row["strip_ratio"] is None else row["strip_ratio"]
    return table


def _units(world: World, table: Table) -> Table:
    for row in table:
        if row["unit"] == "Mt" and row["production_volume"] is not None:
            row["production_volume"], row["unit"] = round(row["production_volume"] * 1000, 3), "Kt"
            if row["overburden_removal_volume"] is not None:
                row["overburden_removal_volume"] = round(row["overburden_removal_volume"], 3)
    return table


def _blank(world: World, table: Table) -> Table:
    return [row | {"resources_reserves": None, "location": None} for row in table]


def _silent(world: World, table: Table) -> Table:
    return [row | {"production_volume": None} for row in table]


def _some_missing(world: World, table: Table) -> Table:
    away = set(world.chance.sample([row["slug"] for row in table], 4))
    return [row for row in table if row["slug"] not in away]


def _junk(world: World, table: Table) -> Table:
    return [
        row | {"production_volume": {"x": []}, "year": "?", "name": 7} if number % 9 == 0 else row
        for number, row in enumerate(table)
    ]


#: Name → the longest that it lasts, in hours, and what it makes of the table.
_ACCIDENTS: dict[str, tuple[int, Callable[[World, Table], Table]]] = {
    "down": (5, lambda world, table: table),
    "the table vanished": (3, lambda world, table: []),
    "all details null": (7, _blank),
    "all production null": (4, _silent),
    "some sites missing": (1, _some_missing),
    "renamed there and back": (6, _renamed),
    "a company renamed there and back": (6, _company),
    "respelt": (8, _respelt),
    "wrong types": (5, _junk),
}


# --- answers that go wrong, one call each ----------------------------------------------------------------------


def _failure(status: int) -> Answer:
    codes = {429: {"error": "RATE_LIMIT_EXCEEDED"}, 503: {"code": "service_unavailable"}}
    failed = as_json(codes.get(status, {"error": "Something went wrong."}), status)
    return replace(failed, headers={**failed.headers, "Retry-After": "0"}) if status == 429 else failed


def _html() -> Answer:
    return Answer(200, b"<html><body>We'll be back soon</body></html>", {"Content-Type": "text/html"})


def _late(world: World, good: Answer) -> Answer:
    time.sleep(_TIMEOUT * 1.3)
    return good


_ANY: dict[str, Callable[[World, Answer], Answer]] = {
    "500": lambda world, good: _failure(500),
    "502": lambda world, good: Answer(502, b"<html>Bad gateway</html>", {"Content-Type": "text/html"}),
    "503": lambda world, good: _failure(503),
    "429": lambda world, good: _failure(429),
    "a web page": lambda world, good: _html(),
    "a truncated body": lambda world, good: replace(good, body=good.body[: len(good.body) // 2]),
    "cut off": lambda world, good: replace(good, cut=len(good.body) // 2),
    "reset": lambda world, good: replace(good, reset=True),
    "too late": _late,
    "an empty body": lambda world, good: replace(good, body=b""),
    "null": lambda world, good: as_json(None),
    "a list": lambda world, good: as_json([]),
    "an empty object": lambda world, good: as_json({}),
    "an error with status 200": lambda world, good: as_json({"error": "Something went wrong."}),
}


def _paged(change: Callable[[World, dict[str, Any], list[Row]], None]) -> Callable[[World, Answer], Answer]:
    def wrong(world: World, good: Answer) -> Answer:
        said = json.loads(good.body)
        change(world, said["pagination"], said["results"])
        return as_json(said)

    return wrong


def _total(world: World, paging: dict[str, Any], rows: list[Row]) -> None:
    paging["total_count"] = max(0, paging["total_count"] + world.luck.choice([-7, -1, 1, 30, 1000]))


def _shorter(world: World, paging: dict[str, Any], rows: list[Row]) -> None:
    del rows[world.luck.randrange(max(1, len(rows))) :]


def _twice(world: World, paging: dict[str, Any], rows: list[Row]) -> None:
    if len(rows) > 1:
        rows[0] = copy.deepcopy(rows[-1])


def _shuffled(world: World, paging: dict[str, Any], rows: list[Row]) -> None:
    world.luck.shuffle(rows)


def _more(world: World, paging: dict[str, Any], rows: list[Row]) -> None:
    paging["has_next"] = not paging["has_next"]


def _elsewhere(world: World, paging: dict[str, Any], rows: list[Row]) -> None:
    paging["offset"] += 30


def _trash(world: World, paging: dict[str, Any], rows: list[Row]) -> None:
    if rows:
        rows[world.luck.randrange(len(rows))] = {"slug": None}


_LIST: dict[str, Callable[[World, Answer], Answer]] = {
    "a lying total": _paged(_total),
    "rows left out": _paged(_shorter),
    "a row twice": _paged(_twice),
    "rows in another order": _paged(_shuffled),
    "has_next lies": _paged(_more),
    "offset lies": _paged(_elsewhere),
    "a row without a slug": _paged(_trash),
}


def _fields(**fields: Any) -> Callable[[World, Answer], Answer]:
    def wrong(world: World, good: Answer) -> Answer:
        # That a mine nobody knows has no figures yet is as likely as not: its first detail is let alone.
        if good.status != 200 or b"tambang-baru" in good.body:
            return good
        return as_json(json.loads(good.body) | fields)

    return wrong


_DETAIL: dict[str, Callable[[World, Answer], Answer]] = {
    "a detail all null": _fields(resources_reserves=None, location=None, overburden_removal_volume=None),
    "a detail without place": _fields(location={}),
    "a detail of wrong types": _fields(resources_reserves=7, location="?"),
    "a 404 for what exists": lambda world, good: as_json({"error": "Mining site not found."}, 404),
}


# --- the hours -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of it."""

    hours: int
    calls: int
    faults: Counter[str]
    edits: int
    failed_polls: int
    held_polls: int
    told: int
    ops: int
    lost: tuple[str, ...]
    false: tuple[str, ...]
    seconds: float

    @property
    def good(self) -> bool:
        return not (self.lost or self.false)


def run(folder: Path, *, hours: int = 72, seed: int = 1, share: float = 0.2) -> Figures:
    """Poll every hour for so many hours of faults and edits, then a day and a half of calm, and compare."""
    began, world = time.monotonic(), World(random.Random(seed), random.Random(seed + 1), share)
    calls = 0

    def answer(path: str, query: dict[str, str]) -> Answer:
        nonlocal calls
        calls += 1
        return world.answer(path, query)

    verdicts: Counter[str] = Counter()
    with source(answer) as base_url, sink() as webhook:
        (folder / "rules.yaml").write_text(
            f"version: 1\napi: {{base_url: '{base_url}', key: sandbox, requests_per_second: 1000}}\n"
            f"database: watcher.db\ntargets: {{desk: '{webhook.url('desk')}', mail: '{webhook.url('mail')}'}}\n"
            "ops: [mail]\nwatches: {all: {every: 1h, details: 24h}}\n"
            "rules: [{name: everything, on: '*', to: [desk]}]\n"
        )
        settings = config.load(folder / "rules.yaml", {})
        with Store.open(settings.database) as store:
            world.share, world.accident = 0.0, ""
            for number in range(hours + 37):
                now = START + timedelta(hours=number)
                world.share = share if 1 <= number < hours else 0.0
                if 1 <= number < hours and world.chance.random() < 0.5:
                    world.edit()
                if number == hours:
                    world.until = 0
                world.hour(number)
                verdicts[asyncio.run(_poll(settings, store, now))] += 1
        told = {id for one in webhook.taken if one.target == "desk" for id in one.ids}
        ops = sum(one.target == "mail" for one in webhook.taken)
    verdict = judge(world.history, told, changes_in(settings.database))
    return Figures(
        hours=hours,
        calls=calls,
        faults=world.faults,
        edits=world.edits,
        failed_polls=verdicts["failed"],
        held_polls=verdicts["held"],
        told=verdict.told,
        ops=ops,
        lost=verdict.lost,
        false=verdict.false,
        seconds=time.monotonic() - began,
    )


async def _poll(settings: config.Settings, store: Store, now: datetime) -> str:
    """One poll as the daemon does it, at an hour of its own; returns the verdict."""
    quick = replace(
        wiring.api_settings(settings),
        timeout=timedelta(seconds=_TIMEOUT),
        backoff=timedelta(milliseconds=1),
        backoff_cap=timedelta(milliseconds=5),
    )
    async with SectorsApi(quick) as api:
        (report,) = await poll_watches(
            api,
            store,
            wiring.watch_settings(settings, []),
            ops=settings.ops,
            zone=settings.timezone,
            now=lambda: now,
            tell_after=settings.tell_after,
            thrift=wiring.thrift_of(settings),
        )
    await deliver(store, Courier(settings.targets), wiring.wording_of(settings), now=lambda: now)
    return report.outcome.verdict if report.outcome is not None else "failed"


if __name__ == "__main__":
    import sys
    import tempfile

    for one in map(int, sys.argv[1:]):
        with tempfile.TemporaryDirectory() as place:
            print(one, run(Path(place), seed=one), flush=True)
