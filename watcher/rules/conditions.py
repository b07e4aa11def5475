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
