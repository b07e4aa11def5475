"""The API says that its own quota is gone: polling pauses, and is tried again rarely."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from watcher.errors import SourceError, SourceRefused
from watcher.model import Notice
from watcher.store import Pause

#: How long the API is left alone before it is tried again; and it is tried when a new month begins.
PROBE_AFTER = timedelta(hours=6)
CODES = frozenset({"monthly_limit_exceeded", "insufficient_credits"})


def is_quota(error: SourceError | None) -> bool:
    """Whether an error says that the API's quota is gone."""
    return isinstance(error, SourceRefused) and error.code in CODES


def begun(error: SourceRefused, before: Pause | None, zone: ZoneInfo, now: datetime) -> Pause:
    """The pause that an error begins, or prolongs."""
    month = (now.astimezone(zone).date().replace(day=28) + timedelta(days=4)).replace(day=1)
    renewed = datetime.combine(month, time(0, 1), zone)
    since = before.since if before is not None else now
    return Pause(since, min(now + PROBE_AFTER, renewed.astimezone(now.tzinfo)), error.code, error.message)


def paused(pause: Pause, zone: ZoneInfo) -> SourceRefused:
    """What a poll hears while the pause is on."""
    return SourceRefused(
        f"{pause.reason} Polling pauses, and is tried again at {pause.probe_at.astimezone(zone):%Y-%m-%d %H:%M}.",
        "`watcher poll` tries at once, with one call.",
        code=pause.code,
    )


def gone(pause: Pause, zone: ZoneInfo) -> tuple[str, Notice]:
    """What the operator hears, once per pause."""
    text = (
        f"{pause.reason} Polling pauses. The API is tried again with one free call every "
        f"{PROBE_AFTER.total_seconds() / 3600:g} hours, next at {pause.probe_at.astimezone(zone):%Y-%m-%d %H:%M}, and "
        "when a new month begins. Changes in between are compared as usual when it is back."
    )
    return f"quota.gone:{pause.since.isoformat()}", Notice("quota.gone", "the API's quota is used up", text, "critical")


def back(pause: Pause, zone: ZoneInfo) -> tuple[str, Notice]:
    """What the operator hears when it is back."""
    text = f"Polling goes on; it had paused since {pause.since.astimezone(zone):%Y-%m-%d %H:%M}."
    return f"quota.back:{pause.since.isoformat()}", Notice("quota.back", "the API's quota is back", text, "info")
