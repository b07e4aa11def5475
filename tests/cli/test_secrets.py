"""No secret in what anybody sees or keeps: output, logs, the database and the files beside it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.cli.conftest import Desk

ROOT = Path(__file__).parents[2]
MARKERS = ("api-key-marker", "user-marker", "pass-marker", "path-marker", "header-marker", "dead-marker", "beat-marker")


def _rules(desk: Desk) -> None:
    port = desk.sink.url.split(":")[2].split("/")[0]
    (desk.folder / "rules.yaml").write_text(
        f"version: 1\napi: {{base_url: '{desk.base_url}', key: api-key-marker, requests_per_second: 1000}}\n"
        "database: watcher.db\ntargets:\n"
        f"  desk: json://user-marker:pass-marker@127.0.0.1:{port}/path-marker?+X-Token=header-marker\n"
        "  dead: json://127.0.0.1:9/dead-marker\nops: [dead, desk]\nheartbeat: http://127.0.0.1:9/beat-marker\n"
        "watches: {all: {every: 1h, details: never}}\nrules:\n  - {name: all, on: '*', to: [desk, dead]}\n"
    )


def _clean(shown: str) -> None:
    assert "Traceback" not in shown, shown
    for marker in MARKERS:
        assert marker not in shown, f"{marker} in: {shown}"


def test_no_command_shows_or_keeps_a_secret(desk: Desk) -> None:
    """Targets and heartbeat that fail, a key that is refused: no marker in any output or file."""
    _rules(desk)
    (desk.folder / "rules.yaml").chmod(0o644)
    desk.world.key = "api-key-marker"
    desk.sink.refuse = True

    def run(*args: str) -> str:
        done = desk.run(*args)
        _clean(done.stdout + done.stderr)
        return done.stdout + done.stderr

    assert "chmod 600" in run("check")
    assert "dead" in run("test-target")
    run("poll")
    desk.world.rows = [row | {"production_volume": 9.9} for row in desk.world.rows[:1]] + desk.world.rows[1:]
    assert "Not delivered" in run("poll")
    desk.world.key = "another"
    assert "401" in run("poll")
    for args in (
        ["status"],
        ["status", "--json"],
        ["changes"],
        ["outbox", "list"],
        ["plan"],
        ["tell-ops", "x.service"],
    ):
        run(*args)
    run("explain", desk.json("changes")[0]["id"])
    for wrong in (
        "ops: [dead, 'json://127.0.0.1/path-marker']",
        "heartbeat: 'beat-marker'",
        "api: {key: [api-key-marker]}",
    ):
        good = (desk.folder / "rules.yaml").read_text()
        name = wrong.partition(":")[0]
        kept = [line for line in good.splitlines() if not line.startswith(f"{name}:")]
        (desk.folder / "rules.yaml").write_text("\n".join([*kept, wrong]) + "\n")
        assert "mistake" in run("check")
        run("tell-ops", "x.service")
        (desk.folder / "rules.yaml").write_text(good)
    files = sorted(desk.folder.glob("watcher.db*"))
    assert files
    for path in files:
        assert path.stat().st_mode & 0o077 == 0, path
        content = path.read_bytes()
        assert not [marker for marker in MARKERS if marker.encode() in content], path


def test_the_daemon_logs_and_keeps_no_secret(desk: Desk) -> None:
    """The same for `watcher run` with JSON lines, while its -wal is there; a loose umask opens no file to others."""
    _rules(desk)
    desk.world.key = "api-key-marker"
    desk.sink.refuse = True
    log = desk.folder / "log"
    with log.open("wb") as lines:
        daemon = subprocess.Popen(
            [sys.executable, "-m", "watcher", "run", "--log-format", "json"],
            cwd=desk.folder,
            env={"PATH": "/usr/bin:/bin", "HOME": str(desk.folder), "PYTHONPATH": str(ROOT)},
            stdout=lines,
            stderr=lines,
            umask=0,
        )
    try:
        end = time.monotonic() + 30
        while "No heartbeat" not in log.read_text():
            assert time.monotonic() < end and daemon.poll() is None, log.read_text()
            time.sleep(0.05)
        (desk.folder / "rules.yaml").write_text("version: 1\nops: ['json://127.0.0.1/path-marker']\n")
        daemon.send_signal(signal.SIGHUP)
        while "not reloaded" not in log.read_text() or "Not delivered" not in log.read_text():
            assert time.monotonic() < end and daemon.poll() is None, log.read_text()
            time.sleep(0.05)
        files = sorted(desk.folder.glob("watcher.db*"))
        assert {path.name for path in files} == {f"watcher.db{end}" for end in ("", "-shm", "-wal", ".lock")}
        for path in files:
            assert path.stat().st_mode & 0o077 == 0, path
            content = path.read_bytes()
            assert not [marker for marker in MARKERS if marker.encode() in content], path
    finally:
        daemon.terminate()
        daemon.wait(15)
    _clean(log.read_text())
