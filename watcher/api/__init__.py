"""The Sectors API over HTTP: `client` makes the calls, `answers` reads what they mean, `listing` adds up the pages."""

from watcher.api.client import DetailAnswers, SectorsApi
from watcher.api.settings import ApiSettings

__all__ = ["ApiSettings", "DetailAnswers", "SectorsApi"]
