"""What each page shows."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.core.histories import sites, sweep
from tests.web.conftest import HOSTILE, NOW, RULES, SECRETS, Pages
from watcher import config
from watcher.pipeline import WatchSettings, decide
from watcher.store import Store
from watcher.store.pages import Pages as Reading
from watcher.web.pages import home
from watcher.web.pages.scene import Scene
from watcher.web.query import Query

EVERYTHING = (
    *("/?since=all", "/map", "/map?commodity=coal", "/rules", "/outbox", "/sites/evil-mine", "/sites/muara-embun"),
    *("/companies/pt-%3Cb%3Eevil", "/companies/pt-lembayung-mining", "/feed.atom?since=all", "/metrics", "/healthz"),
    *("/api/changes.json?since=all", "/changes.csv?since=all", "/sites/nobody", "/?nonsense=1"),
)


def text(html: str) -> str:
    """The words of a page."""
    return re.sub(r" ([.,:;])", r"\1", " ".join(re.sub(r"<[^>]+>", " ", html).split()))


def test_the_front_page_says_at_a_glance_what_is_not_well(pages: Pages) -> None:
    """The held snapshot, the failing target and the broken limits are named first, each with a link."""
    answer = pages.get("/")
    verdict = text(answer.text.split("<section")[1])
    assert answer.status_code == 200
    assert "3 things need a look." in verdict
    assert "all-sites saw last is held" in verdict and "Target desk does not take messages" in verdict
    assert re.search(r"\d+ figures beyond a limit", verdict)


def test_the_front_page_says_that_all_is_well(tmp_path: Path) -> None:
    """After a good poll that broke nothing, the first sentence is that all is well."""
    (tmp_path / "rules.yaml").write_text(RULES)
    settings = config.load(tmp_path / "rules.yaml", {})
    watch = WatchSettings("all-sites")
    with Store.open(settings.database) as store:
        before = store.memory(watch.name, NOW)
        outcome = decide(sweep(sites(3), before, watch, NOW), before, watch, NOW)
        store.commit(watch.name, outcome, before=before, list_calls=1, detail_calls=3)
    shown = text(Pages(settings).get("/").text)
    assert "All is well. 1 watch over 3 sites; the last poll was just now." in shown


def test_a_database_that_is_not_there_yet_is_said(tmp_path: Path) -> None:
    """Before the first poll the page says what to do, and is no 200."""
    (tmp_path / "rules.yaml").write_text(RULES)
    answer = Pages(config.load(tmp_path / "rules.yaml", {})).get("/")
    assert answer.status_code == 503 and "watcher poll" in text(answer.text)


def test_changes_are_listed_worst_first(pages: Pages) -> None:
    """What was told as critical stands before warnings, these before news, these before what nobody was told."""
    groups = re.findall(r'<h3 class="group \w+">([^<]+)', pages.get("/?since=all").text)
    assert groups == ["Critical", "Warnings", "Recorded, and told to nobody: no rule asks for it"]


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("kind=site.added", lambda c: c["kind"] == "site.added"),
        ("kind=site.*", lambda c: c["kind"].startswith("site.")),
        ("suspect=1", lambda c: c["suspect"]),
        ("company=lembayung-mining", lambda c: "lembayung" in c["company_slug"]),
        ("site=muara-embun", lambda c: c["slug"] == "muara-embun"),
        ("since=3d", lambda c: c["at"] >= (NOW - timedelta(days=3)).isoformat()),
    ],
)
def test_filters_leave_what_is_asked_for(pages: Pages, query: str, holds: object) -> None:
    """Each parameter narrows page, JSON and feed alike, and leaves out nothing that is asked for."""
    assert callable(holds)
    since = "" if query.startswith("since") else "since=all&"
    everything = pages.get("/api/changes.json?since=all").json()
    found = pages.get(f"/api/changes.json?{since}{query}").json()
    assert found == [change for change in everything if holds(change)] and 0 < len(found) < len(everything)
    shown = pages.get(f"/?{since}{query}").text
    assert all(f'id="change-{change["id"]}"' in shown for change in found)
    assert shown.count('id="change-') == len(found)


@pytest.mark.parametrize("query", ["nonsense=1", "since=soon", "suspect=maybe", "page=0", f"kind={'x' * 400}"])
def test_a_query_that_means_nothing_is_refused(pages: Pages, query: str) -> None:
    """An unknown name or a value that means nothing is a 400 that says what is expected."""
    answer = pages.get(f"/?{query}")
    assert answer.status_code == 400 and "asks for something that cannot be" in answer.text


def test_long_lists_have_pages(pages: Pages) -> None:
    """Page by page, every change is shown once."""
    with Reading.open_readonly(pages.settings.database) as read:
        shown: list[str] = []
        for number in (1, 2, 3, 4):
            query = Query(since="all", page=number)
            said = home.context(read, Scene(pages.settings, NOW), query, per_page=12)
            shown += [one.change.id for _, _, group in said["groups"] for one in group]
        assert said["pages"] == -(-said["total"] // 12)
    assert len(shown) == len(set(shown)) == min(said["total"], 48)


def test_a_site_shows_records_charts_and_timeline(pages: Pages) -> None:
    """Figures with units, a line through each figure's history with the suspect one and the way back marked."""
    html = pages.get("/sites/muara-embun").text
    shown = text(html)
    assert "Muara Embun" in shown and "PT Hitam Jaya Mandiri" in shown and "Berau, Kalimantan Timur" in shown
    assert "Reserve life 22.82 years" in shown
    assert "more figures without a move so far" in shown and html.count('class="chart"') >= 10
    strip = next(chart for chart in html.split("<figure") if ">strip ratio<" in chart)
    values = re.findall(r'class="point ?(\w*)" data-value="([\d.]+)"', strip)
    assert values == [("", "9.18"), ("suspect", "104.7"), ("reverted", "9.18")]
    assert shown.index("104.7 → to 9.18") < shown.index("9.18 → to 104.7")


