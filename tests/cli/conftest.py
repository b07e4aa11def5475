"""A sandbox API, a place where messages arrive, and the real command line in a folder of its own."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.cli.forkserver import ForkServer
from tests.core.histories import sites
from watcher.sandbox import World, serve


@dataclass
class Sink:
    """A JSON webhook: what arrived, and whether it refuses."""

    url: str = ""
    received: list[dict[str, Any]] = field(default_factory=list)
    refuse: bool = False

    @property
    def text(self) -> str:
        return "\n".join(f"{message['title']}\n{message['message']}" for message in self.received)


@pytest.fixture
def sink() -> Iterator[Sink]:
    state = Sink()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if not state.refuse:
                state.received.append(json.loads(body))
            self.send_response(500 if state.refuse else 200)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    state.url = f"json://127.0.0.1:{server.server_address[1]}/secret-path"
    yield state
    server.shutdown()
    server.server_close()


@dataclass
class Desk:
    """A folder with a rules.yaml, a sandbox that serves `world`, and the command line."""

    folder: Path
    world: World
    sink: Sink
    base_url: str
    commands: ForkServer

    def rules(self, watch: str = "details: 0s", rules: str | None = None, **more: str) -> None:
        told = rules or "rules:\n  - {name: everything, on: '*', to: [desk]}"
        (self.folder / "rules.yaml").write_text(
            f"version: 1\napi: {{base_url: '{self.base_url}', key: '${{KEY}}', requests_per_second: 1000}}\n"
            f"database: watcher.db\ntargets: {{desk: '${{DESK}}', ops: '${{DESK}}'}}\nops: [ops]\n"
            f"watches:\n  all: {{{watch}}}\n{told}\n" + "".join(f"{key}: {value}\n" for key, value in more.items())
        )

    def run(self, *args: str, key: str | None = None) -> subprocess.CompletedProcess[str]:
        env = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.folder),
            "KEY": key or self.world.key,
            "DESK": self.sink.url,
        }
        return self.commands.run(args, cwd=self.folder, env=env, timeout=60)

    def poll(self, *args: str) -> subprocess.CompletedProcess[str]:
        """One poll, which must not show a traceback, nor a secret."""
        done = self.run("poll", *args)
        shown = done.stdout + done.stderr
        assert "Traceback" not in shown and "secret-path" not in shown, shown
        return done

    def json(self, *args: str) -> Any:
        done = self.run(*args, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="session")
def commands() -> Iterator[ForkServer]:
    server = ForkServer()
    yield server
    server.close()


@pytest.fixture
def desk(tmp_path: Path, sink: Sink, commands: ForkServer) -> Iterator[Desk]:
    world = World(sites(65))
    with serve(world) as served:
        one = Desk(tmp_path, world, sink, served.base_url, commands)
        one.rules()
        yield one
