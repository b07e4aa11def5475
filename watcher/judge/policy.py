"""What a user may set about judgement (DESIGN section 4); the defaults are right without configuration."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class HoldPolicy:
    """When a snapshot is not believed: shares in percent (20.0 is 20 %), and at least so many."""

    lost_sites: float = 20.0
    lost_values: float = 30.0
    at_least: int = 5
    confirm_after: timedelta = DAY


@dataclass(frozen=True, slots=True)
class RemovalPolicy:
    """How long a site must be missing before it counts as removed."""

    confirm_after: timedelta = DAY


@dataclass(frozen=True, slots=True)
class RenamePolicy:
    """How near a vanished and a new mine must lie to count as one by their place, in metres."""

    within: float = 1_000.0


@dataclass(frozen=True, slots=True)
class MovePolicy:
    """How far coordinates must change for a mine to have moved, in metres."""

    beyond: float = 100.0


@dataclass(frozen=True, slots=True)
class RevertPolicy:
    """For how long a change can be taken back and is told as reverted."""

    within: timedelta = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class SuspectPolicy:
    """When a record contradicts itself.

    Attributes:
        strip_ratio: how far it may be from overburden ÷ production, in percent of that.
        sums: how far a total may be from the sum of its parts, in percent of the total.
        jump: so many times the former figure, or one so-manieth of it.
    """

    strip_ratio: float = 50.0
    sums: float = 1.0
    jump: float = 10.0


@dataclass(frozen=True, slots=True)
class JudgementPolicy:
    """The effective `judgement:` section."""

    hold: HoldPolicy = HoldPolicy()
    removal: RemovalPolicy = RemovalPolicy()
    renames: RenamePolicy = RenamePolicy()
    moves: MovePolicy = MovePolicy()
    reverts: RevertPolicy = RevertPolicy()
    suspects: SuspectPolicy = SuspectPolicy()
