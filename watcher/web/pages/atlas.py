"""The map: all sites, coloured by commodity, sized by production, ringed where something changed lately."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from markupsafe import Markup

from watcher import derived, units
from watcher.geography import in_indonesia
from watcher.messages import number
from watcher.messages.words import tame
from watcher.model import Record, Value
from watcher.store.pages import Pages
from watcher.web.drawing import place
from watcher.web.pages.scene import Scene
from watcher.web.render import url

#: What counts as lately.
RECENT = timedelta(days=7)
SHADES = ("coal", "nickel", "copper", "gold", "other")


def context(read: Pages, scene: Scene, commodity: str = "") -> dict[str, Any]:
    """What the map shows; of one commodity (as `drawing.place.shade` calls it) if one is named."""
    everything = derived.latest(read.all_records())
    shown = [record for record in everything if not commodity or place.shade(record.commodity_type) == commodity]
    changed = read.changed_since(scene.now - RECENT)
    counts = {shade: sum(place.shade(record.commodity_type) == shade for record in everything) for shade in SHADES}
    placed = [record for record in shown if located(record)]
    return {
        "map": draw(placed, changed, link=True),
        "records": sorted(shown, key=lambda record: (record.company_name or "", record.name or record.slug)),
        "changed": changed,
        "unplaced": len(shown) - len(placed),
        "commodity": commodity,
        "counts": {shade: count for shade, count in counts.items() if count},
        "sites": len({record.slug for record in shown}),
    }


def located(record: Record) -> bool:
    """Whether a record can be drawn: it has coordinates, and they lie in Indonesia."""
    return (
        record.latitude is not None and record.longitude is not None and in_indonesia(record.latitude, record.longitude)
    )


def draw(records: Iterable[Record], changed: Mapping[str, int], *, link: bool) -> Markup:
    """The map of records; `link` leads to their pages."""
    spots = [_spot(record, changed, link=link) for record in records if located(record)]
    return place.archipelago(spots, label(spots, changed))


def label(spots: Sequence[place.Spot], changed: Mapping[str, int]) -> str:
    """The map in words."""
    return f"Map of Indonesia with {len(spots)} sites, {sum(spot.changed for spot in spots)} of them changed lately"


def _spot(record: Record, changed: Mapping[str, int], *, link: bool) -> place.Spot:
    produced = record.metrics.get("production_volume")
    figure = f", {number(produced.amount)} {produced.unit or ''}".rstrip() if produced else ""
    count = changed.get(record.slug, 0)
    news = f", {count} change{'s' if count != 1 else ''} lately" if count else ""
    text = f"{tame(record.name or record.slug)} ({tame(record.commodity_type or 'unknown')}{figure}){news}"
    assert record.latitude is not None and record.longitude is not None
    return place.Spot(
        record.latitude,
        record.longitude,
        record.commodity_type or "",
        text,
        url(record.slug) if link else "",
        _tonnes(produced),
        bool(count),
    )


def _tonnes(produced: Value | None) -> float | None:
    """Production in tonnes, so that a commodity's circles can be compared; None where that cannot be said."""
    if produced is None:
        return None
    scale = units.factor(produced.unit, "t") if produced.unit else None
    return produced.amount * scale if scale is not None else None
