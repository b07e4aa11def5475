"""A sweep, read whole: every row with its detail, and what could not be read."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from watcher.model import LIST_METRICS, Detail, Record, Sweep
from watcher.parse import rows


@dataclass(frozen=True, slots=True)
class Observation:
    """What one sweep says, before it is compared with anything.

    Attributes:
        records: one per readable row, in the list's order, with its detail where one was fetched.
        unreadable: rows without a readable slug.
        fetched: slugs whose detail answered; `gone`: those whose detail was a 404.
        loose: details of slugs that the list does not have.
        fingerprints: per slug, a digest of its list rows; equal as long as they say the same.
        unread: how many rows or details had something in them that could not be read.
        unknown: keys that the parser does not know, each with the slugs it was seen on.
    """

    records: tuple[Record, ...]
    unreadable: int
    unread: int
    fetched: frozenset[str]
    gone: frozenset[str]
    loose: Mapping[str, Record]
    fingerprints: Mapping[str, str]
    unknown: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Listing:
    """The rows of a list, read: its readable records, how many rows there were, and the fingerprints of its slugs."""

    records: tuple[Record, ...]
    rows: int
    fingerprints: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DetailRead:
    """One detail, read: its record (None where it could not be), the keys nobody knows, whether it was a 404."""

    record: Record | None
    unknown: frozenset[str] = frozenset()
    gone: bool = False


def read_list(raw_rows: Iterable[object]) -> Listing:
    """Read every row of a list. Raises nothing, whatever the JSON."""
    raw_rows = tuple(raw_rows)
    records = tuple(row.record for raw in raw_rows if (row := rows.read(raw, detail=False)) is not None)
    return Listing(records, len(raw_rows), _fingerprints(records))


def listing_of(records: Iterable[Record]) -> Listing:
    """The list that the API gave when it led to `records`: what of them only a detail says is left out."""
    shown = tuple(map(undetailed, records))
    return Listing(shown, len(shown), _fingerprints(shown))


def undetailed(record: Record) -> Record:
    """What of a record the list alone says."""
    return replace(
        record,
        metrics={name: value for name, value in record.metrics.items() if name in LIST_METRICS},
        attributes={},
        latitude=None,
        longitude=None,
        detailed=False,
        unread=record.unread - _ONLY_DETAIL,
    )


def read_detail(detail: Detail) -> DetailRead:
    """Read one detail. Raises nothing, whatever the JSON."""
    if detail.gone:
        return DetailRead(None, gone=True)
    row = rows.read(_named(detail.body, detail.slug), detail=True)
    return DetailRead(None) if row is None else DetailRead(row.record, row.unknown)


def observe(sweep: Sweep) -> Observation:
    """Read every row and detail of `sweep`. Raises nothing, whatever the JSON."""
    return join(read_list(sweep.rows), {slug: read_detail(detail) for slug, detail in sweep.details.items()})


def join(listing: Listing, read: Mapping[str, DetailRead]) -> Observation:
    """A list and the details that were asked for, as one observation."""
    listed = list(listing.records)
    details = {slug: detail.record for slug, detail in read.items() if detail.record is not None}
    unknown: dict[str, set[str]] = defaultdict(set)
    for slug, detail in read.items():
        for key in detail.unknown:
            unknown[key].add(slug)
    by_slug: dict[str, list[int]] = defaultdict(list)
    for index, record in enumerate(listed):
        by_slug[record.slug].append(index)
    for slug, detail_record in details.items():
        place = _row_of(detail_record, [(index, listed[index]) for index in by_slug.get(slug, ())])
        if place is not None:
            listed[place] = _with_detail(listed[place], detail_record)
    return Observation(
        records=tuple(listed),
        unreadable=listing.rows - len(listed),
        unread=listing.rows - sum(not record.unread for record in listed),
        fetched=frozenset(details),
        gone=frozenset(slug for slug, detail in read.items() if detail.gone),
        loose={slug: record for slug, record in details.items() if slug not in by_slug},
        fingerprints=listing.fingerprints,
        unknown={key: frozenset(slugs) for key, slugs in unknown.items()},
    )


def _fingerprints(records: Iterable[Record]) -> dict[str, str]:
    """Per slug, a digest of what its list rows say: the same for every spelling of the same."""
    said: dict[str, list[str]] = defaultdict(list)
    for record in records:
        figures = [(name, value.amount, value.unit) for name, value in sorted(record.metrics.items())]
        place = (record.province, record.city)
        who = (record.name, record.project_name, record.company_slug, record.company_name)
        said[record.slug].append(repr((*record.key, *who, *place, figures, sorted(record.unread))))
    return {
        slug: hashlib.blake2b("\n".join(sorted(texts)).encode(), digest_size=8).hexdigest()
        for slug, texts in said.items()
    }


def _named(body: object, slug: str) -> object:
    """A detail under the slug that it was asked for: that is what it answers to, whatever slug it says or lacks."""
    return {**body, "slug": slug} if isinstance(body, dict) else body


def _row_of(detail: Record, candidates: list[tuple[int, Record]]) -> int | None:
    """The list row that a detail belongs to: the endpoint answers one row per slug, the list may have several."""
    for same in (
        lambda row: (
            (row.key, row.company_slug, row.project_name) == (detail.key, detail.company_slug, detail.project_name)
        ),
        lambda row: row.key == detail.key,
    ):
        exact = [index for index, row in candidates if same(row)]
        if exact:
            return exact[0] if len(exact) == 1 else None
    if len(candidates) == 1:
        index, row = candidates[0]
        unsaid = row.year is None or detail.year is None or row.year == detail.year
        if unsaid and (row.commodity_type is None or row.commodity_type == detail.commodity_type):
            return index
    return None


def _with_detail(row: Record, detail: Record) -> Record:
    """The list row with what only its detail says; what both say is taken from the list, unless unread there."""
    metrics = {name: value for name, value in detail.metrics.items() if name not in LIST_METRICS}
    metrics |= row.metrics
    missing = {name: getattr(detail, name) for name in row.unread & _SHARED if name not in detail.unread}
    for name in row.unread & set(LIST_METRICS):
        if name not in detail.unread and name in detail.metrics:
            metrics[name] = detail.metrics[name]
    both = (row.unread & detail.unread) | (row.unread & (_SHARED | set(LIST_METRICS)) & detail.unread)
    only_detail = detail.unread & _ONLY_DETAIL
    if "location" not in detail.unread:
        missing |= {name: getattr(detail, name) for name in ("province", "city") if name in row.unread}
        both -= {"province", "city"}
    elif row.unread & {"province", "city"}:
        both |= row.unread & {"province", "city"}
    return replace(
        row,
        metrics=metrics,
        attributes=detail.attributes,
        latitude=detail.latitude,
        longitude=detail.longitude,
        detailed=True,
        unread=frozenset(both | only_detail),
        **missing,
    )


_SHARED = frozenset({"name", "project_name", "company_slug", "company_name", "commodity_type", "year"})
_ONLY_DETAIL = frozenset({"overburden_removal_volume", "resources_reserves", "location"})
