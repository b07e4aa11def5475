"""Every error that a user may see; each is one sentence and knows its remedy.

    WatcherError
    ├── ConfigError       rules.yaml or the command line is wrong          exit 2
    ├── SourceError       the API did not give a whole, readable answer    exit 1
    │   ├── SourceRefused     key, plan or quota: trying again does not help
    │   ├── BudgetSpent       our own limit, api.credits: the call was not made
    │   └── SweepIncomplete   the list's pages do not add up
    ├── StoreError        the database cannot be used                      exit 1
    │   └── StoreLost         it is damaged or gone: trying again does not help
    └── DeliveryError     a target did not take a message                  exit 1

Anything else that is raised is a programmer's error and crashes loudly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


class WatcherError(Exception):
    """What went wrong, in one sentence, and what to do about it.

    Attributes:
        message: the sentence, free of secrets.
        remedy: what the user can do, or an empty string where the sentence says it.
    """

    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


@dataclass(frozen=True, slots=True)
class Mistake:
    """One error in a file: `line` and `column` count from 1."""

    file: str
    line: int
    column: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.text}"


class ConfigError(WatcherError):
    """The configuration or the usage is wrong; `mistakes` has every one that was found in the file."""

    exit_code = 2

    def __init__(self, message: str, remedy: str = "", mistakes: Sequence[Mistake] = ()) -> None:
        super().__init__(message, remedy)
        self.mistakes = tuple(mistakes)


class SourceError(WatcherError):
    """The API could not be asked, or its answer could not be used, after all retries."""


class SourceRefused(SourceError):
    """The API says no for a reason that trying again does not change: key, subscription, credits.

    `code` is the API's own word (`monthly_limit_exceeded`, `unauthorized` …).
    """

    def __init__(self, message: str, remedy: str = "", code: str = "") -> None:
        super().__init__(message, remedy)
        self.code = code


class BudgetSpent(SourceError):
    """The file's own limits (`api.credits`) allow no further call now; the API was not asked.

    `until` is when a limit begins anew; None where credits are only set aside for something else.
    """

    def __init__(self, message: str, remedy: str = "", until: datetime | None = None) -> None:
        super().__init__(message, remedy)
        self.until = until


class SweepIncomplete(SourceError):
    """The pages of a list contradict each other, three times over."""


class StoreError(WatcherError):
    """The database is missing, locked, damaged, full or of another version."""


class StoreLost(StoreError):
    """The database is damaged, was deleted while in use, or is of a newer version: only its owner can help."""


class DeliveryError(WatcherError):
    """A target did not take a message."""
