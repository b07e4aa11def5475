"""What rules.yaml comes down to, ready to be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import platformdirs

from watcher.errors import ConfigError
from watcher.judge import JudgementPolicy
from watcher.plan import Limits
from watcher.routing import TargetPolicy
from watcher.rules import Rule, Silence, Watchlist


@dataclass(frozen=True, slots=True)
class Watch:
    """`filter` holds list parameters of the API; `every` or `cron` is set; `details` None means never."""

    name: str
    filter: Mapping[str, str | int | float]
    every: timedelta | None
    cron: str | None
    details: timedelta | None
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Http:
    """Where the status pages are served, and what a reader must show. `hosts` are further names they are reached by."""

    host: str
    port: int
    token: str | None = field(default=None, repr=False)
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """A valid configuration. Secrets are in `api_key`, `targets`, `heartbeat` and `http` only, and in no repr."""

    path: Path
    api_key: str | None = field(repr=False)
    base_url: str
    concurrency: int
    requests_per_second: float
    timeout: timedelta
    database: Path
    targets: Mapping[str, str] = field(repr=False)
    ops: tuple[str, ...]
    timezone: ZoneInfo
    templates: Path | None
    watches: Mapping[str, Watch]
    rules: tuple[Rule, ...]
    judgement: JudgementPolicy
    watchlists: tuple[Watchlist, ...] = ()
    silences: tuple[Silence, ...] = ()
    policies: Mapping[str, TargetPolicy] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    http: Http | None = None
    tell_after: int = 3
    heartbeat: str | None = field(default=None, repr=False)
    credits: Limits = field(default_factory=Limits)
    share_lists: bool = True


def require_key(settings: Settings) -> str:
    """The API key.

    Raises:
        ConfigError: there is none.
    """
    if settings.api_key:
        if not (settings.api_key.isascii() and settings.api_key.isprintable()):
            raise ConfigError("The API key has characters that no key has.", "Copy it again, without line breaks.")
        return settings.api_key
    raise ConfigError(
        "There is no API key.", "Set SECTORS_API_KEY in the environment or in .env, or api.key or api.key_file."
    )


def database_path(given: str | None, folder: Path, environ: Mapping[str, str]) -> Path:
    """Where the database is: as given (relative to the file), else systemd's or the user's state directory."""
    if given:
        try:
            return folder / Path(given).expanduser()
        except RuntimeError:
            return folder / given
    if environ.get("STATE_DIRECTORY"):
        return Path(environ["STATE_DIRECTORY"].split(":")[0]) / "watcher.db"
    return Path(platformdirs.user_state_dir("watcher", appauthor=False)) / "watcher.db"


def masked(url: str) -> str:
    """A target's URL as it may be shown: its scheme only."""
    return f"{url.partition('://')[0]}://…" if "://" in url else "…"
