"""Figures at the limits of watchlists, with the names that people know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from watcher.config import Settings
from watcher.model import Level, LevelKey
from watcher.web.render import url


@dataclass(frozen=True, slots=True)
class Row:
    """A figure at a limit: whose it is, where that leads, and the limit in words."""

    name: str
    href: Markup
    limit: str
    key: LevelKey
    level: Level


def rows(levels: Mapping[LevelKey, Level], names: Mapping[str, str], settings: Settings) -> list[Row]:
    """Figures by list and name, those beyond their limit in front."""
    per_company = {watchlist.name for watchlist in settings.watchlists if watchlist.per == "company"}
    found = [
        Row(
            names.get(key.slug, key.slug),
            url(key.slug, "companies" if key.watchlist in per_company else "sites"),
            level.limit.partition(" since")[0].replace(" clear ", ", clear at "),
            key,
            level,
        )
        for key, level in levels.items()
    ]
    return sorted(found, key=lambda row: (not row.level.broken, row.key.watchlist, row.name, row.key.metric))
