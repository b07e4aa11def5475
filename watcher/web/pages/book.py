"""Rules and lists: what each does, whether it is on, when it last fired, and what it would say today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from watcher.model import Change
from watcher.rules import Rule, Silence, Watchlist, alerts, silenced
from watcher.rules.foresight import describe, describe_list
from watcher.rules.rulebook import meets
from watcher.store.pages import Pages
from watcher.store.tallies import Firing
from watcher.web.pages import figures
from watcher.web.pages.scene import Scene

#: What "today" means: the last so many hours.
TODAY = timedelta(hours=24)
#: So many headlines are shown of what a rule would say; the rest is counted.
SHOWN = 5


@dataclass(frozen=True, slots=True)
class RuleEntry:
    """A rule with its state. `today` is what it would tell of the last day's changes; `silences` name it."""

    rule: Rule
    sentence: str
    fired: Firing | None
    today: tuple[Change, ...]
    silences: tuple[Silence, ...]
    cooling: int


@dataclass(frozen=True, slots=True)
class ListEntry:
    """A watchlist with its state; `broken` are the figures beyond its limits now, of `looked` that it knows."""

    watchlist: Watchlist
    sentences: tuple[str, ...]
    fired: Firing | None
    broken: tuple[figures.Row, ...]
    looked: int
    silences: tuple[Silence, ...]


def context(read: Pages, scene: Scene) -> dict[str, Any]:
    """What the page of rules shows."""
    settings = scene.settings
    fired = read.firings()
    recent = [told.change for told in read.worst(since=scene.now - TODAY, limit=2000)]
    standing = read.standing()
    silences = [one for one in (*settings.silences, *read.silences()) if scene.now < one.until]
    rules = [
        RuleEntry(
            rule,
            describe(rule),
            fired.get(rule.name),
            _today(rule, recent, silences, scene.now),
            _silencing(rule.name, silences),
            sum(
                name == rule.name and rule.cooldown is not None and scene.now - at < rule.cooldown
                for (name, _), at in standing.cooldowns.items()
            ),
        )
        for rule in settings.rules
    ]
    names = read.names()
    lists = []
    for watchlist in settings.watchlists:
        own = {key: level for key, level in standing.levels.items() if key.watchlist == watchlist.name}
        broken = {key: level for key, level in own.items() if level.broken}
        entry = ListEntry(
            watchlist,
            tuple(describe_list(watchlist)),
            fired.get(watchlist.name),
            tuple(figures.rows(broken, names, settings)),
            len(own),
            _silencing(watchlist.name, silences),
        )
        lists.append(entry)
    return {"rules": rules, "lists": lists, "silences": silences, "shown": SHOWN}


def _today(rule: Rule, changes: list[Change], silences: list[Silence], now: datetime) -> tuple[Change, ...]:
    said = [alert for alert in alerts(changes, [rule]) if not silenced(alert, silences, now)]
    found = [alert.about for alert in said if isinstance(alert.about, Change)]
    return tuple(sorted(found, key=_at, reverse=True))


def _at(change: Change) -> datetime:
    return change.at


def _silencing(name: str, silences: list[Silence]) -> tuple[Silence, ...]:
    return tuple(one for one in silences if meets(one.matcher.get("rule", one.matcher.get("watchlist", ())), [name]))
