"""Serving the pages in a loop that has other things to do: started, moved, changed and stopped without a gap."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from datetime import datetime

import uvicorn
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from watcher.config import Http, Settings
from watcher.errors import ConfigError
from watcher.web.app import application
from watcher.web.pulse import Pulse

#: More connections than this are turned away with a 503.
_AT_ONCE = 256


class _Server(uvicorn.Server):
    """Serves until `should_exit` is set; whoever runs it deals with signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Host:
    """Serves the pages as a configuration says: `use` at the start and at each reload, `finish` at the end.

    Args:
        now: the clock.
        pulse: what the daemon says of itself; None where none runs in this process.
    """

    def __init__(self, *, now: Callable[[], datetime], pulse: Callable[[], Pulse] | None = None) -> None:
        self._now, self._pulse = now, pulse
        self._app: Starlette | None = None
        self._settings: Settings | None = None
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None
        #: Where the pages are: `http://127.0.0.1:8642/`; empty where they are off.
        self.address = ""

    async def use(self, settings: Settings) -> None:
        """Serve what `settings` say from now on; nothing, where they have no `http`.

        Raises:
            ConfigError: the address cannot be had. What was served before still is.
        """
        http, before = settings.http, self._settings
        old = before.http if before is not None else None
        if http is None or old is None or (http.host, http.port) != (old.host, old.port):
            listening = await self._listen(http, old, before)
            await self.finish()
            if http is None or listening is None:
                return
            self._server = _server(self)
            self._serving = asyncio.create_task(self._server.serve(sockets=[listening]))
            name, port = listening.getsockname()[:2]
            self.address = f"http://{f'[{name}]' if ':' in name else name}:{port}/"
        self._app = application(settings, settings.database, now=self._now, pulse=self._pulse)
        self._settings = settings

    async def _listen(self, http: Http | None, old: Http | None, before: Settings | None) -> socket.socket | None:
        """The socket for what comes, had before what is there ends, unless it stands in the way."""
        if http is None:
            return None
        if old is None or before is None or http.port != old.port:
            return bound(http)
        await self.finish()
        try:
            return bound(http)
        except ConfigError:
            await self.use(before)
            raise

    async def finish(self) -> None:
        """Answer what was asked, for two seconds at most, and stop."""
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await self._serving
        self._server = self._serving = self._settings = None
        self.address = ""

    @property
    def running(self) -> list[asyncio.Task[None]]:
        """The task that serves, for whoever watches over it; it ends only if it fails."""
        return [] if self._serving is None else [self._serving]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application in force."""
        assert self._app is not None
        await self._app(scope, receive, send)


def bound(http: Http) -> socket.socket:
    """The socket that `http.listen` means, listening.

    Raises:
        ConfigError: it cannot be had.
    """
    family = socket.AF_INET6 if ":" in http.host else socket.AF_INET
    listening = socket.socket(family)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((http.host, http.port))
        listening.listen(256)
    except OSError as error:
        listening.close()
        raise ConfigError(
            f"{http.host}:{http.port} cannot be listened on: {error.strerror or error}.",
            "Choose another address or port in http.listen (or --listen).",
        ) from None
    return listening


def _server(app: Host) -> _Server:
    config = uvicorn.Config(
        app,
        # What goes wrong is told by the process' own logging, in its form and without its secrets.
        log_config=None,
        log_level="warning",
        limit_concurrency=_AT_ONCE,
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_keep_alive=5,
        timeout_graceful_shutdown=2,
        proxy_headers=False,
    )
    return _Server(config)
