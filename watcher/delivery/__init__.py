"""Delivery: `courier` sends through apprise, `templates` finds the words' frames."""

from watcher.delivery.courier import Courier
from watcher.delivery.templates import built_in, own, shipped

__all__ = ["Courier", "built_in", "own", "shipped"]
