"""A source and a target over real HTTP on loopback, which do what they are told and note what they really did."""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from watcher.sandbox.server import page

Row = dict[str, Any]
Table = list[Row]

#: How the ids of changes stand in a message's lines.
_IDS = re.compile(r"\[([0-9a-f]{8,})\]")


@dataclass
class Answer:
    """One answer. `cut` bytes of what is announced are not sent; `reset` breaks the connection off instead."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    cut: int = 0
    reset: bool = False


def as_json(document: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(document).encode(), {"Content-Type": "application/json"})


def truthful(table: Table, path: str, query: dict[str, str]) -> Answer:
    """What an API without faults says of a table."""
    if path.endswith("/mining/sites/"):
        return as_json(page(table, query))
    slug = unquote(path.rstrip("/").rpartition("/")[2])
    mine = [row for row in table if row["slug"] == slug]
    if not mine:
        return as_json({"error": "Mining site not found."}, 404)
    return as_json(max(mine, key=lambda row: row["year"] or 0))


@contextmanager
def source(answer: Callable[[str, dict[str, str]], Answer]) -> Iterator[str]:
    """Serve what `answer(path, query)` returns; yields the base URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            split = urlsplit(self.path)
            given = answer(split.path, {name: values[-1] for name, values in parse_qs(split.query).items()})
            with suppress(OSError):
                self._send(given)

        def _send(self, given: Answer) -> None:
            if given.reset:
                self.close_connection = True
                return
            self.send_response(given.status)
            for name, value in given.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(given.body)))
            self.end_headers()
            self.wfile.write(given.body[: len(given.body) - given.cut])
            if given.cut:
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            return

    with _serving(Handler) as port:
        yield f"http://127.0.0.1:{port}/v2"


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that a target took: under which path, by which run of the daemon, and what it was answered."""

    target: str
    life: int
    ids: tuple[str, ...]
    title: str
    text: str
    answered: int


@dataclass
class Sink:
    """JSON webhooks, one per path.

    Attributes:
        failing: the share of messages that are answered 500; half of those are taken all the same.
        hang: seconds until any answer.
        busy: who is taking a message just now.
        hook: hears `asked`, `taken` and `answered` as they happen.
    """

    port: int = 0
    failing: float = 0.0
    hang: float = 0.0
    life: int = 0
    taken: list[Taken] = field(default_factory=list)
    refused: int = 0
    busy: set[int] = field(default_factory=set)
    hook: Callable[[str], None] = lambda event: None
    chance: Callable[[], float] = lambda: 1.0

    def url(self, target: str) -> str:
        return f"json://127.0.0.1:{self.port}/{target}"


@contextmanager
def sink() -> Iterator[Sink]:
    """A place where messages arrive."""
    state = Sink()
    guard = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            state.busy.add(threading.get_ident())
            try:
                self._take(state.life)
            finally:
                state.busy.discard(threading.get_ident())

        def _take(self, life: int) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.hook("asked")
            time.sleep(state.hang)
            roll = state.chance()
            answered = 500 if roll < state.failing else 200
            if answered == 200 or roll < state.failing / 2:
                said = json.loads(body)
                files = [base64.b64decode(one["base64"]).decode() for one in said.get("attachments") or ()]
                ids = _IDS.findall(said["message"]) + [
                    id for file in files for id in re.findall(r"[0-9a-f]{12,}", file)
                ]
                one = Taken(
                    self.path.strip("/"), life, tuple(dict.fromkeys(ids)), said["title"], said["message"], answered
                )
                with guard:
                    state.taken.append(one)
                state.hook("taken")
            else:
                state.refused += 1
            with suppress(OSError):
                self.send_response(answered)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")
                state.hook("answered")

        def log_message(self, format: str, *args: Any) -> None:
            return

    with _serving(Handler) as port:
        state.port = port
        yield state


@contextmanager
def _serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    server = _Quiet(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that was killed is no error."""
