"""Escaping for the format a message goes out in. It is applied to every value, so that no template can forget it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal

from markupsafe import Markup
from markupsafe import escape as escape_html

from watcher.messages.words import tame

Format = Literal["markdown", "html", "text"]

# Chat services differ in how they unescape, so a character that could act is replaced by one that looks like it.
_ACTING = "*`~[]<>|\\#_@"
_ALIKE = "∗ˋ∼⁅⁆‹›∣∖♯＿＠"
_LOOKALIKES = str.maketrans(_ACTING, _ALIKE)
# Plain text acts nowhere by itself, but webhooks pass it on to places where tags and mentions do.
_PLAIN = str.maketrans("<>@", "‹›＠")
# Readers turn what looks like an address into a link, whatever the format.
_LINKS = re.compile(r"://|\bwww\.", re.IGNORECASE)


def _unlinked(text: str) -> str:
    return _LINKS.sub(lambda found: "∶//" if found.group() == "://" else "www․", text)


def escaper(format: Format) -> Callable[[Any], Any]:
    """The function that a template's values go through; `Markup` (a template's own words) passes as it is."""

    def escape(value: Any) -> Any:
        if isinstance(value, Markup):
            return value
        text = _unlinked(tame("" if value is None else str(value), longest=600))
        if format == "html":
            return escape_html(text)
        return Markup(text.translate(_LOOKALIKES if format == "markdown" else _PLAIN))  # noqa: S704  (escaped here)

    return escape


def subject(text: str) -> str:
    """A title: one line of visible characters, harmless in chat; e-mail headers take it as it is."""
    return tame(_unlinked(text.translate(str.maketrans("<>`@*", "‹›ˋ＠∗"))), longest=200)
