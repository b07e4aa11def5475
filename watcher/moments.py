"""Times as people write them: `7d`, `24h`, `90m`, `2w`, a date or an instant."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def duration(text: str) -> timedelta | None:
    """`7d`, `24h`, `90m`, `2w` as a duration; None for anything else."""
    said = re.fullmatch(r"(\d{1,6})\s*([mhdw])", text.strip())
    return timedelta(**{_UNITS[said.group(2)]: int(said.group(1))}) if said is not None else None


def since(text: str, now: datetime) -> datetime:
    """The instant that a duration before `now`, a date or an instant means.

    Raises:
        ValueError: it is none of these.
    """
    ago = duration(text)
    if ago is not None:
        return now - ago if ago < now - datetime.min.replace(tzinfo=now.tzinfo) else datetime.min.replace(tzinfo=UTC)
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=now.tzinfo)
