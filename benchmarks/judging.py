"""What deciding costs: an unchanged poll, a hundred days of them, and rules on many changes, each against its peer."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from watcher import pipeline
from watcher.backtest import FileHistory, WatchPlan, replay
from watcher.filters import list_row
from watcher.model import Alert, Change, Detail, Memory, Sweep
from watcher.pipeline import WatchSettings
from watcher.rules import Bound, Rule, When, alerts, matches
from watcher.rules.rulebook import reaches
from watcher.sandbox.world import fictional_sites
from watcher.schedule import Timing

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Line:
    """One measurement beside its peer: seconds, and the ratio that the claim is about."""

    what: str
    ours: float
    peer: str
    theirs: float

    def __str__(self) -> str:
        ratio = self.ours / self.theirs
        return f"| {self.what} | {self.ours * 1e3:,.2f} ms | {self.peer} | {self.theirs * 1e3:,.2f} ms | {ratio:.2f} |"


def best(run: Callable[[], Any], times: int = 5) -> float:
    """The best of some runs, in seconds."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        run()
        taken.append(time.perf_counter() - begun)
    return min(taken)


def table(count: int) -> list[dict[str, Any]]:
    """So many fictional mines in detail shape."""
    return list(mines(count))


def mines(count: int) -> Iterator[dict[str, Any]]:
    """So many fictional mines in detail shape, one after the other."""
    rows = fictional_sites()
    for n in range(count):
        yield {**rows[n % len(rows)], "slug": f"mine-{n}", "name": f"Mine {n}", "company_slug": f"pt-{n % 97}"}


def unchanged_poll(count: int) -> Line:
    """A quiet poll decided, against reading the same answers' JSON."""
    rows = table(count)
    settings = WatchSettings("all")
    listed = tuple(list_row(row) for row in rows)
    details = {row["slug"]: Detail(row["slug"], row) for row in rows}
    memory = pipeline.decide(Sweep(START, listed, details), Memory("all"), settings, START).memory
    text = json.dumps(listed)
    now = START + timedelta(hours=1)
    ours = best(lambda: pipeline.decide(Sweep(now, listed), memory, settings, now))
    return Line(
        f"a quiet poll of {count:,} sites decided", ours, "json.loads of its list", best(lambda: json.loads(text))
    )


def hundred_days() -> Line:
    """A hundred days of hourly polls replayed, against deciding each of those polls from its raw answers."""
    rows = table(156)
    states: list[tuple[datetime, list[dict[str, Any]]]] = [(START, rows)]
    for number in range(1, 50):
        rows = [*rows]
        place = number % len(rows)
        rows[place] = {**rows[place], "production_volume": float(number)}
        states.append((START + number * timedelta(days=2), rows))
    watch = WatchSettings("all", rules=(Rule("all", ("*",), ("desk",)),), timing=Timing(timedelta(hours=1)))
    begun = time.perf_counter()
    plan = WatchPlan(watch, FileHistory(states, {}), timedelta(hours=1), None)
    report = replay([plan], zone=ZoneInfo("UTC"), ops=())
    ours = time.perf_counter() - begun
    polls = report.runs[0].polls
    listed = tuple(list_row(row) for row in rows)
    memory = pipeline.decide(Sweep(START, listed), Memory("all"), replace(watch, details=None), START).memory
    one = best(lambda: pipeline.decide(Sweep(START, listed), memory, watch, START))
    return Line(
        f"backtest of {polls:,} hourly polls of 156 sites", ours, f"{polls:,} polls read and decided", polls * one
    )


def change(number: int) -> Change:
    metric = ("production_volume", "strip_ratio", "reserves.total", "reserves.proven")[number % 4]
    return Change(
        id=f"{number:012}", at=START, watch="all", kind="metric.changed", slug=f"mine-{number}",
        company_slug=f"pt-{number % 500}", company_name=f"PT {number % 500}", commodity_type="Coal", year=2024,
        metric=metric, unit="Mt", old=10.0, new=12.0, delta=2.0, percent=20.0, nature="revised",
    )  # fmt: skip


def rule(number: int) -> Rule:
    topics = ("production_volume", "strip_ratio", "reserves.*", "site.*", "resources.*")
    where = {"company": (f"pt-{number % 500}",)} if number % 10 else {"commodity_type": ("Gold", "Nickel")}
    moved = When(changes_by=Bound(10, percent=True))
    return Rule(f"rule {number}", (topics[number % 5],), ("desk",), where=where, when=moved)


def naive(changes: list[Change], rules: list[Rule]) -> list[Alert]:
    """Every rule tried on every change."""
    return [
        Alert(one.name, one.severity, one.to, change)
        for change in changes
        for one in rules
        if reaches(one, change.kind, change.metric) and matches(one, change)
    ]


def dispatch(rules: int, changes: int) -> Line:
    """Rules looked up for each change, against trying every rule on every change."""
    book, news = [rule(n) for n in range(rules)], [change(n) for n in range(changes)]
    share = max(1, changes // 20)
    theirs = best(lambda: naive(news[:share], book), 1) * changes / share
    ours = best(lambda: alerts(news, book), 3)
    return Line(f"{rules:,} rules × {changes:,} changes", ours, "every rule tried on every change", theirs)


def lines() -> Iterator[Line]:
    """Every measurement of this file."""
    yield unchanged_poll(156)
    yield unchanged_poll(15_600)
    yield hundred_days()
    yield dispatch(1000, 10_000)


def main() -> None:
    """Print the table."""
    out = sys.stdout.write
    out("| what | ours | peer | peer's | ratio |\n|---|---|---|---|---|\n")
    for line in lines():
        out(f"{line}\n")


if __name__ == "__main__":
    main()
