"""Who is told of what: rules on changes, watchlists on levels, less what is silenced (DESIGN section 5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from watcher import derived, diff, judge, rules
from watcher.model import (
    SEVERITIES,
    Alert,
    Change,
    Crossing,
    Level,
    LevelKey,
    Memory,
    Notice,
    Record,
    Standing,
    Value,
    renamed,
)
from watcher.pipeline.settings import WatchSettings
from watcher.pipeline.step import Step


@dataclass(frozen=True, slots=True)
class Telling:
    """The alerts of a poll, what rules and watchlists remember from now on, and what the operator hears of it."""

    alerts: tuple[Alert, ...]
    standing: Standing
    notices: tuple[Notice, ...] = ()


def tell(
    memory: Memory, after: Memory, step: Step | None, changes: Sequence[Change], settings: WatchSettings, now: datetime
) -> Telling:
    """Who is told of `changes`, and of figures at limits.

    Args:
        after: the memory as decided so far, with the new snapshot and absents.
        step: what led there; None at a baseline.
    """
    standing = _followed(memory.standing, changes)
    former = _former(standing)
    computed = _derived_changes(memory, after, step, standing, settings, now) if step is not None else ()
    told = rules.alerts((*changes, *computed), settings.rules, former=former, cooldowns=standing.cooldowns, now=now)
    told = tuple(replace(alert, silenced=rules.silenced(alert, settings.silences, now, former)) for alert in told)
    levels: Mapping[LevelKey, Level] = {}
    crossings: list[Alert] = []
    if settings.watchlists:
        crossings, levels = rules.watch_levels(
            settings.watchlists,
            standing.levels,
            _view(after, step, changes, standing, settings),
            watch=settings.name,
            now=now,
            hush=lambda alert: rules.silenced(alert, settings.silences, now, former),
        )
    cooling = {rule.name for rule in settings.rules if rule.cooldown is not None}
    cooldowns = dict(standing.cooldowns)
    cooldowns |= {(a.rule, a.about.slug): now for a in told if a.rule in cooling and not a.silenced}
    told = _not_told_elsewhere(told, memory.told_elsewhere)
    alerts = tuple(one for alert in (*told, *crossings) if (one := _loud_enough(alert, settings)) is not None)
    notices = tuple(_company_followed(changes, settings, memory.standing))
    return Telling(alerts, replace(standing, levels=levels, cooldowns=cooldowns), notices)


def verdicts(change: Change, told_by: Sequence[rules.Rule], standing: Standing) -> dict[str, str]:
    """Per rule why it does not match a change, in words; empty where it does. For `watcher explain`."""
    former = _former(standing)
    return {rule.name: rules.verdict(rule, change, former) for rule in told_by}


def list_verdicts(change: Change, lists: Sequence[rules.Watchlist], standing: Standing) -> dict[str, str]:
    """Per watchlist why it has nothing to look at in a change; empty where it has. For `watcher explain`."""
    return {one.name: rules.list_verdict(one, change, standing.companies) for one in lists}


def _not_told_elsewhere(alerts: Sequence[Alert], elsewhere: Sequence[Alert]) -> tuple[Alert, ...]:
    """Alerts less the targets that the same rule told the same of already: watches may overlap, messages must not."""
    told = {(alert.rule, target, _news(alert.about)) for alert in elsewhere for target in alert.targets}
    found = []
    for alert in alerts:
        targets = tuple(t for t in alert.targets if (alert.rule, t, _news(alert.about)) not in told)
        if targets:
            found.append(replace(alert, targets=targets))
    return tuple(found)


def _news(about: Change | Crossing) -> tuple[object, ...]:
    """What a change says, whichever watch and moment it was found by."""
    if isinstance(about, Crossing):
        return (about.id,)
    return (
        *(about.kind, about.slug, about.commodity_type, about.year, about.metric),
        *(about.old, about.new, about.old_slug, about.company_slug),
    )


def _loud_enough(alert: Alert, settings: WatchSettings) -> Alert | None:
    """The alert, less the targets that do not want to hear of what matters so little."""
    rank = SEVERITIES.index(alert.severity)
    targets = tuple(
        target for target in alert.targets if rank >= SEVERITIES.index(settings.min_severity.get(target, "info"))
    )
    return replace(alert, targets=targets) if targets else None


def _followed(standing: Standing, changes: Iterable[Change]) -> Standing:
    """Levels and cooldowns go on under the slugs that mines and companies have now."""
    sites, companies = dict(standing.sites), dict(standing.companies)
    moved: dict[str, str] = {}
    for change in changes:
        if change.kind == "site.renamed" and change.old_slug and change.old_slug != change.slug:
            sites = dict(renamed(sites, change.old_slug, change.slug))
            moved[change.old_slug] = change.slug
        elif change.kind == "company.renamed" and change.old_slug:
            companies = dict(renamed(companies, change.old_slug, change.slug))
            moved[change.old_slug] = change.slug
        elif change.kind == "site.returned":
            sites.pop(change.slug, None)
    if not moved and sites == standing.sites:
        return standing
    return Standing(
        levels={replace(key, slug=moved.get(key.slug, key.slug)): level for key, level in standing.levels.items()},
        cooldowns={(rule, moved.get(slug, slug)): at for (rule, slug), at in standing.cooldowns.items()},
        sites=sites,
        companies=companies,
    )


def _former(standing: Standing) -> rules.Former:
    """The names that sites and companies had before, by the names they have now."""
    former: dict[str, dict[str, tuple[str, ...]]] = {"slug": {}, "company": {}}
    for field, names in (("slug", standing.sites), ("company", standing.companies)):
        for old, now in names.items():
            former[field][now] = (*former[field].get(now, ()), old)
    return former


def _view(
    after: Memory, step: Step | None, changes: Sequence[Change], standing: Standing, settings: WatchSettings
) -> rules.View:
    left = {change.company_slug or "" for change in changes if change.kind in {"site.removed", "site.left"}}
    if step is not None:
        left |= {old.company_slug or "" for old, new in step.pairs if old.company_slug != new.company_slug}
    by_place = {
        (change.slug, change.commodity_type or "", change.year, change.company_slug or "", change.metric or ""): change
        for change in changes
        if change.kind == "metric.changed"
    }
    return rules.View(
        records=_known(after),
        touched=frozenset(_touched(step)) if step is not None else frozenset(),
        changes=by_place,
        companies=standing.companies,
        left=frozenset(left),
        doubt=partial(judge.doubt, policy=settings.judgement.suspects),
    )


def _known(memory: Memory) -> tuple[Record, ...]:
    """Every record that is known to exist: of the watch, those that are missing for the moment, those of others."""
    records = memory.snapshot.records if memory.snapshot is not None else ()
    missing = [entry.record for entry in memory.absent if entry.state == "missing"]
    here = {record.slug for record in (*records, *missing)}
    return (*records, *missing, *(record for record in memory.others if record.slug not in here))


def _touched(step: Step) -> Iterable[tuple[str, str, str]]:
    """The figures that a step changed or brought, as a watchlist's view wants them."""
    for record in (*step.fresh, *(new for _, new in step.back)):
        yield record.slug, record.commodity_type or "", ""
    for old, new in step.pairs:
        if old is new:
            continue
        if (old.key, old.company_slug) != (new.key, new.company_slug):
            yield new.slug, new.commodity_type or "", ""
        for metric in old.metrics.keys() | new.metrics.keys():
            if old.metrics.get(metric) != new.metrics.get(metric):
                yield new.slug, new.commodity_type or "", metric


