"""Messages worth reading.

`words` says changes, `limits` crossings, `titles` the first line, `sparkline` a history · `escape` makes upstream text
harmless · `attach` what goes along · `compose` puts it all together.
"""

from watcher.messages.attach import Attachment
from watcher.messages.compose import LISTED, Frame, Message, compose, headline
from watcher.messages.escape import Format
from watcher.messages.titles import title
from watcher.messages.words import metric, movement, number, percent, tame

__all__ = [
    "LISTED",
    "Attachment",
    "Format",
    "Frame",
    "Message",
    "compose",
    "headline",
    "metric",
    "movement",
    "number",
    "percent",
    "tame",
    "title",
]
