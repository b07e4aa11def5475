"""What the API says of a mining site, normalised: values, records, snapshots (DESIGN section 2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any

EMPTY: Mapping[str, Any] = MappingProxyType({})


def _empty() -> Mapping[str, Any]:
    return EMPTY


#: Metrics that the list endpoint shows; every other metric is in the detail only.
LIST_METRICS = ("production_volume", "strip_ratio")


@dataclass(frozen=True, slots=True)
class Value:
    """A number with its unit. `unit` is canonical (`Mt`, `koz`, `g/t` …) or None.

    `stated` tells whether the API named the unit itself; otherwise it is the metric's usual one.
    """

    amount: float
    unit: str | None = None
    stated: bool = False


@lru_cache(maxsize=1 << 16)
def valued(amount: float, unit: str | None, stated: bool) -> Value:
    """A value, one and the same for the same figure: a poll reads again nearly all that is known already."""
    return Value(amount, unit, stated)


@dataclass(frozen=True, slots=True)
class Record:
    """What one row says of one site in one year for one commodity.

    `metrics` holds numbers only. A metric that is absent is *null* where the record could have it
    (a list metric, or a detail metric once `detailed`), else *not observed*. `unread` names the
    fields that came in a form nobody can read: they are not observed either. Field names there are
    the API's (`production_volume`, `year`, `location`, `resources_reserves` …).
    """

    slug: str
    commodity_type: str | None = None
    year: int | None = None
    name: str | None = None
    project_name: str | None = None
    company_slug: str | None = None
    company_name: str | None = None
    province: str | None = None
    city: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    metrics: Mapping[str, Value] = field(default_factory=_empty)
    attributes: Mapping[str, str] = field(default_factory=_empty)
    detailed: bool = False
    unread: frozenset[str] = field(default=frozenset())

    @property
    def key(self) -> tuple[str, str | None, int | None]:
        """The record's identity (DESIGN section 2); twins within it are told apart by company and project."""
        return (self.slug, self.commodity_type, self.year)

    def observed(self, metric: str) -> bool:
        """Whether the API has been asked for `metric` and its answer could be read."""
        if metric in LIST_METRICS:
            return metric not in self.unread
        if not self.detailed:
            return False
        if metric == "overburden_removal_volume":
            return metric not in self.unread
        return "resources_reserves" not in self.unread

    def null(self, metric: str) -> bool:
        """Whether the API says nothing for `metric`, be it as a number or in words (`<5100`)."""
        return self.observed(metric) and metric not in self.metrics and metric not in self.attributes


def in_order(record: Record) -> tuple[str, str, int, str, str, str, str, str]:
    """The sort key of a snapshot: the same records are in the same order, twins that differ in anything included."""
    figures = repr(sorted((name, value.amount, value.unit) for name, value in record.metrics.items()))
    texts = (record.company_slug or "", record.project_name or "", record.name or "", figures)
    who = (record.company_slug, record.project_name, record.name, record.company_name, record.commodity_type)
    where = (record.year, record.province, record.city, record.latitude, record.longitude, record.detailed)
    rest = (who, where, sorted(record.unread), sorted(record.attributes.items()))
    return (record.slug, record.commodity_type or "", record.year or 0, *texts, repr(rest))


def ordered(records: Iterable[Record]) -> tuple[Record, ...]:
    """The records sorted by `in_order`, of which only those of one slug need more than the slug."""
    records = tuple(records)
    alone = {record.slug: record for record in records}
    if len(alone) == len(records):
        return tuple(alone[slug] for slug in sorted(alone))
    by_slug: dict[str, list[Record]] = {}
    for record in records:
        by_slug.setdefault(record.slug, []).append(record)
    found: list[Record] = []
    for slug in sorted(by_slug):
        twins = by_slug[slug]
        found += twins if len(twins) == 1 else sorted(twins, key=in_order)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that the API said of a watch's sites at one moment, sorted by `in_order`."""

    at: datetime
    records: tuple[Record, ...]

    @property
    def slugs(self) -> frozenset[str]:
        return frozenset(record.slug for record in self.records)


@dataclass(frozen=True, slots=True)
class Detail:
    """The detail endpoint's answer for one slug: a JSON `body`, or None for a 404."""

    slug: str
    body: object | None

    @property
    def gone(self) -> bool:
        return self.body is None


@dataclass(frozen=True, slots=True)
class Sweep:
    """The raw answers of one poll: every row of the list, and the details that were asked for.

    A detail whose call failed is absent from `details`: it was not observed.
    """

    at: datetime
    rows: tuple[object, ...]
    details: Mapping[str, Detail] = field(default_factory=_empty)
