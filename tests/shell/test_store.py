"""The database keeps every state exactly, one poll per transaction, and one writer (DESIGN section 7)."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core.histories import START, sites, sweep
from watcher.errors import StoreError
from watcher.messages import Attachment, Message
from watcher.model import (
    Absent,
    Alert,
    Cause,
    Change,
    DetailSeen,
    Hold,
    Memory,
    Notice,
    Outcome,
    Record,
    Snapshot,
    Value,
    in_order,
)
from watcher.pipeline import WatchSettings, decide
from watcher.store import Store

words = st.text(max_size=8) | st.none()
values = st.builds(
    Value, st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["Mt", None]), st.booleans()
)
records = st.builds(
    Record,
    slug=st.sampled_from(["a", "b", "c"]),
    commodity_type=st.sampled_from(["Coal", "Gold", None]),
    year=st.sampled_from([2023, 2024, None]),
    name=words,
    company_slug=words,
    latitude=st.floats(-90, 90) | st.none(),
    metrics=st.dictionaries(st.sampled_from(["production_volume", "reserves.total"]), values),
    attributes=st.dictionaries(st.just("calorific_value"), st.text(max_size=5)),
    detailed=st.booleans(),
    unread=st.frozensets(st.sampled_from(["year", "location"])),
)
tables = st.lists(st.lists(records, max_size=6), min_size=1, max_size=5)


def accepted(before: Memory, at: datetime, rows: tuple[Record, ...], **more: object) -> Outcome:
    memory = replace(before, filter={}, snapshot=Snapshot(at, tuple(sorted(rows, key=in_order))))
    return Outcome("accepted", at, replace(memory, **more))  # type: ignore[arg-type]


def count_rows(path: Path) -> int:
    with sqlite3.connect(path) as conn:
        names = [row[0] for row in conn.execute("select name from sqlite_master where type = 'table'")]
        return sum(conn.execute(f"select count(*) from {name}").fetchone()[0] for name in names if name != "credits")


@given(history=tables)
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_every_past_snapshot_can_be_rebuilt(
    history: list[list[Record]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The intervals replayed at any poll are exactly what was polled, twins and nulls included."""
    path = tmp_path_factory.mktemp("db") / "watcher.db"
    polled = {}
    with Store.open(path) as store:
        for step, rows in enumerate(history):
            at = START + timedelta(hours=step)
            before = store.memory("w", at)
            outcome = accepted(before, at, tuple(rows))
            poll = store.commit("w", outcome, before=before, list_calls=1, detail_calls=0)
            polled[poll] = outcome.memory.snapshot
            assert store.memory("w", at).snapshot == outcome.memory.snapshot
        for poll, snapshot in polled.items():
            assert store.snapshot_at("w", poll) == snapshot


def test_an_unchanged_poll_adds_one_row(tmp_path: Path) -> None:
    """Whatever the number of sites, nothing new is one row in the whole database."""
    path, table, watch = tmp_path / "w.db", sites(40), WatchSettings("w")
    counts = []
    with Store.open(path) as store:
        for step in range(3):
            now = START + timedelta(hours=step)
            before = store.memory("w", now)
            outcome = decide(sweep(table, before, watch, now), before, watch, now)
            store.commit("w", outcome, before=before, list_calls=2, detail_calls=0)
            store.ledger.pay(date(2026, 3, 2), "w", "list")
            counts.append(count_rows(path))
    assert counts[1] - counts[0] == counts[2] - counts[1] == 1


def test_a_memory_comes_back_as_it_was(tmp_path: Path) -> None:
    """Snapshot, absences, hold, details and structures survive a round through the file."""
    record = Record("a", "Coal", 2024, metrics={"strip_ratio": Value(0.1 + 0.2, "bcm/t")}, unread=frozenset({"year"}))
    at = START.replace(microsecond=123456)
    after = Memory(
        watch="w",
        filter={"commodity_type": "Coal", "min_production": 1.5},
        snapshot=Snapshot(at, (record,)),
        absent=(Absent(record, at), Absent(replace(record, slug="b"), at, "left")),
        hold=Hold(at, "why", (Cause("a", "why", at), Cause("b", "and", at)), (record, record), away={"x": at}),
        details={"a": DetailSeen(at, "f00")},
        structures=frozenset({"odd key"}),
    )
    with Store.open(tmp_path / "w.db") as store:
        before = store.memory("w", at)
        store.commit("w", Outcome("accepted", at, after), before=before, list_calls=1, detail_calls=1)
    with Store.open(tmp_path / "w.db") as store:
        assert store.memory("w", at) == after
        assert store.accept("w") and not store.accept("other")
        hold = store.memory("w", at).hold
        assert hold is not None and hold.accept
        held = store.memory("w", at)
        store.commit("w", Outcome("accepted", at, replace(held, hold=None)), before=held, list_calls=1, detail_calls=0)
        assert store.memory("w", at).hold is None


