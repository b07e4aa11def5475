"""Which messages would have gone out when: with each target's digest and quiet hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from watcher import routing
from watcher.backtest.report import Sent
from watcher.messages import title
from watcher.model import Alert, Notice, Outcome
from watcher.routing import TargetPolicy, Untold


@dataclass(slots=True)
class Post:
    """What waits for each target, and what was sent."""

    policies: Mapping[str, TargetPolicy]
    zone: ZoneInfo
    sent: list[Sent] = field(default_factory=list)
    _waiting: dict[str, list[Untold]] = field(default_factory=dict)
    _digests: dict[str, datetime] = field(default_factory=dict)
    _count: int = 0
    _poll: int = 0

    def take(self, watch: str, outcome: Outcome, ops: tuple[str, ...]) -> None:
        """Queue what an outcome has to tell."""
        self._poll += 1
        for alert in outcome.alerts:
            for target in alert.targets:
                self._add(target, watch, outcome.at, alert)
        for notice in outcome.notices:
            for target in ops:
                self._add(target, watch, outcome.at, notice)

    def _add(self, target: str, watch: str, at: datetime, about: Alert | Notice) -> None:
        self._count += 1
        self._waiting.setdefault(target, []).append(Untold(self._count, self._poll, watch, at, about))

    def deliver(self, now: datetime) -> None:
        """Send what is due by `now`: digests and the ends of quiet hours at their own times."""
        for target, policy in self.policies.items():
            if policy.digest is None and not self._waiting.get(target):
                continue
            start = self._digests.setdefault(target, now)
            due = routing.next_due(policy, self.zone, start)
            while due is not None and due < now:
                self._send(target, policy, due)
                due = routing.next_due(policy, self.zone, due)
            self._send(target, policy, now)

    def _send(self, target: str, policy: TargetPolicy, now: datetime) -> None:
        waiting = [one for one in self._waiting.get(target, []) if one.at <= now]
        last = self._digests[target]
        for bundle in routing.bundles(waiting, policy, self.zone, now, last):
            said = title(bundle.alerts, bundle.notices, bundle.watches, digest=bundle.since is not None)
            self.sent.append(Sent(now, target, said, len(bundle.alerts), len(bundle.notices)))
            gone = set(bundle.untold)
            self._waiting[target] = [one for one in self._waiting[target] if one not in gone]
        if policy.digest is None or routing.digest_due(policy, self.zone, now, last):
            self._digests[target] = now
