"""Templates to HTML: every value is cleaned of invisible characters, cut to a length, and escaped."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
from markupsafe import Markup, escape

from watcher import messages
from watcher.messages import words
from watcher.messages.words import tame
from watcher.web.drawing.place import shade
from watcher.web.drawing.spark import spark

FOLDER = Path(str(resources.files("watcher.web")))


def page(template: str, **said: Any) -> str:
    """A template with its values; `now` and `zone` must be among them."""
    return _environment().get_template(f"{template}.html.j2").render(said)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=messages.number,
        percent=messages.percent,
        metric=messages.metric,
        kind=words.kind,
        nature=words.nature,
        movement=words.movement,
        headline=messages.headline,
        place=words.place,
        map_link=words.map_link,
        shade=shade,
        url=url,
        when=when,
        ago=ago,
        lines=lines,
        plural=plural,
        brief=brief,
        capital=capital,
    )
    environment.globals.update(spark=spark)
    return environment


def _visible(value: Any) -> Any:
    if isinstance(value, Markup) or not isinstance(value, str):
        return "" if value is None else value
    return tame(value, 600)


def url(slug: str | None, room: str = "sites") -> Markup:
    """The address of a site's or company's page."""
    return Markup(f"/{room}/{quote(slug or '', safe='')}")  # noqa: S704  (quoted)


def lines(text: str) -> Markup:
    """Text of several lines, each of them visible and escaped."""
    return Markup("\n").join(escape(tame(line, 2000)) for line in text.splitlines())


def plural(count: int, word: str, more: str = "") -> str:
    """`1 change`, `2 changes`."""
    return f"{count:,} {word if count == 1 else more or word + 's'}"


def brief(value: float | None) -> str:
    """A computed figure, to four significant digits."""
    return messages.number(value if value is None else float(f"{value:.4g}"))


def capital(text: str) -> str:
    """A sentence with a capital letter in front."""
    return text[:1].upper() + text[1:]


@jinja2.pass_context
def when(context: jinja2.runtime.Context, at: datetime | None) -> Markup:
    """An instant in the file's time zone, readable by machines too."""
    if at is None:
        return Markup("never")
    local = at.astimezone(context["zone"])
    return _time(at, f"{local:%d %b %Y, %H:%M}".lstrip("0"), f"{local:%Y-%m-%d %H:%M:%S %Z}")


@jinja2.pass_context
def ago(context: jinja2.runtime.Context, at: datetime | None) -> Markup:
    """How long ago, or how long from now, an instant is."""
    if at is None:
        return Markup("never")
    span = context["now"] - at
    text = f"{_span(span)} ago" if span >= timedelta(0) else f"in {_span(-span)}"
    return _time(
        at, "just now" if abs(span) < timedelta(minutes=1) else text, f"{at.astimezone(context['zone']):%c %Z}"
    )


def _time(at: datetime, text: str, title: str) -> Markup:
    return Markup('<time datetime="{}" title="{}">{}</time>').format(at.isoformat(), title, text)


def _span(span: timedelta) -> str:
    seconds = span.total_seconds()
    for size, name in ((86_400 * 7, "week"), (86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size * (2 if name in {"week"} else 1):
            return plural(int(seconds // size), name)
    return "a moment"
