"""One writer, many readers; and out in time, whatever hangs: a poll, a delivery, the look-up of a name."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from soak.servers import Answer, sink, source, truthful
from soak.zygote import Zygote
from watcher.sandbox import fictional_sites


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that must hold, whether it does, and how long it took."""

    what: str
    good: bool
    seconds: float
    said: str = ""


def run(folder: Path) -> list[Line]:
    """Try them all."""
    slow = [0.0]

    def answer(path: str, query: dict[str, str]) -> Answer:
        time.sleep(slow[0])
        return truthful(fictional_sites(), path, query)

    found: list[Line] = []
    with source(answer) as base_url, sink() as webhook, closing(Zygote()) as zygote:
        env = {"PATH": "/usr/bin:/bin", "HOME": str(folder)}
        log = folder / "log"

        def rules(url: str) -> None:
            (folder / "rules.yaml").write_text(
                f"version: 1\napi: {{base_url: '{base_url}', key: sandbox, requests_per_second: 1000}}\n"
                f"database: watcher.db\ntargets: {{desk: '{url}'}}\nops: [desk]\n"
                "watches: {all: {every: 1s, details: never}}\nrules: [{name: all, on: '*', to: [desk]}]\n"
            )

        def command(*args: str) -> int:
            return zygote.wait(zygote.start(args, folder, env, log))

        def daemon(wait: float = 1.5) -> int:
            process = zygote.start(["run"], folder, env, log)
            time.sleep(wait)
            return process

        def stop(what: str, process: int) -> None:
            began = time.monotonic()
            os.kill(process, signal.SIGTERM)
            status = zygote.wait(process)
            took = time.monotonic() - began
            found.append(
                Line(f"SIGTERM {what}: out in 10 s, status 0", status == 0 and took < 10, took, f"status {status}")
            )

        def holds(what: str, check: Callable[[], bool]) -> None:
            began = time.monotonic()
            found.append(Line(what, check(), time.monotonic() - began))

        rules(webhook.url("desk"))
        command("poll")
        process = daemon()
        holds("a second writer is refused", lambda: command("poll") == 1 and command("run") == 1)
        holds("it is told which process has it", lambda: f"(process {process})" in log.read_text())
        readers = [("status",), ("changes",), ("site", fictional_sites()[0]["slug"])]
        holds("readers work beside the daemon", lambda: all(command(*one) == 0 for one in readers))
        with closing(sqlite3.connect(folder / "watcher.db", isolation_level=None)) as other:
            other.execute("begin immediate")
            holds("readers work while a transaction is open", lambda: all(command(*one) == 0 for one in readers))
            other.execute("rollback")
        stop("at rest", process)
        slow[0] = 20.0
        stop("during a poll of a source that hangs", daemon(2.5))
        slow[0] = 0.0
        for what, url, hang in (
            ("during a delivery that hangs", webhook.url("desk"), 30.0),
            ("with a target whose name nobody knows", "json://no-such-host.invalid/x", 0.0),
        ):
            webhook.hang = hang
            rules(url)
            _queue(folder / "watcher.db")
            stop(what, daemon())
    return found


def _queue(database: Path) -> None:
    """A message that waits."""
    with closing(sqlite3.connect(database)) as conn:
        conn.execute("delete from target_troubles")
        conn.execute(
            "insert into messages (target, created_at, title, body, format) "
            "values ('desk', '2026-03-02T00:00:00Z', 'News', 'Something happened.', 'text')"
        )
        conn.commit()
