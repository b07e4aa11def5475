"""Credits are counted before they are spent, shared between watches, and never exceeded (real HTTP, real SQLite)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.core.histories import START, sites
from tests.shell.upstream import Answer, as_json, page, upstream
from watcher import filters
from watcher.api import ApiSettings, SectorsApi
from watcher.errors import BudgetSpent
from watcher.model import Outcome
from watcher.pipeline import WatchSettings
from watcher.plan import Limits, Planned, Thrift
from watcher.poll import PollReport, poll_watches
from watcher.rules import Bound, Limit, Rule, Watchlist
from watcher.sandbox import World, fictional_sites, serve
from watcher.schedule import Timing
from watcher.store import Store

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
JAKARTA = ZoneInfo("Asia/Jakarta")


@dataclass
class Desk:
    """A sandbox, a database, and a clock that is set by hand."""

    path: Path
    store: Store
    world: World
    base_url: str
    now: datetime = START
    limits: Limits = field(default_factory=Limits)
    share: bool = True
    every: timedelta = HOUR
    runner: asyncio.Runner = field(default_factory=asyncio.Runner)
    api: tuple[str, SectorsApi] | None = None

    def watch(self, name: str = "all", **more: Any) -> WatchSettings:
        rules = (Rule("all", ("*",), ("desk",)),)
        return WatchSettings(name, **{"rules": rules, "timing": Timing(self.every), **more})

    def poll(self, *watches: WatchSettings, probe: bool = False, priority: Sequence[int] = ()) -> list[PollReport]:
        ranks = [*priority, *[0] * len(watches)]
        planned = tuple(
            Planned(w.name, w.filter, w.timing or Timing(self.every), w.details, rank)
            for w, rank in zip(watches, ranks, strict=False)
        )

        async def run() -> list[PollReport]:
            if self.api is None or self.api[0] != self.base_url:
                settings = ApiSettings(
                    self.base_url,
                    self.world.key,
                    requests_per_second=5000,
                    backoff=timedelta(milliseconds=1),
                    retries=2,
                )
                self.api = (self.base_url, SectorsApi(settings))
            return await poll_watches(
                self.api[1], self.store, watches, ops=("ops",), zone=JAKARTA, now=lambda: self.now, probe=probe,
                thrift=Thrift(self.limits, planned, self.share),
            )  # fmt: skip

        return self.runner.run(run())

    def ops(self) -> list[str]:
        return [one.about.title for one in self.store.outbox.untold().get("ops", ())]  # type: ignore[union-attr]

    def spent(self, day: date | None = None) -> int:
        return self.store.ledger.spent(day or self.now.astimezone(JAKARTA).date()).day


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    world = World(sites(65))
    with serve(world) as served, Store.open(tmp_path / "w.db") as store:
        desk = Desk(tmp_path / "w.db", store, world, served.base_url)
        with desk.runner:
            yield desk
            if desk.api is not None:
                desk.runner.run(desk.api[1].__aexit__(None, None, None))


def accepted(report: PollReport) -> Outcome:
    assert report.outcome is not None, report.error
    return report.outcome


def test_a_budget_is_never_exceeded(desk: Desk) -> None:
    """60 a day at hourly polls of 33 sites: two days, not a credit more on either; the lists go on to midnight."""
    desk.limits, desk.world.rows = Limits(per_day=60), sites(33)
    desk.now = datetime(2026, 3, 2, 0, 30, tzinfo=JAKARTA)
    before = 0
    for _ in range(2):
        polled = 0
        for _ in range(24):
            (report,) = desk.poll(desk.watch())
            polled += report.outcome is not None
            desk.now += HOUR
        assert polled == 24 and desk.world.credits - before <= 60
        before = desk.world.credits
    assert before == 120 and "the credits of 2026-03-02 are spent" in desk.ops()


@pytest.mark.parametrize("faults", [[], [500, 503, 429, 500, 0, -1] * 3])
def test_concurrent_calls_and_retries_stay_within(desk: Desk, faults: list[int]) -> None:
    """Twenty credits for a first poll of 65 sites, with four calls at a time, some of which fail."""
    desk.limits, desk.now = Limits(per_month=20), datetime(2026, 3, 31, 23, 50, tzinfo=JAKARTA)
    desk.world.fail_next(*faults)
    (report,) = desk.poll(desk.watch())
    assert desk.world.credits <= desk.spent() <= 20
    (again,) = desk.poll(desk.watch())
    assert desk.world.credits <= desk.spent() <= 20
    if not faults:
        assert desk.world.credits == 20 and report.deferred == 48
        assert isinstance(again.error, BudgetSpent) and "before 2026-04-01 00:00" in str(again.error)


def test_days_and_months_are_those_of_the_file(desk: Desk) -> None:
    """17:00 UTC is midnight in Jakarta: there the day's budget begins anew, the month's does not."""
    desk.limits, desk.now = Limits(3, 6), datetime(2026, 3, 2, 16, 59, tzinfo=ZoneInfo("UTC"))
    watch = desk.watch(details=None)
    assert [len(desk.poll(watch)[0].missed) for _ in range(1)] == [0]
    assert isinstance(desk.poll(watch)[0].error, BudgetSpent)
    desk.now += timedelta(minutes=1)
    assert desk.poll(watch)[0].outcome is not None
    desk.now += DAY
    assert "month" in str(desk.poll(watch)[0].error) and desk.world.credits == 6


def test_another_process_is_counted(desk: Desk) -> None:
    """What somebody else books in the same database is spent for us too."""
    desk.limits = Limits(per_day=10)
    day = desk.now.astimezone(JAKARTA).date()
    with Store.open_beside(desk.path) as beside:
        for _ in range(8):
            assert beside.ledger.pay(day, "elsewhere", "list", desk.limits)
    assert desk.spent() == 8
    assert isinstance(desk.poll(desk.watch(details=None))[0].error, BudgetSpent | None)
    assert desk.world.credits <= 2 and desk.spent() <= 10


def test_a_broken_call_stays_paid_and_a_free_one_is_given_back(desk: Desk) -> None:
    """500s and 429s cost nothing; what broke off in the middle may have been billed."""
    desk.world.fail_next(500, -1)
    desk.world.rows = sites(5)
    (report,) = desk.poll(desk.watch(details=None))
    assert report.credits == desk.spent() == 2 == desk.world.credits


def test_ops_hear_of_a_budget_once_at_each_mark(desk: Desk) -> None:
    """At 80 % and at 100 %, once a day each."""
    desk.limits = Limits(per_day=10)
    watch = desk.watch(details=None)
    for _ in range(5):
        desk.poll(watch)
    assert desk.ops() == ["80 % of the credits of 2026-03-02 are spent", "the credits of 2026-03-02 are spent"]
    desk.now += DAY
    for _ in range(5):
        desk.poll(watch)
    assert len(desk.ops()) == 4 and desk.world.credits == 18


def test_details_go_first_then_lists_by_priority(desk: Desk) -> None:
    """When credits run short, the watch that matters more keeps its list to the end of the day."""
    desk.limits, desk.now = Limits(per_day=80), datetime(2026, 3, 2, 0, 30, tzinfo=JAKARTA)
    desk.world.rows = [
        row | {"commodity_type": "Gold" if n % 2 else "Coal"} for n, row in enumerate(sites(120))
    ]  # 2 pages each
    low = desk.watch("coal", filter={"commodity_type": "Coal"})
    high = desk.watch("gold", filter={"commodity_type": "Gold"})
    polls = {"coal": 0, "gold": 0}
    details = 0
    for _ in range(24):
        for report in desk.poll(low, high, priority=(0, 5)):
            polls[report.watch] += report.outcome is not None
            details += report.outcome is not None and report.credits - 2
        desk.now += HOUR
    assert polls == {"gold": 24, "coal": 16} and desk.world.credits == 80 and details == 0


def test_a_list_that_is_due_comes_before_details(desk: Desk) -> None:
    """In the last minutes of a day the second watch's list is read, and the first watch's details wait for it."""
    desk.limits, desk.now = Limits(per_day=14), datetime(2026, 3, 2, 23, 50, tzinfo=JAKARTA)
    first = desk.watch("first", filter={"min_production": 40})
    second = desk.watch("second", filter={"company": "pt-company-1"})
    reports = desk.poll(first, second)
    assert [accepted(report).verdict for report in reports] == ["baseline", "baseline"]
    assert 7 <= reports[0].credits < 13 and desk.world.credits <= 14


def test_watchlisted_reserves_come_first(desk: Desk) -> None:
    """With ten details to spend, the companies whose reserves somebody watches are among them."""
    desk.limits, desk.now = Limits(per_day=13), datetime(2026, 3, 2, 23, 50, tzinfo=JAKARTA)
    names = {f"pt-company-{n}": {} for n in range(55, 65)}
    watched = Watchlist("mine", ("desk",), names, {"reserves.total": Limit(falls_by=Bound(5, percent=True))})
    (report,) = desk.poll(desk.watch(watchlists=(watched,)))
    assert set(accepted(report).memory.details) == {f"mine-{n}" for n in range(55, 65)}


def test_a_quota_that_is_gone_pauses_polling(desk: Desk) -> None:
    """One call, one message; then nothing for six hours; a probe by hand; and news when it is back."""
    watches = (desk.watch("one"), desk.watch("two", filter={"commodity_type": "Coal"}))
    desk.poll(*watches)
    desk.world.quota, calls = desk.world.credits, len(desk.world.calls)
    for _ in range(6):
        reports = desk.poll(*watches)
        assert all("quota" in str(report.error) for report in reports)
        desk.now += timedelta(minutes=59)
    assert len(desk.world.calls) == calls + 1 and desk.ops() == ["the API's quota is used up"]
    desk.poll(*watches, probe=True)
    assert len(desk.world.calls) == calls + 2
    desk.now += 6 * HOUR
    desk.world.quota = None
    assert all(report.outcome is not None for report in desk.poll(*watches))
    assert desk.ops() == ["the API's quota is used up", "the API's quota is back"]
    assert desk.store.ledger.pause() is None


def overlapping(desk: Desk, count: int = 156, **more: Any) -> tuple[WatchSettings, ...]:
    desk.world.rows = [row | {"commodity_type": "Gold" if n % 3 else "Coal"} for n, row in enumerate(sites(count))]
    filters: dict[str, dict[str, Any]] = {
        "all": {},
        "gold": {"commodity_type": "gold"},
        "coal": {"commodity_type": "Coal"},
    }
    return tuple(desk.watch(name, filter=filter, **more) for name, filter in filters.items())


def test_overlapping_watches_share_lists_and_details(desk: Desk) -> None:
    """Three watches on 156 sites cost what one costs, no poll more than 30; a call each, once, to compare filters."""
    watches = overlapping(desk, details=8 * HOUR)
    reports = desk.poll(*watches)
    assert desk.world.credits == 162 + 2 and [len(accepted(one).memory.details) for one in reports] == [156, 104, 52]
    costs = []
    for _ in range(8):
        desk.now += HOUR
        costs.append(sum(report.credits for report in desk.poll(*watches)))
    assert sum(costs) <= (8 * 6 + 156) * 1.05 and max(costs) <= 30
    for report in desk.poll(*watches):
        assert all(desk.now - one.at <= 8 * HOUR for one in accepted(report).memory.details.values())


def test_details_are_shared_across_polls(desk: Desk) -> None:
    """A watch that is added later, or polled at other times, asks for no detail that another has had."""
    everything, gold, _ = overlapping(desk, 45)
    desk.poll(everything, gold)
    before = desk.world.credits
    desk.now += timedelta(minutes=20)
    (report,) = desk.poll(replace(gold, name="late"), everything)[:1]
    assert len(accepted(report).memory.details) == 30 and desk.world.credits - before <= 3


def test_sharing_can_be_switched_off(desk: Desk) -> None:
    """`share_lists: false`: each watch reads its own list."""
    desk.share = False
    desk.poll(*overlapping(desk, 62))
    assert desk.world.credits == 62 + 3 + 2 + 1


def test_filtered_here_or_there_the_decisions_are_the_same(desk: Desk, tmp_path: Path) -> None:
    """Changes, entries, leavings and a hold: the same with and without sharing, poll by poll."""
    told = []
    for share in (True, False):
        watches = overlapping(desk, 40)
        desk.share, desk.now = share, START
        desk.store.close()
        desk.store = Store.open(tmp_path / f"{share}.db")
        seen = []
        for step in range(7):
            if step == 1:
                desk.world.rows[3] |= {"production_volume": 1.5}
                desk.world.rows[4] |= {"commodity_type": "Coal"}
            elif step == 3:
                desk.world.rows = desk.world.rows[17:]
            elif step == 4:
                desk.world.rows = [*sites(43)[40:], *desk.world.rows]
            seen.append(
                [
                    (r.watch, o.verdict, sorted((c.kind, c.slug, c.metric or "", str(c.new)) for c in o.changes))
                    for r in desk.poll(*watches)
                    for o in [accepted(r)]
                ]
            )
            desk.now += 7 * HOUR
        told.append(seen)
    assert told[0] == told[1] and any(changes for step in told[0] for _, _, changes in step)


@pytest.mark.parametrize(
    "filter",
    [
        {},
        {"company": "pt-lembayung-mining"},
        {"company": "lembayung-mining"},
        {"province": "Kalimantan Timur"},
        {"province": "Papua"},
        {"commodity_type": "Coal"},
        {"commodity_type": "gOLD"},
        {"year": 2024},
        {"year": 2023},
        {"min_production": 0},
        {"min_production": 4.5},
        {"commodity_type": "Nickel", "min_production": 1},
        {"commodity_type": "Coal", "province": "Kalimantan Selatan", "year": 2024, "min_production": 2.2},
    ],
    ids=str,
)
def test_filters_mean_here_what_they_mean_there(desk: Desk, filter: dict[str, Any]) -> None:
    """For every parameter, the rows that the sandbox lists are those that we keep of its whole table."""
    desk.world.rows = [
        *fictional_sites(),
        fictional_sites()[0] | {"slug": "text", "production_volume": "7.5", "year": 2024},
        fictional_sites()[1] | {"slug": "null", "production_volume": None, "location": None, "commodity_type": None},
    ]

    async def both() -> tuple[tuple[object, ...], tuple[object, ...]]:
        settings = ApiSettings(desk.base_url, desk.world.key, requests_per_second=1000)
        async with SectorsApi(settings) as api:
            return await api.sites({}), await api.sites(filter)

    whole, own = asyncio.run(both())
    kept = [row for row in whole if isinstance(row, dict) and filters.lists(row, filter)]
    assert sorted(map(str, kept)) == sorted(map(str, own))


def test_an_api_that_filters_otherwise_is_believed(desk: Desk) -> None:
    """Where the API finds thermal coal under Coal, its own list is read, and goes on being read."""
    rows = [
        row | {"commodity_type": "Thermal Coal" if n % 2 else "Coal" if n % 3 else "Gold"}
        for n, row in enumerate(sites(40))
    ]

    def answer(path: str, query: dict[str, str], number: int) -> Answer:
        wanted = query.get("commodity_type", "")
        found = [filters.list_row(row) for row in rows if wanted.lower() in row["commodity_type"].lower()]
        offset, limit = int(query["offset"]), int(query["limit"])
        return page(found[offset : offset + limit], len(found), offset)

    everything = desk.watch("all", details=None)
    coal = desk.watch("coal", details=None, filter={"commodity_type": "Coal"})
    with upstream(answer) as server:
        desk.base_url = server.base_url
        for calls in (2 + 1 + 2, 2 + 2, 2 + 2):
            before = len(server.asked)
            snapshot = accepted(desk.poll(everything, coal)[1]).memory.snapshot
            assert snapshot is not None and len(snapshot.slugs) == sum("Coal" in row["commodity_type"] for row in rows)
            assert len(server.asked) - before == calls
            desk.now += HOUR


def test_answers_that_still_hold_are_free(desk: Desk) -> None:
    """Should the API ever send an ETag, it is sent back: a 304 costs nothing, and says what the last answer said."""
    table = sites(5)

    def answer(path: str, query: dict[str, str], number: int) -> Answer:
        headers = server.asked[number][2]
        found = page([filters.list_row(row) for row in table]) if path.endswith("sites/") else as_json(table[0])
        tag = f'"{hash(found.body)}"'
        if headers.get("If-None-Match") == tag:
            return Answer(304, b"", {"ETag": tag})
        return Answer(200, found.body, found.headers | {"ETag": tag})

    with upstream(answer) as server:
        desk.base_url = server.base_url
        watch = desk.watch("all", details=None)
        costs = []
        for step in range(4):
            table[2]["production_volume"] = 10.0 if step < 2 else 4.0
            (report,) = desk.poll(watch)
            costs.append((report.credits, len(accepted(report).changes)))
            desk.now += HOUR
    assert costs == [(1, 0), (0, 0), (1, 1), (0, 0)] and desk.spent() == 2
