"""Changes as CSV: the columns of `watcher changes --csv`, with no cell that a spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from watcher.model import Change
from watcher.plain import as_json


def changes(found: Iterable[Change]) -> str:
    """A header line, then a line per change."""
    out = io.StringIO()
    writer = csv.DictWriter(out, [field.name for field in fields(Change)], lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in as_json(change).items()} for change in found)
    return out.getvalue()


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value
