"""What every page is made from, beside the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from watcher.config import Settings
from watcher.web.pulse import Pulse


@dataclass(frozen=True, slots=True)
class Scene:
    """The configuration, the instant that the page is of, and what the daemon says of itself (None without one)."""

    settings: Settings
    now: datetime
    pulse: Pulse | None = None

    @property
    def today(self) -> date:
        """The day in the file's time zone, which credits are counted by."""
        return self.now.astimezone(self.settings.timezone).date()
