"""The command line as processes of its own, at the price of one start-up: everything is loaded once, then forked.

Each command is a real process with its own arguments, environment, folder, output and exit status. What is measured by
starting Python anew (what `--help` imports) must not come this way.
"""

from __future__ import annotations

import importlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path


class ForkServer:
    """A process that forks for every command that it is sent."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self._socket = ours
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.cli.forkserver", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            cwd=Path(__file__).parents[2],
        )
        theirs.close()

    def run(
        self, args: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """Run `watcher` with `args`, as `subprocess.run` does with `capture_output` and `text`."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            request = json.dumps({"args": list(args), "cwd": str(cwd), "env": dict(env)}).encode()
            self._socket.settimeout(timeout)
            socket.send_fds(self._socket, [len(request).to_bytes(4, "big") + request], [out.fileno(), err.fileno()])
            status = int.from_bytes(self._socket.recv(4), "big", signed=True)
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(list(args), status, out.read().decode(), err.read().decode())

    def close(self) -> None:
        self._socket.close()
        self._process.wait(timeout=10)


def _serve(channel: socket.socket) -> None:
    while True:
        data, fds, _, _ = socket.recv_fds(channel, 1 << 20, 2)
        if not data:
            return
        while len(data) < 4 + int.from_bytes(data[:4], "big"):
            data += channel.recv(1 << 20)
        child = os.fork()
        if child == 0:
            channel.close()
            os._exit(_command(json.loads(data[4:]), *fds))
        for fd in fds:
            os.close(fd)
        _, status = os.waitpid(child, 0)
        channel.sendall(os.waitstatus_to_exitcode(status).to_bytes(4, "big", signed=True))


def _command(request: dict[str, object], out: int, err: int) -> int:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.chdir(str(request["cwd"]))
    os.environ.clear()
    os.environ.update(request["env"])  # type: ignore[call-overload]
    time.tzset()
    sys.argv = ["watcher", *request["args"]]  # type: ignore[misc]
    from watcher.cli import main

    status = 0
    try:
        main()
    except SystemExit as done:
        status = done.code if isinstance(done.code, int) else int(done.code is not None)
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return status


#: What the commands import late, each when it needs it.
_LOADED = (
    *("apprise", "apscheduler.triggers.cron", "httpx", "jinja2", "pydantic", "rich.progress", "rich.table"),
    *("sqlite_utils", "stamina", "starlette.applications", "uvicorn"),
    *("watcher.backtest", "watcher.cli", "watcher.config", "watcher.delivery", "watcher.poll", "watcher.sandbox"),
)

if __name__ == "__main__":
    for name in _LOADED:
        importlib.import_module(name)
    importlib.import_module("apprise").Apprise("json://localhost")
    _serve(socket.socket(fileno=int(sys.argv[1])))
