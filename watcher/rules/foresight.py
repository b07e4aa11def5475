"""What rules and watchlists will do, in words, and what of them can never do anything (`watcher check`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from watcher import derived
from watcher.model import KINDS, LIST_METRICS, SEVERITIES
from watcher.rules.conditions import Bound, When
from watcher.rules.limits import Limit, Watchlist
from watcher.rules.rule import Rule
from watcher.rules.rulebook import glob


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the stored data holds: names that rules may use (former ones too), and each metric's lowest and highest
    figure with its unit. All empty before the first poll.
    """

    sites: frozenset[str] = frozenset()
    site_names: frozenset[str] = frozenset()
    companies: frozenset[str] = frozenset()
    company_names: frozenset[str] = frozenset()
    provinces: frozenset[str] = frozenset()
    commodities: frozenset[str] = frozenset()
    metrics: Mapping[str, tuple[float, float, str | None]] | None = None


#: A limit so many times beyond every known figure is likely meant in another unit.
_FAR = 20.0


def describe(rule: Rule) -> str:
    """A rule as a sentence."""
    where = "".join(f", where {name} is {' or '.join(globs)}" for name, globs in rule.where.items())
    said = f"{_topics(rule.on)}{where}{_when(rule.when)}"
    again = f"; not again of the same site within {_span(rule.cooldown.total_seconds())}" if rule.cooldown else ""
    off = "" if rule.enabled else " (switched off)"
    return f"tells {' and '.join(rule.to)} of {said} ({rule.severity}){again}{off}"


def describe_list(watchlist: Watchlist) -> Iterator[str]:
    """A watchlist as a sentence, then one for each of its limits."""
    count = len(watchlist.companies)
    companies = f"its {count} companies" if count != 1 else "its company"
    whose = f"a site of {companies}" if watchlist.per == "site" else f"the sum over the sites of one of {companies}"
    repeat = f", again every {_span(watchlist.repeat.total_seconds())}" if watchlist.repeat else ", once each time"
    resolve = "; tells when a figure is back" if watchlist.resolve else ""
    off = "" if watchlist.enabled else " (switched off)"
    yield (
        f"tells {' and '.join(watchlist.to)} when {whose} passes a limit ({watchlist.severity}){repeat}{resolve}{off}"
    )
    for metric, limit in watchlist.limits.items():
        yield f"all companies: {metric} {_limit(limit)}"
    for company, limits in watchlist.companies.items():
        for metric, limit in limits.items():
            yield f"{company}: {metric} {_limit(limit)}"


def rule_warnings(rules: Sequence[Rule], data: Vocabulary, filters: Sequence[Mapping[str, object]]) -> Iterator[str]:
    """What can never be told, and why.

    Args:
        filters: of all watches; a field that every watch narrows can have no other value.
    """
    for number, rule in enumerate(rules):
        if not rule.enabled:
            continue
        moves = _move_warnings(rule.when.falls_by)
        for text in (*_where_warnings(rule, data, filters), *_on_warnings(rule, data), *moves):
            yield f"rule “{rule.name}”: {text}"
        shadow = next((one for one in rules[:number] if _shadows(one, rule)), None)
        if shadow is not None:
            yield f"rule “{rule.name}” never speaks: “{shadow.name}” tells the same targets of the same, and more"


def list_warnings(watchlists: Iterable[Watchlist], data: Vocabulary, *, details: bool) -> Iterator[str]:
    """What can never be told, and why. `details` says whether any watch looks at details."""
    for watchlist in watchlists:
        if not watchlist.enabled:
            continue
        for company in watchlist.companies:
            if data.companies and company not in data.companies:
                near = _near(company, data.companies)
                yield f"watchlist “{watchlist.name}”: no site of a company {company} is known{near}"
        limits = [*watchlist.limits.items()]
        limits += [item for own in watchlist.companies.values() for item in own.items()]
        for metric, limit in limits:
            for text in _limit_warnings(metric, limit, data, details=details):
                yield f"watchlist “{watchlist.name}”: {text}"


def _where_warnings(rule: Rule, data: Vocabulary, filters: Sequence[Mapping[str, object]]) -> Iterator[str]:
    known = {
        "company": data.companies | data.company_names,
        "company_slug": data.companies,
        "company_name": data.company_names,
        "slug": data.sites,
        "name": data.site_names,
        "province": data.provinces,
        "commodity_type": data.commodities,
    }
    for name, globs in rule.where.items():
        stored = known.get(name, frozenset())
        if stored and not _any(globs, stored):
            yield f"no {name.replace('_', ' ')} in the stored data is {' or '.join(globs)}{_near(globs[0], stored)}"
        narrowed = [str(filter[name]) for filter in filters if name in filter]
        if len(narrowed) == len(filters) and narrowed and not _any(globs, narrowed):
            yield f"no watch looks at {name} {' or '.join(globs)}"


