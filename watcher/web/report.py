"""The pages as one file, to mail or to keep: no link leads out of it, and nothing is loaded from anywhere."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from markupsafe import Markup

from watcher import __version__, derived
from watcher.config import Settings
from watcher.messages import Attachment
from watcher.store.pages import Pages
from watcher.web.pages import atlas, book, home, site
from watcher.web.pages.news import News
from watcher.web.pages.scene import Scene
from watcher.web.query import Query
from watcher.web.render import FOLDER, page

#: So many changes are listed, and so many sites have their figures drawn; the rest is counted.
CHANGES, SITES = 1000, 24


def report_html(settings: Settings, read: Pages, *, now: datetime, since: datetime) -> str:
    """What happened since an instant, what is watched and what is broken, as one self-contained HTML document.

    Args:
        read: the database, opened with `Pages.open_readonly`.
    """
    scene = Scene(settings, now)
    with read.steady():
        query = Query(since=since.isoformat())
        said = home.context(read, scene, query, per_page=CHANGES)
        records = derived.latest(read.all_records())
        changed = read.changed_since(since)
        told = [one for _, _, group in said["groups"] for one in group]
        said |= {
            "map": atlas.draw(records, changed, link=False),
            "records": sorted(records, key=lambda record: (record.company_name or "", record.name or record.slug)),
            "changed": changed,
            "stories": _stories(read, scene, told),
            **book.context(read, scene),
        }
    style = Markup((FOLDER / "static" / "style.css").read_text("utf-8"))  # noqa: S704  (our own file)
    frame = {"version": __version__, "now": now, "since": since, "zone": settings.timezone, "style": style}
    return page("report", **said, **frame)


def report_attachment(settings: Settings, now: datetime, since: datetime) -> Attachment:
    """The same as a file that a digest can take along.

    Raises:
        StoreError: the database cannot be read.
    """
    with Pages.open_readonly(settings.database) as read:
        document = report_html(settings, read, now=now, since=since)
    day = f"{now.astimezone(settings.timezone):%Y-%m-%d}"
    return Attachment(f"watcher-{day}.html", "text/html", document.encode())


def _stories(read: Pages, scene: Scene, told: list[News]) -> list[dict[str, Any]]:
    """The sites that something happened at, each with the charts of the figures that moved, the worst first."""
    slugs = list(
        dict.fromkeys(one.change.slug for one in told if one.change.kind in {"metric.changed", "report.added"})
    )
    found = []
    for slug in slugs[:SITES]:
        own = [one.change for one in read.worst(site=slug, limit=200)]
        charts = [chart for chart in site.charts(read.histories(slug), own, scene) if len(chart.marks) > 1]
        records = read.site_records(slug)
        if charts and records:
            found.append({"slug": slug, "site": records[0], "charts": charts})
    return found
