"""`watcher web` and `watcher report`, as their users start them."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading

import httpx
import pytest

from tests.cli.conftest import Desk


def test_pages_are_served_beside_the_poller_until_a_signal(desk: Desk) -> None:
    """`watcher web` says where it is, answers while a poll writes, and ends at once and well at SIGTERM."""
    desk.poll()
    desk.world.rows[0]["strip_ratio"] = 9.5
    command = [sys.executable, "-m", "watcher", "web", "--listen", "127.0.0.1:0"]
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(desk.folder), "KEY": "k", "DESK": desk.sink.url}
    with subprocess.Popen(command, cwd=desk.folder, env=environ, stdout=subprocess.PIPE, text=True) as web:
        too_long = threading.Timer(60, web.kill)
        too_long.start()
        try:
            assert web.stdout is not None
            found = re.search(r"http://127\.0\.0\.1:\d+/", web.stdout.readline())
            assert found is not None
            with httpx.Client(base_url=found.group(), timeout=30) as client:
                assert "65 sites" in client.get("/").text and client.get("/healthz").status_code == 200
                desk.poll()
                (change,) = client.get("/api/changes.json", params={"kind": "metric.changed"}).json()
                assert change == desk.json("changes", "--kind", "metric.changed")[0]
                assert "server" not in client.get("/map").headers
            web.send_signal(signal.SIGTERM)
            assert web.wait(20) == 0
        finally:
            too_long.cancel()
            web.kill()


def test_a_report_is_one_file(desk: Desk) -> None:
    """`watcher report` writes it where it is told, in a second, and says so; no secret is in it."""
    desk.poll()
    done = desk.run("report", "--since", "30d", "-o", "weekly.html")
    assert (done.returncode, done.stdout) == (0, "wrote weekly.html\n")
    written = (desk.folder / "weekly.html").read_text("utf-8")
    assert "0 changes, and all is well" in written and desk.world.key not in written and "secret-path" not in written
    refused = desk.run("report", "-o", "no/such/folder.html")
    assert refused.returncode == 2 and "cannot be written" in refused.stderr


@pytest.mark.parametrize(
    ("listen", "told"), [("0.0.0.0:8642", "open to others"), ("here", "no address and port"), ("192.0.2.1:80", "open")]
)
def test_pages_are_not_opened_to_others_by_mistake(desk: Desk, listen: str, told: str) -> None:
    """An address beyond loopback needs a token in the file; a wrong one is said."""
    done = desk.run("web", "--listen", listen)
    assert done.returncode == 2 and told in done.stderr
