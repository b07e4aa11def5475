"""Rules: which changes are told to whom, by every word of the language (DESIGN section 5, `rules`)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.core.test_messages import BASE
from tests.core.test_watchlists import hear, ratios
from watcher.derived import of_company
from watcher.model import Change, Record, Value
from watcher.rules import Bound, Rule, RuleBook, When, alerts, matches, verdict
from watcher.rules.rulebook import reaches

FULL = replace(BASE, suspect="a negative figure")


def told(change: Change, *rules: Rule) -> list[tuple[str, tuple[str, ...], str]]:
    return [(alert.rule, alert.targets, alert.severity) for alert in alerts([change], rules)]


@pytest.mark.parametrize(
    ("on", "kind", "metric", "yes"),
    [
        (("site.added",), "site.added", None, True),
        (("site.added",), "site.removed", None, False),
        (("site.*",), "site.removed", None, True),
        (("metric.changed",), "metric.changed", "strip_ratio", True),
        (("strip_ratio",), "metric.changed", "strip_ratio", True),
        (("strip_ratio",), "report.added", "strip_ratio", False),
        (("reserves.*",), "metric.changed", "reserves.total", True),
        (("reserves.*",), "metric.changed", "resources.total", False),
        (("owner.changed", "strip_ratio"), "metric.changed", "strip_ratio", True),
        (("*",), "company.renamed", None, True),
        (("*",), "metric.changed", "reserve_life", False),
        (("reserve_*",), "metric.changed", "reserve_life", False),
        (("reserve_life",), "metric.changed", "reserve_life", True),
    ],
)
def test_what_a_rule_is_on(on: tuple[str, ...], kind: Any, metric: str | None, yes: bool) -> None:
    """Kinds, metrics, globs of either, and lists of them; a derived metric only by its name."""
    change = replace(BASE, kind=kind, metric=metric)
    assert bool(told(change, Rule("r", on, ("desk",)))) is yes


@pytest.mark.parametrize(
    ("field", "globs", "yes"),
    [
        ("watch", ("coal",), True), ("watch", ("gold",), False),
        ("kind", ("metric.*",), True), ("kind", ("site.*",), False),
        ("slug", ("sang*",), True), ("slug", ("other",), False),
        ("name", ("sangkulirang",), True), ("name", ("Other",), False),
        ("company", ("pt-batu",), True), ("company", ("PT Batu",), True), ("company", ("pt bat*",), True),
        ("company", ("pt-other", "pt-b*"), True), ("company", ("pt-other",), False),
        ("company_slug", ("pt-batu",), True), ("company_slug", ("PT Batu",), False),
        ("company_name", ("PT Batu",), True), ("company_name", ("pt-batu",), False),
        ("commodity_type", ("coal", "gold"), True), ("commodity_type", ("nickel",), False),
        ("province", ("kalimantan *",), True), ("province", ("papua",), False),
        ("city", ("berau",), True), ("city", ("kutai",), False),
        ("year", ("2024",), True), ("year", ("2023",), False),
        ("metric", ("strip_*",), True), ("metric", ("reserves.*",), False),
        ("unit", ("bcm/t",), True), ("unit", ("mt",), False),
        ("nature", ("revised",), True), ("nature", ("reported",), False),
        ("suspect", ("?*",), True), ("suspect", ("",), False),
    ],
)  # fmt: skip
def test_where_narrows_by_every_field(field: str, globs: tuple[str, ...], yes: bool) -> None:
    """Values, lists and globs, whatever their case; what does not match says why."""
    rule = Rule("r", ("strip_ratio",), ("desk",), where={field: globs})
    assert bool(told(FULL, rule)) is yes and (verdict(rule, FULL) == "") is yes


@pytest.mark.parametrize(
    ("when", "yes"),
    [
        (When(above=12), True), (When(above=12.3), False), (When(below=13), True), (When(below=12.3), False),
        (When(rises_by=Bound(1.8)), True), (When(rises_by=Bound(1.9)), False), (When(falls_by=Bound(0)), False),
        (When(rises_by=Bound(17, True)), True), (When(rises_by=Bound(18, True)), False),
        (When(changes_by=Bound(1)), True), (When(changes_by=Bound(20, True)), False),
        (When(above=12, rises_by=Bound(5)), False), (When(above=12, below=13), True),
    ],
)  # fmt: skip
def test_when_looks_at_the_figure_and_its_movement(when: When, yes: bool) -> None:
    """All conditions must hold; numbers in the metric's unit, percentages of the old figure."""
    assert bool(told(FULL, Rule("r", ("*",), ("desk",), when=when))) is yes
    fallen = replace(FULL, old=12.3, new=10.5, delta=-1.8, percent=-14.6)
    assert told(fallen, Rule("r", ("*",), ("desk",), when=When(falls_by=Bound(14, True), below=11)))
    assert not told(replace(FULL, new=None, delta=None, percent=None), Rule("r", ("*",), ("d",), when=When(below=99)))


