"""The first line, which says it all: one piece of news whole, several counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from watcher.messages import limits, words
from watcher.model import SEVERITIES, Alert, Crossing, Notice

SIGNS = {"info": "", "warning": "⚠ ", "critical": "‼ "}
#: How kinds are counted, where a line says them in other words.
_KINDS = {
    "metric.changed": "change",
    "site.renamed": "site renamed",
    "site.moved": "site moved",
    "site.returned": "site back",
    "site.entered": "site entered",
    "site.left": "site left",
}
#: More alerts than this are counted in the title, not named.
_NAMED = 5
_PLURALS = {
    "change": "changes",
    "new site": "new sites",
    "site removed": "sites removed",
    "new report": "new reports",
    "new owner": "new owners",
    "company renamed": "companies renamed",
    "site renamed": "sites renamed",
    "site moved": "sites moved",
    "site back": "sites back",
    "site entered": "sites entered",
    "site left": "sites left",
    "figure no longer given": "figures no longer given",
    "limit crossed": "limits crossed",
    "figure beyond its limit": "figures beyond their limits",
    "figure still beyond its limit": "figures still beyond their limits",
    "figure back within its limit": "figures back within their limits",
}


def title(alerts: Sequence[Alert], notices: Sequence[Notice], watches: Sequence[str], *, digest: bool = False) -> str:
    """The title of a message with these alerts and notices."""
    if not alerts:
        more = f" (and {len(notices) - 1} more)" if len(notices) > 1 else ""
        return f"Watcher: {notices[0].title}{more}"
    sign = SIGNS[worst(alerts)]
    if digest:
        return f"{sign}Digest: {counted(alerts)}"
    first = _headline(min(alerts, key=lambda alert: -SEVERITIES.index(alert.severity)))
    if len(alerts) == 1:
        return f"{sign}{first}"
    where = ", ".join(watches)
    if len(alerts) > _NAMED:
        return f"{sign}{counted(alerts)} · {where}"
    return f"{sign}{first} (and {len(alerts) - 1} more · {where})"


def summary(alerts: Sequence[Alert]) -> str:
    """What is in a digest, in one line: `12 changes, 2 new sites at 5 companies`."""
    companies = {alert.about.company_slug or "" for alert in alerts}
    return f"{counted(alerts)} at {len(companies)} {'company' if len(companies) == 1 else 'companies'}"


def counted(alerts: Sequence[Alert]) -> str:
    """How many of which kind, the commonest first."""
    counts = Counter(_what(alert) for alert in alerts)
    parts = [f"{count} {_plural(what, count)}" for what, count in counts.most_common(4)]
    rest = len(alerts) - sum(count for _, count in counts.most_common(4))
    return f"{', '.join(parts)}{f' and {rest} more' if rest else ''}"


def worst(alerts: Sequence[Alert]) -> str:
    """The severest severity."""
    return max((alert.severity for alert in alerts), key=SEVERITIES.index, default="info")


def _headline(alert: Alert) -> str:
    return limits.headline(alert.about) if isinstance(alert.about, Crossing) else words.headline(alert.about)


def _what(alert: Alert) -> str:
    if isinstance(alert.about, Crossing):
        return limits.event(alert.about)
    return _KINDS.get(alert.about.kind) or words.kind(alert.about)


def _plural(what: str, count: int) -> str:
    return what if count == 1 else _PLURALS.get(what, what)
