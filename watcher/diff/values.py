"""Whether a figure moved, and by how much, units taken into account."""

from __future__ import annotations

import math
from dataclasses import dataclass

from watcher import units
from watcher.model import Value


@dataclass(frozen=True, slots=True)
class Move:
    """From `old` to `new`, each in its own unit, None for null.

    `delta` (in the new unit) and `percent` are None where they mean nothing; `reason` then says why, if there is more
    to say than that one side is null.
    """

    old: Value | None
    new: Value | None
    delta: float | None = None
    percent: float | None = None
    reason: str = ""

    @property
    def unit(self) -> str | None:
        value = self.new or self.old
        return value.unit if value else None

    @property
    def old_shown(self) -> float | None:
        """The old figure in the unit of the new one, where that is possible."""
        if self.old is None:
            return None
        if self.new is None or self.reason or self.old.unit is None or self.new.unit is None:
            return self.old.amount
        return _tidy(self.old.amount * (units.factor(self.old.unit, self.new.unit) or 1.0))


def move(old: Value | None, new: Value | None) -> Move | None:
    """The movement between two observed values (None is null), or None where nothing moved.

    A unit that changed with its value converted is no movement; one that changed alone is, and has no percentage.
    """
    if old is None or new is None:
        return None if old is new else Move(old, new)
    if not (old.stated and new.stated) or old.unit is None or new.unit is None or old.unit == new.unit:
        if close(old.amount, new.amount) or _converted(old, new):
            return None
        return _moved(old, new, old.amount)
    if _converted(old, new) or (close(old.amount, new.amount) and units.same_scale(old.unit, new.unit)):
        return None
    ratio = units.factor(old.unit, new.unit)
    if ratio is None or not _plausible(old.amount * ratio, new.amount):
        return Move(
            old, new, reason=f"the unit changed from {old.unit} to {new.unit} without the value being converted"
        )
    return _moved(old, new, old.amount * ratio)


def close(one: float, other: float) -> bool:
    """Equal but for the rounding of binary fractions."""
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)


def _converted(old: Value, new: Value) -> bool:
    if old.unit is None or new.unit is None or old.unit == new.unit:
        return False
    return units.converted(old.amount, old.unit, new.amount, new.unit)


def _plausible(converted: float, new: float) -> bool:
    """A real movement along with a change of unit: within ten times. Beyond that the unit alone was changed."""
    return converted != 0 and 0.1 < new / converted < 10


def _moved(old: Value, new: Value, before: float) -> Move:
    delta = _tidy(new.amount - before)
    percent = _tidy(100 * (new.amount - before) / abs(before)) if before else None
    if percent is not None and not math.isfinite(percent):
        percent = None
    return Move(old, new, delta if math.isfinite(delta) else None, percent)


def _tidy(number: float) -> float:
    """Without the dust of binary fractions: 12.3 - 10.5 is 1.8."""
    return float(f"{number:.12g}")
