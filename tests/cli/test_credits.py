"""What the command line says of credits: prices, proposals, limits that are reached, a quota that is gone."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from tests.cli.conftest import Desk

TWO = "details: 24h}\n  coal: {filter: {commodity_type: Coal}, every: 2h, details: never, priority: 3"


def limited(desk: Desk, limits: str, watch: str = "details: 24h") -> None:
    desk.rules(watch)
    path = desk.folder / "rules.yaml"
    text = path.read_text()
    path.write_text(text.replace("api: {", f"api: {{credits: {{{limits}}}, "))


def booked(desk: Desk) -> int:
    with sqlite3.connect(desk.folder / "watcher.db") as conn:
        return int(conn.execute("select coalesce(sum(credits), 0) from credits").fetchone()[0])


def test_check_prices_the_plan(desk: Desk) -> None:
    """Before the first poll by the known table, afterwards by what is there; shared lists; a limit that is too low."""
    limited(desk, "per_day: 100", TWO)
    before = desk.run("check")
    assert (
        before.returncode == 0 and "guessed" in before.stdout and "coal is read out of the list of all" in before.stdout
    )
    assert "a day costs about 300 credits, api.credits.per_day is 100" in before.stderr
    limited(desk, "per_day: 1000", TWO)
    desk.poll()
    after = desk.run("check")
    # 65 sites: 3 pages an hour and a detail a day each; coal comes out of the same list.
    assert "about 137 credits a day (72 for lists, 65 for details), 4,110 a month" in after.stdout
    assert "Sharing lists saves 36 credits a day" in after.stdout and "api.credits" not in after.stderr
    status = desk.json("status")["credits"]
    assert status["today"] == status["month"] == desk.world.credits == booked(desk)
    assert (status["per_day"], status["planned_per_day"], status["paused"]) == (1000, 137, None)


def test_plan_proposes_what_fits(desk: Desk) -> None:
    """Intervals and ages with the latency that results, in a table and as JSON; exit 1 where nothing fits."""
    desk.rules("every: 1h, details: 24h")
    desk.poll()
    fits = desk.run("plan", "--budget", "200/day")
    assert fits.returncode == 0 and "fits as it is, with 63 credits a day to spare" in fits.stdout
    (watch,) = desk.json("plan", "--budget", "100/day")["watches"]
    said = [watch[name] for name in ("every", "details", "list_latency", "detail_latency")]
    assert said == ["1h", "3d", "1h", "3d"]
    assert watch["credits_per_day"] <= 100 and watch["changed"]
    proposed = desk.run("plan", "--budget", "1,000/month")
    assert "all: {every: " in proposed.stdout
    never = desk.run("plan", "--budget", "1/month")
    assert never.returncode == 1 and "least these watches cost" in never.stderr
    for wrong in ("--budget=lots", "--budget=0/day"):
        assert desk.run("plan", wrong).returncode == 2
    assert "Say the budget" in desk.run("plan").stderr


def test_a_limit_that_is_reached(desk: Desk) -> None:
    """A first poll takes what there is; the next one says until when it waits, and asks for nothing."""
    limited(desk, "per_day: 20")
    first = desk.poll()
    assert (first.returncode == 0 and "48 details are left to later polls" in first.stderr) or desk.world.credits == 3
    for _ in range(8):
        last = desk.poll()
    assert last.returncode == 1 and "not polled" in last.stderr and "20" in last.stderr
    assert desk.world.credits <= booked(desk) <= 20
    assert any("are spent" in message["title"] for message in desk.sink.received)
    assert "of 20 today" in desk.run("status").stdout


def test_a_dry_run_is_booked_where_credits_are_limited(desk: Desk) -> None:
    """It writes nothing else, and does not exceed the limit either."""
    limited(desk, "per_day: 5", "details: never")
    assert "booked" in desk.poll("--dry-run").stdout and booked(desk) == desk.world.credits == 3
    done = desk.poll("--dry-run")
    assert done.returncode == 1 and desk.world.credits == booked(desk) == 5
    with sqlite3.connect(desk.folder / "watcher.db") as conn:
        assert conn.execute("select count(*) from polls").fetchone() == (0,)


def test_a_quota_that_is_gone_is_shown(desk: Desk) -> None:
    """`status` says since when, and when it is tried again; ops hears it once."""
    desk.rules("details: never")
    desk.poll()
    desk.world.quota = desk.world.credits
    assert desk.poll().returncode == 1 and desk.poll().returncode == 1
    assert desk.json("status")["credits"]["paused"]["code"] == "monthly_limit_exceeded"
    assert "Polling pauses since" in desk.run("status").stdout
    assert [message["title"] for message in desk.sink.received] == ["Watcher: the API's quota is used up"]
    desk.world.quota = None
    assert desk.poll().returncode == 0 and desk.json("status")["credits"]["paused"] is None


@pytest.mark.parametrize("said", [{"per_day": -1}, {"per_day": "many"}, {"per_wek": 5}])
def test_limits_that_mean_nothing(desk: Desk, said: dict[str, Any]) -> None:
    """A limit is a whole number above zero."""
    limited(desk, ", ".join(f"{key}: {value}" for key, value in said.items()))
    assert desk.run("check").returncode == 2
