"""What the commands share: the settings in force, and the rooms built from them."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from watcher import moments
from watcher.errors import ConfigError
from watcher.moments import duration
from watcher.plain import as_json
from watcher.wiring import api_settings, thrift_of, timing_of, watch_settings, wording_of

if TYPE_CHECKING:
    from watcher.config import Settings
    from watcher.store import Store

__all__ = [
    "api_settings",
    "as_json",
    "duration",
    "next_polls",
    "reader",
    "settings_of",
    "since",
    "thrift_of",
    "timing_of",
    "watch_settings",
    "wording_of",
]


def settings_of(config: Path | None) -> Settings:
    """The configuration in force; its warnings go to stderr."""
    from watcher import config as configuration
    from watcher.cli.console import warn

    settings = configuration.load(configuration.find(config, os.environ, Path.cwd()), os.environ)
    for warning in settings.warnings:
        warn(f"Warning: {warning}")
    return settings


def reader(settings: Settings) -> Store:
    """The database, for reading."""
    from watcher.store import Store

    return Store.open_readonly(settings.database)


def next_polls(settings: Settings, store: Store) -> dict[str, datetime | None]:
    """When the daemon polls each watch next, or would; None for never. In the past where it is overdue."""
    from watcher.cli import clock
    from watcher.schedule import due_at

    now, found = clock.now(), {}
    for name, status in store.status(settings.watches).items():
        watch, (failures, _) = settings.watches[name], store.failures(name)
        found[name] = due_at(
            watch.every, watch.cron, settings.timezone, last=status.last_poll, failures=failures, now=now
        )
    return found


def since(text: str | None, now: datetime) -> datetime | None:
    """`7d`, `24h`, `90m`, a date or an instant, as an instant.

    Raises:
        ConfigError: it is none of these.
    """
    if text is None:
        return None
    try:
        return moments.since(text, now)
    except ValueError:
        raise ConfigError(f"--since {text!r} is no time; 7d, 24h or 2026-01-31 is expected.") from None
