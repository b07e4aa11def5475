"""What is not in the list any more: missing, and only after a while removed, or left (DESIGN section 4, `removal`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from watcher.judge.policy import RemovalPolicy
from watcher.model import Absent, Record


def overdue(
    absent: Iterable[Absent], present: frozenset[str], policy: RemovalPolicy, now: datetime
) -> dict[str, list[Absent]]:
    """The sites that have been missing for `confirm_after`, by slug: their detail is asked for once."""
    found: dict[str, list[Absent]] = {}
    for entry in absent:
        slug = entry.record.slug
        if entry.state == "missing" and slug not in present and now - entry.since >= policy.confirm_after:
            found.setdefault(slug, []).append(entry)
    return found


def reason_left(filter: Mapping[str, object], record: Record) -> str:
    """Why a site that still exists is no longer listed: the field that does not match the watch's filter any more."""
    shown = {
        "company": (record.company_slug, "its company is now"),
        "province": (record.province, "its province is now"),
        "commodity_type": (record.commodity_type, "its commodity is now"),
        "year": (record.year, "its reporting year is now"),
    }
    reasons = []
    for name, wanted in filter.items():
        if name == "min_production":
            production = record.metrics.get("production_volume")
            if production is None:
                reasons.append(f"its production is no longer given (the watch asks for {wanted} or more)")
            elif isinstance(wanted, int | float) and production.amount < wanted:
                reasons.append(f"its production is now {production.amount:g} (the watch asks for {wanted} or more)")
        elif name in shown and str(shown[name][0] or "").casefold() != str(wanted).casefold():
            reasons.append(f"{shown[name][1]} {shown[name][0] or 'not given'} (the watch asks for {wanted})")
    return "; ".join(reasons) or "the list no longer shows it, though its own page still answers"
