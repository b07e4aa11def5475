"""What happened to a site: the kinds of change and what each carries (DESIGN section 3, an interface)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from watcher.model.crossings import Crossing

Kind = Literal[
    "site.added",
    "site.removed",
    "site.returned",
    "site.entered",
    "site.left",
    "site.renamed",
    "site.moved",
    "owner.changed",
    "company.renamed",
    "report.added",
    "metric.changed",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

Nature = Literal["reported", "revised", "disclosed", "withdrawn", "reverted"]
NATURES: tuple[Nature, ...] = get_args(Nature)

Severity = Literal["info", "warning", "critical"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two accepted snapshots of a watch.

    `old` and `new` are numbers for `metric.changed` and `report.added`, words for the other kinds,
    None for null. `delta` is new less old in `unit`; `percent` is a percentage of the old figure (12.5 is 12.5 %).
    `suspect` and `corrects` are empty or a reason in words. `detail` says what no other field does:
    why a site left, or which year a report is compared with.
    """

    id: str
    at: datetime
    watch: str
    kind: Kind
    slug: str
    name: str | None = None
    company_slug: str | None = None
    company_name: str | None = None
    commodity_type: str | None = None
    year: int | None = None
    metric: str | None = None
    unit: str | None = None
    old: float | str | None = None
    new: float | str | None = None
    delta: float | None = None
    percent: float | None = None
    nature: Nature | None = None
    suspect: str = ""
    corrects: str = ""
    detail: str = ""
    old_slug: str | None = None
    old_year: int | None = None
    province: str | None = None
    city: str | None = None
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """A change that a rule, or a crossing that a watchlist, wants told, and to which targets.

    `rule` is the rule's or the watchlist's name. `silenced` is the reason of the silence that keeps it from being sent.
    """

    rule: str
    severity: Severity
    targets: tuple[str, ...]
    about: Change | Crossing
    template: str | None = None
    silenced: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that the operator must hear of the watcher's own work (DESIGN section 5, `ops`)."""

    kind: str
    title: str
    text: str
    severity: Severity = "warning"
    watch: str | None = None
