"""A figure at a watchlist's limit, in words: `strip ratio 10.5 → 12.3 bcm/t (+17 %), above your 11`."""

from __future__ import annotations

from watcher.messages import words
from watcher.model import Crossing

_EVENTS = {
    "crossed": "limit crossed",
    "already": "figure beyond its limit",
    "still": "figure still beyond its limit",
    "moved": "limit crossed",
    "resolved": "figure back within its limit",
    "unknown": "figure no longer given",
}


def event(crossing: Crossing) -> str:
    """What happened, in few words."""
    return _EVENTS[crossing.transition]


def figure(crossing: Crossing) -> str:
    """The figure, with what it was before where that says something."""
    if crossing.new is None:
        unit = f" {crossing.unit}" if crossing.unit else ""
        return f"no longer given (it was {words.amount(crossing.old, crossing)}{unit})"
    if crossing.old is None:
        return words.now(crossing)
    by = f" ({words.percent(crossing.percent)})" if crossing.percent is not None else ""
    return f"{words.before(crossing)} → {words.now(crossing)}{by}"


def verdict(crossing: Crossing, *, short: bool = False) -> str:
    """What it means for the limit: `above your 11`, `fallen by your 5 % or more since you were last told`.

    A short one leaves out that movements count from what people were last told, as they do unless told otherwise.
    """
    limit = your(crossing.limit)
    if crossing.transition == "still":
        return f"still {limit}{f' ({crossing.since})' if crossing.since else ''}"
    if crossing.transition == "resolved":
        return f"no longer {limit}"
    if crossing.transition == "unknown":
        return f"was {limit}" if crossing.since.startswith("beyond") else f"your limit: {crossing.limit}"
    if crossing.transition in {"moved", "already"} and crossing.since:
        taken_for_granted = short and crossing.since.endswith("last told")
        return f"{limit} or more{'' if taken_for_granted else f' {crossing.since}'}"
    return limit


def your(limit: str) -> str:
    """`above 11` → `above your 11`, `fallen by 5 %` → `fallen by your 5 %`."""
    plain = limit.partition(" (")[0]
    join = " by " if " by " in plain else " "
    head, _, number = plain.partition(join)
    return f"{head}{join}your {number}"


def headline(crossing: Crossing) -> str:
    """A crossing in one line."""
    suspect = " (suspect)" if crossing.suspect else ""
    said = f"{words.metric(crossing.metric)} {figure(crossing)}, {verdict(crossing, short=True)}{suspect}"
    return f"{words.whose(crossing)}: {said}"
