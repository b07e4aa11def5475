"""From values to places on a picture, and the round numbers that an axis names."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps values from `low` to `high` to places from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        span = self.high - self.low
        share = (value - self.low) / span if span else 0.5
        return self.start + share * (self.end - self.start)


#: Smaller figures cannot be told from zero on a picture.
_NOTHING = 1e-30


def ticks(values: Iterable[float], wanted: int = 4) -> list[float]:
    """Round numbers, evenly apart, that span all values; at least two."""
    known = list(values) or [0.0]
    low, high = (0.0 if abs(value) < _NOTHING else value for value in (min(known), max(known)))
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        room = max(abs(low), abs(high)) * 0.1
        low, high = (low - room, high + room) if room > _NOTHING else (0.0, 1.0)
    rough = (high - low) / max(wanted - 1, 1)
    size = 10.0 ** math.floor(math.log10(rough))
    step = next((size * factor for factor in (1, 2, 2.5, 5) if size * factor >= rough * 0.999), size * 10)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [float(f"{number * step:.12g}") for number in range(first, last + 1)]
