"""The report: everything in one file that needs nothing else."""

from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from tests.web.conftest import NOW, SECRETS, Pages
from watcher.config import Settings
from watcher.store.pages import Pages as Reading
from watcher.web import report_html


@pytest.fixture(scope="module")
def report(settings: Settings) -> str:
    with Reading.open_readonly(settings.database) as read:
        return report_html(settings, read, now=NOW, since=NOW - timedelta(days=8))


def test_a_report_says_what_the_pages_say(report: str, pages: Pages) -> None:
    """Changes of its time, charts of the figures that moved, limits, deliveries, watches, credits, map, rules."""
    changes = pages.get("/api/changes.json?since=8d").json()
    assert report.count('class="entry ') == len(changes) and f"<h1>{len(changes)} changes" in report
    for part in (
        "Figures that moved",
        "Limits over the line",
        "Not delivered",
        "What is watched",
        "Credits",
        "3 rules",
    ):
        assert part in report
    assert report.count('class="chart"') > 5 and 'class="map"' in report


def test_a_report_stands_alone(report: str) -> None:
    """No link, no picture, no script, no style sheet of elsewhere: nothing is loaded, and no secret is in it."""
    tags: list[tuple[str, dict[str, str | None]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append((tag, dict(attrs)))

    Reader().feed(report)
    assert not {tag for tag, _ in tags} & {"a", "link", "script", "img", "iframe", "form", "object"}
    assert not any({"src", "href", "style"} & attrs.keys() for _, attrs in tags)
    assert not re.search(r"url\(|@import", report)
    assert not any(secret in report for secret in SECRETS)
