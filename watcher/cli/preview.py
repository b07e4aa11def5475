"""Messages as their readers will see them, on a terminal."""

from __future__ import annotations

import re
from html import unescape


def counted(count: int, what: str) -> str:
    """`3 changes`, `1 message`, `no change`."""
    return f"{count or 'no'} {what}{'s' if count > 1 else ''}"


def readable(body: str, format: str) -> str:
    """The body of a message; an HTML mail as a reader without HTML sees it."""
    return as_text(body) if format == "html" else body


def as_text(html: str) -> str:
    """The words of an HTML mail, a line for each row or paragraph."""
    rows = re.sub(r"</(tr|p|div)>|<br>", "\n", html.replace("\n", " "))
    cells = re.sub(r"</t[dh]>", "\t", rows)
    plain = unescape(re.sub(r"<[^>]+>", "", cells))
    lines = ("   ".join(" ".join(cell.split()) for cell in row.split("\t")).rstrip() for row in plain.splitlines())
    return "\n".join(line for line in lines if line)
