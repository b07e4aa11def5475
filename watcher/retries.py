"""When a delivery that failed is tried again, and when it is given up (DESIGN section 1, `dispatch`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

#: After so many failures of one message the next one is tried too: is it the target that fails, or the message?
STUBBORN = 6

#: No message is given up after fewer tries, however long they took.
_FEWEST = 3

#: A target's trouble is told when it has failed so often, for so long.
_TOLD_AFTER, _TOLD_FAILURES = timedelta(minutes=5), 3


@dataclass(frozen=True, slots=True)
class Retries:
    """How patient delivery is: the first wait, doubled up to the longest, and when a message is given up."""

    first: timedelta = timedelta(seconds=10)
    longest: timedelta = timedelta(hours=1)
    give_up_after: timedelta = timedelta(days=3)

    def wait(self, failures: int, chance: float) -> timedelta:
        """How long to wait after so many failures in a row; `chance`, from 0 to 1, spreads waits by a quarter."""
        doubled = self.first * (1 << min(failures - 1, 30))
        return max(self.first, min(doubled, self.longest) * (0.75 + 0.25 * chance))

    def given_up(self, attempts: int, first_attempt: datetime, now: datetime) -> bool:
        """Whether a message that failed `attempts` times since `first_attempt` is tried no more."""
        return attempts >= _FEWEST and now - first_attempt >= self.give_up_after


@dataclass(frozen=True, slots=True)
class Trouble:
    """A target that does not take messages: since when, how often in a row, and when it is tried next.

    `told` says that the operator has heard of it.
    """

    target: str
    since: datetime
    failures: int
    next_attempt_at: datetime
    last_error: str
    told: bool = False

    def worth_telling(self, now: datetime) -> bool:
        """Whether it has lasted so long that the operator must hear of it, and has not yet."""
        return not self.told and self.failures >= _TOLD_FAILURES and now - self.since >= _TOLD_AFTER
