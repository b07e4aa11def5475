"""How many credits may be spent."""

from __future__ import annotations

from dataclasses import dataclass

from watcher.config import Settings


@dataclass(frozen=True, slots=True)
class Budget:
    """Credits per day and month; None is no limit."""

    per_day: int | None = None
    per_month: int | None = None


def of(settings: Settings) -> Budget:
    """The budget of the configuration."""
    limits = getattr(settings, "credits", None)
    return Budget() if limits is None else Budget(limits.per_day, limits.per_month)
