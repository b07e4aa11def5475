"""Watchlists, silences, templates and explanations, as their user runs them."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Desk
from tests.core.histories import sites


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Eight mines are enough here, and cost fewer calls."""
    desk.world.rows = sites(8)
    return desk


LISTS = """rules: []
watchlists:
  core:
    to: [desk]
    resolve: true
    limits: {production_volume: {above: 12, clear: 11.5}}
    companies: {pt-company-1: {}, pt-company-3: {production_volume: {above: 20}}}
"""


def edit(desk: Desk, mine: str, /, **fields: object) -> None:
    desk.world.rows = [row | fields if row["slug"] == mine else row for row in desk.world.rows]


def produce(desk: Desk, volume: float) -> None:
    edit(desk, "mine-1", production_volume=volume, overburden_removal_volume=8 * volume)
    assert desk.poll().returncode == 0


def test_a_limit_is_told_on_crossing_and_on_the_way_back(desk: Desk) -> None:
    """Across processes: told once, again when crossed anew, resolved past `clear`; `status` shows what is broken."""
    desk.rules(rules=LISTS)
    assert desk.poll().returncode == 0 and desk.sink.received == []
    for volume in (12.5, 13.0, 11.8, 11.4, 12.1):
        produce(desk, volume)
    assert [message["title"] for message in desk.sink.received] == [
        "⚠ Mine 1: production 11 → 12.5 Mt (+14 %), above your 12",
        "⚠ Mine 1: production 11.8 → 11.4 Mt (−3.4 %), no longer above your 12",
        "⚠ Mine 1: production 11.4 → 12.1 Mt (+6.1 %), above your 12",
    ]
    (limit,) = desk.json("status")["limits"]
    assert (limit["slug"], limit["value"], limit["broken"]) == ("mine-1", 12.1, True)
    assert "mine-1" in desk.run("status").stdout and len(desk.json("changes")) == 10


def test_what_is_broken_at_baseline_is_told_together(desk: Desk) -> None:
    """One message for all of a first look; a list that is added later has its own first look."""
    desk.rules(rules=LISTS.replace("above: 12, clear: 11.5", "above: 10.5").replace("above: 20", "above: 12"))
    desk.poll()
    (message,) = desk.sink.received
    assert "(and 1 more · all)" in message["title"] and message["message"].count("above your") == 2
    desk.poll()
    assert len(desk.sink.received) == 1


def test_overlapping_watches_tell_once(desk: Desk) -> None:
    """The same news found by two watches is one message; each keeps its own history."""
    desk.rules()
    text = (desk.folder / "rules.yaml").read_text()
    (desk.folder / "rules.yaml").write_text(
        text.replace("watches:\n", "watches:\n  coal: {filter: {commodity_type: Coal}, details: 0s}\n")
    )
    desk.poll()
    edit(desk, "mine-1", production_volume=11.1)
    assert "1 message sent" in desk.poll().stdout
    assert len(desk.sink.received) == 1 and len(desk.json("changes")) == 2


def test_a_silence_is_set_listed_and_ended(desk: Desk) -> None:
    """What matches is not sent, and said to be silenced; expired, it is sent again."""
    desk.poll()
    done = desk.run("silence", "add", "company=pt-company-1", "metric=production*", "--for", "7d", "--reason", "audit")
    assert done.returncode == 0 and "Silence 1 is on until" in done.stdout
    produce(desk, 11.2)
    assert desk.sink.text.count("production 11") == 0
    (change,) = [c for c in desk.json("changes") if c["metric"] == "production_volume"]
    assert "silenced: audit" in desk.run("explain", change["id"]).stdout
    (listed,) = desk.json("silence", "list")
    assert listed["reason"] == "audit" and listed["matcher"]["company"] == ["pt-company-1"]
    assert desk.run("silence", "expire", "1").returncode == 0 and desk.json("silence", "list") == []
    assert desk.run("silence", "expire", "1").returncode == 2
    produce(desk, 11.3)
    assert "production 11.2 → 11.3 Mt" in desk.sink.text


def test_a_wrong_silence_says_what_is_expected(desk: Desk) -> None:
    """Fields, times and matchers are checked; the file's silences are in force too."""
    desk.poll()
    for words, expected in (
        (["compny=pt-x", "--for", "1d"], "did you mean `company`?"),
        (["pt-x", "--for", "1d"], "is no matcher"),
        (["company=pt-x", "--for", "soon"], "is no duration"),
        (["company=pt-x"], "Say how long"),
        (["company=pt-x", "--until", "2020-01-01"], "has passed"),
    ):
        done = desk.run("silence", "add", *words, "--reason", "r")
        assert done.returncode == 2 and expected in done.stderr, done.stderr
    desk.rules(silences="[{matcher: {slug: mine-1}, until: 2099-01-01, reason: forever}]")
    produce(desk, 11.2)
    assert desk.sink.received == [] and "slug=mine-1" in desk.run("silence", "list").stdout


