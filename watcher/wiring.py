"""From settings to what the jobs take: the same for the command line and for the daemon."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from watcher.errors import ConfigError

if TYPE_CHECKING:
    from watcher.api import ApiSettings
    from watcher.config import Settings, Watch
    from watcher.dispatch import Wording
    from watcher.messages import Attachment
    from watcher.pipeline import WatchSettings
    from watcher.plan import Thrift
    from watcher.rules import Silence
    from watcher.schedule import Timing


def api_settings(settings: Settings) -> ApiSettings:
    """How the API is reached.

    Raises:
        ConfigError: there is no key, or the address is not safe to send it to.
    """
    from watcher.api import ApiSettings
    from watcher.api.settings import refuse_insecure
    from watcher.config import require_key

    refuse_insecure(settings.base_url)
    return ApiSettings(
        base_url=settings.base_url,
        key=require_key(settings),
        concurrency=settings.concurrency,
        requests_per_second=settings.requests_per_second,
        timeout=settings.timeout,
    )


def watch_settings(
    settings: Settings, names: Iterable[str], *, silences: Iterable[Silence] = ()
) -> list[WatchSettings]:
    """What decides about the named watches, or about all of them if none is named.

    Args:
        silences: those set at run time, beside the file's.

    Raises:
        ConfigError: a name is unknown.
    """
    from watcher.pipeline import WatchSettings

    chosen = list(names) or list(settings.watches)
    for name in chosen:
        if name not in settings.watches:
            raise ConfigError(f"There is no watch {name!r}; known: {', '.join(settings.watches)}.")
    return [
        WatchSettings(
            name=watch.name,
            filter=watch.filter,
            details=watch.details,
            judgement=settings.judgement,
            rules=settings.rules,
            watchlists=settings.watchlists,
            silences=(*settings.silences, *silences),
            min_severity={name: policy.min_severity for name, policy in settings.policies.items()},
            timing=timing_of(settings, watch),
        )
        for watch in (settings.watches[name] for name in dict.fromkeys(chosen))
    ]


def timing_of(settings: Settings, watch: Watch) -> Timing:
    """When a watch is polled."""
    from watcher.schedule import Timing

    return Timing(watch.every, watch.cron, settings.timezone)


def thrift_of(settings: Settings) -> Thrift:
    """How credits are used: limits, all watches, sharing."""
    from watcher.plan import Planned, Thrift

    watches = tuple(
        Planned(watch.name, watch.filter, timing_of(settings, watch), watch.details, watch.priority)
        for watch in settings.watches.values()
    )
    return Thrift(settings.credits, watches, settings.share_lists)


def wording_of(settings: Settings) -> Wording:
    """What messages are rendered with."""
    from watcher import delivery
    from watcher.dispatch import Wording

    templates = delivery.own(settings.templates), delivery.built_in()
    report: Callable[[datetime, datetime], Attachment] | None = None
    if any(policy.attach_report for policy in settings.policies.values()):
        from watcher.web import report_attachment

        report = partial(report_attachment, settings)
    return Wording(*templates, settings.timezone, settings.policies, settings.ops, report)
