"""From changes to alerts.

`rule` what a user wrote · `conditions` when it holds · `rulebook` which rules a change concerns · `events` who is told
· `limits` a watchlist · `subjects` whose figures it looks at · `levels` one figure at one limit
· `watching` all of them after a poll · `silences` who is not told.
"""

from watcher.rules.conditions import Bound, When
from watcher.rules.events import alerts, cooling
from watcher.rules.levels import Figure, step
from watcher.rules.limits import Limit, Since, Watchlist
from watcher.rules.rule import WHERE_FIELDS, Rule
from watcher.rules.rulebook import Former, RuleBook, matches, verdict
from watcher.rules.silences import MATCHER_FIELDS, Silence, silenced
from watcher.rules.subjects import View, list_verdict
from watcher.rules.watching import repeats_due, watch_levels

__all__ = [
    "MATCHER_FIELDS",
    "WHERE_FIELDS",
    "Bound",
    "Figure",
    "Former",
    "Limit",
    "Rule",
    "RuleBook",
    "Silence",
    "Since",
    "View",
    "Watchlist",
    "When",
    "alerts",
    "cooling",
    "list_verdict",
    "matches",
    "repeats_due",
    "silenced",
    "step",
    "verdict",
    "watch_levels",
]
