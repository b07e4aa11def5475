"""The report: everything in one file that needs nothing else."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.web.conftest import NOW, SECRETS, Pages
from watcher import dispatch
from watcher.config import Settings
from watcher.messages import Attachment, Format
from watcher.store import Store
from watcher.store.pages import Pages as Reading
from watcher.web import report_attachment, report_html
from watcher.wiring import wording_of


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
    assert report.count('class="chart"') > 5 and 'class="map' in report


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


def test_a_report_can_go_along_with_a_message(settings: Settings, report: str) -> None:
    """The same document, as a file named for its day."""
    file = report_attachment(settings, NOW, NOW - timedelta(days=8))
    assert (file.name, file.mimetype, file.inline) == ("watcher-2026-03-12.html", "text/html", False)
    assert file.content.decode() == report


def test_a_digest_takes_the_report_of_its_time_along(settings: Settings, tmp_path: Path) -> None:
    """With `attach_report`, where the target takes files; what is told at once goes without."""
    shutil.copytree(settings.database.parent, tmp_path / "own")
    mail = replace(settings.policies["mail"], attach_report=True)
    own = replace(settings, database=tmp_path / "own" / "watcher.db", policies={**settings.policies, "mail": mail})
    got: dict[str, list[str]] = {}

    class Post:
        names = ("desk", "mail")

        def format_of(self, name: str) -> Format:
            return "html"

        def attaches(self, name: str) -> bool:
            return True

        def send(
            self, name: str, title: str, body: str, format: Format, attachments: Sequence[Attachment] = ()
        ) -> None:
            got.setdefault(name, []).extend(file.name for file in attachments if file.mimetype == "text/html")

    later = NOW + timedelta(days=30)
    with Store.open(own.database) as store:
        asyncio.run(dispatch.deliver(store, Post(), wording_of(own), now=lambda: later))
    assert got == {"desk": [], "mail": ["watcher-2026-04-11.html"]}
