"""Watchlists, targets' wishes and silences in rules.yaml: what they mean, and every mistake at once."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from tests.core.test_config import mistakes, read
from watcher.rules import Bound, Limit
from watcher.schedule import Quiet

FILE = """version: 1
api: {key: k}
targets:
  desk: json://localhost
  mail: {url: json://localhost, digest: "0 7 * * mon", even_if_quiet: true, quiet: "22:00-06:00", min_severity: warning}
timezone: Asia/Jakarta
watches: {all: {}}
rules:
  - {name: falls, on: production_volume, to: desk, cooldown: 24h}
watchlists:
  core:
    to: [desk]
    severity: critical
    per: site
    since: previous
    limits:
      strip_ratio: {above: 10, clear: 9.5}
      "reserves.*": {falls_by: 5%, since: 90d}
    companies:
      pt-a:
      pt-b: {production_volume: {below: 40, rises_by: 2}}
    repeat: 7d
    resolve: true
  sums: {to: mail, per: company, companies: [pt-a, pt-b], limits: {reserve_life: {below: 5}}, enabled: false}
silences:
  - {matcher: {company: pt-a, severity: [info, warning]}, until: 2026-12-01, reason: audit}
"""


def test_everything_means_what_it_says(tmp_path: Path) -> None:
    """Each key of lists, targets and silences arrives where it belongs."""
    settings = read(tmp_path, FILE)
    core, sums = settings.watchlists
    assert (core.to, core.severity, core.per, core.repeat, core.resolve) == (
        ("desk",), "critical", "site", timedelta(days=7), True,
    )  # fmt: skip
    assert core.limits == {
        "strip_ratio": Limit(above=10, clear=9.5, since="previous"),
        "reserves.*": Limit(falls_by=Bound(5, percent=True), since=timedelta(days=90)),
    }
    assert core.companies == {
        "pt-a": {},
        "pt-b": {"production_volume": Limit(below=40, rises_by=Bound(2), since="previous")},
    }
    assert (sums.per, sums.enabled, list(sums.companies), sums.severity) == (
        "company",
        False,
        ["pt-a", "pt-b"],
        "warning",
    )
    policy = settings.policies["mail"]
    assert (policy.digest, policy.even_if_quiet, policy.min_severity) == ("0 7 * * mon", True, "warning")
    assert policy.quiet == Quiet(time(22), time(6)) and settings.policies["desk"].digest is None
    assert settings.rules[0].cooldown == timedelta(hours=24)
    (silence,) = settings.silences
    assert silence.until == datetime(2026, 11, 30, 17, tzinfo=UTC) and silence.reason == "audit"
    assert silence.matcher == {"company": ("pt-a",), "severity": ("info", "warning")}


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        (
            "to: [desk]\n    sev",
            "to: [dekc]\n    sev",
            "12:10: unknown target `dekc`; known: desk, mail; did you mean `desk`?",
        ),
        ("severity: critical", "severity: hot", "13:15: expected 'info', 'warning' or 'critical', not 'hot'"),
        ("per: site", "per: mine", "expected 'site' or 'company', not 'mine'"),
        ("since: previous", "since: lately", "a duration such as"),
        ("strip_ratio: {", "strip_ration: {", "17:7: unknown metric `strip_ration`; did you mean `strip_ratio`?"),
        ("strip_ratio: {", "site.added: {", "unknown metric `site.added`"),
        ("clear: 9.5", "clear: 11", "17:39: the wrong way: what is above 10 clears at 10 or less"),
        ("above: 10, clear: 9.5", "clear: 9.5", "one of above, below, rises_by"),
        ("above: 10, clear: 9.5", "above: 10, below: 12", "the two are the wrong way round"),
        ("above: 10, clear: 9.5", "above: 10, since: 3d", "`since` is for movements"),
        ("above: 10, clear: 9.5", "abov: 10", "unknown key `abov`; did you mean `above`?"),
        ("above: 10, clear: 9.5", "above: ten", "a number is expected"),
        ("falls_by: 5%", "falls_by: -5%", "without a sign"),
        (
            "pt-b: {production_volume: {below: 40,",
            "pt-b: {production_volme: {below: 40,",
            "did you mean `production_volume`?",
        ),
        ("below: 40, rises_by: 2", "below: 40, raises_by: 2", "unknown key `raises_by`; did you mean `rises_by`?"),
        ("    repeat: 7d\n", "    repeat: weekly\n", "a duration such as"),
        ("    repeat: 7d\n", "    repeat: 0d\n", "a duration above zero"),
        ("resolve: true", "resolve: maybe", "expected"),
        ("resolve: true", "resolved: true", "unknown key `resolved`; did you mean `resolve`?"),
        ("companies: [pt-a, pt-b]", "companies: []", "at least one is expected"),
        ("companies: [pt-a, pt-b], ", "", "the key `companies` is missing here"),
        ("reserve_life: {below: 5}", "calorific_value: {below: 5}", "has no sum over a company's sites"),
        ("per: company, ", "", None),
        (", limits: {reserve_life: {below: 5}}", "", "without `limits` there is nothing to tell"),
        ("  sums:", "  falls:", "a rule is called 'falls' too"),
        ("reserves.*", "company.strip_ratio", "it needs `per: company`"),
        ("0 7 * * mon", "0 25 * * mon", "this is no cron string"),
        ("0 7 * * mon", "0 7 31 2 *", "never fires"),
        ('digest: "0 7 * * mon", ', "", "this needs a `digest`"),
        ("22:00-06:00", "22-6", "hours such as 22:00-06:00"),
        ("22:00-06:00", "22:00-22:00", "hours such as 22:00-06:00"),
        ("min_severity: warning", "min_severity: loud", "expected 'info', 'warning' or 'critical'"),
        ("cooldown: 24h", "cooldown: 24", "a duration such as"),
        ("company: pt-a, sev", "compny: pt-a, sev", "unknown field `compny`; did you mean `company`?"),
        ("until: 2026-12-01", "until: soon", "a date or an instant"),
        (", reason: audit", "", "the key `reason` is missing here"),
        ("watches: {all: {}}", "watches: {all: {filter: {min_production: -1}}}", "a number of 0 or more is expected"),
        ("watches: {all: {}}", "watches: {all: {cron: 0 0 31 2 *}}", "never fires"),
    ],
)
def test_a_mistake_has_its_place_and_remedy(tmp_path: Path, old: str, new: str, mistake: str | None) -> None:
    """Line and column, what was expected, and a near match; one mistake is one line."""
    assert old in FILE
    text = FILE.replace(old, new, 1)
    if mistake is None:
        read(tmp_path, text)
        return
    found = mistakes(tmp_path, text)
    assert len(found) == 1 and mistake in found[0], found


THIRTY = """version: 2
api: {key: k, concurency: 4, timeout: 0s, requests_per_second: many, base_url: http://example.com}
targets:
  desk: localhost
  mail: {url: json://x, digest: daily, quiet: night, min_severity: loud}
ops: [dekc]
timezone: Asia/Jakart
watches:
  hold: {filter: {provnce: Papua, commodity_type: Coil, year: soon, min_production: -2}, every: 5s}
  all: {cron: 99 * * * *, detail: 24h}
rules:
  - {name: a, on: site.aded, to: [desk, slak], when: {falls_by: -3%}, severity: hot}
  - {name: a, on: strip_ratio, to: desk, where: {compny: x, nature: revisd}, template: nowhere, cooldown: soon}
watchlists:
  core:
    to: dsk
    limits: {strip_ration: {above: 3}, strip_ratio: {above: 3, clear: 4}, production_volume: {}}
    companies: {pt-a: {production_volume: {belw: 4}}}
silences: [{matcher: {sevrity: info}, until: later, reason: r}]
judgement: {hold: {lost_sites: 20}, removal: {confirm: 24h}}
"""


def test_thirty_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """Every one with its place; none hides another, and none is told twice."""
    found = mistakes(tmp_path, THIRTY)
    expected = [
        "1:10: expected 1", "2:15: unknown key `concurency`", "a duration above zero", "a number is expected",
        "https:// is expected", "4:9: an apprise URL", "no cron string", "hours such as", "'warning' or 'critical'",
        "unknown target `dekc`", "unknown time zone", "unknown filter `provnce`", "unknown commodity 'Coil'",
        "a year such as", "a number of 0 or more", "at least 1m", "10:15: this is no cron string",
        "unknown key `detail`; did you mean `details`?", "unknown kind or metric `site.aded`", "unknown target `slak`",
        "without a sign", "not 'hot'", "another rule is called 'a' too", "unknown field `compny`", "unknown nature",
        "there is no template `nowhere`", "a duration such as", "unknown target `dsk`", "unknown metric `strip_ration`",
        "the wrong way", "this limit says nothing", "unknown key `belw`", "unknown field `sevrity`",
        "a date or an instant", "a percentage such as 20%", "unknown key `confirm`",
    ]  # fmt: skip
    missing = [text for text in expected if not any(text in line for line in found)]
    assert not missing, (missing, found)
    assert len(found) == len(expected), found
