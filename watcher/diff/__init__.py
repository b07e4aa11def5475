"""What differs between two snapshots: `match` pairs the records, `carry` completes them, `compare` names the changes."""

from watcher.diff.carry import carry
from watcher.diff.compare import about, compare, metres_apart, place, report
from watcher.diff.identity import with_id
from watcher.diff.match import Match, match
from watcher.diff.values import Move, move

__all__ = ["Match", "Move", "about", "carry", "compare", "match", "metres_apart", "move", "place", "report", "with_id"]
