"""Who a watchlist looks at after a poll, a site or a company in one commodity, and what figures it has."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from watcher import derived
from watcher.model import EMPTY, Change, Record
from watcher.rules.levels import Figure
from watcher.rules.limits import Limit, Watchlist
from watcher.rules.rulebook import glob

#: A site's slug, a commodity and a metric; the metric is empty where the whole record is meant.
Spot = tuple[str, str, str]
#: The record that a change of a figure belongs to, and the metric: slug, commodity, year, company's slug, metric.
Place = tuple[str, str, int | None, str, str]


@dataclass(frozen=True, slots=True)
class View:
    """What a watchlist sees after a poll.

    Attributes:
        records: every record that is known to exist, of all watches; those that are missing for the moment too.
        touched: the figures that this poll changed or brought. Those of other watches may be older than what was
            told already, so only these are compared.
        changes: this poll's changes of figures, by place.
        companies: former company slug → present one.
        left: slugs of companies that a record left, by being removed or sold.
        doubt: why a record's metric is not to be believed, or nothing.
    """

    records: Sequence[Record]
    touched: frozenset[Spot]
    changes: Mapping[Place, Change]
    companies: Mapping[str, str]
    left: frozenset[str]
    doubt: Callable[[Record, str], str]

    def moved(self, record: Record, metric: str) -> bool:
        """Whether this poll changed what `metric` is made of at a record's site."""
        commodity = record.commodity_type or ""
        spots = ((record.slug, commodity, part) for part in ("", *derived.parts(metric)))
        return any(spot in self.touched for spot in spots)

    def changes_of(self, record: Record, metric: str) -> list[Change]:
        """This poll's changes of what `metric` is made of in one record."""
        place = (record.slug, record.commodity_type or "", record.year, record.company_slug or "")
        found = (self.changes.get((*place, part)) for part in derived.parts(metric))
        return [change for change in found if change is not None]

    def doubts(self, record: Record, metric: str) -> list[str]:
        """Why a record's figure is not to be believed: what this poll's change brought, else what stands in it."""
        moved = {change.metric: change.suspect for change in self.changes_of(record, metric)}
        found = (moved[part] if part in moved else self.doubt(record, part) for part in derived.parts(metric))
        return list(dict.fromkeys(reason for reason in found if reason))


@dataclass(frozen=True, slots=True)
class Seen:
    """A figure with the change that led to it, if one did, and what else is to be said of it."""

    figure: Figure
    change: Change | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """A site, or a company in one commodity: who it is, and its figures.

    Attributes:
        twin: what tells it from another record of the same slug, commodity and year; mostly empty.
        record: the site's, or one that speaks for the company.
        names: the metrics that globs may reach.
        moved: whether this poll changed a metric.
        figure: a metric's figure; None where not all that it is made of has been observed.
    """

    slug: str
    commodity: str
    twin: str
    record: Record
    names: frozenset[str]
    moved: Callable[[str], bool]
    figure: Callable[[str], Seen | None]


@dataclass(frozen=True, slots=True)
class Followed:
    """A company on a list under its present slug: its own limits, those that the list has for all, and its records."""

    slug: str
    own: Mapping[str, Limit]
    records: Sequence[Record]


def by_company(view: View) -> Mapping[str, list[Record]]:
    """Every record under the present slug of its company."""
    found: dict[str, list[Record]] = defaultdict(list)
    for record in view.records:
        if record.company_slug:
            found[view.companies.get(record.company_slug, record.company_slug)].append(record)
    return found


def crowds(records: Iterable[Record]) -> frozenset[tuple[str, str]]:
    """Slugs and commodities that several mines share: two companies may each have a mine of one name."""
    counts = Counter((record.slug, record.commodity_type or "") for record in derived.latest(records))
    return frozenset(shared for shared, count in counts.items() if count > 1)


def followed(
    watchlist: Watchlist, companies: Mapping[str, str], records: Mapping[str, Sequence[Record]]
) -> list[Followed]:
    """The companies of a list, each once, however many of its names the file has."""
    own: dict[str, Mapping[str, Limit]] = {}
    for company, limits in watchlist.companies.items():
        slug = companies.get(company, company)
        before = own.get(slug, EMPTY)
        own[slug] = {**before, **limits} if slug == company else {**limits, **before}
    return [Followed(slug, limits, records.get(slug, ())) for slug, limits in own.items()]


