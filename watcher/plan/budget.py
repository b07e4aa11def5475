"""What may be spent now: details give way to lists, and a list to those of watches that matter more."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """Credits per day and per calendar month, in the file's time zone; None for no limit."""

    per_day: int | None = None
    per_month: int | None = None

    def __bool__(self) -> bool:
        return self.per_day is not None or self.per_month is not None


@dataclass(frozen=True, slots=True)
class Spent:
    """Credits spent since the day, and since the month, began."""

    day: int = 0
    month: int = 0


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is still to come in a period after this poll: list calls, and polls that have details."""

    lists: float
    polls: float


def left(limits: Limits, spent: Spent) -> int | None:
    """Credits that may still be spent now; None for no limit."""
    found = [limit - used for limit, used in _pairs(limits, spent)]
    return max(0, min(found)) if found else None


def for_list(limits: Limits, spent: Spent, calls: int, before: tuple[float, float]) -> bool:
    """Whether a list of so many calls may be read, with the lists of more important watches still to come.

    Args:
        before: their calls up to the end of the day, and of the month.
    """
    days, months = before
    needs = [limit - used - more >= calls for (limit, used), more in _with(limits, spent, days, months)]
    return all(needs)


def for_details(limits: Limits, spent: Spent, day: Ahead, month: Ahead) -> tuple[int, int] | None:
    """How many details this poll may ask for: at most, and of those that only have their turn. None for no limit.

    The lists to come are paid first. What has its turn gets an even share of the rest, so that a short budget makes
    all details older alike, instead of leaving none for the evening.
    """
    most, paced = [], []
    for (limit, used), ahead in _with(limits, spent, day, month):
        free = max(0, math.floor(limit - used - ahead.lists))
        most.append(free)
        paced.append(math.ceil(free / (1 + ahead.polls)))
    return (min(most), min(paced)) if most else None


def _pairs(limits: Limits, spent: Spent) -> list[tuple[int, int]]:
    both = ((limits.per_day, spent.day), (limits.per_month, spent.month))
    return [(limit, used) for limit, used in both if limit is not None]


def _with(limits: Limits, spent: Spent, day: T, month: T) -> list[tuple[tuple[int, int], T]]:
    both = ((limits.per_day, spent.day, day), (limits.per_month, spent.month, month))
    return [((limit, used), more) for limit, used, more in both if limit is not None]
