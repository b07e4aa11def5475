"""The whole product as its user runs it: subprocess, real HTTP, a real database, messages that arrive."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Desk
from watcher.model import Change


def rows(desk: Desk) -> int:
    with sqlite3.connect(desk.folder / "watcher.db") as conn:
        names = [row[0] for row in conn.execute("select name from sqlite_master where type = 'table'")]
        return sum(conn.execute(f"select count(*) from {name}").fetchone()[0] for name in names)


def edit(desk: Desk, mine: str, /, **fields: object) -> None:
    desk.world.rows = [row | fields if row["slug"] == mine else row for row in desk.world.rows]


def test_a_first_poll_is_silent_and_costs_a_look(desk: Desk) -> None:
    """65 sites: 3 pages and 65 details, nothing sent; the same again: 3 calls, one row, nothing sent."""
    desk.rules("details: 24h")
    first = desk.poll()
    assert first.returncode == 0 and "baseline of 65 sites" in first.stdout and desk.world.credits == 68
    before = rows(desk)
    again = desk.poll()
    assert again.returncode == 0 and "no changes (3 credits)" in again.stdout and desk.world.credits == 71
    assert rows(desk) == before + 1 and desk.sink.received == []


def test_changes_are_told_in_one_message(desk: Desk) -> None:
    """A list change, a detail change and a new site: one message per target and poll, with all of them."""
    desk.poll()
    edit(desk, "mine-1", production_volume=9.9, overburden_removal_volume=79.2)
    edit(desk, "mine-2", resources_reserves={"proven": 33, "probable": 20, "total_reserve": 53})
    desk.world.rows = [
        *desk.world.rows,
        desk.world.rows[0] | {"slug": "new-pit", "name": "New Pit", "company_slug": "pt-new"},
    ]
    assert desk.poll().returncode == 0
    (message,) = desk.sink.received
    for words in (
        "production 11 → 9.9 Mt",
        "−10 %",
        "proven reserves 30 → 33 Mt",
        "New Pit",
        "openstreetmap.org",
        "2024",
    ):
        assert words in message["message"], words
    kinds = [change["kind"] for change in desk.json("changes")]
    assert sorted(set(kinds)) == ["metric.changed", "site.added"]


def test_changes_carry_the_fields_of_the_design(desk: Desk) -> None:
    """`changes --json` is an array with every field of a change; `--csv` has the same header."""
    desk.poll()
    edit(desk, "mine-1", production_volume=9.9)
    desk.poll()
    (change,) = desk.json("changes", "--site", "mine-1")
    assert set(change) == set(Change.__dataclass_fields__)
    assert (change["old"], change["new"], change["percent"], change["unit"], change["nature"]) == (
        11,
        9.9,
        -10,
        "Mt",
        "revised",
    )
    assert desk.run("changes", "--csv").stdout.splitlines()[0].startswith("id,at,watch,kind,slug,name,")


def test_a_vanished_table_is_held(desk: Desk) -> None:
    """Exit 3, ops told once, nobody else; back to normal drops it; `accept` believes it."""
    desk.rules(rules="rules:\n  - {name: everything, on: '*', to: [desk]}")
    desk.poll()
    table = desk.world.rows
    desk.world.rows = []
    assert desk.poll().returncode == 3 and desk.poll().returncode == 3
    assert [m["title"] for m in desk.sink.received] == ["Watcher: all: held, 65 of 65 sites vanished"]
    assert desk.json("status")["watches"][0]["held_reason"] == "65 of 65 sites vanished"
    desk.world.rows = table
    assert desk.poll().returncode == 0
    assert len(desk.sink.received) == 2 and desk.json("changes") == []
    assert desk.run("accept", "all").returncode == 2


@pytest.mark.parametrize("faults", [[503, 0, -1, 429], [500] * 4], ids=["all kinds", "500s"])
def test_passing_faults_change_nothing(desk: Desk, faults: list[int]) -> None:
    """503, a web page, a broken body, a short-term limit: tried again, told to nobody."""
    desk.poll()
    desk.world.fail_next(*faults)
    done = desk.poll()
    assert done.returncode == 0 and desk.sink.received == [] and desk.json("changes") == []


def test_a_wrong_key_says_what_to_do(desk: Desk) -> None:
    """401: exit 1, one sentence, ops told once, and nothing else."""
    desk.poll()
    desk.world.key = "another"
    done = desk.run("poll", key="sandbox")
    assert done.returncode == 1 and "refuses the key (401)" in done.stderr and "SECTORS_API_KEY" in done.stderr
    desk.run("poll", key="sandbox")
    assert len(desk.sink.received) == 1 and desk.sink.received[0]["title"] == "Watcher: all: the API refuses us"


def test_an_exhausted_quota_is_not_polled_against(desk: Desk) -> None:
    """429 monthly_limit_exceeded: one call, exit 1; the next good poll tells exactly what is true."""
    desk.poll()
    desk.world.quota = desk.world.credits
    edit(desk, "mine-3", production_volume=1.0)
    calls = len(desk.world.calls)
    done = desk.poll()
    assert done.returncode == 1 and "monthly quota" in done.stderr and len(desk.world.calls) <= calls + 3
    desk.world.quota = None
    assert desk.poll().returncode == 0
    assert [c["slug"] for c in desk.json("changes", "--kind", "metric.changed")] == ["mine-3"]


def test_wrong_types_in_a_row_are_no_change(desk: Desk) -> None:
    """A broken row is kept as it was, and the next good one is compared with the last good one."""
    desk.poll()
    whole = desk.world.rows
    edit(desk, "mine-4", production_volume={"x": []}, year="?", strip_ratio=[1], company_name=3)
    assert desk.poll().returncode == 0 and desk.json("changes") == []
    desk.world.rows = whole
    assert desk.poll().returncode == 0 and desk.json("changes") == [] and desk.sink.received == []


def test_what_is_not_delivered_waits(desk: Desk) -> None:
    """A target that refuses: exit 1, the message stays, and goes out at the next poll with the same words."""
    desk.poll()
    edit(desk, "mine-1", production_volume=5.0)
    desk.sink.refuse = True
    done = desk.poll()
    assert done.returncode == 1 and "Not delivered: desk" in done.stderr
    (waiting,) = desk.json("status")["waiting"]
    assert waiting["attempts"] == 1 and "secret-path" not in str(waiting)
    desk.sink.refuse = False
    assert desk.poll().returncode == 0
    assert [m["title"] for m in desk.sink.received] == [waiting["title"]] and desk.json("status")["waiting"] == []


def test_a_dry_run_writes_and_sends_nothing(desk: Desk) -> None:
    """The messages are printed; the database is as it was, and the change is still news afterwards."""
    desk.poll()
    edit(desk, "mine-1", production_volume=5.0)
    before = (desk.folder / "watcher.db").read_bytes(), rows(desk)
    done = desk.poll("--dry-run")
    assert done.returncode == 0 and "production 11 → 5 Mt" in done.stdout and desk.sink.received == []
    assert ((desk.folder / "watcher.db").read_bytes(), rows(desk)) == before
    desk.poll()
    assert len(desk.sink.received) == 1


def test_a_dry_run_before_the_first_poll_makes_no_database(desk: Desk) -> None:
    """It is a baseline that nobody keeps."""
    assert desk.poll("--dry-run").returncode == 0
    assert not (desk.folder / "watcher.db").exists()


def test_a_site_is_shown_under_its_old_slug(desk: Desk) -> None:
    """`site OLD` finds a renamed mine, with its records and its timeline."""
    desk.poll()
    edit(desk, "mine-1", slug="pit-one", name="Pit One")
    desk.poll()
    shown = desk.json("site", "mine-1")
    assert shown["slug"] == "pit-one" and [c["kind"] for c in shown["timeline"]] == ["site.renamed"]
    text = desk.run("site", "mine-1").stdout
    assert "Pit One (pit-one)" in text and "strip ratio" in text
    assert desk.run("site", "nobody").returncode == 2


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        ("rules: [{name: a, onn: site.added, to: [desk]}]", "unknown key `onn`; did you mean `on`?"),
        ("rules: [{name: a, on: site.added, to: [dekc]}]", "unknown target `dekc`"),
        ("rules: [{name: a, on: site.aded, to: [desk]}]", "did you mean `site.added`?"),
        ("rules: [{name: a, on: '*', to: [desk], cooldown: 0h}]", "a duration above zero is expected"),
        ("http: {listen: '0.0.0.0:80'}", "open to others"),
        ("rules: [", "not valid YAML"),
    ],
)
def test_a_broken_file_is_exit_2_with_a_place(desk: Desk, line: str, mistake: str) -> None:
    """One readable error with file, line and column; nothing is polled."""
    desk.rules(rules=line)
    for command in ("check", "poll"):
        done = desk.run(command)
        assert done.returncode == 2 and mistake in done.stderr and "Traceback" not in done.stderr
        assert any(text.startswith(("rules.yaml:", str(desk.folder))) for text in done.stderr.splitlines())
    assert desk.world.calls == []


@pytest.mark.parametrize(
    ("watch", "mistake"),
    [
        ("cron: '99 * * * *'", "no cron string"),
        ("filter: {province: Kalimantan Timor}", "did you mean `Kalimantan Timur`?"),
    ],
)
def test_a_broken_watch_is_exit_2(desk: Desk, watch: str, mistake: str) -> None:
    """Cron strings and provinces are checked before anything is polled."""
    desk.rules(watch)
    done = desk.run("poll")
    assert done.returncode == 2 and mistake in done.stderr


def test_no_configuration(tmp_path: Path, desk: Desk) -> None:
    """Without a file the error names the remedy; `init` is it, and overwrites nothing."""
    desk.folder = tmp_path / "empty"
    desk.folder.mkdir()
    assert "watcher init" in desk.run("poll").stderr
    assert desk.run("init").returncode == 0
    assert desk.run("check").returncode == 0
    again = desk.run("init")
    assert again.returncode == 2 and "there already" in again.stderr


def test_a_second_poll_at_the_same_time_is_refused(desk: Desk) -> None:
    """One writer: the other is told, and readers work."""
    from watcher.store import Store

    desk.poll()
    with Store.open(desk.folder / "watcher.db"):
        done = desk.run("poll")
        assert done.returncode == 1 and "Another watcher (process" in done.stderr
        assert desk.run("status").returncode == 0


def test_help_is_light() -> None:
    """`--help` loads neither apprise, httpx, pydantic, sqlite nor uvicorn."""
    import subprocess

    code = (
        "import sys; sys.argv = ['watcher', '--help']\n"
        "from watcher.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'apprise', 'httpx', 'pydantic', 'sqlite3', 'sqlite_utils', 'uvicorn', 'starlette', 'jinja2'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]" and "poll" in done.stdout


def test_schema_and_test_target(desk: Desk) -> None:
    """`schema` is a JSON Schema with descriptions; `test-target` says what happened, per target."""
    import json

    schema = json.loads(desk.run("schema").stdout)
    assert schema["properties"]["watches"]["description"]
    assert desk.run("test-target", "desk").returncode == 0 and len(desk.sink.received) == 1
    desk.sink.refuse = True
    done = desk.run("test-target")
    assert done.returncode == 1 and "secret-path" not in done.stdout + done.stderr
    assert desk.run("test-target", "nobody").returncode == 2


def test_the_demo_tells_its_story(desk: Desk) -> None:
    """Twelve days over real HTTP: baseline, news, accidents that alert nobody, and the messages."""
    done = desk.run("demo", "--save", "messages")
    assert done.returncode == 0 and "Traceback" not in done.stderr
    for words in ("poll: baseline", "New site: Bukit Fajar", "strip ratio", "poll: held", "back to normal"):
        assert words in done.stdout, words
    assert (desk.folder / "messages" / "day-02-mail.html").exists()
