"""A figure that is back to what it was before a change of the last seven days (DESIGN section 3, `reverted`)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from watcher.judge.policy import RevertPolicy
from watcher.model import Change

Key = tuple[str, str | None, int | None, str | None]


def reverted(
    changes: Iterable[Change], recent: Iterable[Change], renamed: dict[str, str], policy: RevertPolicy
) -> list[Change]:
    """`changes`, with nature `reverted` where the new figure stood before a recent change of the same metric.

    One that takes back a suspect change corrects it, and is not suspect for going as far back as that went.

    Args:
        recent: earlier changes, oldest first or not; those that are too old are ignored.
        renamed: old slug → new slug, so that a mine's changes count under its new slug.
    """
    before: dict[Key, list[Change]] = {}
    for change in recent:
        if change.kind == "metric.changed":
            slug = renamed.get(change.slug, change.slug)
            before.setdefault((slug, change.commodity_type, change.year, change.metric), []).append(change)
    return [
        _reverted(change, before.get((change.slug, change.commodity_type, change.year, change.metric), []), policy)
        for change in changes
    ]


def _reverted(change: Change, past: list[Change], policy: RevertPolicy) -> Change:
    if change.kind != "metric.changed" or change.nature == "reported":
        return change
    taken_back = [one for one in past if change.at - one.at <= policy.within and _same(one.old, change.new)]
    if not taken_back:
        return change
    last = max(taken_back, key=lambda one: one.at)
    if not last.suspect:
        return replace(change, nature="reverted")
    corrects = change.corrects or f"the change of {last.at:%d %B %Y}, which was suspect: {last.suspect}"
    return replace(change, nature="reverted", suspect="", corrects=corrects)


def _same(one: float | str | None, other: float | str | None) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9)
    return one == other
