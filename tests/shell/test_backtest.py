"""A backtest decides as the polls did, over a file and over the database's own history."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.histories import START, list_row, play, sites, sweep
from watcher import filters
from watcher.backtest import FileHistory, Report, StoredHistory, WatchPlan, replay
from watcher.model import Change
from watcher.pipeline import WatchSettings, decide
from watcher.rules import Rule
from watcher.sandbox import days
from watcher.sandbox.server import list_row as sandbox_list_row
from watcher.sandbox.server import page
from watcher.store import Store

JAKARTA = ZoneInfo("Asia/Jakarta")
DAY = timedelta(hours=25)
RULES = (Rule("everything", ("*",), ("desk",)),)
TABLES = [day.table for day in days()]


def said(changes: list[Change]) -> list[tuple[object, ...]]:
    return sorted(
        ((c.at, c.kind, c.slug, c.metric, c.old, c.new, c.nature, c.suspect, c.detail) for c in changes), key=str
    )


def over_file(
    watch: WatchSettings, tables: list[list[dict[str, object]]], step: timedelta = DAY, every: timedelta = DAY
) -> Report:
    states = [(START + number * step, table) for number, table in enumerate(tables)]
    plan = WatchPlan(watch, FileHistory(states, watch.filter), every, None)
    return replay([plan], zone=JAKARTA, ops=("ops",))


def test_over_a_file_it_says_what_the_polls_say() -> None:
    """The sandbox's twelve days: the same changes and holds, and each message with its target."""
    watch = WatchSettings("all", details=timedelta(0), rules=RULES)
    polled, replayed = play(*TABLES, every=DAY, settings=watch), over_file(watch, TABLES)
    assert said(replayed.runs[0].changes) == said(list(polled.changes)) and len(polled.changes) > 20
    assert "sites vanished" in replayed.held[0].reason and "turned null" in replayed.held[1].reason
    assert all(held.until is not None and not held.believed for held in replayed.held)
    assert {sent.target for sent in replayed.sent} == {"desk", "ops"}
    assert len(replayed.alerts) == len(polled.changes)


def test_over_the_database_it_says_what_was_said(tmp_path: Path) -> None:
    """Every state that was stored, held ones too, leads to the same changes and holds again."""
    watch = WatchSettings("all", details=timedelta(0), rules=RULES)
    told: list[Change] = []
    with Store.open(tmp_path / "w.db") as store:
        for number, table in enumerate(TABLES):
            now = START + number * DAY
            memory = store.memory("all", now)
            outcome = decide(sweep(table, memory, watch, now), memory, watch, now)
            store.commit("all", outcome, before=memory, list_calls=1, detail_calls=0)
            told += outcome.changes
        history, last = StoredHistory(store.states("all")), store.last_poll("all")
    report = replay([WatchPlan(watch, history, DAY, None, last)], zone=JAKARTA, ops=())
    assert said(report.runs[0].changes) == said(told)
    assert len(report.held) == 2 and all(held.until and not held.believed for held in report.held)


def test_other_rules_and_judgement_give_another_answer() -> None:
    """What it is for: tuning. A stricter rule tells less, a laxer hold lets the accident through."""
    few = replace(WatchSettings("all", details=timedelta(0)), rules=(Rule("new", ("site.added",), ("desk",)),))
    assert {getattr(alert.about, "kind", "") for _, alert in over_file(few, TABLES).alerts} == {"site.added"}


def test_an_hourly_history_polls_details_as_they_age() -> None:
    """A detail that changes is told when its detail is due; unchanged polls are counted and cost their pages."""
    table = sites(40)
    later = [table[0] | {"resources_reserves": {"proven_reserves_Mt": 31.0}}, *table[1:]]
    watch = WatchSettings("all", details=timedelta(hours=24), rules=RULES)
    report = over_file(watch, [table, later], step=timedelta(hours=6), every=timedelta(hours=1))
    (run,) = report.runs
    assert {change.at for change in run.changes} == {START + timedelta(hours=24)}
    assert run.polls == 32 and run.credits == 32 * 2 + 40 + 40


FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "commodity_type": st.sampled_from(["coal", "Coal", "NICKEL", "Gold"]),
        "province": st.sampled_from(["Kalimantan Timur", "Sulawesi Tenggara", "Papua"]),
        "company": st.sampled_from(sorted({row["company_slug"] for row in TABLES[0]})),
        "year": st.sampled_from([2022, 2023, 2024]),
        "min_production": st.sampled_from([0, 1, 2.5, 10]),
    },
)


@settings(max_examples=60)
@given(FILTERS, st.sampled_from(range(len(TABLES))))
def test_the_filter_lists_what_the_server_lists(filter: dict[str, object], day: int) -> None:
    """Every parameter, alone and together, as the sandbox's server applies it."""
    query = {name: str(value) for name, value in filter.items()}
    served: list[str] = []
    while True:
        answer = page(TABLES[day], {**query, "limit": "30", "offset": str(len(served))})
        served += [str(row["slug"]) for row in answer["results"]]
        if not answer["pagination"]["has_next"]:
            break
    assert sorted(served) == sorted(str(row["slug"]) for row in filters.listed(TABLES[day], filter))
    assert all(filters.list_row(row) == sandbox_list_row(row) for row in TABLES[day])
    assert list_row(TABLES[0][0]) == filters.list_row(TABLES[0][0])
