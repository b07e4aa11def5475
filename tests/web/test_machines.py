"""What machines read: feed, JSON, CSV, metrics, health."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import xml.etree.ElementTree as ET
from dataclasses import fields, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.web.conftest import HOSTILE, NOW, Pages
from watcher.model import Change
from watcher.plain import as_json
from watcher.store import Pause, Store
from watcher.web import Pulse, sheet

ATOM = "{http://www.w3.org/2005/Atom}"


def test_the_feed_is_valid_atom_with_stable_ids(pages: Pages) -> None:
    """All that RFC 4287 asks for is there, in feed and entries, and another day the same change has the same id."""
    answer = pages.get("/feed.atom?since=all")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    feed = ET.fromstring(answer.content)
    assert feed.tag == f"{ATOM}feed" and feed.findtext(f"{ATOM}author/{ATOM}name") == "Watcher"
    ids = []
    for part in (feed, *feed.findall(f"{ATOM}entry")):
        assert part.findtext(f"{ATOM}title") and (part.findtext(f"{ATOM}id") or "").startswith("urn:uuid:")
        assert datetime.fromisoformat(part.findtext(f"{ATOM}updated") or "").tzinfo is not None
        links = [link.get("rel") for link in part.findall(f"{ATOM}link")]
        assert "alternate" in links and len(links) == len(set(links))
        ids.append(part.findtext(f"{ATOM}id"))
    assert len(ids) == len(set(ids)) > 10
    later = ET.fromstring(replace(pages, now=NOW + timedelta(days=40)).get("/feed.atom?since=all").content)
    assert [entry.findtext(f"{ATOM}id") for entry in later.findall(f"{ATOM}entry")] == ids[1:]
    assert feed.findtext(f"{ATOM}updated") == max(
        entry.findtext(f"{ATOM}updated") or "" for entry in feed.findall(f"{ATOM}entry")
    )


def test_the_feed_is_another_one_for_another_question(pages: Pages) -> None:
    """Filters narrow it, and its own id and address say so; without a change it is still a feed."""
    whole, one, none = (
        ET.fromstring(pages.get(f"/feed.atom{query}").content)
        for query in ("?since=all", "?since=all&site=muara-embun", "?since=1m")
    )
    assert 0 < len(one.findall(f"{ATOM}entry")) < len(whole.findall(f"{ATOM}entry"))
    assert len({feed.findtext(f"{ATOM}id") for feed in (whole, one, none)}) == 3
    (own,) = [link.get("href") for link in one.findall(f"{ATOM}link") if link.get("rel") == "self"]
    assert own == "http://127.0.0.1:8642/feed.atom?since=all&site=muara-embun"
    assert none.findall(f"{ATOM}entry") == [] and none.findtext(f"{ATOM}updated")


def test_a_feed_entry_leads_to_its_change(pages: Pages) -> None:
    """The link of an entry is a page that has the change."""
    feed = ET.fromstring(pages.get("/feed.atom?since=all&kind=metric.changed").content)
    link = feed.find(f"{ATOM}entry/{ATOM}link")
    assert link is not None
    path, _, place = (link.get("href") or "").removeprefix("http://127.0.0.1:8642").partition("#")
    assert f'id="{place}"' in pages.get(path).text


def test_json_is_what_the_command_line_gives(pages: Pages) -> None:
    """The same fields and values as `watcher changes --json`, newest first."""
    with Store.open_readonly(pages.settings.database) as store:
        expected = [as_json(change) for change in store.changes()]
    assert pages.get("/api/changes.json?since=all").json() == expected
    assert set(expected[0]) == {field.name for field in fields(Change)}


def test_csv_has_a_column_per_field_and_no_formula(pages: Pages) -> None:
    """A row per change under the names of the fields; text that a spreadsheet would run is quoted."""
    answer = pages.get("/changes.csv?since=all")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.headers["content-disposition"] == 'attachment; filename="changes.csv"'
    assert list(rows[0]) == [field.name for field in fields(Change)]
    assert len(rows) == len(pages.get("/api/changes.json?since=all").json())
    hostile = Change("1", NOW, "w", "site.added", "a", name="=HYPERLINK(0)", old=-3.0)
    (row,) = csv.DictReader(io.StringIO(sheet.changes([hostile])))
    assert (row["name"], row["old"]) == ("'=HYPERLINK(0)", "-3.0")
    assert HOSTILE in {row["name"] for row in rows}


def samples(pages: Pages) -> dict[tuple[str, ...], float]:
    """What is counted, by name and the values of the labels in the order of their names."""
    answer = pages.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, *(sample.labels[label] for label in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_metrics_count_what_the_database_has(pages: Pages) -> None:
    """Polls, durations, calls, credits, changes, alerts, deliveries, holds and the outbox, as the story left them."""
    found = samples(pages)
    assert found["watcher_polls_total", "held", "all-sites"] == 2
    assert found["watcher_polls_total", "baseline", "all-sites"] == 1
    assert found["watcher_poll_duration_seconds_count", "all-sites"] == 11
    assert found["watcher_poll_duration_seconds_sum", "all-sites"] == 16.5
    assert found["watcher_calls_total", "list", "all-sites"] == 33
    assert found["watcher_credits_total", "list", "all-sites"] == 33
    assert found["watcher_credits_budget", "day"] == 500 and found["watcher_credits_budget", "month"] == 9000
    assert found["watcher_changes_total", "site.added", "all-sites"] == 2
    assert found["watcher_alerts_total", "Production falls", "critical", "mail"] >= 1
    assert found["watcher_deliveries_total", "failed", "desk"] == 1
    assert found["watcher_outbox_messages", "failing", "desk"] == 1 and found["watcher_outbox_oldest_seconds",] == 3600
    assert found["watcher_held", "all-sites"] == 1 and found["watcher_healthy",] == 1
    assert found["watcher_limits_broken", "core-holdings"] >= 1
    assert found["watcher_last_poll_timestamp_seconds", "all-sites"] == (NOW - timedelta(hours=1)).timestamp()


def test_metrics_keep_to_the_names_of_the_file(pages: Pages) -> None:
    """What rules.yaml does not name any more is counted together: no label grows without bound."""
    other = replace(
        pages.settings, watches={"new": pages.settings.watches["all-sites"]}, rules=(), watchlists=(), targets={}
    )
    found = samples(replace(pages, settings=other))
    assert {labels[1] for name, *labels in found if name == "watcher_polls_total"} == {"(former)"}
    alerts = {
        (rule, target) for name, *labels in found if name == "watcher_alerts_total" for rule, _, target in [labels]
    }
    assert alerts == {("(former)", "(former)")}
    assert not any("evil" in part or "muara" in part for key in found for part in key)


def health(pages: Pages) -> tuple[int, list[str]]:
    answer = pages.get("/healthz")
    assert answer.json()["status"] == ("ok" if answer.status_code == 200 else "failing")
    return answer.status_code, answer.json()["problems"]


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        (timedelta(0), (200, [])),
        (timedelta(hours=23, minutes=5), (200, [])),
        (timedelta(hours=23, minutes=15), (503, ["the poll of all-sites is overdue"])),
    ],
)
def test_health_is_lost_when_polls_are_overdue(pages: Pages, later: timedelta, expected: tuple[int, list[str]]) -> None:
    """Without a daemon the schedule tells when the next poll is due, with ten minutes' grace."""
    assert health(replace(pages, now=NOW + later)) == expected


