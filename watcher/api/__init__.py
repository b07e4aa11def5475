"""The Sectors API over HTTP: `client` makes the calls, `answers` reads what they mean, `listing` adds up the pages,
`together` runs jobs side by side, `http` is httpx."""

from watcher.api.client import DetailAnswers, Kept, Pay, SectorsApi
from watcher.api.settings import ApiSettings

__all__ = ["ApiSettings", "DetailAnswers", "Kept", "Pay", "SectorsApi"]
