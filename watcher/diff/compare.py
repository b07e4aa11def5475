"""Two versions of a record → changes (DESIGN section 3), before anybody has judged them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from watcher.diff.values import Move, move
from watcher.geography import metres_apart, same_name
from watcher.model import LIST_METRICS, Change, Kind, Nature, Record


def about(kind: Kind, record: Record, *, at: datetime, watch: str, **more: object) -> Change:
    """A change of `kind` that carries who and where `record` is."""
    facts: dict[str, object] = {
        name: getattr(record, name)
        for name in (
            *("slug", "name", "company_slug", "company_name", "commodity_type", "year"),
            *("province", "city", "latitude", "longitude"),
        )
    }
    facts |= more
    return Change(id="", at=at, watch=watch, kind=kind, **facts)  # type: ignore[arg-type]  # the fields of Change by name


def compare(
    old: Record, new: Record, past: Iterable[Record], *, at: datetime, watch: str, moved_beyond: float = 100.0
) -> Iterator[Change]:
    """What changed from `old` to `new`, one record of one site.

    `past` holds the site's former records: a new reporting year is compared with the latest year before it.
    `moved_beyond` is in metres: nearer coordinates are the same place.
    """
    if old is new:
        return
    if old.name and new.name and _plain(old.name) != _plain(new.name) and old.slug == new.slug:
        yield about("site.renamed", new, at=at, watch=watch, old=old.name, new=new.name, old_slug=old.slug)
    if old.company_slug and new.company_slug and old.company_slug != new.company_slug:
        names = {"old": old.company_name or old.company_slug, "new": new.company_name or new.company_slug}
        detail = f"company slug {old.company_slug} → {new.company_slug}"
        yield about("owner.changed", new, at=at, watch=watch, detail=detail, **names)
    yield from _moved(old, new, at, watch, moved_beyond)
    if old.year is not None and new.year is not None and old.year != new.year:
        if new.year < old.year and not any(move(old.metrics.get(m), new.metrics.get(m)) for m in _metrics(old, new)):
            return  # the year alone was put right: nothing that was not known is reported
        yield from report(new, (old, *past), at=at, watch=watch)
    else:
        for name in _metrics(old, new):
            step = move(old.metrics.get(name), new.metrics.get(name))
            if step is not None and _both_say(name, old, new):
                yield figures(new, name, step, nature(step), at=at, watch=watch)


def _both_say(metric: str, old: Record, new: Record) -> bool:
    """Whether both sides say a number or null: words in place of a number (`<5100`) are neither."""
    return all(metric in record.metrics or record.null(metric) for record in (old, new))


def report(new: Record, past: Iterable[Record], *, at: datetime, watch: str) -> Iterator[Change]:
    """A record for a new year or commodity: `report.added`, and each figure against the latest year before it."""
    earlier = [r for r in past if r.commodity_type == new.commodity_type and r.year and new.year and r.year < new.year]
    before = max(earlier, key=lambda r: r.year or 0) if earlier else None
    production = new.metrics.get("production_volume")
    more: dict[str, object] = {}
    if production is not None:
        more = {"metric": "production_volume", "unit": production.unit, "new": production.amount}
    if before is not None:
        more |= {"old_year": before.year, "detail": f"compared with {before.year}"}
        step = move(before.metrics.get("production_volume"), production)
        if production is not None and "production_volume" in before.metrics:
            shown = step.old_shown if step else production.amount
            more |= {"old": shown, "delta": step.delta if step else 0.0, "percent": step.percent if step else 0.0}
    elif any(r.year and new.year and r.year > new.year and r.commodity_type == new.commodity_type for r in past):
        more |= {"detail": "a report for an earlier year than the latest known"}
    yield about("report.added", new, at=at, watch=watch, nature="reported", **more)
    if before is None:
        return
    for name in _metrics(before, new):
        step = move(before.metrics.get(name), new.metrics.get(name))
        if step is not None and step.new is not None and _both_say(name, before, new):
            said: Nature = "reported" if step.old is not None else "disclosed"
            yield figures(new, name, step, said, at=at, watch=watch, old_year=before.year)


def figures(
    new: Record, metric: str, step: Move, how: Nature, *, at: datetime, watch: str, old_year: int | None = None
) -> Change:
    """A `metric.changed` for one movement of one figure."""
    return about(
        "metric.changed",
        new,
        at=at,
        watch=watch,
        metric=metric,
        unit=step.unit,
        old=step.old_shown,
        new=step.new.amount if step.new else None,
        delta=step.delta,
        percent=step.percent,
        nature=how,
        suspect=step.reason,
        old_year=old_year,
    )


def place(record: Record) -> str:
    """Where a record is, in words: `Kutai Timur, Kalimantan Timur (1.13465, 116.753186)`."""
    words = ", ".join(part for part in (record.city, record.province) if part)
    if record.latitude is None or record.longitude is None:
        return words
    return f"{words} ({_degrees(record.latitude)}, {_degrees(record.longitude)})".strip()


def _moved(old: Record, new: Record, at: datetime, watch: str, beyond: float) -> Iterator[Change]:
    """`site.moved` where a known place is another now. A place that becomes known, or unknown, has not moved."""
    apart = metres_apart((old.latitude, old.longitude), (new.latitude, new.longitude))
    other = any(
        mine and theirs and not same_name(mine, theirs)
        for mine, theirs in ((old.province, new.province), (old.city, new.city))
    )
    if other or (apart is not None and apart > beyond):
        yield about("site.moved", new, at=at, watch=watch, old=place(old), new=place(new))


def _metrics(old: Record, new: Record) -> list[str]:
    return sorted(old.metrics.keys() | new.metrics.keys(), key=lambda name: (name not in LIST_METRICS, name))


def nature(step: Move) -> Nature:
    """How a figure moved within one reporting year."""
    if step.old is None:
        return "disclosed"
    return "withdrawn" if step.new is None else "revised"


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _degrees(number: float) -> str:
    return f"{number:.6f}".rstrip("0").rstrip(".")
