"""From changes to alerts: `rule` is what a user wrote, `conditions` when it holds, `events` who is told."""

from watcher.rules.conditions import Bound, When
from watcher.rules.events import alerts, matches
from watcher.rules.rule import WHERE_FIELDS, Rule

__all__ = ["WHERE_FIELDS", "Bound", "Rule", "When", "alerts", "matches"]
