"""All that a decision about one watch depends on besides its memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from watcher import judge, rules
from watcher.model import EMPTY


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """All that a decision about one watch depends on besides its memory.

    `filter` holds list parameters of the API; `details` is how old a detail may get, None for never.
    """

    name: str
    filter: Mapping[str, str | int | float] = field(default_factory=lambda: EMPTY)
    details: timedelta | None = timedelta(hours=24)
    judgement: judge.JudgementPolicy = field(default_factory=judge.JudgementPolicy)
    rules: tuple[rules.Rule, ...] = ()
