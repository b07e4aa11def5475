"""A copy of the database, restored elsewhere, goes on as if a poll had come late (docs/scale.md)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.core.histories import START, sites, sweep
from watcher.model import Change
from watcher.pipeline import WatchSettings, decide
from watcher.plan import Limits
from watcher.rules import Rule
from watcher.schedule import Timing
from watcher.store import Store
from watcher.store.backup import backup

HOUR = timedelta(hours=1)
WATCH = WatchSettings("all", rules=(Rule("all", ("*",), ("desk",)),), timing=Timing(HOUR))


def poll(path: Path, table: list[dict[str, Any]], hour: int) -> tuple[list[Change], int]:
    """One poll in a process of its own, as it were: what it tells, and how many details it asks for."""
    now = START + hour * HOUR
    with Store.open(path) as store:
        memory = store.memory("all", now)
        seen = sweep(table, memory, WATCH, now)
        outcome = decide(seen, memory, WATCH, now)
        for _ in seen.details:
            store.ledger.pay(now.date(), "all", "detail")
        store.commit("all", outcome, before=memory, list_calls=2, detail_calls=len(seen.details))
    return [alert.about for alert in outcome.alerts if isinstance(alert.about, Change)], len(seen.details)


def test_a_restored_copy_polls_on_without_a_false_alert(tmp_path: Path) -> None:
    """What was told before the copy is not told again, what came after it is told once, details keep their turns."""
    first, standby = tmp_path / "first.db", tmp_path / "standby.db"
    table = sites(48)
    poll(first, table, 0)
    told = [row | {"production_volume": 3.0} if row["slug"] == "mine-3" else row for row in table]
    assert [change.slug for change in poll(first, told, 1)[0]] == ["mine-3"]
    with Store.open(first) as running:  # the copy is taken beside the process that polls
        backup(first, standby)
        spent = running.ledger.spent(START.date())
    later = [row | {"strip_ratio": 9.5} if row["slug"] == "mine-7" else row for row in told]
    assert len(poll(first, later, 2)[0]) == 1  # and then the first machine is gone
    changes, details = poll(standby, told, 3)
    assert changes == [] and details <= 6
    changes, details = poll(standby, later, 4)
    assert [(change.slug, change.metric) for change in changes] == [("mine-7", "strip_ratio")] and details <= 6
    assert poll(standby, later, 5)[0] == []
    with Store.open(standby) as store:
        assert store.ledger.spent(START.date()).day >= spent.day > 48
        assert not store.ledger.pay(START.date(), "all", "list", Limits(per_day=spent.day))
