"""The front page: is all well, what happened, what is watched, what is broken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any

from watcher import retries
from watcher.model import KINDS, Level, LevelKey
from watcher.store import Pause, WatchStatus
from watcher.store.pages import Pages
from watcher.store.tallies import Letter
from watcher.web.drawing import bars
from watcher.web.health import Outlook, ailments, outlooks
from watcher.web.pages import figures
from watcher.web.pages.news import News, news
from watcher.web.pages.scene import Scene
from watcher.web.query import Query

PER_PAGE = 60
_DAYS = 30
_GROUPS = {
    "critical": "Critical",
    "warning": "Warnings",
    "info": "News",
    None: "Recorded, and told to nobody: no rule asks for it",
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is not well. `grave`: Watcher itself does not do its work; else it waits for somebody."""

    text: str
    href: str
    grave: bool = True


def context(read: Pages, scene: Scene, query: Query, *, per_page: int = PER_PAGE) -> dict[str, Any]:
    """What the front page shows."""
    asked = query.conditions(scene.now)
    told = news(read.worst(**asked, limit=per_page, offset=(query.page - 1) * per_page))
    total = read.count(**asked)
    looks = outlooks(read, scene.settings, scene.now, scene.pulse)
    pause = read.ledger.pause()
    levels = {key: level for key, level in read.levels().items() if level.broken}
    letters, failing = read.letters(sent=False), read.failing()
    return {
        "groups": [(_GROUPS[severity], severity, list(group)) for severity, group in groupby(told, _loudness)],
        "series": {one.change.id: read.moves(one.change) for one in told if one.change.kind == "metric.changed"},
        # Over several pages it is not known how many were found by several watches.
        "total": len(told) if total <= per_page else total,
        "first": (query.page - 1) * per_page + 1,
        "pages": max(1, -(-total // per_page)),
        "query": query,
        "looks": looks,
        "levels": figures.rows(levels, read.names(), scene.settings),
        "letters": letters,
        "failing": failing,
        "troubles": troubles(scene, looks, levels, letters, failing, pause),
        "pause": pause,
        "sites": sum(look.status.sites for look in looks),
        "kinds": KINDS,
        "companies": read.companies(),
        **credits(read, scene),
    }


def _loudness(one: News) -> str | None:
    return one.severity


def credits(read: Pages, scene: Scene) -> dict[str, Any]:
    """What was spent lately, against what may be."""
    first = scene.today - timedelta(days=_DAYS - 1)
    spent = read.credits_by_day(first, scene.today)
    days = [first + timedelta(days=number) for number in range(_DAYS)]
    counted = [bars.Spent(day, spent.get(day, {}).get("list", 0), spent.get(day, {}).get("detail", 0)) for day in days]
    allowed = scene.settings.credits
    return {
        "credits_chart": bars.credits(counted, allowed.per_day),
        "spent_today": counted[-1].lists + counted[-1].details,
        "spent_month": read.spent(scene.today.replace(day=1), scene.today),
        "budget": allowed,
    }


def troubles(
    scene: Scene,
    looks: Sequence[Outlook],
    levels: Mapping[LevelKey, Level],
    letters: Sequence[Letter],
    failing: Sequence[retries.Trouble],
    pause: Pause | None,
) -> list[Trouble]:
    """What is not well, the gravest first; nothing where all is."""
    found = [Trouble(text, "/#watched") for text in ailments(looks, scene.now, scene.pulse)]
    if pause is not None:
        found.append(Trouble("the API's quota is gone, and polls rest", "/#credits"))
    for look in looks:
        found += _of_watch(look.status)
    dead = sum(letter.dead_at is not None for letter in letters)
    tried = sum(letter.dead_at is None and letter.attempts > 0 for letter in letters)
    if dead:
        found.append(
            Trouble(f"{_count(dead, 'message')} could not be delivered and will not be tried again", "/outbox")
        )
    found += [Trouble(f"target {one.target} does not take messages", "/outbox") for one in failing]
    if tried and not failing:
        found.append(Trouble(f"{_count(tried, 'message')} could not be delivered yet", "/outbox"))
    if levels:
        found.append(Trouble(f"{_count(len(levels), 'figure')} beyond a limit", "/#limits", grave=False))
    return sorted(found, key=lambda trouble: not trouble.grave)


def _of_watch(status: WatchStatus) -> list[Trouble]:
    found = []
    if status.verdict == "failed":
        found.append(Trouble(f"the last poll of {status.watch} failed", "/#watched"))
    if status.held_since is not None:
        found.append(Trouble(f"what {status.watch} saw last is held, not believed", "/#watched"))
    return found


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' if number != 1 else ''}"
