"""The condition language of a rule: `where` on the fields of a change, `when` on its figures (DESIGN section 5)."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Bound:
    """A movement: a number in the metric's unit, or a percentage of the old figure (10.0 is 10 %)."""

    number: float
    percent: bool = False


@dataclass(frozen=True, slots=True)
class When:
    """Conditions on the figures of a change; all that are given must hold.

    `above` and `below` look at the new figure, the others at the movement from the old one.
    """

    above: float | None = None
    below: float | None = None
    rises_by: Bound | None = None
    falls_by: Bound | None = None
    changes_by: Bound | None = None

    @property
    def empty(self) -> bool:
        return all(getattr(self, field.name) is None for field in fields(self))


def holds(when: When, new: float | str | None, delta: float | None, pct: float | None) -> bool:
    """Whether a change of a figure fulfils `when`; null is neither above nor below, and moves nowhere."""
    if when.empty:
        return True
    if not isinstance(new, float):
        return False
    return (
        (when.above is None or new > when.above)
        and (when.below is None or new < when.below)
        and (when.rises_by is None or _moved(when.rises_by, delta, pct))
        and (when.falls_by is None or _moved(when.falls_by, _minus(delta), _minus(pct)))
        and (when.changes_by is None or _moved(when.changes_by, _size(delta), _size(pct)))
    )


def _moved(bound: Bound, delta: float | None, percent: float | None) -> bool:
    """At least by the bound, and at all: a bound of 0 still asks for a movement in its direction.

    What moves away from zero moves by more than any percentage of it.
    """
    if delta is None or delta <= 0:
        return False
    return percent is None or percent >= bound.number if bound.percent else delta >= bound.number


def _minus(number: float | None) -> float | None:
    return None if number is None else -number


def _size(number: float | None) -> float | None:
    return None if number is None else abs(number)