def test_each_target_hears_the_severest_once() -> None:
    """Of several rules that match, the severest speaks to a target, and of one severity the first in the file."""
    low = Rule("low", ("*",), ("desk", "mail"))
    high = Rule("high", ("strip_ratio",), ("desk",), severity="critical")
    same = Rule("same", ("*",), ("desk", "mail", "sms"))
    assert told(FULL, low, high, same) == [
        ("high", ("desk",), "critical"), ("low", ("mail",), "info"), ("same", ("sms",), "info"),
    ]  # fmt: skip


def test_a_rule_that_is_switched_off_says_nothing() -> None:
    """`enabled: false`."""
    rule = Rule("r", ("*",), ("desk",), enabled=False)
    assert told(FULL, rule) == [] and verdict(rule, FULL) == "it is switched off"


def test_a_target_hears_only_what_matters_enough_to_it() -> None:
    """`min_severity` takes a target off what is less, and leaves the others."""
    rules = [Rule("r", ("strip_ratio",), ("desk", "mail"), severity="warning")]
    tables = ratios(10, 12)
    heard = hear(*tables, rules=rules)
    assert [alert.targets for alert in heard.polls[1]] == [("desk", "mail")]
    quiet = hear(*tables, rules=rules, min_severity={"mail": "critical", "desk": "warning"})
    assert [alert.targets for alert in quiet.polls[1]] == [("desk",)]
    assert hear(*tables, rules=rules, min_severity={"mail": "critical", "desk": "critical"}).polls[1] == ()


def test_looking_rules_up_finds_what_trying_them_all_finds() -> None:
    """The index by kind, metric and company drops no rule and adds none."""
    where: list[dict[str, tuple[str, ...]]] = [{}, {"company": ("PT BATU",)}, {"company": ("pt-x", "pt-b*")}]
    rules = [
        Rule(f"{n}-{on}", (on,), ("desk",), where=one)
        for on in ("*", "strip_ratio", "site.*", "reserves.*", "reserve_life")
        for n, one in enumerate([*where, {"company": ("pt-x",)}])
    ]
    for change in (FULL, replace(FULL, kind="site.added", metric=None), replace(FULL, metric="reserve_life")):
        metric = change.metric if change.kind == "metric.changed" else None
        tried = [rule for rule in rules if reaches(rule, change.kind, metric) and matches(rule, change)]
        assert RuleBook(rules).matching(change) == tried and tried


def test_a_sum_converts_units() -> None:
    """10 Mt and 20,000 kt are 30 Mt; what cannot be converted has no figure in it."""
    records = [
        Record("a", "Coal", 2024, metrics={"production_volume": Value(10.0, "Mt", True)}),
        Record("b", "Coal", 2024, metrics={"production_volume": Value(20_000.0, "kt", True)}),
        Record("c", "Coal", 2024, metrics={"production_volume": Value(5.0, "wmt", True)}),
    ]
    total = of_company(records, "production_volume")
    assert total.value is not None and (total.value.amount, total.value.unit) == (30, "Mt")
    assert total.words == "over 3 sites, 1 of them without a figure"


@pytest.mark.parametrize(
    ("rule", "yes"),
    [
        (Rule("above", ("strip_ratio",), ("desk",), when=When(above=50)), True),
        (Rule("rises", ("strip_ratio",), ("desk",), when=When(rises_by=Bound(100, percent=True))), True),
        (Rule("far above", ("strip_ratio",), ("desk",), when=When(above=500)), False),
        (Rule("believable", ("strip_ratio",), ("desk",), where={"suspect": ("",)}, when=When(above=50)), False),
        (Rule("other", ("strip_ratio",), ("desk",), where={"slug": ("other",)}, when=When(above=50)), False),
    ],
    ids=lambda value: value.name if isinstance(value, Rule) else "",
)
def test_whoever_heard_of_a_suspect_figure_hears_of_its_correction(rule: Rule, yes: bool) -> None:
    """201 bcm/t was told by a rule on what is above 50: that it is 8.4 now is told by the same, though it is below."""
    error = replace(BASE, old=8.4, new=201.0, delta=192.6, percent=2292.9, suspect="it equals the overburden volume")
    right = replace(BASE, old=201.0, new=8.4, delta=-192.6, percent=-95.8, corrects="it equalled the overburden volume")
    assert bool(told(error, rule)) is yes and bool(told(right, rule)) is yes
    assert not told(replace(right, corrects=""), rule)
    assert bool(verdict(rule, right)) is not yes
