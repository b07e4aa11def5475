"""Is it news, or noise upstream? One file per question; `policy` is what a user may set about the answers."""

from watcher.judge.absences import overdue, reason_left
from watcher.judge.companies import fold, renamed_companies
from watcher.judge.glimpses import blanked, unbelieved, unclear, worth_a_look
from watcher.judge.holds import believed, lasting, symptoms
from watcher.judge.policy import (
    HoldPolicy,
    JudgementPolicy,
    MovePolicy,
    RemovalPolicy,
    RenamePolicy,
    RevertPolicy,
    SuspectPolicy,
)
from watcher.judge.renames import renames
from watcher.judge.reverts import reverted
from watcher.judge.suspects import contradictions, doubt, mark

__all__ = [
    "HoldPolicy",
    "JudgementPolicy",
    "MovePolicy",
    "RemovalPolicy",
    "RenamePolicy",
    "RevertPolicy",
    "SuspectPolicy",
    "believed",
    "blanked",
    "contradictions",
    "doubt",
    "fold",
    "lasting",
    "mark",
    "overdue",
    "reason_left",
    "renamed_companies",
    "renames",
    "reverted",
    "symptoms",
    "unbelieved",
    "unclear",
    "worth_a_look",
]