def test_a_mine_of_several_years_and_commodities_has_a_column_for_each(pages: Pages) -> None:
    """Records stand side by side, the latest year first within a commodity."""
    heads = re.findall(r'<th scope="col" class="right">(\d+|no year) <span class="commodity \w+">(\w+)',
                       pages.get("/sites/batu-tembaga").text)  # fmt: skip
    assert len(heads) >= 2 and heads == sorted(heads, key=lambda head: (head[1], -int(head[0])))


def test_former_names_lead_to_the_present_page(pages: Pages) -> None:
    """A slug that a mine or a company had redirects to the one it has; unknown ones are a 404."""
    renamed = next(c for c in pages.get("/api/changes.json?since=all").json() if c["kind"] == "site.renamed")
    answer = pages.get(f"/sites/{renamed['old_slug']}")
    assert (answer.status_code, answer.headers["location"]) == (307, f"/sites/{renamed['slug']}")
    answer = pages.get("/companies/lembayung-mining")
    assert (answer.status_code, answer.headers["location"]) == (307, "/companies/pt-lembayung-mining")
    assert pages.get("/sites/nobody").status_code == pages.get("/companies/nobody").status_code == 404


def test_a_company_shows_totals_sites_and_limits(pages: Pages) -> None:
    """Sums over its sites with what they are over, its map, its watchlists also under its former name."""
    html = pages.get("/companies/pt-lembayung-mining").text
    shown = text(html)
    assert "71.1 Mt over 4 sites" in shown and "Watchlists core-holdings" in shown
    assert html.count('class="spot coal') == 4


def test_the_map_has_every_site_that_has_a_place(pages: Pages) -> None:
    """One spot per site and commodity with coordinates, coloured, sized, ringed if it changed, with a link each."""
    html = pages.get("/map").text
    rows = html.count('<tr><th scope="row">')
    without = int(re.search(r"(\d+) without coordinates", html).group(1))  # type: ignore[union-attr]
    assert html.count('class="spot ') == rows - without
    assert 0 < html.count('class="ring"') < rows
    radii = {float(r) for r in re.findall(r'r="([\d.]+)" class="spot', html)}
    assert len(radii) > 5 and max(radii) / min(radii) == pytest.approx(15 / 4, rel=0.01)
    coal = pages.get("/map?commodity=nickel").text
    assert coal.count('class="spot nickel') > 0 and "spot coal" not in coal
    assert pages.get("/map?commodity=tin").status_code == 400


def test_rules_say_what_they_do_and_would_say(pages: Pages) -> None:
    """Each rule and list with its sentence, when it last fired, its silences, and the figures beyond a limit."""
    shown = text(replace(pages, now=NOW - timedelta(days=9)).get("/rules").text)
    assert "tells desk of every site.added (info)" in shown
    assert "silenced until 1 Jan 2030, 00:00: quarter end" in shown
    assert re.search(r"Strip ratio moves .* Last fired \d+ days ago", text(pages.get("/rules").text))
    assert re.search(r"Production falls .*? it would tell 1 change Muara Embun: production 12.9 → 11.4", shown)
    assert re.search(r"core-holdings .* \d of \d+ figures beyond a limit", shown)


def test_the_outbox_says_what_waits_and_why(pages: Pages) -> None:
    """Targets that fail, messages that wait, what is saved up for a digest, and the words of what was sent."""
    shown = text(pages.get("/outbox").text)
    assert "desk takes no messages since" in shown and "the server answered 503" in shown
    assert re.search(r"mail \d+ pieces? of news since .* goes out in", shown)
    assert "Sent lately" in shown and "Words" in shown


@pytest.mark.parametrize("path", EVERYTHING)
def test_upstream_text_does_no_harm_and_no_secret_is_shown(pages: Pages, path: str) -> None:
    """Markup of upstream is words, marks that hide or reorder are gone, names of 10 kB are cut, secrets are nowhere."""
    answer = pages.get(path)
    assert answer.status_code < 500
    assert not any(secret in answer.text for secret in SECRETS)
    if answer.headers["content-type"].startswith(("text/html", "application/atom")):
        assert "<script" not in answer.text and "<img" not in answer.text and "\u202e" not in answer.text
        assert "x" * 700 not in answer.text
        assert " style=" not in answer.text and "onerror=alert(1)>" not in answer.text
    if path == "/sites/evil-mine":
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text


def test_the_hostile_mine_is_there_at_all(pages: Pages) -> None:
    """The JSON has the upstream's words as they came."""
    added = [c for c in pages.get("/api/changes.json?since=all&site=evil-mine").json() if c["kind"] == "site.added"]
    assert [change["name"] for change in added] == [HOSTILE]
