"""Details that another watch has had: good for this one too, unless its list rows say something else (see `Answer`)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.model import DetailSeen, Record


@dataclass(frozen=True, slots=True)
class Answer:
    """When a slug's detail was had, and what its list rows said then: a digest per row (see `marks`)."""

    slug: str
    at: datetime
    rows: Mapping[str, str]


def marks(records: Iterable[Record]) -> dict[str, dict[str, str]]:
    """Per slug, its list rows: which row (commodity, year, company and project) → a digest of what it says."""
    found: dict[str, dict[str, str]] = {}
    for record in records:
        figures = [(name, value.amount, value.unit) for name, value in sorted(record.metrics.items())]
        said = (record.name, record.company_name, record.province, record.city, figures, sorted(record.unread))
        which = _digest((record.commodity_type, record.year, record.company_slug, record.project_name))
        found.setdefault(record.slug, {})[which] = _digest(said)
    return found


def reusable(
    answer: Answer,
    rows: Mapping[str, str],
    fingerprint: str,
    seen: DetailSeen | None,
    *,
    max_age: timedelta,
    now: datetime,
) -> bool:
    """Whether an answer may stand for asking now: younger than `max_age`, and newer than what this watch has.

    No row may say anything else than when the answer was had. A row that the other watch does not list counts as
    unchanged where this watch has seen it so all along.
    """
    if now - answer.at >= max_age or (seen is not None and seen.at >= answer.at):
        return False
    if any(answer.rows.get(which, mark) != mark for which, mark in rows.items()):
        return False
    return rows.keys() <= answer.rows.keys() or (seen is not None and seen.fingerprint == fingerprint)


def _digest(said: object) -> str:
    return hashlib.blake2b(repr(said).encode(), digest_size=6).hexdigest()