def _on_warnings(rule: Rule, data: Vocabulary) -> Iterator[str]:
    if any(glob(pattern).match(kind) for pattern in rule.on for kind in KINDS):
        return
    figures = data.metrics or {}
    reached = [name for name in figures if any(glob(pattern).match(name) for pattern in rule.on)]
    named = [name for name in rule.on if name in derived.DERIVED]
    if figures and not reached and not named:
        yield f"no site has a figure called {' or '.join(rule.on)} so far"
    for name in reached:
        low, high, unit = figures[name]
        yield from _bound_warnings(name, rule.when.above, rule.when.below, low, high, unit)


def _limit_warnings(metric: str, limit: Limit, data: Vocabulary, *, details: bool) -> Iterator[str]:
    if not details and any(part not in LIST_METRICS for part in derived.parts(metric)):
        yield f"{metric} is in details only, and every watch says `details: never`"
    yield from _move_warnings(limit.falls_by)
    figures = data.metrics or {}
    reached = [name for name in figures if glob(metric).match(name)]
    if figures and not reached and metric not in derived.DERIVED:
        yield f"no site has a figure called {metric} so far{_near(metric, figures)}"
    for name in reached:
        low, high, unit = figures[name]
        yield from _bound_warnings(name, limit.above, limit.below, low, high, unit)
        if limit.above is not None and low > limit.above and low < limit.above * _FAR:
            yield f"every known {name} ({low:g} and more) is above {limit.above:g} already; is it the right way round?"
        if limit.below is not None and high < limit.below and high * _FAR > limit.below:
            yield f"every known {name} ({high:g} and less) is below {limit.below:g} already; is it the right way round?"


def _move_warnings(falls_by: Bound | None) -> Iterator[str]:
    if falls_by is not None and falls_by.percent and falls_by.number > 100:
        yield f"no figure falls by {falls_by.number:g} %: by 100 % it is gone"


def _bound_warnings(
    name: str, above: float | None, below: float | None, low: float, high: float, unit: str | None
) -> Iterator[str]:
    said = f"known figures of {name} go from {low:g} to {high:g}{f' {unit}' if unit else ''}"
    if above is not None and above > max(high, 0) * _FAR:
        yield f"above {above:g} is far from any figure ({said}); is it in the right unit?"
    if below is not None and low > 0 and below * _FAR < low:
        yield f"below {below:g} is far from any figure ({said}); is it in the right unit?"


def _shadows(one: Rule, other: Rule) -> bool:
    """Whether `one` tells everything that `other` would, to the same targets, at least as loudly."""
    if not one.enabled or one.cooldown is not None or SEVERITIES.index(one.severity) < SEVERITIES.index(other.severity):
        return False
    on = all(any(name == pattern or glob(pattern).match(name) for pattern in one.on) for name in other.on)
    if any(name in derived.DERIVED and name not in one.on for name in other.on):
        return False
    where = all(name in other.where and set(other.where[name]) <= set(globs) for name, globs in one.where.items())
    when = one.when.empty or one.when == other.when
    return on and where and when and set(other.to) <= set(one.to)


def _any(globs: Iterable[str], values: Iterable[str]) -> bool:
    values = [value.casefold() for value in values]
    return any(glob(pattern).match(value) for pattern in globs for value in values)


def _near(word: str, known: Iterable[str]) -> str:
    hits = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {hits[0]}?" if hits else ""


def _topics(on: Sequence[str]) -> str:
    kinds = [word for word in on if any(glob(word).match(kind) for kind in KINDS)]
    figures = [word for word in on if word not in kinds or word == "*"]
    if "*" in on:
        return "every change"
    parts = [f"every {' or '.join(kinds)}"] if kinds else []
    parts += [f"changes of {', '.join(figures)}"] if figures else []
    return " and ".join(parts)


def _when(when: When) -> str:
    if when.empty:
        return ""
    parts = [
        f"it is {test} {bound:g}" for test, bound in (("above", when.above), ("below", when.below)) if bound is not None
    ]
    moves = (("rises", when.rises_by), ("falls", when.falls_by), ("moves", when.changes_by))
    parts += [f"it {verb} by {_bound(bound)} or more" for verb, bound in moves if bound is not None]
    return f", when {' and '.join(parts)}"


def _limit(limit: Limit) -> str:
    parts = [limit.words(test) for test in limit.tests]
    clear = f", clear past {limit.clear:,.12g}" if limit.clear is not None else ""
    moves = any(isinstance(getattr(limit, test), Bound) for test in limit.tests)
    since = _SINCE[limit.since] if isinstance(limit.since, str) else f"within {_span(limit.since.total_seconds())}"
    return f"{' or '.join(parts)}{clear}{f' {since}' if moves else ''}"


_SINCE = {
    "last_told": "since you were last told",
    "previous": "since the poll before",
    "last_year": "against the year before",
}


def _bound(bound: Bound) -> str:
    return f"{bound.number:g}{' %' if bound.percent else ''}"


def _span(seconds: float) -> str:
    for size, unit in ((604_800, "w"), (86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds % size == 0 and seconds >= size:
            return f"{seconds / size:g}{unit}"
    return f"{seconds:g}s"
