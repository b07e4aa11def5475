"""Real daemons, `watcher run` in processes of their own, at the price of a fork: everything is loaded once."""

from __future__ import annotations

import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_LOADED = (
    *("apprise", "apscheduler.schedulers.asyncio", "apscheduler.triggers.date", "apscheduler.triggers.cron", "httpx"),
    *("jinja2", "pydantic", "rich.progress", "rich.table", "sqlite_utils", "stamina"),
    *("watcher.cli", "watcher.config", "watcher.daemon", "watcher.delivery", "watcher.poll", "watcher.store"),
)


class Zygote:
    """A process that forks a command line whenever it is told to."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "soak.zygote", str(theirs.fileno())], pass_fds=[theirs.fileno()]
        )
        theirs.close()

    def start(self, args: Sequence[str], folder: Path, env: Mapping[str, str], log: Path) -> int:
        """Start `watcher` with `args`; its output goes to the end of `log`. Returns its process id."""
        return self._ask({"args": list(args), "folder": str(folder), "env": dict(env), "log": str(log)})

    def wait(self, process: int) -> int:
        """The exit status of a process that was started, minus the signal that ended it."""
        return self._ask({"wait": process})

    def kill(self, process: int) -> None:
        """kill -9, and wait until it is over."""
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        self.wait(process)

    def close(self) -> None:
        self._socket.close()
        self._process.wait(timeout=10)

    def _ask(self, request: object) -> int:
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        return int.from_bytes(self._socket.recv(8), "big", signed=True)


def _serve(channel: socket.socket) -> None:
    for line in channel.makefile("rb"):
        request = json.loads(line)
        if "wait" in request:
            _, status = os.waitpid(request["wait"], 0)
            answer = os.waitstatus_to_exitcode(status)
        else:
            answer = os.fork()
            if answer == 0:
                channel.close()
                os._exit(_command(request))
        channel.sendall(answer.to_bytes(8, "big", signed=True))


def _command(request: dict[str, object]) -> int:
    os.setsid()
    log = os.open(str(request["log"]), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.chdir(str(request["folder"]))
    os.environ.clear()
    os.environ.update(request["env"])  # type: ignore[call-overload]
    time.tzset()
    sys.argv = ["watcher", *request["args"]]  # type: ignore[misc]
    try:
        importlib.import_module("watcher.cli").main()
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else int(done.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    for name in _LOADED:
        importlib.import_module(name)
    importlib.import_module("apprise").Apprise("json://localhost")
    _serve(socket.socket(fileno=int(sys.argv[1])))