def _company_followed(changes: Iterable[Change], settings: WatchSettings, before: Standing) -> Iterable[Notice]:
    """A company on a watchlist that was renamed: the list goes on under the new slug, and the file wants a line."""
    for change in changes:
        if change.kind != "company.renamed" or before.companies.get(change.old_slug or "") == change.slug:
            continue  # not this, or another watch has said so
        lists = [one.name for one in settings.watchlists if change.old_slug in one.companies]
        if lists:
            yield Notice(
                "company.followed",
                f"{change.old_slug} is {change.slug} now",
                f"The watchlist{'s' if len(lists) > 1 else ''} {', '.join(lists)} went on under the new slug by "
                f"itself. To keep rules.yaml right, write {change.slug} there instead of {change.old_slug}.",
                severity="info",
                watch=settings.name,
            )


def _derived_changes(
    memory: Memory, after: Memory, step: Step, standing: Standing, settings: WatchSettings, now: datetime
) -> tuple[Change, ...]:
    """The movements of the derived metrics that a rule names."""
    named = {name for rule in settings.rules if rule.enabled for name in rule.on} & set(derived.DERIVED)
    if not named:
        return ()
    found: list[Change] = []
    moved = [(old, new) for old, new in step.pairs if old is not new]
    moved += [(entry.record, new) for entry, new in step.back]
    for metric in sorted(named & set(derived.OF_SITE)):
        for old, new in moved:
            if derived.observed(old, metric) and derived.observed(new, metric):
                pair = derived.of_record(old, metric), derived.of_record(new, metric)
                found += _figure(old, new, metric, *pair, _doubts(new, metric, settings), settings.name, now)
    companies = named & set(derived.OF_COMPANY)
    if companies:
        found += _company_changes(memory, after, standing, sorted(companies), settings, now)
    return tuple(diff.with_id(change) for change in found)


