"""watcher backtest, as its user runs it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Desk
from tests.core.histories import sites


def write(folder: Path, *tables: list[dict[str, object]]) -> Path:
    states = [{"at": f"2026-03-{day:02}T06:00:00+00:00", "sites": table} for day, table in enumerate(tables, 2)]
    path = folder / "history.json.gz"
    path.write_bytes(gzip.compress(json.dumps(states).encode()))
    return path


def test_it_shows_what_would_have_been_sent(desk: Desk) -> None:
    """Per rule when and what, why a snapshot was held, and how many messages; nothing is sent and nobody asked."""
    table = sites(20)
    risen = [table[0] | {"production_volume": 12.0, "overburden_removal_volume": 96.0}, *table[1:]]
    path = write(desk.folder, table, [], table, risen)
    done = desk.run("backtest", "--from", str(path))
    assert done.returncode == 0, done.stderr
    for words in ("Held: all from 2026-03-03 13:00", "20 of 20 sites vanished", "Mine 0: production 10 → 12 Mt (+20 %)",
                  "message to people", "Nothing was sent"):  # fmt: skip
        assert words in " ".join(done.stdout.split()), done.stdout
    document = desk.json("backtest", "--from", str(path))
    assert [rule["rule"] for rule in document["rules"]] == ["everything"]
    assert document["watches"][0]["baseline"] == 20 and document["held"][0]["believed"] is False
    assert desk.sink.received == [] and desk.world.calls == []


def test_it_reads_the_database(desk: Desk) -> None:
    """Over what was polled it says what was sent; before the first poll it says that there is nothing."""
    assert desk.run("backtest").returncode != 0
    desk.poll()
    desk.world.rows = [desk.world.rows[0] | {"production_volume": 12.5}, *desk.world.rows[1:]]
    desk.poll()
    told = desk.json("changes")
    replayed = desk.json("backtest")
    key = [(c["slug"], c["metric"], c["old"], c["new"]) for c in told]
    assert key and [(c["slug"], c["metric"], c["old"], c["new"]) for c in replayed["watches"][0]["changes"]] == key


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("nonsense", "is not JSON"),
        ("[]", "no list of states"),
        ('[{"at": "soon", "sites": []}]', "has no time"),
        ('[{"at": "2026-01-01"}]', 'has no "sites"'),
    ],
)
def test_a_wrong_file_is_said_to_be_so(desk: Desk, content: str, words: str) -> None:
    """One sentence and exit 2."""
    path = desk.folder / "history.json"
    path.write_text(content)
    done = desk.run("backtest", "--from", str(path))
    assert done.returncode == 2 and words in done.stderr and "Traceback" not in done.stderr
