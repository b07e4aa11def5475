"""How the API is reached, and what of it may be said aloud."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from watcher.addresses import safe_for_key
from watcher.errors import ConfigError


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """The connection to the Sectors API (DESIGN section 5, `api`).

    Attributes:
        base_url: https, or http on loopback only.
        requests_per_second: calls are started at most this often, evenly.
        retries: further tries after a failed call. `backoff` is the first wait, doubled each time up to `backoff_cap`.
    """

    base_url: str
    key: str = field(repr=False)
    concurrency: int = 4
    requests_per_second: float = 5.0
    timeout: timedelta = timedelta(seconds=30)
    retries: int = 4
    backoff: timedelta = timedelta(seconds=0.5)
    backoff_cap: timedelta = timedelta(seconds=30)


def refuse_insecure(base_url: str) -> None:
    """Raise ConfigError unless the key travels encrypted, or does not leave this machine."""
    if not safe_for_key(base_url):
        raise ConfigError(
            f"api.base_url must start with https:// (http:// only on loopback), not {base_url!r}.",
            "The API key would travel in the clear.",
        )