def _company_changes(
    memory: Memory, after: Memory, standing: Standing, metrics: Sequence[str], settings: WatchSettings, now: datetime
) -> Iterable[Change]:
    """The movements of companies' sums, over all watches as watchlists see them."""
    before, present = _by_company(_known(memory), standing), _by_company(_known(after), standing)
    for key in sorted(before.keys() & present.keys()):
        if before[key] == present[key]:
            continue
        olds, news = derived.mines(before[key]), derived.mines(present[key])
        for metric in metrics:
            if any(not derived.observed(record, metric) for record in (*olds, *news)):
                continue
            was, now_is = derived.of_company(olds, metric), derived.of_company(news, metric)
            doubts = (f"{one.name or one.slug}: {why}" for one in news if (why := _doubts(one, metric, settings)))
            said = _figure(olds[0], news[0], metric, was.value, now_is.value, "; ".join(doubts), settings.name, now)
            for change in said:
                yield replace(
                    change, slug=key[0], name=change.company_name, detail=now_is.words, company_slug=key[0],
                    province=None, city=None, latitude=None, longitude=None,
                )  # fmt: skip


def _by_company(records: Iterable[Record], standing: Standing) -> dict[tuple[str, str], list[Record]]:
    """Records by their company's present slug and commodity."""
    found: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in records:
        slug = record.company_slug or ""
        if slug:
            found[standing.companies.get(slug, slug), record.commodity_type or ""].append(record)
    return found


def _figure(
    before: Record, record: Record, metric: str, old: Value | None, new: Value | None, suspect: str, watch: str,
    now: datetime,
) -> Iterable[Change]:  # fmt: skip
    move = diff.move(old, new)
    if move is not None:
        year_moved = before.year is not None and record.year is not None and before.year != record.year
        old_year = before.year if year_moved else None
        nature = "reported" if year_moved and None not in {old, new} else diff.nature(move)
        change = diff.figures(record, metric, move, nature, at=now, watch=watch, old_year=old_year)
        yield replace(change, suspect=suspect or change.suspect)


def _doubts(record: Record, metric: str, settings: WatchSettings) -> str:
    reasons = (judge.doubt(record, part, settings.judgement.suspects) for part in derived.parts(metric))
    return "; ".join(dict.fromkeys(reason for reason in reasons if reason))