def change(**fields: object) -> Change:
    return replace(Change("c1", START, "w", "metric.changed", "a", metric="strip_ratio", old=1.0, new=2.0), **fields)  # type: ignore[arg-type]


def test_changes_are_read_back_newest_first_and_by_any_name(tmp_path: Path) -> None:
    """Filters find a mine under its old slug, a company by slug or name, a kind by glob."""
    told = (
        change(id="1", slug="old", company_slug="pt-x", company_name="PT X"),
        change(id="2", kind="site.renamed", slug="new", old_slug="old", old="Old", new="New"),
        change(id="3", slug="new", old=None, new=10.0),
        change(id="4", slug="other"),
    )
    with Store.open(tmp_path / "w.db") as store:
        before = store.memory("w", START)
        outcome = accepted(before, START, (Record("new"),))
        store.commit("w", replace(outcome, changes=told), before=before, list_calls=1, detail_calls=0)
        assert store.changes() == list(reversed(told))
        assert [c.id for c in store.changes(site="old")] == ["3", "2", "1"] == [c.id for c in store.changes(site="new")]
        assert [c.id for c in store.changes(company="PT X")] == ["1"] == [c.id for c in store.changes(company="pt-x")]
        assert [c.id for c in store.changes(kind="site.*")] == ["2"]
        assert store.changes(since=START + timedelta(seconds=1)) == []
        assert (store.resolve("old"), store.resolve("nobody")) == ("new", None)
        assert len(store.memory("w", START).recent) == 3


def test_the_outbox_keeps_order_and_words(tmp_path: Path) -> None:
    """By target, in order; frozen once; waiting until it is sent."""
    notice = Notice("hold.started", "held", "why", watch="w")
    with Store.open(tmp_path / "w.db") as store:
        before = store.memory("w", START)
        told = (change(id="1"), change(id="2"))
        alerts = tuple(Alert("rule", "warning", ("desk", "mail"), one) for one in told)
        outcome = replace(accepted(before, START, ()), changes=told, alerts=alerts, notices=(notice,))
        store.commit("w", outcome, before=before, list_calls=1, detail_calls=0, ops_targets=("mail",))
        untold = store.outbox.untold()
        assert [one.about for one in untold["desk"]] == [replace(alert, targets=("desk",)) for alert in alerts]
        assert [one.about for one in untold["mail"]][2:] == [notice]
        picture = Attachment("a.png", "image/png", b"png", inline=True)
        number = store.outbox.freeze("desk", untold["desk"], Message("t", "b", "text", attachments=(picture,)), START)
        store.outbox.freeze("mail", untold["mail"], Message("t2", "b", "html"), START)
        assert store.outbox.untold() == {} and store.outbox.attachments(number) == (picture,)
        store.outbox.mark_failed(number, START, "refused")
        assert [(m.target, m.attempts, m.last_error) for m in store.outbox.waiting()] == [
            ("desk", 1, "refused"),
            ("mail", 0, None),
        ]
        store.outbox.mark_sent(number, START)
        assert [m.title for m in store.outbox.waiting()] == ["t2"] and store.outbox.waiting("desk") == []


def test_a_commit_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """One transaction: an error in the middle rolls all of it back."""
    path = tmp_path / "w.db"
    with Store.open(path) as store:
        before = store.memory("w", START)
        rows = count_rows(path)
        outcome = replace(accepted(before, START, (Record("a"),)), changes=(change(detail=object()),))
        with pytest.raises(StoreError):
            store.commit("w", outcome, before=before, list_calls=1, detail_calls=0)
        assert count_rows(path) == rows and store.memory("w", START) == before


def test_failures_are_counted_until_a_good_poll(tmp_path: Path) -> None:
    """Failed polls change nothing but are remembered in a row."""
    with Store.open(tmp_path / "w.db") as store:
        for _ in range(3):
            store.record_failure("w", START, "no answer", 1, 0)
        assert store.failures("w")[0] == 3
        before = store.memory("w", START)
        store.commit("w", accepted(before, START, ()), before=before, list_calls=1, detail_calls=0)
        assert store.failures("w") == (0, None)
        status = store.status(["w", "never"])
        assert (status["w"].polls, status["w"].credits, status["w"].verdict) == (4, 4, "accepted")
        assert status["never"].last_poll is None


