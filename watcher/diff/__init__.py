"""What differs between two snapshots: `match` pairs records, `carry` completes them, `compare` names changes."""

from watcher.diff.carry import carry
from watcher.diff.compare import about, compare, figures, nature, place, report
from watcher.diff.identity import with_id
from watcher.diff.match import Match, match
from watcher.diff.values import Move, move

__all__ = [
    "Match",
    "Move",
    "about",
    "carry",
    "compare",
    "figures",
    "match",
    "move",
    "nature",
    "place",
    "report",
    "with_id",
]
