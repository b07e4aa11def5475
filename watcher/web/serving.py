"""The server: a socket that is had before anything starts, and uvicorn on it, which leaves signals to their owner."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.applications import Starlette

from watcher.config import Http
from watcher.errors import ConfigError


class Server(uvicorn.Server):
    """Serves until `should_exit` is set; whoever runs it deals with signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


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


def server(app: Starlette) -> Server:
    """A server of the pages: `await server(app).serve(sockets=[bound(http)])`; `should_exit = True` ends it."""
    config = uvicorn.Config(
        app,
        log_level="error",
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_keep_alive=5,
        timeout_graceful_shutdown=2,
        proxy_headers=False,
    )
    return Server(config)
