"""What the status pages ask of the database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.core.histories import START
from watcher.errors import StoreError
from watcher.model import Alert, Change, Outcome, Record, Snapshot, Value
from watcher.store import Store
from watcher.store.pages import Pages, Point


def moved(watch: str, day: int, old: float, new: float, **more: object) -> Change:
    at = START + timedelta(days=day)
    change = Change(f"{watch}-{day}", at, watch, "metric.changed", "mine", commodity_type="Coal", metric="strip_ratio",
                    unit="bcm/t", old=old, new=new)  # fmt: skip
    return replace(change, **more)  # type: ignore[arg-type]


def commit(store: Store, watch: str, day: int, *records: Record, changes: tuple[Change, ...] = (),
           alerts: tuple[Alert, ...] = ()) -> None:  # fmt: skip
    at = START + timedelta(days=day)
    before = store.memory(watch, at)
    after = replace(before, filter={}, snapshot=Snapshot(at, records))
    outcome = Outcome("accepted", at, after, changes=changes, alerts=alerts)
    store.commit(watch, outcome, before=before, list_calls=1, detail_calls=2)


def record(year: int, ratio: float | None, slug: str = "mine", **more: object) -> Record:
    metrics = {} if ratio is None else {"strip_ratio": Value(ratio, "bcm/t")}
    return replace(Record(slug, "Coal", year, metrics=metrics, detailed=True), **more)  # type: ignore[arg-type]


def test_a_history_has_a_point_for_every_figure_of_the_latest_year(tmp_path: Path) -> None:
    """Unchanged polls add none, null is one, earlier years are left out, a former slug counts."""
    with Store.open(tmp_path / "w.db") as store:
        commit(store, "w", 0, record(2022, 1.0, "old"), record(2023, 5.0, "old"))
        commit(store, "w", 1, record(2022, 1.0, "old"), record(2023, 5.0, "old"))
        commit(store, "w", 2, record(2023, None, "old"))
        renamed = Change("r", START, "w", "site.renamed", "mine", old_slug="old", old="Old", new="Mine")
        commit(store, "w", 3, record(2024, 6.0), changes=(renamed,))
    with Pages.open_readonly(tmp_path / "w.db") as read, read.steady():
        found = read.histories("mine")["Coal", "strip_ratio"]
        days = [START + timedelta(days=day) for day in (0, 2, 3)]
        assert found == [
            Point(days[0], 2023, 5.0, "bcm/t"), Point(days[1], 2023, None, "bcm/t"), Point(days[2], 2024, 6.0, "bcm/t")
        ]  # fmt: skip
        assert [one.year for one in read.site_records("mine")] == [2024] and read.former("mine") == {"old"}


def test_moves_are_those_of_the_figure_whichever_watch_saw_them(tmp_path: Path) -> None:
    """Two watches that saw the same move are one; the way back and forth again is there each time."""
    story = [(0, 5.0, 9.0), (1, 9.0, 5.0), (2, 5.0, 9.0)]
    with Store.open(tmp_path / "w.db") as store:
        for day, old, new in story:
            for watch in ("one", "two"):
                commit(store, watch, day, changes=(moved(watch, day, old, new),))
        commit(store, "one", 3, changes=(moved("one", 3, 9.0, 9000.0, unit="t"),))
    with Pages.open_readonly(tmp_path / "w.db") as read:
        assert read.moves(moved("one", 9, 0, 0)) == [5.0, 9.0, 5.0, 9.0]
        assert read.moves(moved("one", 1, 0, 0)) == [5.0, 9.0, 5.0]


def test_what_was_told_loudest_comes_first(tmp_path: Path) -> None:
    """By severity, then suspect, then newest; what a silence kept back was told to nobody."""
    changes = tuple(moved("w", 0, n, n + 1, id=str(n), suspect="odd" if n == 3 else "") for n in range(5))
    alerts = (
        Alert("quiet", "critical", ("a",), changes[4], silenced="holidays"),
        Alert("loud", "critical", ("a", "b"), changes[1]),
        Alert("soft", "info", ("a",), changes[0]),
    )
    with Store.open(tmp_path / "w.db") as store:
        commit(store, "w", 0, changes=changes, alerts=alerts)
    with Pages.open_readonly(tmp_path / "w.db") as read:
        told = read.worst()
        assert [(one.change.id, one.severity, one.rules) for one in told] == [
            ("1", "critical", ("loud",)), ("0", "info", ("soft",)), ("3", None, ()), ("4", None, ()), ("2", None, ())
        ]  # fmt: skip
        assert read.worst(limit=2, offset=1) == told[1:3] and read.count() == 5 and read.count(suspect=True) == 1


def test_pages_see_one_instant_and_keep_no_writer_out(tmp_path: Path) -> None:
    """What is committed meanwhile is seen by the next page; the commit does not wait; nothing can be written."""
    path = tmp_path / "w.db"
    with Store.open(path) as store, Pages.open_readonly(path) as read:
        with read.steady():
            assert read.count() == 0
            commit(store, "w", 0, changes=(moved("w", 0, 1.0, 2.0),))
            assert read.count() == 0
        assert read.count() == 1
        with pytest.raises(StoreError, match="cannot be written"):
            read.outbox.set_digest("desk", START)
