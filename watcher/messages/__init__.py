"""Messages worth reading: `words` says things, `escape` makes upstream text harmless, `compose` puts them together."""

from watcher.messages.compose import LISTED, Message, compose, title
from watcher.messages.escape import Format
from watcher.messages.words import headline, metric, movement, number, percent

__all__ = ["LISTED", "Format", "Message", "compose", "headline", "metric", "movement", "number", "percent", "title"]