def test_health_is_lost_when_the_scheduler_stops(pages: Pages) -> None:
    """The daemon's own word counts: when its scheduler last turned, and when it means to poll next."""
    turning = Pulse(NOW - timedelta(seconds=20), {"all-sites": NOW + timedelta(hours=9)})
    late = replace(
        pages, now=NOW + timedelta(days=3), pulse=replace(turning, scheduler_alive_at=NOW + timedelta(days=3))
    )
    assert health(replace(pages, pulse=turning)) == (200, [])
    assert health(replace(pages, pulse=replace(turning, scheduler_alive_at=NOW - timedelta(minutes=3)))) == (
        503, ["the scheduler has stopped"],
    )  # fmt: skip
    assert health(late) == (503, ["the poll of all-sites is overdue"])
    assert "in 9 hours" in replace(pages, pulse=turning).get("/").text


def test_a_pause_for_want_of_quota_is_no_lost_health(pages: Pages, tmp_path: Path) -> None:
    """While the API's quota is gone polls rest: that is said on the front page, and none is overdue until then."""
    shutil.copytree(pages.settings.database.parent, tmp_path / "own")
    own = replace(pages.settings, database=tmp_path / "own" / "watcher.db")
    with Store.open(own.database) as store:
        again = NOW + timedelta(days=2)
        store.ledger.set_pause(Pause(NOW, again, "monthly_limit_exceeded", "The monthly quota is spent."))
    resting = Pages(own, now=NOW + timedelta(days=1, hours=23))
    assert health(resting) == (200, [])
    shown = resting.get("/").text
    assert "polls rest" in shown and "The monthly quota is spent." in shown and "in 1 hour" in shown
    assert health(replace(resting, now=again + timedelta(minutes=11)))[0] == 503


def test_health_without_a_database(pages: Pages) -> None:
    """No database is no health."""
    gone = replace(pages.settings, database=pages.settings.database.with_name("none.db"))
    code, problems = health(replace(pages, settings=gone))
    assert code == 503 and "There is no database" in problems[0]


def test_docs_dashboard_and_alerts_name_metrics_that_exist(pages: Pages) -> None:
    """Every metric that docs/web.md, the Grafana dashboard and the Prometheus rules name is one that /metrics has."""
    turning = Pulse(NOW, {"all-sites": NOW})
    shown = replace(pages, pulse=turning).get("/metrics").text
    known = {family.name for family in text_string_to_metric_families(shown)}
    known |= {f"{name}_total" for name in known} | {f"{name}_info" for name in known}
    docs = Path(__file__).parents[2] / "docs"
    for path in (docs / "web.md", docs / "grafana" / "watcher.json", docs / "grafana" / "alerts.yaml"):
        named = set(re.findall(r"\bwatcher_[a-z_]+", path.read_text("utf-8")))
        assert named and named <= known, (path.name, named - known)
    assert json.loads((docs / "grafana" / "watcher.json").read_text("utf-8"))["panels"]
    (group,) = yaml.safe_load((docs / "grafana" / "alerts.yaml").read_text("utf-8"))["groups"]
    assert all({"alert", "expr", "labels", "annotations"} <= rule.keys() for rule in group["rules"])
