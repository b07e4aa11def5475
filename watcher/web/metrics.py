"""/metrics: counted from the database when it is asked for, so that no restart sets a counter back.

Labels are names of rules.yaml and words of a closed set; what the file does not name any more is counted together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector

from watcher import __version__
from watcher.store.pages import Pages
from watcher.web.health import Outlook, ailments, outlooks
from watcher.web.pages.scene import Scene

CONTENT_TYPE = CONTENT_TYPE_LATEST
#: What stands in a label for a watch, rule or target that the file has no more.
FORMER = "(former)"


def exposition(read: Pages, scene: Scene) -> bytes:
    """All metrics, in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected([*_polls(read, scene), *_watches(read, scene), *_telling(read, scene)]))
    return generate_latest(registry)


class _Collected(Collector):
    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _polls(read: Pages, scene: Scene) -> Iterator[Metric]:
    yield InfoMetricFamily("watcher", "The running version", value={"version": __version__})
    watches = scene.settings.watches
    yield _counted("watcher_polls", "Polls by verdict", ("watch", "verdict"), read.polls_by_verdict(), watches)
    took = SummaryMetricFamily("watcher_poll_duration_seconds", "How long polls took", labels=["watch"])
    last = GaugeMetricFamily("watcher_last_poll_duration_seconds", "How long the last poll took", labels=["watch"])
    for watch, (count, seconds, latest) in read.durations().items():
        if watch in watches:
            took.add_metric([watch], count, seconds)
            last.add_metric([watch], latest)
    yield took
    yield last
    yield _counted("watcher_calls", "Calls of the API by polls", ("watch", "call"), read.calls_by_watch(), watches)
    yield _counted("watcher_credits", "Credits spent", ("watch", "call"), read.credits_by_watch(), watches)
    today, month = scene.today, scene.today.replace(day=1)
    spent = GaugeMetricFamily("watcher_credits_spent", "Credits spent this day and month", labels=["period"])
    spent.add_metric(["day"], read.spent(today, today))
    spent.add_metric(["month"], read.spent(month, today))
    yield spent
    budget = GaugeMetricFamily("watcher_credits_budget", "Credits that may be spent", labels=["period"])
    allowed = scene.settings.credits
    for period, most in (("day", allowed.per_day), ("month", allowed.per_month)):
        if most is not None:
            budget.add_metric([period], most)
    yield budget


def _watches(read: Pages, scene: Scene) -> Iterator[Metric]:
    looks = outlooks(read, scene.settings, scene.now, scene.pulse)
    yield _gauge("watcher_sites", "Sites in the last accepted snapshot", looks, lambda look: look.status.sites)
    yield _gauge("watcher_missing_sites", "Sites missing, unconfirmed", looks, lambda look: look.status.missing)
    yield _gauge("watcher_held", "Whether a snapshot is held", looks, lambda look: look.status.held_since is not None)
    yield _gauge("watcher_poll_overdue", "Whether a poll is overdue", looks, lambda look: look.overdue)
    yield _instant(
        "watcher_last_poll_timestamp_seconds", "When it was last polled", looks, lambda s: s.status.last_poll
    )
    yield _instant(
        "watcher_last_good_poll_timestamp_seconds", "Last polled well", looks, lambda s: s.status.last_good_poll
    )
    yield _instant("watcher_next_poll_timestamp_seconds", "When its next poll is due", looks, lambda s: s.next)
    wrong = ailments(looks, scene.now, scene.pulse)
    yield GaugeMetricFamily("watcher_healthy", "Whether polls happen as they should", value=float(not wrong))
    if scene.pulse is not None:
        alive = scene.pulse.scheduler_alive_at.timestamp()
        yield GaugeMetricFamily("watcher_scheduler_timestamp_seconds", "When the scheduler last turned", value=alive)


def _telling(read: Pages, scene: Scene) -> Iterator[Metric]:
    settings = scene.settings
    yield _counted("watcher_changes", "Changes found", ("watch", "kind"), read.kinds(), settings.watches)
    speakers = {rule.name for rule in settings.rules} | {watchlist.name for watchlist in settings.watchlists}
    alerts: Counter[tuple[str, str, str]] = Counter()
    for (rule, target, severity), count in read.alerts_by().items():
        named = rule if rule in speakers else FORMER, target if target in settings.targets else FORMER, severity
        alerts[named] += count
    family = CounterMetricFamily("watcher_alerts", "Alerts", labels=["rule", "target", "severity"])
    for labels, count in sorted(alerts.items()):
        family.add_metric(labels, count)
    yield family
    letters = read.letters_by()
    tries = read.attempts()
    outcomes: dict[tuple[str, str], int] = {}
    for target in {target for target, _ in letters}:
        sent = letters.get((target, "sent"), 0)
        outcomes[target, "sent"] = sent
        outcomes[target, "failed"] = max(tries.get(target, 0) - sent, 0)
    yield _counted("watcher_deliveries", "Deliveries tried", ("target", "outcome"), outcomes, settings.targets)
    outbox = GaugeMetricFamily("watcher_outbox_messages", "Messages not delivered", labels=["target", "state"])
    for target in settings.targets:
        for state in ("waiting", "failing", "dead"):
            outbox.add_metric([target, state], letters.get((target, state), 0))
    yield outbox
    oldest = read.oldest_waiting()
    age = (scene.now - oldest).total_seconds() if oldest is not None else 0.0
    yield GaugeMetricFamily("watcher_outbox_oldest_seconds", "Age of the oldest undelivered message", value=age)
    saved = GaugeMetricFamily("watcher_untold", "News that is in no message yet", labels=["target"])
    undecided = read.undecided()
    for target in settings.targets:
        saved.add_metric([target], undecided[target][0] if target in undecided else 0)
    yield saved
    broken = GaugeMetricFamily("watcher_limits_broken", "Figures beyond a limit", labels=["watchlist"])
    levels = read.levels()
    for watchlist in settings.watchlists:
        count = sum(level.broken for key, level in levels.items() if key.watchlist == watchlist.name)
        broken.add_metric([watchlist.name], count)
    yield broken


def _counted(
    name: str, words: str, labels: tuple[str, str], counts: Mapping[tuple[str, str], int], known: Iterable[str]
) -> Metric:
    """A counter by two labels, the first of which is a name of the file."""
    names = set(known)
    together: Counter[tuple[str, str]] = Counter()
    for (first, second), count in counts.items():
        together[first if first in names else FORMER, second] += count
    family = CounterMetricFamily(name, words, labels=labels)
    for pair, count in sorted(together.items()):
        family.add_metric(pair, count)
    return family


def _gauge(name: str, words: str, looks: Iterable[Outlook], value: Callable[[Outlook], float]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=["watch"])
    for look in looks:
        family.add_metric([look.status.watch], float(value(look)))
    return family


def _instant(name: str, words: str, looks: Iterable[Outlook], at: Callable[[Outlook], datetime | None]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=["watch"])
    for look in looks:
        when = at(look)
        if when is not None:
            family.add_metric([look.status.watch], when.timestamp())
    return family