def test_other_watches_are_known_elsewhere(tmp_path: Path) -> None:
    """A slug that another watch saw is known, with the instant it was first seen."""
    with Store.open(tmp_path / "w.db") as store:
        before = store.memory("one", START)
        store.commit("one", accepted(before, START, (Record("a"),)), before=before, list_calls=1, detail_calls=0)
        assert store.memory("two", START).elsewhere == {"a": START}
        assert store.memory("one", START).elsewhere == {}


def test_the_evidence_of_a_mine_that_was_away_is_what_was_last_seen_of_it(tmp_path: Path) -> None:
    """Seen, missing for a poll, back with another figure: `before` is the record of the first poll, not nothing."""
    with Store.open(tmp_path / "w.db") as store:
        told = change(kind="metric.changed", slug="a", watch="w", metric="production_volume")
        for hour, (records, changes) in enumerate([((Record("a"), Record("b")), ()), ((Record("b"),), ()),
                                                   ((Record("a", name="A"), Record("b")), (told,))]):  # fmt: skip
            at, before = START + timedelta(hours=hour), store.memory("w", START)
            outcome = replace(accepted(before, at, records), changes=changes)
            store.commit("w", outcome, before=before, list_calls=1, detail_calls=0)
        found = store.evidence(told.id)
        assert found is not None
        assert [record.name for record in found.before] == [None] and [r.name for r in found.after] == ["A"]


def test_a_watch_that_is_gone_from_the_file_counts_no_more(tmp_path: Path) -> None:
    """Its sites are known, but are no part of what other watches' lists add up; back in the file they are."""
    with Store.open(tmp_path / "w.db") as store:
        before = store.memory("one", START)
        store.commit("one", accepted(before, START, (Record("a"),)), before=before, list_calls=1, detail_calls=0)
        counted = []
        for watches in (["one", "two"], ["two"], ["one", "two"]):
            store.keep_to(watches, [])
            counted.append([record.slug for record in store.memory("two", START, others=True).others])
        assert counted == [["a"], [], ["a"]] and store.memory("two", START).elsewhere == {"a": START}


def test_credits_are_added_up_by_day(tmp_path: Path) -> None:
    """The ledger counts each billed call under its day."""
    with Store.open(tmp_path / "w.db") as store:
        for day, call in ((1, "list"), (1, "list"), (1, "detail"), (2, "list")):
            store.ledger.pay(date(2026, 3, day), "w", call)
        assert store.spent(date(2026, 3, 1), date(2026, 3, 1)) == 3
        assert store.spent(date(2026, 3, 1), date(2026, 3, 31)) == 4


def test_the_files_are_the_owners_only(tmp_path: Path) -> None:
    """Database and lock have mode 0600."""
    with Store.open(tmp_path / "deep" / "w.db"):
        for name in ("w.db", "w.db.lock", "w.db-wal"):
            assert stat.S_IMODE((tmp_path / "deep" / name).stat().st_mode) == 0o600


def test_a_second_writer_is_refused_and_a_reader_is_not(tmp_path: Path) -> None:
    """Another process cannot write meanwhile, and hears who does; it can read."""
    path = tmp_path / "w.db"
    script = (
        "import sys; from pathlib import Path; from watcher.store import Store; from watcher.errors import StoreError\n"
        "Store.open_readonly(Path(sys.argv[1])).close()\n"
        "try: Store.open(Path(sys.argv[1]))\n"
        "except StoreError as error: print(error)"
    )
    with Store.open(path):
        done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Another watcher (process ")


@pytest.mark.parametrize("content", [b"not a database, but long enough to be read as one" * 30])
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    """Garbage is told as damage, and left alone."""
    path = tmp_path / "w.db"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="damaged"):
        Store.open(path)
    assert path.read_bytes() == content


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    """A schema that this version does not know is not touched."""
    path = tmp_path / "w.db"
    Store.open(path).close()
    with sqlite3.connect(path) as conn:
        conn.execute(
            "insert into _sqlite_migrations (migration_set, name, applied_at) values ('watcher', 'later', '2030')"
        )
    with pytest.raises(StoreError, match="newer version"):
        Store.open(path)
    with pytest.raises(StoreError, match="newer version"):
        Store.open_readonly(path)


def test_no_database_yet(tmp_path: Path) -> None:
    """Reading before the first poll says what to do."""
    with pytest.raises(StoreError, match="watcher poll"):
        Store.open_readonly(tmp_path / "none.db")


def test_instants_are_readable_utc(tmp_path: Path) -> None:
    """Instants are stored as ISO-8601 in UTC."""
    with Store.open(tmp_path / "w.db") as store:
        store.record_failure("w", datetime(2026, 3, 2, 6, tzinfo=UTC), "x", 0, 0)
    with sqlite3.connect(tmp_path / "w.db") as conn:
        assert conn.execute("select at from polls").fetchone() == ("2026-03-02T06:00:00Z",)
