"""web and report: the status pages, served or as one file."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import clock, console, session

if TYPE_CHECKING:
    from watcher.config import Http, Settings


def web(
    context: typer.Context,
    listen: Annotated[str | None, typer.Option(help="host:port on loopback, instead of http.listen.")] = None,
) -> None:
    """Serve the status pages alone, read-only, beside whatever polls; Ctrl-C ends it."""
    from watcher.web import Host

    settings = session.settings_of(context.obj)
    settings = replace(settings, http=_http(settings, listen))

    async def run() -> None:
        stopping, host = asyncio.Event(), Host(now=clock.now)
        for one in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(one, stopping.set)
        await host.use(settings)
        console.say(f"Watcher's pages are at {host.address}")
        console.say("Ctrl-C stops it.")
        await stopping.wait()
        await host.finish()

    asyncio.run(run())


def _http(settings: Settings, listen: str | None) -> Http:
    """Where to listen: the option, else the file, else the default port on loopback.

    Raises:
        ConfigError: the option is no address, or open to others though the file has no token.
    """
    from watcher.addresses import loopback
    from watcher.config import Http, address
    from watcher.errors import ConfigError

    given = settings.http or Http("127.0.0.1", 8642)
    if listen is None:
        return given
    found = address(listen)
    if found is None:
        raise ConfigError(f"--listen {listen!r} is no address and port.", "127.0.0.1:8642 is expected.")
    if not loopback(found[0]) and given.token is None:
        raise ConfigError(
            f"--listen {listen} is open to others.", "Set http.token in rules.yaml first, or listen on 127.0.0.1."
        )
    return replace(given, host=found[0], port=found[1])


def report(
    context: typer.Context,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to write it.")] = Path("report.html"),
    since: Annotated[str, typer.Option(help="From when on: 7d, 24h, or a date.")] = "7d",
) -> None:
    """Write what happened, what is watched and what is broken as one self-contained HTML file."""
    from watcher.errors import ConfigError
    from watcher.store.pages import Pages
    from watcher.web import report_html

    settings = session.settings_of(context.obj)
    now = clock.now()
    start = session.since(since, now)
    assert start is not None
    with Pages.open_readonly(settings.database) as read:
        document = report_html(settings, read, now=now, since=start)
    try:
        output.write_text(document, "utf-8")
    except OSError as error:
        raise ConfigError(f"{output} cannot be written: {error.strerror}.") from None
    console.say(f"wrote {output}")
