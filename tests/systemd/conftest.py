"""A machine of its own: a real systemd, the sandbox API, a place where messages arrive, Watcher as docs install it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

KEY = "sandbox"
#: It stands in every target's URL, and nowhere else.
SECRET = "marker-in-a-url"

_SANDBOX = """\
[Unit]
DefaultDependencies=no
[Service]
ExecStart=/opt/watcher/bin/watcher sandbox --port 8700
"""
_SINK = """\
[Unit]
DefaultDependencies=no
[Service]
Type=notify
NotifyAccess=all
ExecStart=/opt/watcher/bin/python /srv/sink.py
"""
_SINK_PROGRAM = """\
import http.server, os, socket

class Sink(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open("/run/received.jsonl", "ab") as file:
            file.write(body.replace(b"\\n", b" ") + b"\\n")
        self.send_response(200)
        self.end_headers()

    def log_message(self, *words):
        pass

server = http.server.HTTPServer(("127.0.0.1", 8701), Sink)
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
server.serve_forever()
"""
#: A test need not wait as long as an administrator would.
_QUICK = "[Service]\nRestartSec=200ms\nWatchdogSec=2s\n"

RULES = """\
version: 1
api: {base_url: "http://127.0.0.1:8700/v2", requests_per_second: 1000}
targets: {desk: "${DESK_URL}"}
ops: [desk]
watches: {all: {every: 1h, details: never}}
rules:
  - {name: all, on: "*", to: [desk]}
"""


@dataclass
class Machine:
    """What boots: `pid` is its PID 1, as the host sees it."""

    pid: str

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """A command inside, as root."""
        env = ["env", "-i", "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8"]
        env += ["SYSTEMD_PAGER=", "SYSTEMD_COLORS=0", "EDITOR=/srv/fill-in"]
        enter = ["nsenter", "-t", self.pid, "-m", "-p", "-u", "-i", "-C", "-n", "--", *env]
        return subprocess.run([*enter, "bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)

    def out(self, command: str) -> str:
        """What a command printed, which must have worked."""
        done = self.run(command)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}\n{self.journal()}"
        return done.stdout.strip()

    def property(self, name: str, unit: str = "watcher.service") -> str:
        return self.out(f"systemctl show --value -p {name} {unit}")

    def journal(self, unit: str = "watcher") -> str:
        return self.run(f"journalctl -q -o cat -u '{unit}' --no-pager | tail -40").stdout

    def until(self, done: Callable[[], bool], seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, self.journal()
            time.sleep(0.05)

    def received(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self.run("cat /run/received.jsonl").stdout.splitlines()]

    def write(self, path: str, text: str) -> None:
        done = self.run(f"cat > {path} <<'END'\n{text}\nEND")
        assert done.returncode == 0, done.stderr

    def serving(self) -> None:
        """The service runs with the good configuration, whatever a test did before."""
        if self.property("ActiveState") == "active" and self.out("cat /etc/watcher/rules.yaml") == RULES.strip():
            return
        self.write("/etc/watcher/rules.yaml", RULES)
        self.out("systemctl reset-failed watcher; systemctl restart watcher")


def _lacking() -> str:
    if os.geteuid() != 0:
        return "needs root"
    for program in ("/lib/systemd/systemd", "unshare", "nsenter", "findmnt"):
        if shutil.which(program) is None:
            return f"needs {program}"
    if not subprocess.run(["findmnt", "-nt", "cgroup2"], capture_output=True, check=False).stdout:
        return "needs cgroup2"
    spaces = ["unshare", "--fork", "--pid", "--mount", "--net", "--cgroup", "true"]
    if subprocess.run(spaces, capture_output=True, check=False).returncode:
        return "needs the right to make namespaces (CAP_SYS_ADMIN)"
    return ""


def lines(heading: str) -> list[str]:
    """The lines that docs/systemd.md says to copy below a heading."""
    section = (ROOT / "docs" / "systemd.md").read_text().split(f"# {heading}\n", 1)[1]
    found = re.search(r"```console\n(.*?)```", section, re.DOTALL)
    assert found is not None
    return found.group(1).splitlines()


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    if lacking := _lacking():
        pytest.skip(f"a real systemd {lacking}")
    files = tmp_path_factory.mktemp("machine")
    for path, text in {
        "etc/systemd/system/sandbox.service": _SANDBOX,
        "etc/systemd/system/sink.service": _SINK,
        "etc/systemd/system/watcher.service.d/quick.conf": _QUICK,
        "srv/sink.py": _SINK_PROGRAM,
        "srv/fill-in": '#!/bin/sh\ncat "/srv/filled-in/${1##*/}" > "$1"\n',
        "srv/filled-in/rules.yaml": RULES,
        "srv/filled-in/sectors-api-key": f"{KEY}\n",
        "srv/filled-in/targets.env": f"DESK_URL=json://127.0.0.1:8701/{SECRET}\n",
    }.items():
        (files / path).parent.mkdir(parents=True, exist_ok=True)
        (files / path).write_text(text)
    (files / "srv" / "fill-in").chmod(0o755)
    boot = [str(HERE / "namespace.sh"), sys.executable, str(files)]
    with subprocess.Popen(boot, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        pid = process.stdout.readline().strip()
        assert pid, "the machine did not boot"
        one = Machine(pid)
        try:
            one.out("systemctl start sink sandbox")
            one.until(lambda: one.run("exec 3<>/dev/tcp/127.0.0.1/8700").returncode == 0)
            venv, pip, *rest = lines("Watcher under systemd")
            # Without a network, namespace.sh has done what these two do.
            assert "venv /opt/watcher" in venv and "pip install" in pip and len(rest) == 8
            for line in rest:
                one.out(f"cd /opt/watcher/tree && {line}")
            yield one
        finally:
            process.stdin.close()
