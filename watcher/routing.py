"""When what is to be told goes out: at once, at a target's digest, or after its quiet hours (DESIGN section 5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from watcher.model import Alert, Notice, Severity
from watcher.schedule import Quiet, next_fire


@dataclass(frozen=True, slots=True)
class TargetPolicy:
    """How a target wants to be told.

    Attributes:
        digest: a cron string; alerts wait for it and go out as one message. The operator's notices do not wait.
        quiet: hours in which only what is critical goes out; the rest follows together when they end.
        even_if_quiet: an empty digest says that all is quiet, and what was looked at.
        give_up_after: how long a message is tried before it is given up.
        attach_report: a digest takes the report of its time along, where the target takes files.
    """

    digest: str | None = None
    quiet: Quiet | None = None
    min_severity: Severity = "info"
    even_if_quiet: bool = False
    give_up_after: timedelta = timedelta(days=3)
    attach_report: bool = False


@dataclass(frozen=True, slots=True)
class Untold:
    """An alert or a notice that is in no message yet, and the poll that it came from. `id` is its row."""

    id: int
    poll: int
    watch: str
    at: datetime
    about: Alert | Notice


@dataclass(frozen=True, slots=True)
class Bundle:
    """What goes out as one message. `since` is set for a digest: when the one before it went out."""

    watches: tuple[str, ...]
    at: datetime
    untold: tuple[Untold, ...]
    since: datetime | None = None

    @property
    def alerts(self) -> tuple[Alert, ...]:
        return tuple(one.about for one in self.untold if isinstance(one.about, Alert))

    @property
    def notices(self) -> tuple[Notice, ...]:
        return tuple(one.about for one in self.untold if isinstance(one.about, Notice))


def bundles(
    untold: Iterable[Untold], policy: TargetPolicy, zone: ZoneInfo, now: datetime, last_digest: datetime | None
) -> list[Bundle]:
    """What is due for one target at `now`, as messages in order; the rest goes on waiting.

    Args:
        last_digest: when the target's last digest went out; needed if it has one.
    """
    waiting = sorted(untold, key=lambda one: (one.poll, one.id))
    digested = [one for one in waiting if policy.digest is not None and isinstance(one.about, Alert)]
    direct = [one for one in waiting if one not in digested]
    found: list[Bundle] = []
    if policy.quiet is not None and policy.quiet.covers(now, zone):
        return _by_poll([one for one in direct if one.about.severity == "critical"])
    if policy.quiet is not None:
        held = [one for one in direct if policy.quiet.covers(one.at, zone)]
        direct = [one for one in direct if one not in held]
        found += [_together(held)] if held else []
    found += _by_poll(direct)
    if digested and last_digest is not None and digest_due(policy, zone, now, last_digest):
        found.append(_together(digested, since=last_digest))
    return found


def digest_due(policy: TargetPolicy, zone: ZoneInfo, now: datetime, last: datetime) -> bool:
    """Whether a digest is due since the last one; one is enough after a long time. It waits for quiet hours to end."""
    if policy.digest is None or (policy.quiet is not None and policy.quiet.covers(now, zone)):
        return False
    fire = next_fire(policy.digest, zone, last)
    return fire is not None and fire <= now


def next_due(policy: TargetPolicy, zone: ZoneInfo, now: datetime) -> datetime | None:
    """When a target may next have something go out that a poll does not bring: its digest, or its quiet hours' end."""
    times = []
    if policy.digest is not None:
        times.append(next_fire(policy.digest, zone, now))
    if policy.quiet is not None:
        local = now.astimezone(zone)
        end = local.replace(hour=policy.quiet.end.hour, minute=policy.quiet.end.minute, second=0, microsecond=0)
        times.append((end if end > local else end + timedelta(days=1)).astimezone(now.tzinfo))
    return min((at for at in times if at is not None), default=None)


def _by_poll(untold: Sequence[Untold]) -> list[Bundle]:
    polls: dict[int, list[Untold]] = {}
    for one in untold:
        polls.setdefault(one.poll, []).append(one)
    return [_together(group) for group in polls.values()]


def _together(untold: Sequence[Untold], since: datetime | None = None) -> Bundle:
    watches = tuple(dict.fromkeys(one.watch for one in untold))
    return Bundle(watches, max(one.at for one in untold), tuple(untold), since)
