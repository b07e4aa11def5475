"""Alerts and notices → one message for one target, grouped by site, worst first (DESIGN section 1, `dispatch`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from watcher.messages import words
from watcher.messages.escape import Format, escaper, subject
from watcher.model import SEVERITIES, Alert, Change, Notice

#: More changes than this are counted, not listed.
LISTED = 20

SUFFIXES: Mapping[str, str] = {"markdown": "md", "html": "html", "text": "txt"}
SEVERITY_SIGNS = {"info": "", "warning": "⚠ ", "critical": "‼ "}


@dataclass(frozen=True, slots=True)
class Message:
    """A rendered message. `problems` says which templates failed and were replaced by the built-in ones."""

    title: str
    body: str
    format: Format
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """The alerts of one site, as templates see them."""

    slug: str
    name: str
    company: str
    alerts: tuple[Alert, ...]
    severity: str
    map_link: Markup
    lines: list[Markup] = field(default_factory=list)


def compose(
    user: jinja2.BaseLoader | None,
    built_in: jinja2.BaseLoader,
    alerts: Sequence[Alert],
    notices: Sequence[Notice],
    *,
    watch: str,
    at: datetime,
    format: Format,
    timezone: ZoneInfo,
) -> Message:
    """One message. A user's template that fails is replaced by the built-in one, so that the alert still goes.

    Args:
        user: the user's own templates, looked at first.
        at: when the poll took place; shown in `timezone`.
    """
    problems: list[str] = []
    loaders = [loader for loader in (user, built_in) if loader is not None]
    for loader in (jinja2.ChoiceLoader(loaders), built_in):
        environment = _environment(loader, format)
        try:
            body = _render(environment, alerts, notices, watch=watch, at=at, format=format, timezone=timezone)
        except jinja2.TemplateError as error:
            problems.append(_problem(error))
            if loader is built_in:
                raise
            continue
        return Message(subject(title(alerts, notices, watch)), body, format, tuple(problems))
    raise AssertionError("unreachable: the built-in templates render or raise")


def title(alerts: Sequence[Alert], notices: Sequence[Notice], watch: str) -> str:
    """The first line, which says it all: one change whole, several counted."""
    if not alerts:
        more = f" (and {len(notices) - 1} more)" if len(notices) > 1 else ""
        return f"Watcher: {notices[0].title}{more}"
    sign = SEVERITY_SIGNS[_worst(alerts)]
    if len(alerts) == 1:
        return f"{sign}{words.headline(alerts[0].change)}"
    counts = Counter("change" if a.change.kind == "metric.changed" else words.kind(a.change) for a in alerts)
    parts = [f"{count} {_plural(what, count)}" for what, count in counts.most_common(4)]
    rest = len(alerts) - sum(count for _, count in counts.most_common(4))
    first = words.headline(min(alerts, key=lambda a: -SEVERITIES.index(a.severity)).change)
    several = f"{', '.join(parts)}{f' and {rest} more' if rest else ''} · {watch}"
    return f"{sign}{several}" if len(alerts) > 3 else f"{sign}{first} (and {len(alerts) - 1} more · {watch})"


def _plural(what: str, count: int) -> str:
    if count == 1 or what in {"renamed", "location changed"}:
        return what
    return {"change": "changes", "new site": "new sites", "site removed": "sites removed", "new report": "new reports",
            "new owner": "new owners", "company renamed": "companies renamed"}.get(what, what)  # fmt: skip


def _worst(alerts: Sequence[Alert]) -> str:
    return max((alert.severity for alert in alerts), key=SEVERITIES.index, default="info")


def _environment(loader: jinja2.BaseLoader, format: Format) -> jinja2.Environment:
    environment = ImmutableSandboxedEnvironment(
        loader=loader,
        undefined=jinja2.StrictUndefined,
        finalize=escaper(format),
        trim_blocks=True,
        lstrip_blocks=True,
        # Every value is escaped by `finalize`, in all three formats.
        autoescape=False,
    )
    environment.filters.update(
        number=words.number,
        percent=words.percent,
        signed=words.signed,
        metric=words.metric,
        tame=words.tame,
    )
    return environment


def _render(
    environment: jinja2.Environment,
    alerts: Sequence[Alert],
    notices: Sequence[Notice],
    *,
    watch: str,
    at: datetime,
    format: Format,
    timezone: ZoneInfo,
) -> str:
    listed = _sorted(alerts)[:LISTED]
    groups = _groups(listed)
    suffix = SUFFIXES[format]
    for group in groups:
        for alert in group.alerts:
            names = [f"{name}.{suffix}.j2" for name in (alert.template, alert.change.kind, "change") if name]
            line = environment.select_template(names).render(_facts(alert.change, alert))
            group.lines.append(Markup(line.strip("\n")))  # noqa: S704  (rendered by an escaping environment)
    return (
        environment.get_template(f"message.{suffix}.j2")
        .render(
            title=title(alerts, notices, watch),
            groups=groups,
            notices=list(notices),
            left_out=len(alerts) - len(listed),
            total=len(alerts),
            watch=watch,
            at=words.moment(at, timezone),
        )
        .strip("\n")
        + "\n"
    )


def _facts(change: Change, alert: Alert) -> dict[str, object]:
    return {
        "change": change,
        "alert": alert,
        "kind": words.kind(change),
        "movement": words.movement(change),
        "nature": words.nature(change),
        "place": words.place(change),
        "sign": SEVERITY_SIGNS[alert.severity].strip(),
    }


def _sorted(alerts: Sequence[Alert]) -> list[Alert]:
    """Worst first, then as they came; what concerns one site stays together."""
    worst: dict[str, int] = {}
    for alert in alerts:
        rank = SEVERITIES.index(alert.severity)
        worst[alert.change.slug] = max(rank, worst.get(alert.change.slug, 0))
    order = {slug: place for place, slug in enumerate(dict.fromkeys(alert.change.slug for alert in alerts))}
    return sorted(alerts, key=lambda a: (-worst[a.change.slug], order[a.change.slug]))


def _groups(alerts: Sequence[Alert]) -> list[Group]:
    by_slug: dict[str, list[Alert]] = {}
    for alert in alerts:
        by_slug.setdefault(alert.change.slug, []).append(alert)
    return [
        Group(
            slug=slug,
            name=words.tame(one[0].change.name or slug),
            company=words.tame(one[0].change.company_name or ""),
            alerts=tuple(one),
            severity=_worst(one),
            map_link=Markup(next(filter(None, (words.map_link(a.change) for a in one)), "")),  # noqa: S704  (our words)
        )
        for slug, one in by_slug.items()
    ]


def _problem(error: jinja2.TemplateError) -> str:
    name = getattr(error, "name", None) or "a template"
    line = getattr(error, "lineno", None)
    return f"{name}{f' line {line}' if line else ''}: {words.tame(str(error.message or error), 200)}"
