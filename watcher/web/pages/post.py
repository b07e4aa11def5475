"""The outbox: what waits and why, what is dead, what is saved up for a digest, what went out."""

from __future__ import annotations

from typing import Any

from watcher.routing import TargetPolicy, next_due
from watcher.store.pages import Pages
from watcher.web.pages.scene import Scene

_SENT = 50


def context(read: Pages, scene: Scene) -> dict[str, Any]:
    """What the page of the outbox shows. Targets are named; their URLs are secret."""
    letters = read.letters(sent=False)
    settings = scene.settings
    saved = []
    for target, (count, since) in read.undecided().items():
        policy = settings.policies.get(target, TargetPolicy())
        due = next_due(policy, settings.timezone, scene.now)
        saved.append((target, count, since, due, target in settings.targets))
    return {
        "waiting": [letter for letter in letters if letter.dead_at is None],
        "dead": [letter for letter in letters if letter.dead_at is not None],
        "saved": saved,
        "failing": read.failing(),
        "sent": read.letters(sent=True, limit=_SENT),
        "targets": list(settings.targets),
        "outcomes": read.letters_by(),
    }
