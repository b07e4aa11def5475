"""Diff, judge and rules over many records; what sqlite3 takes to write them; what others take to compare the rows."""

from __future__ import annotations

import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.judging import START, mines, rule, table
from watcher import parse, pipeline
from watcher.filters import list_row
from watcher.model import Detail, Memory
from watcher.parse import Observation
from watcher.pipeline import WatchSettings
from watcher.schedule import Timing
from watcher.store import Store
from watcher.store.encode import RECORD_COLUMNS, record_row

#: One record in so many says something new.
NEW = 100
#: A peer that takes longer is stopped.
PATIENCE = 180.0


def changed(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The same rows with another production in one of a hundred."""
    for n, row in enumerate(rows):
        yield row | {"production_volume": (float(row["production_volume"] or 1.0) * 1.2)} if n % NEW == 0 else row


def observed(rows: Iterable[dict[str, Any]]) -> Observation:
    """Rows with their details as looks read them, a thousand at a time; what was sent is not kept."""
    parts: list[Observation] = []
    rows = iter(rows)
    while some := list(islice(rows, 1_000)):
        reads = {row["slug"]: parse.read_detail(Detail(row["slug"], row)) for row in some}
        parts.append(parse.join(parse.read_list(tuple(list_row(row) for row in some)), reads))
    return replace(
        parts[0],
        records=tuple(record for part in parts for record in part.records),
        fetched=frozenset(slug for part in parts for slug in part.fetched),
        fingerprints={slug: mark for part in parts for slug, mark in part.fingerprints.items()},
    )


def decide(count: int) -> dict[str, float]:
    """Seconds to decide about so many records by 100 rules, and to write them; the process's peak."""
    watch = WatchSettings("all", rules=tuple(rule(n) for n in range(100)))
    before = pipeline.conclude(observed(mines(count)), Memory("all"), watch, START)
    now = START + timedelta(hours=1)
    seen = observed(changed(mines(count)))
    best = 9e9
    for _ in range(3):
        begun = time.perf_counter()
        outcome = pipeline.conclude(seen, before.memory, watch, now)
        best = min(best, time.perf_counter() - begun)
    assert len(outcome.changes) >= count // NEW and outcome.alerts
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    assert outcome.memory.snapshot is not None
    encoded = [record_row(record) for record in outcome.memory.snapshot.records]
    written = 9e9
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            begun = time.perf_counter()
            conn = sqlite3.connect(Path(folder) / "w.db")
            conn.execute(f"create table records ({', '.join(RECORD_COLUMNS)})")
            marks = ", ".join("?" * len(RECORD_COLUMNS))
            conn.executemany(f"insert into records values ({marks})", encoded)  # noqa: S608  (our own column names)
            conn.commit()
            conn.close()
            written = min(written, time.perf_counter() - begun)
    return {"decide": best, "write": written, "megabytes": peak}


def theirs(python: Path, count: int) -> list[float | None]:
    """Seconds that csv-diff and deepdiff take to compare the same rows; None where it was too long."""
    old = table(count)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, rows in (("old", old), ("new", list(changed(old)))):
            (folder / f"{file}.json").write_text(json.dumps(rows))
        found: list[float | None] = []
        for peer in ("csv-diff", "deepdiff"):
            command = [str(python), str(Path(__file__).with_name("peers.py")), peer, str(folder)]
            try:
                done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                found.append(None)
            else:
                found.append(float(done.stdout))
    return found


def growth(sites: int, polls: int) -> tuple[float, float]:
    """Bytes that a quiet poll adds to the database, over so many hourly ones with their details; and the days."""
    rows = table(sites)
    listed = tuple(list_row(row) for row in rows)
    bodies = {row["slug"]: row for row in rows}
    listing = parse.read_list(listed)
    watch = WatchSettings("all", timing=Timing(timedelta(hours=1)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "w.db"
        with Store.open(path) as store:
            for number in range(polls + 1):
                now = START + number * timedelta(hours=1)
                memory = store.memory("all", now)
                due = pipeline.due(listing, memory, watch, now)
                seen = parse.join(listing, {slug: parse.read_detail(Detail(slug, bodies[slug])) for slug in due})
                outcome = pipeline.conclude(seen, memory, watch, now)
                calls = (-(-sites // 30), len(due))
                for call, count in zip(("list", "detail"), calls, strict=True):
                    for _ in range(count):
                        store.ledger.pay(now.date(), "all", call)
                store.commit("all", outcome, before=memory, list_calls=calls[0], detail_calls=calls[1])
                if number == 0:
                    base = _size(path)
        return (_size(path) - base) / polls, polls / 24


def _size(path: Path) -> int:
    """The database's bytes in use, the log written back."""
    conn = sqlite3.connect(path)
    conn.execute("pragma wal_checkpoint(truncate)")
    pages, free, size = (
        conn.execute(f"pragma {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    conn.close()
    return int((pages - free) * size)


if __name__ == "__main__":
    import gc

    gc.set_threshold(50_000, 20, 100)  # as the command line sets it
    sys.stdout.write(json.dumps(decide(int(sys.argv[1]))))
