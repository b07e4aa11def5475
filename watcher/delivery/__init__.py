"""Delivery: `courier` sends through apprise, `templates` finds the words' frames, `heartbeat` says that all is well."""

from watcher.delivery.courier import Courier
from watcher.delivery.heartbeat import beat
from watcher.delivery.templates import built_in, own, shipped

__all__ = ["Courier", "beat", "built_in", "own", "shipped"]
