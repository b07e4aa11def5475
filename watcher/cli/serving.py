"""run: the daemon."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from watcher.cli import clock, console


def run(
    context: typer.Context,
    log_format: Annotated[
        Literal["auto", "text", "json"], typer.Option(help="auto: for journald under systemd, else text.")
    ] = "auto",
) -> None:
    """Poll, judge and deliver, for years: the daemon. SIGTERM stops it, SIGHUP reloads rules.yaml."""
    import sys
    import traceback

    from watcher import config
    from watcher.config import Settings
    from watcher.daemon import Notifier, Service, start_logging
    from watcher.errors import WatcherError

    path = config.find(context.obj, os.environ, Path.cwd())

    def load() -> Settings:
        return config.load(path, os.environ)

    async def serve() -> None:
        service = Service(load, Notifier(os.environ, os.getpid()), now=clock.now)
        start_logging(log_format, os.environ, service.secrets)
        await service.run()

    status = 0
    try:
        asyncio.new_event_loop().run_until_complete(serve())
    except WatcherError as error:
        console.explain(error)
        status = error.exit_code
    except Exception:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    # A thread that hangs in a send or in the look-up of a name must not delay the end.
    os._exit(status)
