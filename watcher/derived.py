"""Figures that are computed from others, never stored as observed (DESIGN section 2): of a site, and of a company.

A figure that a part is missing for is not computed; a company's says how many of its sites had no part in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from watcher import units
from watcher.geography import metres_apart
from watcher.model import LIST_METRICS, Record, Value

PRODUCTION, OVERBURDEN, STRIP, RESERVES = (
    "production_volume",
    "overburden_removal_volume",
    "strip_ratio",
    "reserves.total",
)

#: Of one site: reserves ÷ production in years; overburden ÷ production.
OF_SITE = ("reserve_life", "implied_strip_ratio")
#: Of a company, over its sites: totals, and the production-weighted strip ratio.
OF_COMPANY = ("company.production_volume", "company.reserves.total", "company.resources.total", "company.strip_ratio")
DERIVED = (*OF_SITE, *OF_COMPANY)

#: What each ratio is made of: (above the line, below the line, unit).
_RATIOS = {"reserve_life": (RESERVES, PRODUCTION, "years"), "implied_strip_ratio": (OVERBURDEN, PRODUCTION, "bcm/t")}

#: Within so many metres two records of one name are of one mine.
_SAME_PLACE = 1_000.0


def parts(metric: str) -> tuple[str, ...]:
    """The observed metrics that a metric is made of; itself, if it is observed."""
    if metric in _RATIOS:
        return _RATIOS[metric][:2]
    plain = metric.removeprefix("company.")
    return (STRIP, PRODUCTION) if plain == STRIP and metric != STRIP else (plain,)


def observed(record: Record, metric: str) -> bool:
    """Whether all that `metric` is made of has been asked for and could be read."""
    return all(record.observed(part) for part in parts(metric))


def of_record(record: Record, metric: str) -> Value | None:
    """A metric of one record, observed or computed; None for null."""
    if metric not in _RATIOS:
        return record.metrics.get(metric)
    above, below, unit = _RATIOS[metric]
    return _ratio([record], above, below, unit).value


@dataclass(frozen=True, slots=True)
class Sum:
    """A figure over several sites: how many had what it takes, and how many had not."""

    value: Value | None
    sites: int
    without: int

    @property
    def words(self) -> str:
        """`over 5 sites, 2 of them without a figure`; a site with several records counts once."""
        plural = "s" if self.sites != 1 else ""
        lacking = f", {self.without} of them without a figure" if self.without else ""
        return f"over {self.sites} site{plural}{lacking}"


def summable(metric: str) -> bool:
    """Whether a metric means something over all sites of a company."""
    plain = metric.removeprefix("company.")
    return plain in {PRODUCTION, OVERBURDEN, STRIP, *_RATIOS} or (
        ("reserves." in plain or "resources." in plain) and not plain.endswith("grade")
    )


def of_company(records: Iterable[Record], metric: str) -> Sum:
    """A metric over a company's records (one per site): a sum, or for ratios the ratio of the sums.

    The strip ratio is weighted by production. Units are converted to that of the first figure.
    """
    records = list(records)
    plain = metric.removeprefix("company.")
    if plain in _RATIOS:
        return _ratio(records, *_RATIOS[plain])
    if plain == STRIP:
        return _weighted(records)
    total, unit, stated = 0.0, None, False
    having: set[str] = set()
    for record in records:
        value = record.metrics.get(plain)
        scale = _scale(value, unit)
        if value is None or scale is None:
            continue
        if not having:
            unit, stated = value.unit, value.stated
        total += value.amount * scale
        having.add(record.slug)
    return _sum(Value(_tidy(total), unit, stated) if having else None, records, having)


def _sum(value: Value | None, records: Iterable[Record], having: set[str]) -> Sum:
    sites = {record.slug for record in records}
    return Sum(value, len(sites), len(sites - having))


def _scale(value: Value | None, unit: str | None) -> float | None:
    if value is None:
        return None
    return 1.0 if unit is None or value.unit is None else units.factor(value.unit, unit)


def _ratio(records: list[Record], above: str, below: str, unit: str) -> Sum:
    top = bottom = 0.0
    having: set[str] = set()
    for record in records:
        one, other = record.metrics.get(above), record.metrics.get(below)
        if one is None or other is None or other.amount <= 0 or one.amount < 0:
            continue
        scale = _below(one, other)
        if scale is None:
            continue
        top += one.amount
        bottom += other.amount * scale
        having.add(record.slug)
    return _sum(Value(_tidy(top / bottom), unit) if bottom else None, records, having)


def _below(above: Value, below: Value) -> float | None:
    """What the lower figure is multiplied by: reserves and production in one unit, Mbcm over Mt."""
    wanted = "Mt" if above.unit in {"Mbcm", None} else above.unit
    return 1.0 if below.unit is None else units.factor(below.unit, wanted)


def _weighted(records: list[Record]) -> Sum:
    top = bottom = 0.0
    unit = None
    having: set[str] = set()
    for record in records:
        ratio, production = record.metrics.get(STRIP), record.metrics.get(PRODUCTION)
        scale = None if production is None or production.unit is None else units.factor(production.unit, "Mt")
        if ratio is None or production is None or production.amount <= 0:
            continue
        weight = production.amount * (scale or 1.0)
        top += ratio.amount * weight
        bottom += weight
        unit = ratio.unit
        having.add(record.slug)
    return _sum(Value(_tidy(top / bottom), unit) if bottom else None, records, having)


def latest(records: Iterable[Record]) -> list[Record]:
    """The records of the latest year of each site, company and commodity: mostly one, more where mines share all."""
    years: dict[tuple[str, str | None, str | None], int] = {}
    records = list(records)
    for record in records:
        key = (record.slug, record.company_slug, record.commodity_type)
        years[key] = max(record.year or 0, years.get(key, 0))
    return [
        record
        for record in records
        if (record.year or 0) == years[record.slug, record.company_slug, record.commodity_type]
    ]


def mines(records: Iterable[Record]) -> list[Record]:
    """The latest record of each mine, for sums: upstream lists some mines under another slug for each year.

    Records of one name, company and commodity are one mine where each is of another year, and none lies elsewhere.
    """
    alike: dict[tuple[str | None, str | None, str], list[Record]] = defaultdict(list)
    for record in latest(records):
        alike[record.company_slug, record.commodity_type, (record.name or record.slug).casefold()].append(record)
    return [one for group in alike.values() for one in (group if _several_mines(group) else [_newest(group)])]


def same_mine(one: Record, other: Record) -> bool:
    """Whether two records of different years are of one mine: by slug, or by all that a name, owner and place say."""
    if one.slug == other.slug:
        return one.commodity_type == other.commodity_type
    who = (one.company_slug, one.commodity_type, one.name)
    return one.name is not None and who == (other.company_slug, other.commodity_type, other.name) and _near(one, other)


def _newest(group: list[Record]) -> Record:
    return max(group, key=lambda record: record.year or 0)


def _several_mines(group: list[Record]) -> bool:
    years = {record.year for record in group}
    return None in years or len(years) < len(group) or not all(_near(group[0], record) for record in group[1:])


def _near(one: Record, other: Record) -> bool:
    metres = metres_apart((one.latitude, one.longitude), (other.latitude, other.longitude))
    return metres is None or metres < _SAME_PLACE


def in_list(metric: str) -> bool:
    """Whether the list alone says all that `metric` is made of."""
    return all(part in LIST_METRICS for part in parts(metric))


def _tidy(number: float) -> float:
    return float(f"{number:.12g}")
