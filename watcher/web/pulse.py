"""What the daemon tells the pages about itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Pulse:
    """When the scheduler last turned, and when each watch is to be polled next."""

    scheduler_alive_at: datetime
    next_polls: Mapping[str, datetime]
