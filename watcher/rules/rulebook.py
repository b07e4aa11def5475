"""Which rules a change concerns: looked up by kind, metric and company, so that a thousand rules cost little."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import translate
from functools import lru_cache

from watcher.derived import DERIVED
from watcher.model import EMPTY, Change, Crossing
from watcher.rules.conditions import holds
from watcher.rules.rule import Rule

Topic = tuple[str, str | None]
#: Slugs and names that a change's site or company had before, by the field of `where` that they answer to.
Former = Mapping[str, Mapping[str, tuple[str, ...]]]


@lru_cache(maxsize=8192)
def glob(pattern: str) -> re.Pattern[str]:
    """A glob, case-insensitive."""
    return re.compile(translate(pattern.casefold()))


def reaches(rule: Rule, kind: str, metric: str | None) -> bool:
    """Whether a rule is `on` a kind or metric. A derived metric must be named: no glob reaches it."""
    if metric in DERIVED:
        return metric in rule.on
    names = [kind] if metric is None else [kind, metric]
    return any(glob(pattern).match(name) for name in names for pattern in rule.on)


def said(change: Change | Crossing, name: str, former: Former = EMPTY) -> tuple[str, ...]:
    """What a change says in a field of `where`, the names that it had before included; empty for a field it lacks."""
    if name == "company":
        values: tuple[object, ...] = (change.company_slug, change.company_name)
    else:
        values = (getattr(change, name, None),)
    before: tuple[str, ...] = ()
    if name in {"company", "company_slug"}:
        before = former.get("company", {}).get(change.company_slug or "", ())
    elif name == "slug":
        before = former.get("slug", {}).get(change.slug, ())
    return (*("" if value is None else str(value) for value in values), *before)


def meets(globs: Sequence[str], values: Iterable[str]) -> bool:
    """Whether one of the values is one of the globs."""
    patterns = [glob(one) for one in globs]
    return any(pattern.match(value.casefold()) for value in values for pattern in patterns)


class RuleBook:
    """The enabled rules, indexed."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = [rule for rule in rules if rule.enabled]
        self._topics: dict[Topic, tuple[list[int], dict[str, list[int]]]] = {}

    def matching(self, change: Change, former: Former = EMPTY) -> list[Rule]:
        """The rules that a change fulfils, in the file's order."""
        open_to_all, by_company = self._topic((change.kind, change.metric if change.kind == "metric.changed" else None))
        numbers = open_to_all
        if by_company:
            names = {name.casefold() for name in said(change, "company", former)}
            numbers = sorted({*open_to_all, *(number for name in names for number in by_company.get(name, ()))})
        return [self._rules[number] for number in numbers if matches(self._rules[number], change, former)]

    def _topic(self, topic: Topic) -> tuple[list[int], dict[str, list[int]]]:
        if topic not in self._topics:
            open_to_all: list[int] = []
            by_company: dict[str, list[int]] = defaultdict(list)
            for number, rule in enumerate(self._rules):
                if reaches(rule, *topic):
                    companies = rule.where.get("company", ())
                    if companies and not any(set(name) & set("*?[") for name in companies):
                        for name in companies:
                            by_company[name.casefold()].append(number)
                    else:
                        open_to_all.append(number)
            self._topics[topic] = (open_to_all, by_company)
        return self._topics[topic]


def matches(rule: Rule, change: Change, former: Former = EMPTY) -> bool:
    """Whether a change that the rule is `on` meets its `where` and its `when`."""
    return all(meets(globs, said(change, name, former)) for name, globs in rule.where.items()) and (
        holds(rule.when, change.new, change.delta, change.percent) or _told_the_error(rule, change)
    )


def _told_the_error(rule: Rule, change: Change) -> bool:
    """Whether a rule told of the suspect figure that a change corrects: whoever heard that hears this."""
    if not change.corrects or "suspect" in rule.where or not isinstance(change.old, float):
        return False
    delta = None if change.delta is None else -change.delta
    right = change.new if isinstance(change.new, float) else None
    percent = 100 * delta / abs(right) if delta is not None and right else None
    return holds(rule.when, change.old, delta, percent)


def verdict(rule: Rule, change: Change, former: Former = EMPTY) -> str:
    """Why a rule does not match a change, in words; empty where it does."""
    if not rule.enabled:
        return "it is switched off"
    metric = change.metric if change.kind == "metric.changed" else None
    if not reaches(rule, change.kind, metric):
        return f"it is on {', '.join(rule.on)}, not on {(metric or change.kind)[:80]}"
    for name, globs in rule.where.items():
        values = said(change, name, former)
        if not meets(globs, values):
            shown = " or ".join(dict.fromkeys(value[:80] for value in values if value)) or "empty"
            return f"its {name} must be {' or '.join(globs)}, and is {shown}"
    if not holds(rule.when, change.new, change.delta, change.percent) and not _told_the_error(rule, change):
        return f"its `when` does not hold: {_figures(change)}"
    return ""


def _figures(change: Change) -> str:
    if not isinstance(change.new, float):
        return "there is no new figure"
    moved = "" if change.delta is None else f", it moved by {change.delta:+g}"
    percent = "" if change.percent is None else f" ({change.percent:+.3g} %)"
    return f"the new figure is {change.new:g}{moved}{percent}"
