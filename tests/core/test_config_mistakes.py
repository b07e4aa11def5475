"""Many mistakes in one file: every one is told, in its place, and none is told twice or elsewhere."""

from __future__ import annotations

from pathlib import Path

from tests.core.test_config import mistakes

SHAPES = """version: 1
api: {key: k, concurency: 4, timeout: 0s, requests_per_second: 0}
targets:
  desk: {url: json://localhost, digst: "0 7 * * *"}
  mail: {url: json://localhost, digest: "0 7 31 2 *", quiet: "25:00-06:00", min_severity: loud, even_if_quiet: maybe}
  sms: {digest: "0 7 * * *"}
  pager: {url: json://localhost, even_if_quiet: true}
  bad: 17
ops: [dekc, "json://localhost", mail]
timezone: Mars
templates: ./nowhere
watchs: {}
watches:
  hold: {filter: {provnce: Papua}, every: 1h, lost_sites: 3}
  str: {every: 1h, cron: "* * * * *", detail: 3h}
  limits: {evry: 1h}
  when: []
  cr: {cron: "0 0 31 2 *"}
  mp: {filter: {min_production: -4, year: [2024]}}
rules:
  - {name: a, on: strip_ratio, to: desk, when: {above: high, abve: 3}}
  - {name: b, on: [site.add, "zzz.*"], to: [mail, sms, nobody], cooldown: 0s}
  - {on: "*", to: desk}
  - {name: c, to: desk}
  - {name: d, on: "*"}
  - {name: e, on: "*", to: desk, where: {suspekt: x, province: Kaltim, watch: hld, kind: site.remove}, enabled: "no"}
  - just text
  - {name: f, on: [], to: []}
  - {name: "", on: "*", to: desk}
watchlists:
  a: {to: desk, companies: [pt-a], limits: {strip_ratio: {above: 3}}}
  one: {to: desk, companies: {pt-a: {strip_ratio: 3}}}
  two: {to: [desk, dsk], companies: pt-a, limits: {strip_ratio: {above: 3, clear: 2, below: 1}}}
  three: {to: desk, companies: [pt-a], per: mine, repeat: often, resolve: 3, severity: grave,
    limits: {"zzz.*": {above: 1}, production_volume: {falls_by: 110%, since: yesterday}}}
  four: {companies: [pt-a], limits: {reserve_lfe: {below: 3}}}
  five: {to: desk, companies: [pt-a, 3], limits: {company.strip_ratio: {above: 3}}}
  six: {to: desk, companies: [pt-a, pt-a], limits: [strip_ratio]}
  seven: [x]
silences:
  - {matcher: {compny: x}, until: 2020-01-01, reason: past}
  - {matcher: {}, until: 2030-13-01}
  - {matcher: {company: pt-a}, untill: 2030-01-01, reason: ""}
  - {matcher: {severity: laud, kind: site.adedd}, until: 2030-01-01, reason: r}
judgement: {hold: {lost_sites: 20, at_least: 0, confirm_afer: 1h}, removal: {confirm_after: soon}, strict: yes}
"""

#: How many stand in which line.
COUNTS = {
    2: 3, 4: 1, 5: 4, 6: 1, 7: 1, 8: 1, 9: 2, 10: 1, 11: 1, 12: 1, 14: 2, 15: 2, 16: 1, 17: 1, 18: 1, 19: 2, 21:
    2, 22: 3, 23: 1, 24: 1, 25: 1, 26: 5, 27: 1, 28: 2, 29: 1, 31: 1, 32: 1, 33: 3, 34: 4, 35: 1, 36: 2, 37: 2,
    38: 1, 39: 1, 41: 1, 42: 3, 43: 3, 44: 2, 45: 5,
}  # fmt: skip
SAID = (
    "8:8: a URL, or keys such as `url` and `digest`, is expected here",
    "14:47: unknown key `lost_sites`",
    "15:39: unknown key `detail`; did you mean `details`?",
    "17:9: a part with keys such as `filter` and `every` is expected here",
    "27:5: a rule with `name`, `on` and `to` is expected here, not 'just text'",
    "29:12: a word is expected, not ''",
    "32:51: a limit such as {above: 11} is expected here, not 3",
    "33:37: a list of companies' slugs, or slugs with limits of their own, is expected here, not 'pt-a'",
    "37:31: companies' slugs such as pt-berau-coal are expected",
    "38:52: a metric with its limit, such as {strip_ratio: {above: 11}}, is expected here",
    "44:26: unknown severity `laud`",
    "44:38: unknown kind `site.adedd`; did you mean `site.added`?",
)


def test_every_mistake_of_shape_and_meaning_is_told_once(tmp_path: Path) -> None:
    """Seventy of them, line by line: how many, and what some of them say; a part that is wrong misleads no other."""
    found = mistakes(tmp_path, SHAPES)
    lines = [int(text.partition(":")[0]) for text in found]
    counts = {line: lines.count(line) for line in lines}
    assert counts == COUNTS, found
    for text in SAID:
        assert text in found, text
    assert not any("?" in text.partition("; did you mean")[0] for text in found)
