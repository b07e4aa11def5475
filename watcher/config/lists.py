"""What targets, watchlists and silences may say beyond their shape."""

from __future__ import annotations

from collections.abc import Mapping

from watcher import derived
from watcher.config import schema
from watcher.config.document import Document
from watcher.config.names import METRICS, Place, check_cron, check_targets, check_values, metric_can_occur, near
from watcher.rules import MATCHER_FIELDS

_MOVEMENTS = ("rises_by", "falls_by", "changes_by")


def check(document: Document, file: schema.File, rules: set[str]) -> None:
    """Note every mistake of meaning in `targets`, `watchlists` and `silences`.

    Args:
        rules: the names of all rules; a watchlist needs one of its own.
    """
    for name, target in file.targets.items():
        _target(document, ("targets", name), target)
    for name, watchlist in file.watchlists.items():
        path: Place = ("watchlists", name)
        if name in rules:
            document.mistake(path, f"a rule is called {name!r} too; alerts need one name each", key=True)
        check_targets(document, (*path, "to"), watchlist.to)
        if not (watchlist.limits or any(watchlist.companies.values()) or document.wrong_within(path)):
            document.mistake(path, "without `limits` there is nothing to tell", key=True)
        _limits(document, (*path, "limits"), watchlist.limits, watchlist)
        for company, limits in watchlist.companies.items():
            _limits(document, (*path, "companies", company), limits, watchlist)
    for index, silence in enumerate(file.silences):
        for field, words in silence.matcher.items():
            here = ("silences", index, "matcher", field)
            if field in MATCHER_FIELDS:
                check_values(document, here, field, words, (*rules, *file.watchlists))
            else:
                document.mistake(here, f"unknown field `{field}`{near(field, MATCHER_FIELDS)}", key=True)


def _target(document: Document, path: Place, target: schema.TargetUrl) -> None:
    if target.digest is not None:
        check_cron(document, (*path, "digest"), target.digest)
    elif not document.wrong_within(path):
        for name in ("even_if_quiet", "attach_report"):
            if getattr(target, name):
                document.mistake((*path, name), "this needs a `digest`", key=True)


def _limits(document: Document, path: Place, limits: Mapping[str, schema.Limit], watchlist: schema.Watchlist) -> None:
    for metric, limit in limits.items():
        here = (*path, metric)
        if not metric_can_occur(metric):
            hint = near(metric, (*METRICS, *derived.DERIVED)) or f"; known: {', '.join((*METRICS, *derived.DERIVED))}"
            document.mistake(here, f"unknown metric `{metric}`{hint}", key=True)
        elif watchlist.per == "site" and metric in derived.OF_COMPANY:
            document.mistake(here, f"`{metric}` is a company's figure; it needs `per: company`", key=True)
        elif watchlist.per == "company" and not set(metric) & set("*?[") and not derived.summable(metric):
            document.mistake(here, f"`{metric}` has no sum over a company's sites", key=True)
        _limit(document, here, limit)


def _limit(document: Document, path: Place, limit: schema.Limit) -> None:
    if document.wrong_within(path):
        return
    moves = [name for name in _MOVEMENTS if getattr(limit, name) is not None]
    if limit.above is None and limit.below is None and not moves:
        names = ", ".join(("above", "below", *_MOVEMENTS))
        document.mistake(path, f"this limit says nothing; one of {names} is expected", key=True)
        return
    if limit.above is not None and limit.below is not None and limit.above < limit.below:
        text = f"every figure is above {limit.above:g} or below {limit.below:g}; the two are the wrong way round"
        document.mistake((*path, "above"), text)
    if limit.since is not None and not moves:
        document.mistake((*path, "since"), f"`since` is for movements ({', '.join(_MOVEMENTS)})", key=True)
    if limit.clear is None:
        return
    here = (*path, "clear")
    if (limit.above is None) == (limit.below is None):
        document.mistake(here, "`clear` goes with either `above` or `below`", key=True)
    elif limit.above is not None and limit.clear > limit.above:
        document.mistake(here, f"the wrong way: what is above {limit.above:g} clears at {limit.above:g} or less")
    elif limit.below is not None and limit.clear < limit.below:
        document.mistake(here, f"the wrong way: what is below {limit.below:g} clears at {limit.below:g} or more")
