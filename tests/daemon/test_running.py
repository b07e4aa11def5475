"""The daemon as systemd runs it: a real process, real signals, a real notify socket."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Desk, Sink, commands, desk, sink
from tests.shell.upstream import Answer, upstream
from watcher.sandbox import World

__all__ = ["commands", "desk", "sink"]


@dataclass
class Daemon:
    """`watcher run` in a desk's folder, its log lines, and what it tells systemd."""

    desk: Desk
    notify: socket.socket
    args: tuple[str, ...] = ()
    environ: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None
    lines: list[str] = field(default_factory=list)

    def start(self) -> Daemon:
        self.notify.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while self.notify.recv(4096):
                continue  # what an earlier start said
        self.notify.settimeout(20)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "watcher", "run", *self.args],
            cwd=self.desk.folder,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(self.desk.folder),
                "KEY": self.desk.world.key,
                "DESK": self.desk.sink.url,
                "NOTIFY_SOCKET": self.notify.getsockname(),
                "WATCHDOG_USEC": "30000000",
            }
            | self.environ,
            stderr=subprocess.PIPE,
            text=True,
        )
        return self

    def hears(self, word: str) -> str:
        """Wait for a datagram to systemd that starts with `word`."""
        while True:
            said = self.notify.recv(4096).decode()
            if said.startswith(word):
                return said

    def says(self, words: str) -> str:
        """Wait for a log line with `words` in it."""
        assert self.process is not None and self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))
            if words in line:
                return self.lines[-1]
        raise AssertionError(f"it never said {words!r}: {self.lines}")

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def stop(self) -> int:
        self.signal(signal.SIGTERM)
        assert self.process is not None and self.process.stderr is not None
        self.lines += self.process.stderr.read().splitlines()
        return self.process.wait(timeout=20)


@pytest.fixture
def daemon(desk: Desk, tmp_path: Path) -> Iterator[Daemon]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(tmp_path / "notify"))
        notify.settimeout(20)
        desk.rules("details: 24h, every: 1s")
        one = Daemon(desk, notify)
        yield one
        if one.process is not None and one.process.poll() is None:
            one.process.kill()
            one.process.wait()


def edit(world: World, mine: str, **fields: object) -> None:
    world.rows = [row | fields if row["slug"] == mine else row for row in world.rows]


def test_it_polls_tells_and_stops(daemon: Daemon) -> None:
    """Baseline, a change told once, readers beside it, a second writer refused, exit 0 on SIGTERM."""
    daemon.start()
    assert daemon.hears("READY") == "READY=1"
    daemon.says("baseline of 65 sites")
    edit(daemon.desk.world, "mine-1", production_volume=9.9)
    daemon.says("1 change")
    daemon.says("desk: 1 message sent")
    assert daemon.desk.json("status")["watches"][0]["verdict"] == "accepted"
    refused = daemon.desk.run("poll")
    assert refused.returncode == 1 and "Another watcher" in refused.stderr
    assert daemon.stop() == 0
    assert "production 11 → 9.9" in daemon.desk.sink.text and len(daemon.desk.sink.received) == 1
    said = [daemon.hears("STATUS"), daemon.hears("STOPPING")]
    assert "1 watch" in said[0] and "secret-path" not in "\n".join(daemon.lines)


def test_a_restart_polls_only_what_is_due(daemon: Daemon) -> None:
    """Within the hour a restart costs nothing."""
    daemon.desk.rules("details: 24h, every: 1h")
    daemon.start().says("baseline")
    assert daemon.stop() == 0
    spent = daemon.desk.world.credits
    daemon.start()
    daemon.hears("READY")
    assert "next poll" in daemon.hears("STATUS")
    assert daemon.stop() == 0 and daemon.desk.world.credits == spent


def test_it_reloads_what_is_valid_and_refuses_what_is_not(daemon: Daemon) -> None:
    """SIGHUP: a broken file is refused with its place, and told to ops; a good one is taken; polls go on."""
    daemon.start().says("baseline")
    path = daemon.desk.folder / "rules.yaml"
    good = path.read_text()
    path.write_text(good.replace("every: 1s", "evry: 1s"))
    daemon.signal(signal.SIGHUP)
    assert "did you mean `every`?" in daemon.says("was not reloaded")
    assert "RELOADING=1" in daemon.hears("RELOADING") and daemon.hears("READY")
    daemon.says("ops: 1 message sent")
    path.write_text(good.replace("all: {", "everything: {"))
    daemon.signal(signal.SIGHUP)
    daemon.says("reloaded: watching everything")
    daemon.says("everything: baseline of 65 sites")
    assert daemon.stop() == 0
    assert [m["title"] for m in daemon.desk.sink.received] == ["Watcher: the new configuration is refused"]


