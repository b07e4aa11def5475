"""backup: a copy of the database, whole and consistent, while the daemon runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from watcher.cli import console, session


def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the copy goes.")],
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it is there.")] = False,
) -> None:
    """Copy the database, whole and consistent, also while the daemon runs."""
    from watcher.store.backup import backup as copy

    settings = session.settings_of(context.obj)
    size = copy(settings.database, file, replace=force)
    console.say(f"{file}: {size / 1e6:,.1f} MB, checked.")
    console.say(
        f"To restore it: stop Watcher, put it at {settings.database}, and delete the -wal and -shm files there."
    )
