"""Which changes are told to whom: rules are looked up by kind and metric, then their conditions are tried."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from watcher.model import SEVERITIES, Alert, Change
from watcher.rules.conditions import holds
from watcher.rules.rule import Rule


def alerts(changes: Iterable[Change], rules: Sequence[Rule]) -> tuple[Alert, ...]:
    """The alerts that `rules` make of `changes`: at most one per change and target, from the severest rule.

    Of two rules of one severity, the first in the file speaks.
    """
    found: list[Alert] = []
    rules = [rule for rule in rules if rule.enabled]
    interested: dict[tuple[str, str | None], list[Rule]] = {}
    for change in changes:
        topic = (change.kind, change.metric if change.kind == "metric.changed" else None)
        if topic not in interested:
            interested[topic] = [rule for rule in rules if _on(rule, *topic)]
        matching = [rule for rule in interested[topic] if matches(rule, change)]
        if matching:
            found += _once_per_target(change, matching)
    return tuple(found)


def matches(rule: Rule, change: Change) -> bool:
    """Whether a change that the rule is `on` meets its `where` and its `when`."""
    return _where(rule.where, change) and holds(rule.when, change.new, change.delta, change.percent)


def _on(rule: Rule, kind: str, metric: str | None) -> bool:
    names = [kind] if metric is None else [kind, metric]
    return any(fnmatchcase(name, glob) for name in names for glob in rule.on)


def _where(where: Mapping[str, tuple[str, ...]], change: Change) -> bool:
    return all(
        any(fnmatchcase(said.casefold(), glob.casefold()) for said in _said(change, name) for glob in globs)
        for name, globs in where.items()
    )


def _said(change: Change, name: str) -> tuple[str, ...]:
    values = (change.company_slug, change.company_name) if name == "company" else (getattr(change, name),)
    return tuple("" if value is None else str(value) for value in values)


def _once_per_target(change: Change, matching: Sequence[Rule]) -> list[Alert]:
    severest = sorted(matching, key=lambda rule: -SEVERITIES.index(rule.severity))
    targets: dict[str, list[str]] = defaultdict(list)
    speaking: dict[str, Rule] = {}
    taken: set[str] = set()
    for rule in severest:
        for target in rule.to:
            if target not in taken:
                taken.add(target)
                targets[rule.name].append(target)
                speaking[rule.name] = rule
    return [
        Alert(rule.name, rule.severity, tuple(targets[name]), change, rule.template) for name, rule in speaking.items()
    ]