def test_a_dead_target_delays_no_other(daemon: Daemon) -> None:
    """One target's port is closed: the other is told at once; the outbox shows what waits."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        dead = free.getsockname()[1]
    daemon.desk.rules("details: 24h, every: 1s", rules="rules:\n  - {name: all, on: '*', to: [dead, desk]}")
    path = daemon.desk.folder / "rules.yaml"
    path.write_text(path.read_text().replace("targets: {", f"targets: {{dead: 'json://127.0.0.1:{dead}/token-x', "))
    daemon.start().says("baseline")
    edit(daemon.desk.world, "mine-1", production_volume=9.9)
    daemon.says("desk: 1 message sent")
    assert daemon.stop() == 0
    (waiting,) = daemon.desk.json("outbox", "list")["messages"]
    assert waiting["target"] == "dead" and "token-x" not in json.dumps(waiting) + "\n".join(daemon.lines)
    assert daemon.desk.run("outbox", "drop", str(waiting["id"])).returncode == 0
    assert daemon.desk.json("outbox", "list")["messages"] == []


def test_its_heart_beats_and_says_when_polls_fail(daemon: Daemon) -> None:
    """A good poll pings the URL, a failed one its /fail with the reason; the URL is in no line."""
    with upstream(lambda path, query, number: Answer()) as switch:
        url = switch.base_url.replace("/v2", "/ping/uuid-secret")
        daemon.desk.rules("details: 24h, every: 1s", heartbeat=url)
        daemon.start().says("baseline")
        daemon.says("no changes")
        daemon.desk.world.key = "another"
        daemon.says("refuses the key")
        daemon.says("ops: 1 message sent")
        assert daemon.stop() == 0
    paths = [path for path, _, _ in switch.asked]
    assert "/ping/uuid-secret" in paths and paths[-1] == "/ping/uuid-secret/fail"
    assert "uuid-secret" not in "\n".join(daemon.lines)


@pytest.mark.parametrize(
    ("args", "environ", "start"),
    [
        ((), {"JOURNAL_STREAM": "8:1"}, "<6>Watching all"),
        (("--log-format", "json"), {}, '{"at": "'),
        (("--log-format", "text"), {"JOURNAL_STREAM": "8:1"}, "20"),
    ],
    ids=["journald", "json", "text"],
)
def test_log_lines_suit_whoever_reads_them(
    daemon: Daemon, args: tuple[str, ...], environ: dict[str, str], start: str
) -> None:
    """Levels and no time for journald, JSON, or plain lines with the time."""
    daemon.args, daemon.environ = args, environ
    line = daemon.start().says("Watching all")
    assert line.startswith(start)
    assert "json" not in args or json.loads(line)["level"] == "info"
    assert daemon.stop() == 0


def test_it_does_not_start_without_a_key_or_with_a_broken_file(daemon: Daemon) -> None:
    """Exit 2, which systemd does not restart, and a sentence."""
    for text, why in (("version: 1\nwatches: {all: {}}\n", "There is no API key"), ("watches: [", "not valid YAML")):
        (daemon.desk.folder / "rules.yaml").write_text(text)
        daemon.start().says(why)
        assert daemon.process is not None and daemon.process.wait(timeout=20) == 2


def test_a_deleted_database_ends_it(daemon: Daemon) -> None:
    """What would be written into a deleted file would be lost: exit 1, told to ops directly."""
    daemon.start().says("baseline")
    (daemon.desk.folder / "watcher.db").unlink()
    daemon.says("was deleted or replaced")
    assert daemon.process is not None and daemon.process.wait(timeout=20) == 1
    assert [m["title"] for m in daemon.desk.sink.received] == ["Watcher: the database is lost"]


def test_alerts_wait_in_the_database_while_a_target_is_down(daemon: Daemon, sink: Sink) -> None:
    """kill -9 with a message waiting; the next start delivers it, once."""
    daemon.start().says("baseline")
    sink.refuse = True
    edit(daemon.desk.world, "mine-1", production_volume=9.9)
    daemon.says("Not delivered: desk")
    assert daemon.process is not None
    daemon.process.kill()
    daemon.process.wait()
    sink.refuse = False
    assert daemon.desk.run("outbox", "retry", "--target", "desk").returncode == 0
    daemon.start().says("desk: 1 message sent")
    assert daemon.stop() == 0 and len(sink.received) == 1


def test_it_serves_the_status_pages(daemon: Daemon) -> None:
    """With `http:`, from the same process: health, pages with the next poll, metrics; a reload moves or ends them."""
    token = "a-token-that-is-secret-0123"
    daemon.desk.rules("details: 24h, every: 1h", http="{listen: '127.0.0.1:0'}")
    daemon.start()
    address = daemon.says("Status pages: http://127.0.0.1:").rpartition(" ")[2]
    daemon.says("baseline of 65 sites")
    with httpx.Client(base_url=address) as client:
        assert client.get("/healthz").json() == {"status": "ok", "problems": []}
        shown = client.get("/").text
        assert "65 sites" in shown and re.search(r"in (59 minutes|1 hour)", shown)
        assert "watcher_scheduler_timestamp_seconds" in client.get("/metrics").text
        daemon.desk.rules("details: 24h, every: 1h", http=f"{{listen: '127.0.0.1:0', token: {token}}}")
        daemon.signal(signal.SIGHUP)
        daemon.says("was reloaded")
        assert client.get("/").status_code == 401
        assert client.get("/", headers={"Authorization": f"Bearer {token}"}).status_code == 200
        daemon.desk.rules("details: 24h, every: 1h")
        daemon.signal(signal.SIGHUP)
        daemon.says("Status pages: off")
    assert daemon.stop() == 0
    assert token not in "\n".join(daemon.lines)