def test_explain_shows_rules_evidence_and_delivery(desk: Desk) -> None:
    """Which rules matched, which did not and why, both snapshots' values, and who was told when."""
    rules = (
        "rules:\n  - {name: all, on: '*', to: [desk]}\n"
        "  - {name: falls, on: production_volume, when: {falls_by: 50%}, to: [desk]}\n"
        "  - {name: gold, on: '*', where: {commodity_type: Gold}, to: [desk]}\n"
        "  - {name: new, on: site.added, to: [desk]}\n"
        "watchlists:\n  core: {to: desk, companies: [pt-company-1], limits: {strip_ratio: {above: 90}}}\n"
        "  others: {to: desk, companies: [pt-company-2], limits: {production_volume: {above: 90}}}"
    )
    desk.rules(rules=rules)
    desk.poll()
    produce(desk, 10.0)
    (change,) = [c for c in desk.json("changes") if c["metric"] == "production_volume"]
    shown = " ".join(desk.run("explain", change["id"]).stdout.split())
    for words in ("“all” matches", "“falls” does not match: its `when` does not hold: the new figure is 10, it moved",
                  "“gold” does not match: its commodity_type must be Gold, and is Coal",
                  "“new” does not match: it is on site.added, not on production_volume", "11 Mt 10 Mt",
                  "desk, by “all”", "sent ", "list “core” says nothing: it has no limit for production_volume",
                  "list “others” says nothing: pt-company-1 is not on it"):  # fmt: skip
        assert words in shown, (words, shown)
    document = desk.json("explain", change["id"])
    assert [rule["matches"] for rule in document["rules"]] == [True, False, False, False]
    assert document["before"]["at"] < document["after"]["at"] and document["told"][0]["sent_at"]
    assert desk.run("explain", "nothing").returncode == 2


def test_templates_are_listed_shown_and_copied(desk: Desk) -> None:
    """A copied template is used as soon as it is there; nothing is overwritten."""
    assert "change.md.j2" in desk.run("templates", "list").stdout
    assert "{{ movement }}" in desk.run("templates", "show", "change.txt").stdout
    assert "did you mean `change.txt.j2`" in desk.run("templates", "show", "chnge.txt.j2").stderr
    assert desk.run("templates", "copy", "change.txt").returncode == 2
    (desk.folder / "mine").mkdir()
    desk.rules(templates="./mine")
    assert desk.run("templates", "copy", "change.txt").returncode == 0
    assert desk.run("templates", "copy", "change.txt").returncode == 2
    (desk.folder / "mine" / "change.txt.j2").write_text("MINE {{ change.slug }}")
    desk.poll()
    edit(desk, "mine-1", production_volume=11.5)
    assert "MINE mine-1" in desk.poll("--dry-run").stdout
    (desk.folder / "mine" / "change.txt.j2").write_text("{{ nothing }}")
    done = desk.poll()
    assert "A template failed" in done.stderr and "change.txt.j2 line 1" in done.stderr
    assert any("production 11 → 11.5" in m["message"] for m in desk.sink.received)
    assert [m["title"] for m in desk.sink.received if "template" in m["title"]] == [
        "Watcher: a message template failed"
    ]


def test_check_explains_and_warns(desk: Desk) -> None:
    """Each rule and list in a sentence, and what can never be told."""
    desk.rules(rules=LISTS.replace("pt-company-1", "pt-compny-1") + "silences: []")
    desk.poll()
    done = desk.run("check")
    assert done.returncode == 0 and "Watchlist “core” tells desk when a site of its 2 companies" in done.stdout
    assert "pt-company-3: production_volume above 20" in done.stdout and "did you mean pt-company-1?" in done.stderr


def test_a_dry_run_shows_crossings_and_waits(desk: Desk) -> None:
    """The words that would go out, and what keeps them waiting; nothing is written."""
    desk.rules(rules=LISTS)
    text = (desk.folder / "rules.yaml").read_text()
    (desk.folder / "rules.yaml").write_text(
        text.replace("desk: '${DESK}'", "desk: {url: '${DESK}', digest: '0 7 * * *'}")
    )
    desk.poll()
    edit(desk, "mine-1", production_volume=13.0)
    done = desk.poll("--dry-run")
    assert "above your 12" in done.stdout and "waits for its digest" in done.stdout.replace("wait for", "waits for")
    assert desk.json("changes") == []


def test_backtest_shows_what_lists_would_have_said(desk: Desk) -> None:
    """Crossings of the past, by list."""
    desk.rules(rules="rules: []")
    desk.poll()
    produce(desk, 13.0)
    desk.rules(rules=LISTS)
    document = desk.json("backtest")
    (rule,) = document["rules"]
    assert rule["rule"] == "core" and rule["alerts"][0]["limit"]["transition"] == "crossed"
    assert "above your 12" in " ".join(desk.run("backtest").stdout.split())
