"""One company: its sites, their figures together, its limits, its timeline."""

from __future__ import annotations

from typing import Any

from watcher import derived
from watcher.store.pages import Pages
from watcher.web.pages import atlas, figures
from watcher.web.pages.news import news
from watcher.web.pages.scene import Scene

_LONGEST = 300


def context(read: Pages, scene: Scene, slug: str) -> dict[str, Any]:
    """What the page of a company shows; `slug` is the one that it has now."""
    records = derived.latest(read.company_records(slug))
    timeline = read.worst(company=slug, limit=_LONGEST)
    timeline.sort(key=lambda told: told.change.at, reverse=True)
    name = next((record.company_name for record in records if record.company_name), None) or next(
        (told.change.company_name for told in timeline if told.change.company_name), None
    )
    former = read.former(slug, "company.renamed")
    changed = read.changed_since(scene.now - atlas.RECENT)
    sites = {record.slug for record in records}
    levels = {key: level for key, level in read.levels().items() if key.slug in sites or key.slug == slug}
    commodities = sorted({record.commodity_type or "" for record in records})
    return {
        "slug": slug,
        "name": name,
        "former": sorted(former),
        "records": sorted(records, key=lambda record: record.name or record.slug),
        "changed": changed,
        "map": atlas.draw(records, changed, link=True) if any(map(atlas.located, records)) else "",
        "totals": [(commodity, _totals(derived.mines(records), commodity)) for commodity in commodities],
        "lists": [one.name for one in scene.settings.watchlists if {slug, *former} & one.companies.keys()],
        "levels": figures.rows(levels, read.names(), scene.settings),
        "timeline": news(timeline),
        "known": bool(records or timeline),
    }


def _totals(records: list[Any], commodity: str) -> list[tuple[str, derived.Sum]]:
    own = [record for record in records if (record.commodity_type or "") == commodity]
    return [
        (name.removeprefix("company."), total)
        for name in (*derived.OF_COMPANY, "reserve_life")
        if (total := derived.of_company(own, name)).value is not None
    ]
