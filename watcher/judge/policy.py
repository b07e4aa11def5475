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
class JudgementPolicy:
    """The effective `judgement:` section."""

    hold: HoldPolicy = HoldPolicy()
    removal: RemovalPolicy = RemovalPolicy()
