"""`check` in words: what rules will do, and what of them never can."""

from __future__ import annotations

from datetime import timedelta

import pytest

from watcher.rules import Bound, Limit, Rule, Watchlist, When
from watcher.rules.foresight import Vocabulary, describe, describe_list, list_warnings, rule_warnings

DATA = Vocabulary(
    sites=frozenset({"sangatta"}), site_names=frozenset({"Sangatta"}), companies=frozenset({"pt-berau-coal"}),
    company_names=frozenset({"PT Berau Coal"}), provinces=frozenset({"Kalimantan Timur"}),
    commodities=frozenset({"Coal"}),
    metrics={"strip_ratio": (2.0, 25.0, "bcm/t"), "production_volume": (5.0, 60.0, "Mt")},
)  # fmt: skip
TO = ("desk",)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (Rule("r", ("site.added",), ("desk", "mail")), "tells desk and mail of every site.added (info)"),
        (Rule("r", ("*",), TO, enabled=False), "tells desk of every change (info) (switched off)"),
        (
            Rule("r", ("strip_ratio",), TO, {"company": ("pt-a", "pt-b")}, When(above=11, falls_by=Bound(5, True)),
                 cooldown=timedelta(days=1)),
            "tells desk of changes of strip_ratio, where company is pt-a or pt-b, when it is above 11 and it falls by "
            "5 % or more (info); not again of the same site within 1d",
        ),
    ],
)  # fmt: skip
def test_a_rule_is_a_sentence(rule: Rule, words: str) -> None:
    """Who is told of what, when, how loudly."""
    assert describe(rule) == words


def test_a_list_is_a_sentence_and_its_limits() -> None:
    """Whom, how often, and each limit with what clears it and what it counts from."""
    limits = {"strip_ratio": Limit(above=11, clear=10)}
    own = {"pt-a": {"reserves.total": Limit(falls_by=Bound(5, True), since=timedelta(days=90))}, "pt-b": {}}
    said = list(describe_list(Watchlist("w", TO, own, limits, repeat=timedelta(days=7), resolve=True)))
    assert said[0].startswith("tells desk when a site of its 2 companies passes a limit (warning), again every 1w")
    assert said[1:] == [
        "all companies: strip_ratio above 11, clear past 10",
        "pt-a: reserves.total fallen by 5 % within 90d",
    ]


@pytest.mark.parametrize(
    ("rule", "warning"),
    [
        (Rule("r", ("*",), TO, {"company": ("pt-berau-cole",)}), "did you mean pt-berau-coal?"),
        (Rule("r", ("*",), TO, {"company": ("PT BERAU*",)}), ""),
        (Rule("r", ("*",), TO, {"province": ("Papua",)}), "no province in the stored data is Papua"),
        (Rule("r", ("*",), TO, {"commodity_type": ("Gold",)}), "no watch looks at commodity_type Gold"),
        (Rule("r", ("reserves.total",), TO), "no site has a figure called reserves.total"),
        (Rule("r", ("reserve_life",), TO), ""),
        (Rule("r", ("strip_ratio",), TO, when=When(above=900)), "is it in the right unit?"),
        (Rule("r", ("production_volume",), TO, when=When(below=0.1)), "is it in the right unit?"),
        (Rule("r", ("strip_ratio",), TO, when=When(above=30)), ""),
        (Rule("r", ("*",), TO, {"company": ("pt-nobody",)}, enabled=False), ""),
    ],
)
def test_a_rule_that_can_never_tell_is_warned_of(rule: Rule, warning: str) -> None:
    """Names that never occur, figures nobody has, limits in another unit; and no false warning."""
    found = list(rule_warnings([rule], DATA, [{"commodity_type": "Coal"}]))
    assert any(warning in text for text in found) if warning else found == []


@pytest.mark.parametrize(
    ("first", "second", "shadowed"),
    [
        (Rule("a", ("*",), TO), Rule("b", ("site.added",), TO), True),
        (Rule("a", ("site.*",), TO), Rule("b", ("site.added",), TO), True),
        (Rule("a", ("*",), TO), Rule("b", ("site.added",), ("mail",)), False),
        (Rule("a", ("*",), TO), Rule("b", ("site.added",), TO, severity="critical"), False),
        (Rule("a", ("*",), TO, {"province": ("x",)}), Rule("b", ("site.added",), TO), False),
        (Rule("a", ("*",), TO, when=When(above=1)), Rule("b", ("strip_ratio",), TO), False),
        (Rule("a", ("*",), TO, cooldown=timedelta(1)), Rule("b", ("site.added",), TO), False),
        (Rule("a", ("*",), TO), Rule("b", ("reserve_life",), TO), False),
        (Rule("a", ("*",), TO, enabled=False), Rule("b", ("site.added",), TO), False),
    ],
)
def test_a_shadowed_rule_is_warned_of(first: Rule, second: Rule, shadowed: bool) -> None:
    """A rule all of whose alerts an earlier one gives already never speaks."""
    assert any("never speaks" in text for text in rule_warnings([first, second], Vocabulary(), [])) is shadowed


@pytest.mark.parametrize(
    ("limits", "companies", "details", "warning"),
    [
        ({"strip_ratio": Limit(above=11)}, {"pt-berau-coal": {}}, True, ""),
        ({"strip_ratio": Limit(above=11)}, {"pt-berau-cole": {}}, True, "did you mean pt-berau-coal?"),
        ({"strip_ratio": Limit(above=1)}, {"pt-berau-coal": {}}, True, "is it the right way round?"),
        ({"production_volume": Limit(below=61)}, {"pt-berau-coal": {}}, True, "is it the right way round?"),
        ({"production_volume": Limit(above=40_000)}, {"pt-berau-coal": {}}, True, "is it in the right unit?"),
        ({"reserves.total": Limit(above=1)}, {"pt-berau-coal": {}}, True, "no site has a figure called reserves.total"),
        ({"reserve_life": Limit(below=5)}, {"pt-berau-coal": {}}, False, "`details: never`"),
        ({"strip_ratio": Limit(falls_by=Bound(110, True))}, {"pt-berau-coal": {}}, True, "no figure falls by 110 %"),
    ],
)
def test_a_list_that_can_never_tell_is_warned_of(
    limits: dict[str, Limit], companies: dict[str, dict[str, Limit]], details: bool, warning: str
) -> None:
    """Unknown companies, limits the wrong way round or in another unit, details that nobody fetches."""
    found = list(list_warnings([Watchlist("w", TO, companies, limits)], DATA, details=details))
    assert any(warning in text for text in found) if warning else found == []
