"""The id of a change: the same change has the same id in a poll, a dry run and a backtest."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from watcher.model import Change


def with_id(change: Change) -> Change:
    """`change` with the id that its content gives it: twelve hexadecimal digits."""
    said = (
        change.at.isoformat(),
        change.watch,
        change.kind,
        change.slug,
        change.commodity_type,
        change.year,
        change.company_slug,
        change.metric,
        change.old,
        change.new,
        change.old_slug,
        change.detail,
    )
    return replace(change, id=hashlib.blake2b(repr(said).encode(), digest_size=6).hexdigest())
