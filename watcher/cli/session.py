"""What the commands share: the settings in force, and the rooms built from them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from watcher.errors import ConfigError

if TYPE_CHECKING:
    from watcher.api import ApiSettings
    from watcher.config import Settings, Watch
    from watcher.dispatch import Wording
    from watcher.pipeline import WatchSettings
    from watcher.plan import Thrift
    from watcher.rules import Silence
    from watcher.schedule import Timing
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
            timing=timing_of(settings, watch),
        )
        for watch in (settings.watches[name] for name in dict.fromkeys(chosen))
    ]


def timing_of(settings: Settings, watch: Watch) -> Timing:
    """When a watch is polled."""
    from watcher.schedule import Timing

    return Timing(watch.every, watch.cron, settings.timezone)


def thrift_of(settings: Settings) -> Thrift:
    """How credits are used: limits, all watches, sharing."""
    from watcher.plan import Planned, Thrift

    watches = tuple(
        Planned(watch.name, watch.filter, timing_of(settings, watch), watch.details, watch.priority)
        for watch in settings.watches.values()
    )
    return Thrift(settings.credits, watches, settings.share_lists)


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
    ago = duration(text)
    if ago is not None:
        return now - ago if ago < now - datetime.min.replace(tzinfo=now.tzinfo) else datetime.min.replace(tzinfo=UTC)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"--since {text!r} is no time; 7d, 24h or 2026-01-31 is expected.") from None
    return at if at.tzinfo else at.replace(tzinfo=now.tzinfo)


def duration(text: str) -> timedelta | None:
    """`7d`, `24h`, `90m`, `2w` as a duration; None for anything else."""
    said = re.fullmatch(r"(\d{1,6})\s*([mhdw])", text.strip())
    if said is None:
        return None
    size = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}[said.group(2)]
    return timedelta(**{size: int(said.group(1))})


def as_json(value: Any) -> Any:
    """A dataclass as JSON: instants in ISO-8601 UTC."""
    from dataclasses import asdict, is_dataclass

    if is_dataclass(value) and not isinstance(value, type):
        return {name: as_json(inner) for name, inner in asdict(value).items()}
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, dict):
        return {str(name): as_json(inner) for name, inner in value.items()}
    return [as_json(inner) for inner in value] if isinstance(value, list | tuple) else value
