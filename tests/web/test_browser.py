"""The pages in a real browser: they load, look right, can be read by everyone, and call nobody.

Run by `make test-browser`, which brings Debian's chromium, playwright and axe-core; skipped elsewhere.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.conftest import NOW
from watcher.config import Settings
from watcher.store.pages import Pages as Reading
from watcher.web import report_html

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

if not os.environ.get("WATCHER_BROWSER"):
    pytest.skip("a browser is started by `make test-browser` only", allow_module_level=True)

PAGES = (
    "/",
    "/map?commodity=nickel",
    "/sites/muara-embun",
    "/companies/pt-lembayung-mining",
    "/rules",
    "/outbox",
    "/sites/x",
)
PHONE, DESK = (360, 740), (1600, 1000)


def violations(page: Page, **options: Any) -> list[object]:
    """What axe-core finds, with the places."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"resultTypes": ["violations"], **options})
    return [(one["id"], [node["html"][:200] for node in one["nodes"]][:3]) for one in found.response["violations"]]


@pytest.fixture(scope="session")
def browser(served: str) -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which(os.environ["WATCHER_BROWSER"]), args=["--no-sandbox"]
        )
        yield chromium
        chromium.close()


@dataclass
class Tab:
    """An open page, what it asked for, and what it complained of."""

    page: Page
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def clean(self, base: str) -> None:
        assert self.complaints == [] and [url for url in self.asked if not url.startswith(base)] == []


@pytest.fixture
def tab(browser: Browser, served: str) -> Iterator[Callable[..., Tab]]:
    """Opens a page in a window of its own; whatever else it does, it must ask nobody else and complain of nothing."""
    opened: list[Tab] = []

    def open_tab(path: str, width: int = 1280, height: int = 800, scheme: Any = "light", **more: Any) -> Tab:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce", **more
        )
        one = Tab(context.new_page())
        one.page.on("request", lambda request: one.asked.append(request.url))
        one.page.on("dialog", lambda dialog: one.complaints.append(f"dialog: {dialog.message}"))
        one.page.on("pageerror", lambda error: one.complaints.append(str(error)))
        one.page.on(
            "console",
            lambda said: None if "404" in said.text and path == "/sites/x" else one.complaints.append(said.text),
        )
        opened.append(one)
        one.page.goto(served + path)
        return one

    yield open_tab
    for one in opened:
        one.clean(served)
        one.page.context.close()


@pytest.mark.parametrize("path", PAGES)
def test_every_page_can_be_read_by_everyone(tab: Callable[..., Tab], path: str) -> None:
    """axe-core finds nothing, contrast in light and dark included; nothing is wider than a phone or a large screen."""
    page = tab(path, *PHONE).page
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
    assert violations(page, runOnly=["color-contrast"]) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= DESK[0]


def test_filters_work_without_javascript(tab: Callable[..., Tab]) -> None:
    """Choosing a kind and pressing Show leaves the changes of that kind, and the form says what was chosen."""
    page = tab("/?since=all", java_script_enabled=False).page
    page.get_by_label("Kind").select_option("site.added")
    page.get_by_label("Suspect only").set_checked(False)
    page.get_by_role("button", name="Show").click()
    assert "kind=site.added" in page.url
    entries = page.locator(".entry").all_inner_texts()
    assert 0 < len(entries) < 5 and all("new site" in entry for entry in entries)
    assert page.get_by_label("Kind").input_value() == "site.added"
    page.get_by_role("link", name="show all").click()
    assert page.locator(".entry").count() > 20


def test_charts_have_the_right_points(tab: Callable[..., Tab]) -> None:
    """The strip ratio's line shows the slip as a high triangle and the way back as a diamond at the old height."""
    page = tab("/sites/muara-embun").page
    chart = page.locator("figure", has=page.get_by_text("strip ratio", exact=True))
    points = chart.locator(".point")
    assert [point.get_attribute("data-value") for point in points.all()] == ["9.18", "104.7", "9.18"]
    boxes = [point.bounding_box() for point in points.all()]
    middles = [(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in boxes if box]
    assert middles[0][0] < middles[1][0] < middles[2][0] and abs(middles[0][1] - middles[2][1]) < 1.5
    assert middles[1][1] < middles[0][1] - 40
    assert "suspect" in (points.nth(1).locator("title").text_content() or "")


def test_the_keyboard_is_enough(tab: Callable[..., Tab]) -> None:
    """The first key leads to the content; a site on the map takes the focus and opens."""
    page = tab("/map").page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.locator(".map a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/sites/"))
    assert page.locator("h1").count() == 1


def test_the_map_shows_its_spots_on_the_land(tab: Callable[..., Tab]) -> None:
    """Circles are visible, in their commodity's colour, which differs by commodity."""
    page = tab("/map").page
    colours = {
        shade: page.locator(f"circle.spot.{shade}:not(.unknown)").first.evaluate("e => getComputedStyle(e).fill")
        for shade in ("coal", "nickel", "gold")
    }
    assert len(set(colours.values())) == 3
    frame, spot = page.locator("svg.map").bounding_box(), page.locator("circle.spot").first.bounding_box()
    assert frame and spot and frame["x"] < spot["x"] < frame["x"] + frame["width"]


def test_dark_is_dark(tab: Callable[..., Tab]) -> None:
    """The page follows the reader's preference."""
    colours = [
        tab("/", scheme=scheme).page.evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    ]
    brightness = [sum(map(int, re.findall(r"\d+", colour))) for colour in colours]
    assert brightness[0] > 600 and brightness[1] < 120


def test_paper_gets_what_paper_can_use(tab: Callable[..., Tab]) -> None:
    """Printed, the form and the navigation are gone and the words are dark on white, also in a dark window."""
    page = tab("/", scheme="dark").page
    page.emulate_media(media="print")
    assert not page.locator("form").is_visible() and not page.locator(".top nav").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_a_report_loads_nothing(browser: Browser, settings: Settings, tmp_path: Path) -> None:
    """Opened from a folder, on a phone, it asks for nothing but itself, and axe-core finds nothing."""
    file = tmp_path / "report.html"
    with Reading.open_readonly(settings.database) as read:
        file.write_text(report_html(settings, read, now=NOW, since=NOW - timedelta(days=9)), "utf-8")
    context = browser.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(file.as_uri())
    assert asked == [file.as_uri()] and said == []
    assert violations(page, rules={"color-contrast": {"enabled": False}}) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()
