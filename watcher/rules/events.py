"""Which changes are told to whom: at most one alert per change and target, from the severest rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from watcher.model import EMPTY, SEVERITIES, Alert, Change
from watcher.rules.rule import Rule
from watcher.rules.rulebook import Former, RuleBook

Cooldowns = Mapping[tuple[str, str], datetime]


def alerts(
    changes: Iterable[Change],
    rules: Sequence[Rule],
    *,
    former: Former = EMPTY,
    cooldowns: Cooldowns | None = None,
    now: datetime | None = None,
) -> tuple[Alert, ...]:
    """The alerts that `rules` make of `changes`. Of two rules of one severity, the first in the file speaks.

    Args:
        former: names that sites and companies had before, which rules may still use.
        cooldowns: when a rule last told of a site; within the rule's `cooldown` it does not tell again. Changes of
            one poll are told together.
        now: when the poll took place; needed for cooldowns.
    """
    found: list[Alert] = []
    book = RuleBook(rules)
    for change in changes:
        matching = [
            rule for rule in book.matching(change, former) if not cooling(rule, change.slug, cooldowns or {}, now)
        ]
        if matching:
            found += _once_per_target(change, matching)
    return tuple(found)


def cooling(rule: Rule, slug: str, cooldowns: Cooldowns, now: datetime | None) -> bool:
    """Whether a rule has told of a site so lately that it does not tell again."""
    told = cooldowns.get((rule.name, slug))
    return rule.cooldown is not None and told is not None and now is not None and now - told < rule.cooldown


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
