"""What goes along with a message: the whole list as CSV, and small pictures."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, fields

from watcher.messages import words
from watcher.model import Alert, Change, Crossing

_COLUMNS = (
    *("at", "watch", "rule", "severity", "kind", "slug", "name", "company_slug", "company_name", "commodity_type"),
    *("year", "metric", "unit", "old", "new", "delta", "percent", "nature", "limit", "suspect", "detail", "id"),
)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes along; `inline` ones are shown inside an HTML message, by `cid:` and their name."""

    name: str
    mimetype: str
    content: bytes
    inline: bool = False


def table(alerts: Sequence[Alert]) -> Attachment:
    """Every alert as a row of a CSV file; a limit's rows have a kind such as `limit.crossed`."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for alert in alerts:
        about = alert.about
        said = {field.name: getattr(about, field.name) for field in fields(about)}
        kind = about.kind if isinstance(about, Change) else f"limit.{about.transition}"
        said |= {"rule": alert.rule, "severity": alert.severity, "kind": kind, "at": about.at.isoformat()}
        writer.writerow([_cell(said.get(column)) for column in _COLUMNS])
    return Attachment("changes.csv", "text/csv", out.getvalue().encode("utf-8-sig"))


def _cell(value: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    if not isinstance(value, str):
        return value
    text = words.tame(value, longest=600)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@"} else text


def about_whom(alert: Alert) -> tuple[str, str]:
    """(company, its slug) that an alert is grouped under."""
    about: Change | Crossing = alert.about
    return words.tame(about.company_name or about.company_slug or "No company"), about.company_slug or ""
