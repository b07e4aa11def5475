"""Alerts and notices → one message for one target, grouped by company, worst first (DESIGN section 1, `dispatch`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from traceback import extract_tb
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from markupsafe import Markup

from watcher.messages import limits, words
from watcher.messages.attach import Attachment, about_whom, table
from watcher.messages.escape import Format, escaper, subject
from watcher.messages.sparkline import picture, sparkline
from watcher.messages.titles import SIGNS, summary, title, worst
from watcher.model import EMPTY, SEVERITIES, Alert, Change, Crossing, Notice, Severity

if TYPE_CHECKING:
    import jinja2

#: More lines than this are counted, not listed; the rest goes along as CSV where the target takes files.
LISTED = 20

SUFFIXES: Mapping[str, str] = {"markdown": "md", "html": "html", "text": "txt"}
#: By the id of a change or crossing: the figures that its metric had, oldest first.
Series = Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class Frame:
    """What a message says besides its alerts: which watches, when (shown in `timezone`), since when for a digest.

    `attach` says that the target takes files.
    """

    watches: tuple[str, ...]
    at: datetime
    format: Format
    timezone: ZoneInfo
    since: datetime | None = None
    attach: bool = False
    series: Series = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True, slots=True)
class Message:
    """A rendered message. `problems` says which templates failed and were replaced by the built-in ones."""

    title: str
    body: str
    format: Format
    problems: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """The alerts of one company, as templates see them; `lines` are rendered already."""

    company: str
    severity: str
    alerts: tuple[Alert, ...]
    lines: list[Markup] = field(default_factory=list)


def compose(
    user: jinja2.BaseLoader | None,
    built_in: jinja2.BaseLoader,
    alerts: Sequence[Alert],
    notices: Sequence[Notice],
    frame: Frame,
) -> Message:
    """One message. A user's template that fails is replaced by the built-in one, so that the alert still goes.

    Args:
        user: the user's own templates, looked at first.
    """
    import jinja2

    problems: list[str] = []
    alerts = _once(alerts)
    loaders = [loader for loader in (user, built_in) if loader is not None]
    for loader in (jinja2.ChoiceLoader(loaders), built_in):
        environment = _environment(loader, frame.format)
        try:
            body, attachments = _render(environment, alerts, notices, frame)
        except Exception as error:
            # A template can fail in as many ways as code can; whatever it is, the alert must go.
            problems.append(_problem(error))
            if loader is built_in:
                raise
            continue
        head = subject(title(alerts, notices, frame.watches, digest=frame.since is not None))
        return Message(head, body, frame.format, tuple(problems), attachments)
    raise AssertionError("unreachable: the built-in templates render or raise")


def _once(alerts: Sequence[Alert]) -> list[Alert]:
    """A change that a limit speaks of already needs no line of its own; the line is as loud as the louder of them."""
    spoken = {
        (about.change, about.metric)
        for alert in alerts
        if isinstance(about := alert.about, Crossing) and about.per == "site" and about.change is not None
    }
    louder: dict[str, Severity] = {}
    found: list[Alert] = []
    for alert in alerts:
        if isinstance(alert.about, Change) and (alert.about.id, alert.about.metric) in spoken:
            louder[alert.about.id] = alert.severity
        else:
            found.append(alert)
    return [_as_loud(alert, louder) for alert in found]


def _as_loud(alert: Alert, louder: Mapping[str, Severity]) -> Alert:
    severity = louder.get(alert.about.change or "") if isinstance(alert.about, Crossing) else None
    if severity is None or SEVERITIES.index(severity) <= SEVERITIES.index(alert.severity):
        return alert
    return replace(alert, severity=severity)


def _environment(loader: jinja2.BaseLoader, format: Format) -> jinja2.Environment:
    import jinja2
    from jinja2.sandbox import ImmutableSandboxedEnvironment

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
    environment: jinja2.Environment, alerts: Sequence[Alert], notices: Sequence[Notice], frame: Frame
) -> tuple[str, tuple[Attachment, ...]]:
    listed = _sorted(alerts)[:LISTED]
    suffix = SUFFIXES[frame.format]
    attachments: list[Attachment] = []
    groups = _groups(listed)
    for group in groups:
        for alert in group.alerts:
            names = [f"{name}.{suffix}.j2" for name in _template_names(alert)]
            facts = _facts(alert, frame, attachments)
            line = environment.select_template(names).render(facts)
            group.lines.append(Markup(line.strip("\n")))  # noqa: S704  (rendered by an escaping environment)
    if len(alerts) > len(listed) and frame.attach:
        attachments.append(table(_sorted(alerts)))
    body = environment.get_template(f"message.{suffix}.j2").render(
        title=title(alerts, notices, frame.watches, digest=frame.since is not None),
        summary=summary(alerts) if frame.since is not None else "",
        since=words.moment(frame.since, frame.timezone) if frame.since is not None else "",
        groups=groups,
        notices=list(notices),
        left_out=len(alerts) - len(listed),
        attached=any(not one.inline for one in attachments),
        total=len(alerts),
        watch=", ".join(frame.watches),
        at=words.moment(frame.at, frame.timezone),
    )
    return body.strip("\n") + "\n", tuple(attachments)


def _template_names(alert: Alert) -> list[str]:
    if isinstance(alert.about, Crossing):
        return [name for name in (alert.template, "crossing") if name]
    return [name for name in (alert.template, alert.about.kind, "change") if name]


def _facts(alert: Alert, frame: Frame, attachments: list[Attachment]) -> dict[str, object]:
    about = alert.about
    values = frame.series.get(about.id, ())
    facts: dict[str, object] = {
        "alert": alert,
        "sign": SIGNS[alert.severity].strip(),
        "site": words.tame(about.name or about.slug),
        "spark": sparkline(values),
        "picture": _picture(about.id, values, frame, attachments),
        "place": words.place(about),
        "map_link": Markup(words.map_link(about)),  # noqa: S704  (our words)
        "before": words.before(about),
        "now": words.now(about),
        "moved": words.moved(about),
    }
    if isinstance(about, Crossing):
        return facts | {
            "crossing": about,
            "event": limits.event(about),
            "metric_name": words.metric(about.metric),
            "figure": limits.figure(about),
            "verdict": limits.verdict(about),
        }
    return facts | {
        "change": about,
        "kind": words.kind(about),
        "metric_name": words.metric(about.metric) if about.metric else "",
        "movement": words.movement(about),
        "nature": words.nature(about),
    }


def _picture(id: str, values: Sequence[float], frame: Frame, attachments: list[Attachment]) -> str:
    """The name of the inline picture of a history; empty where there is none, or the target shows none."""
    content = picture(values) if frame.attach and frame.format == "html" else b""
    if not content:
        return ""
    name = f"spark-{id}.png"
    attachments.append(Attachment(name, "image/png", content, inline=True))
    return name


def _sorted(alerts: Sequence[Alert]) -> list[Alert]:
    """Worst first, then as they came; what concerns one company, and in it one site, stays together."""
    ranks: dict[tuple[str, ...], int] = {}
    order: dict[tuple[str, ...], int] = {}
    for alert in alerts:
        rank = SEVERITIES.index(alert.severity)
        for whom in ((about_whom(alert)[1],), (about_whom(alert)[1], alert.about.slug)):
            ranks[whom] = max(rank, ranks.get(whom, 0))
            order.setdefault(whom, len(order))

    def place(alert: Alert) -> tuple[int, ...]:
        company, site = (about_whom(alert)[1],), (about_whom(alert)[1], alert.about.slug)
        own = -SEVERITIES.index(alert.severity)
        return (-ranks[company], order[company], -ranks[site], order[site], own)

    return sorted(alerts, key=place)


def _groups(alerts: Sequence[Alert]) -> list[Group]:
    by_company: dict[tuple[str, str], list[Alert]] = {}
    for alert in alerts:
        by_company.setdefault(about_whom(alert), []).append(alert)
    return [Group(company, worst(one), tuple(one)) for (company, _), one in by_company.items()]


def _problem(error: Exception) -> str:
    import jinja2

    frames = [frame for frame in extract_tb(error.__traceback__) if frame.filename.endswith((".j2", "<template>"))]
    name = getattr(error, "name", None) or (frames[-1].filename.rpartition("/")[2] if frames else "a template")
    line = getattr(error, "lineno", None) or (frames[-1].lineno if frames else None)
    said = error.message if isinstance(error, jinja2.TemplateError) and error.message else str(error)
    return f"{name}{f' line {line}' if line else ''}: {words.tame(said or type(error).__name__, 200)}"


def headline(about: Change | Crossing) -> str:
    """A change or a crossing in one line."""
    return limits.headline(about) if isinstance(about, Crossing) else words.headline(about)
