"""What the commands share: the settings in force, and the rooms built from them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from watcher import moments
from watcher.errors import ConfigError
from watcher.moments import duration
from watcher.plain import as_json

__all__ = ["api_settings", "as_json", "duration", "reader", "settings_of", "since", "watch_settings", "wording_of"]

if TYPE_CHECKING:
    from watcher.api import ApiSettings
    from watcher.config import Settings
    from watcher.dispatch import Wording
    from watcher.pipeline import WatchSettings
    from watcher.rules import Silence
    from watcher.store import Store


def settings_of(config: Path | None) -> Settings:
    """The configuration in force; its warnings go to stderr."""
    from watcher import config as configuration
    from watcher.cli.console import warn

    settings = configuration.load(configuration.find(config, os.environ, Path.cwd()), os.environ)
    for warning in settings.warnings:
        warn(f"Warning: {warning}")
    return settings


def api_settings(settings: Settings) -> ApiSettings:
    """How the API is reached.

    Raises:
        ConfigError: there is no key, or the address is not safe to send it to.
    """
    from watcher.api import ApiSettings
    from watcher.api.settings import refuse_insecure
    from watcher.config import require_key

    refuse_insecure(settings.base_url)
    return ApiSettings(
        base_url=settings.base_url,
        key=require_key(settings),
        concurrency=settings.concurrency,
        requests_per_second=settings.requests_per_second,
        timeout=settings.timeout,
    )


def watch_settings(
    settings: Settings, names: Iterable[str], *, silences: Iterable[Silence] = ()
) -> list[WatchSettings]:
    """What decides about the named watches, or about all of them if none is named.

    Args:
        silences: those set at run time, beside the file's.

    Raises:
        ConfigError: a name is unknown.
    """
    from watcher.pipeline import WatchSettings

    chosen = list(names) or list(settings.watches)
    for name in chosen:
        if name not in settings.watches:
            raise ConfigError(f"There is no watch {name!r}; known: {', '.join(settings.watches)}.")
    return [
        WatchSettings(
            name=watch.name,
            filter=watch.filter,
            details=watch.details,
            judgement=settings.judgement,
            rules=settings.rules,
            watchlists=settings.watchlists,
            silences=(*settings.silences, *silences),
            min_severity={name: policy.min_severity for name, policy in settings.policies.items()},
        )
        for watch in (settings.watches[name] for name in dict.fromkeys(chosen))
    ]


def wording_of(settings: Settings) -> Wording:
    """What messages are rendered with."""
    from watcher import delivery
    from watcher.dispatch import Wording

    templates = delivery.own(settings.templates), delivery.built_in()
    return Wording(*templates, settings.timezone, settings.policies, settings.ops)


def reader(settings: Settings) -> Store:
    """The database, for reading."""
    from watcher.store import Store

    return Store.open_readonly(settings.database)


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
