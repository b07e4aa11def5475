"""Small hand-written histories: rows as the API gives them, polled in order through the pure core."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from watcher.model import Change, Detail, Memory, Notice, Sweep
from watcher.parse import observe, read_list
from watcher.pipeline import WatchSettings, decide, due, due_again

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
LIST_FIELDS = (
    *("name", "project_name", "year", "commodity_type", "production_volume", "unit", "strip_ratio"),
    *("company_slug", "company_name", "slug"),
)


def site(slug: str = "bukit-hitam", /, **fields: Any) -> dict[str, Any]:
    """A detail row of a fictional mine; every field can be set, `place=None` makes the location null."""
    row: dict[str, Any] = {
        "name": slug.replace("-", " ").title(),
        "project_name": None,
        "year": 2024,
        "commodity_type": "Coal",
        "production_volume": 10.0,
        "unit": "Mt",
        "overburden_removal_volume": 80.0,
        "strip_ratio": 8.0,
        "resources_reserves": {"proven_reserves_Mt": 30.0, "probable_reserves_Mt": 20.0, "total_reserves_Mt": 50.0},
        "location": {"province": "Kalimantan Timur", "city": "Berau", "latitude": 2.1, "longitude": 117.4},
        "company_slug": "pt-batu-sejahtera",
        "company_name": "PT Batu Sejahtera",
        "slug": slug,
    }
    return row | fields


def sites(count: int, **fields: Any) -> list[dict[str, Any]]:
    """So many different mines, each of its own company and place."""
    return [
        site(
            f"mine-{n}",
            company_slug=f"pt-company-{n}",
            company_name=f"PT Company {n}",
            location={"province": "Kalimantan Timur", "city": "Berau", "latitude": 1 + n / 50, "longitude": 117.0},
            production_volume=10.0 + n,
            overburden_removal_volume=80.0 + 8 * n,
            **fields,
        )
        for n in range(count)
    ]


def list_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """What the list endpoint shows of a detail row."""
    place = row.get("location") if isinstance(row.get("location"), dict) else {}
    shown = {name: row[name] for name in LIST_FIELDS if name in row}
    return shown | {"province": (place or {}).get("province"), "city": (place or {}).get("city")}


@dataclass(frozen=True)
class Credits:
    """How details are asked for: at most `rotated` of those that are only old, and others `beside` them or not."""

    rotated: int = 1_000_000
    beside: bool = True


def sweep(
    table: Sequence[Mapping[str, Any]],
    memory: Memory,
    settings: WatchSettings,
    now: datetime,
    listed: object = None,
    credits: Credits = Credits(),
) -> Sweep:
    """One sweep of a table, with the details that are due. `listed` filters the rows of the list (not the details)."""
    keep = listed if callable(listed) else lambda row: True
    rows = tuple(list_row(row) for row in table if keep(row))
    by_slug = {row["slug"]: row for row in table if isinstance(row.get("slug"), str)}
    listing = read_list(rows)
    wanted = due(listing, memory, settings, now)
    old = [s for s in wanted if s in memory.details and memory.details[s].fingerprint == listing.fingerprints.get(s)]
    left = set(old[credits.rotated :])
    details = {slug: Detail(slug, by_slug.get(slug)) for slug in wanted if slug not in left}
    first = Sweep(now, rows, details)
    while credits.beside and (again := [s for s in due_again(observe(first), memory, settings) if s not in details]):
        details |= {slug: Detail(slug, by_slug.get(slug)) for slug in again}
        first = Sweep(now, rows, details)
    return first


@dataclass(frozen=True)
class Told:
    """What came of a history: verdicts per poll, all changes and notices, and the memory at its end."""

    verdicts: tuple[str, ...]
    changes: tuple[Change, ...]
    notices: tuple[Notice, ...]
    memory: Memory
    credits: tuple[int, ...]

    @property
    def kinds(self) -> list[str]:
        return [change.kind for change in self.changes]

    def of(self, kind: str) -> list[Change]:
        return [change for change in self.changes if change.kind == kind]

    def metric(self, metric: str) -> Change:
        found = [change for change in self.changes if change.kind == "metric.changed" and change.metric == metric]
        assert len(found) == 1, found
        return found[0]


def play(
    *tables: Sequence[Mapping[str, Any]],
    every: timedelta = timedelta(hours=25),
    settings: WatchSettings | None = None,
    listed: object = None,
    memory: Memory | None = None,
    elsewhere: Mapping[str, datetime] | None = None,
    credits: Credits = Credits(),
) -> Told:
    """Poll the tables one after the other, `every` apart; the first is the baseline."""
    settings = settings or WatchSettings("all")
    memory = memory or Memory(settings.name)
    now, verdicts, changes, notices, spent = START, [], [], [], []
    for table in tables:
        recent = tuple(c for c in changes if c.kind == "metric.changed" and now - c.at <= timedelta(days=7))
        memory = replace(memory, recent=recent, elsewhere=elsewhere or {})
        seen = sweep(table, memory, settings, now, listed, credits)
        outcome = decide(seen, memory, settings, now)
        memory = outcome.memory
        verdicts.append(outcome.verdict)
        changes += outcome.changes
        notices += outcome.notices
        spent.append(len(seen.details))
        now += every
    return Told(tuple(verdicts), tuple(changes), tuple(notices), memory, tuple(spent))


def without(table: Iterable[Mapping[str, Any]], *slugs: str) -> list[Mapping[str, Any]]:
    return [row for row in table if row["slug"] not in slugs]
