"""What the operator hears: holds that start and end, structures that nobody knows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from watcher.model import Cause, Hold, Memory, Notice
from watcher.parse import Observation
from watcher.pipeline.settings import WatchSettings

_NAMED = 3


def in_words(causes: tuple[Cause, ...]) -> str:
    """What is wrong with a snapshot: the first causes, and how many more."""
    named = "; ".join(cause.words for cause in causes[:_NAMED])
    more = len(causes) - _NAMED
    return f"{named}; and {more} more of this kind" if more > 0 else named


def hold_started(settings: WatchSettings, causes: tuple[Cause, ...]) -> Notice:
    hours = settings.judgement.hold.confirm_after.total_seconds() / 3600
    return Notice(
        "hold.started",
        f"{settings.name}: held, {causes[0].words}",
        f"The API's answer looks like an accident upstream: {in_words(causes)}. Nothing is reported meanwhile. If it "
        f"stays so for {hours:g} hours it is believed. To believe it now: watcher accept {settings.name}",
        watch=settings.name,
    )


def hold_ended(settings: WatchSettings, hold: Hold, *, believed: bool, now: datetime) -> Notice:
    since = settings.moment(hold.since)
    if believed:
        why = "you accepted it" if hold.accept else "it stayed so"
        text = (
            f"What was held since {since} ({hold.reason}) is believed now: {why}. Its changes are reported; "
            "missing sites once they are confirmed as removed."
        )
    else:
        text = f"The API's answer is back to normal; it was held since {since} ({hold.reason}). Nothing was lost."
    title = f"{settings.name}: hold ended, {'believed' if believed else 'back to normal'}"
    kind = "hold.believed" if believed else "hold.ended"
    return Notice(kind, title, text, severity="info", watch=settings.name)


_UNREADABLE = "rows without a readable slug"


def _strange(seen: Observation, settings: WatchSettings) -> frozenset[str]:
    """Structures on so many records that they are no slip of one row."""
    # Where details are asked for two or three at a time, most of those are many.
    many = min(settings.judgement.hold.at_least, max(2, len(seen.fetched) // 2 + 1))
    keys = {key for key, slugs in seen.unknown.items() if len(slugs) >= many}
    return frozenset(keys | ({_UNREADABLE} if seen.unreadable else set()))


def known_structures(seen: Observation, memory: Memory, settings: WatchSettings) -> frozenset[str]:
    known = memory.structures if seen.unreadable else memory.structures - {_UNREADABLE}
    return known | _strange(seen, settings)


def structures(seen: Observation, memory: Memory, settings: WatchSettings) -> Iterable[Notice]:
    new = sorted(_strange(seen, settings) - memory.structures)
    if new:
        listed = ", ".join(f"“{key}”" for key in new[:10]) + (f" and {len(new) - 10} more" if len(new) > 10 else "")
        yield Notice(
            "structure.unknown",
            f"{settings.name}: the API's answer has parts that are new to Watcher",
            f"Seen for the first time: {listed}. A figure that moved to a new key keeps its name, and one "
            "that is new has its key's; rows that cannot be read leave their sites as they were. No false change was "
            "reported.",
            severity="info",
            watch=settings.name,
        )