def subjects(
    watchlist: Watchlist, company: Followed, view: View, crowded: Container[tuple[str, str]]
) -> Iterator[Subject]:
    """Who is looked at: each of a company's sites, or the company in each commodity. `crowded` as `crowds` has it."""
    if watchlist.per == "site":
        for record in derived.latest(company.records):
            shared = (record.slug, record.commodity_type or "") in crowded
            yield _site(record, _twin(record) if shared else "", company.records, view)
        return
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in derived.mines(company.records):
        groups[record.commodity_type or ""].append(record)
    for commodity, group in sorted(groups.items()):
        yield _company(company, commodity, group, view)


def metrics(
    own: Mapping[str, Limit], shared: Mapping[str, Limit], names: frozenset[str]
) -> Iterator[tuple[str, Limit]]:
    """Each metric that a limit concerns: those that are named, and those of `names` that a glob reaches.

    A company's own limits stand in place of the list's, be they named or reached by a glob; in each, a name stands
    before a glob.
    """
    taken: set[str] = set()
    for limits in (own, shared):
        globs = [name for name in limits if set(name) & set("*?[")]
        for name, limit in limits.items():
            if name not in globs and name not in taken:
                taken.add(name)
                yield name, limit
        for name in globs:
            for metric in sorted(names - taken, key=lambda metric: (not metric.endswith("total"), metric)):
                if glob(name).match(metric) and metric not in derived.DERIVED:
                    taken.add(metric)
                    yield metric, limits[name]


def list_verdict(watchlist: Watchlist, change: Change, companies: Mapping[str, str]) -> str:
    """Why a list has nothing to look at in a change, in words; empty where it has a limit for what moved.

    Args:
        companies: former company slug → present one.
    """
    if not watchlist.enabled:
        return "it is switched off"
    slug = change.company_slug or ""
    company = next((one for one in followed(watchlist, companies, {}) if one.slug == companies.get(slug, slug)), None)
    if company is None:
        return f"{slug or 'a site without a company'} is not on it"
    if change.metric is None or change.kind != "metric.changed":
        return "it looks at figures only"
    limits = metrics(company.own, watchlist.limits, frozenset({change.metric}))
    if not any(change.metric in derived.parts(metric) for metric, _ in limits):
        return f"it has no limit for {change.metric[:80]}"
    return ""


def _twin(record: Record) -> str:
    return f"{record.company_slug or ''}/{record.project_name or ''}"


def _site(record: Record, twin: str, records: Sequence[Record], view: View) -> Subject:
    def figure(metric: str) -> Seen | None:
        if not derived.observed(record, metric):
            return None
        changes = view.changes_of(record, metric)
        before = _year_before(record, records)
        found = Figure(
            derived.of_record(record, metric),
            derived.of_record(before, metric) if before is not None else None,
            "; ".join(view.doubts(record, metric)),
            any(c.delta is None and c.old is not None and c.new is not None for c in changes),
        )
        return Seen(found, changes[0] if changes else None)

    return Subject(
        record.slug,
        record.commodity_type or "",
        twin,
        record,
        frozenset(record.metrics),
        lambda metric: view.moved(record, metric),
        figure,
    )


def _company(company: Followed, commodity: str, group: list[Record], view: View) -> Subject:
    looked_at = {record.slug for record in company.records if record.detailed}
    left = bool({company.slug, *(record.company_slug or "" for record in group)} & view.left)

    def figure(metric: str) -> Seen | None:
        # A sum over sites whose details nobody has asked for yet would move as they come in.
        if not derived.in_list(metric) and any(record.slug not in looked_at for record in group):
            return None
        total = derived.of_company(group, metric)
        changes = [change for record in group for change in view.changes_of(record, metric)]
        doubts = [
            f"{record.name or record.slug}: {reason}" for record in group for reason in view.doubts(record, metric)
        ]
        before = [earlier for record in group if (earlier := _year_before(record, company.records)) is not None]
        year_before = derived.of_company(before, metric).value if len(before) == len(group) else None
        found = Figure(total.value, year_before, "; ".join(dict.fromkeys(doubts)))
        return Seen(found, changes[0] if changes else None, total.words)

    return Subject(
        company.slug,
        commodity,
        "",
        max(group, key=lambda record: record.year or 0),
        frozenset(name for record in group for name in record.metrics if derived.summable(name)),
        lambda metric: left or any(view.moved(record, metric) for record in group),
        figure,
    )


def _year_before(record: Record, records: Iterable[Record]) -> Record | None:
    if record.year is None:
        return None
    found = [other for other in records if other.year == record.year - 1 and derived.same_mine(record, other)]
    return next((other for other in found if other.project_name == record.project_name), found[0] if found else None)
