"""A real HTTP server on loopback that misbehaves as it is told to."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Answer:
    """One answer: a status, headers, and a body; `cut` sends fewer bytes than it announces."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    cut: int = 0


def as_json(document: Any, status: int = 200, **headers: str) -> Answer:
    shown = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return Answer(status, json.dumps(document).encode(), shown)


def page(rows: list[Any], total: int | None = None, offset: int = 0, **more: Any) -> Answer:
    count = len(rows) if total is None else total
    after = offset + len(rows) < count
    return as_json({"results": rows, "pagination": {"total_count": count, "offset": offset, "has_next": after, **more}})


@dataclass
class Upstream:
    """What was asked so far, and where to ask."""

    base_url: str = ""
    asked: list[tuple[str, dict[str, str], dict[str, str]]] = field(default_factory=list)
    connections: set[tuple[str, int]] = field(default_factory=set)


@contextlib.contextmanager
def upstream(answer: Callable[[str, dict[str, str], int], Answer]) -> Iterator[Upstream]:
    """Serve what `answer(path, query, number of this call)` returns."""
    state = Upstream()
    guard = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            split = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(split.query).items()}
            with guard:
                number = len(state.asked)
                state.asked.append((split.path, query, dict(self.headers)))
                state.connections.add(self.client_address)
            given = answer(split.path, query, number)
            self.send_response(given.status)
            for name, value in given.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(given.body) + given.cut))
            # Whoever asked may have gone: a poll that failed elsewhere ends its other calls.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.end_headers()
                self.wfile.write(given.body)
            if given.cut:
                self.close_connection = True

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    state.base_url = f"http://127.0.0.1:{server.server_address[1]}/v2"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
