"""The line that proves the silence of an empty digest."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from watcher.model import Notice
from watcher.store import VitalSigns


def quiet(signs: VitalSigns, since: datetime, now: datetime, zone: ZoneInfo) -> Notice:
    """The line that proves the silence of an empty digest."""
    failed = f", {signs.failed} failed" if signs.failed else ""
    age = f"{(now - signs.oldest_detail).total_seconds() / 3600:.0f} h" if signs.oldest_detail else "none"
    held = f"held: {', '.join(signs.held)}" if signs.held else "nothing held"
    text = (
        f"{signs.sites} sites checked in {signs.polls} polls{failed}; {signs.values:,} values known, the oldest detail "
        f"is {age} old; {held}; {signs.credits:,} credits spent."
    )
    return Notice("digest.quiet", f"all quiet since {since.astimezone(zone):%Y-%m-%d %H:%M}", text, severity="info")
