"""What the status pages ask of the database, through a connection that can only read and never keeps the writer out."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Unpack

from watcher.model import SEVERITIES, Change, Record, Severity
from watcher.store import reading
from watcher.store.encode import CHANGE_COLUMNS, RECORD_COLUMNS, instant, to_change, to_instant, to_record
from watcher.store.tallies import Tallies

#: So many moves of a figure are looked back at.
_MOVES = 40
_RANK = "case severity when 'critical' then 3 when 'warning' then 2 when 'info' then 1 end"


@dataclass(frozen=True, slots=True)
class Told:
    """A change, how loudly it was told (None: no rule wanted it), and by which rules and lists."""

    change: Change
    severity: Severity | None
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """A figure of a site from `at` on; `amount` None is null."""

    at: datetime
    year: int | None
    amount: float | None
    unit: str | None


class Pages(Tallies):
    """A database that is open for reading pages: `Pages.open_readonly(path)`."""

    # --- changes ---------------------------------------------------------------------------------------------------

    def worst(self, *, limit: int = 100, offset: int = 0, **asked: Unpack[reading.Asked]) -> list[Told]:
        """Changes, those told loudest first, then the suspect ones, then the newest."""
        where, values = reading.conditions(self._conn, **asked)
        columns = ", ".join(CHANGE_COLUMNS)
        rows = self._conn.execute(
            f"select {columns}, (select max({_RANK}) from alerts where change = number and silenced = '') as rank, "
            "(select json_group_array(distinct rule) from alerts where change = number and silenced = '') "
            f"from changes where {where} order by coalesce(rank, 0) desc, suspect <> '' desc, number desc "
            "limit ? offset ?",
            (*values, limit, offset),
        )
        return [
            Told(to_change(tuple(row)), SEVERITIES[rank - 1] if rank else None, tuple(json.loads(rules)))
            for *row, rank, rules in rows
        ]

    def moves(self, change: Change) -> list[float]:
        """The last figures that a metric had up to a change, oldest first, one for each time it moved."""
        slugs = sorted(reading.aliases(self._conn, change.slug))
        rows = self._conn.execute(
            f"select old, new, unit from changes where slug in ({', '.join('?' * len(slugs))}) and metric = ? "
            "and commodity_type is ? and kind = 'metric.changed' and at <= ? order by number desc limit ?",
            (*slugs, change.metric, change.commodity_type, instant(change.at), _MOVES),
        ).fetchall()
        # Two watches that saw the same move wrote it twice in a row.
        moves = [move for move, _ in groupby((old, new) for old, new, unit in reversed(rows) if unit == change.unit)]
        found: list[float] = []
        for value in (value for move in moves for value in move if isinstance(value, int | float)):
            if found[-1:] != [float(value)]:
                found.append(float(value))
        return found

    def count(self, **asked: Unpack[reading.Asked]) -> int:
        """How many changes there are."""
        where, values = reading.conditions(self._conn, **asked)
        return int(self._conn.execute(f"select count(*) from changes where {where}", values).fetchone()[0])

    # --- sites and companies ---------------------------------------------------------------------------------------

    def all_records(self) -> list[Record]:
        """Every record as it is now, once, whichever watches have it."""
        rows = self._conn.execute(
            f"select watch, {', '.join(RECORD_COLUMNS)} from records where to_poll is null order by watch, slug"
        )
        first: dict[str, str] = {}
        found = []
        for watch, *row in rows:
            if first.setdefault(row[0], watch) == watch:
                found.append(to_record(tuple(row)))
        return found

    def site_records(self, slug: str) -> list[Record]:
        """A site's records as they are now, or as they last were where no list shows it any more."""
        columns = ", ".join(RECORD_COLUMNS)
        rows = self._conn.execute(
            f"select {columns} from records where slug = ?1 and watch = (select watch from records where slug = ?1 "
            "order by to_poll is null desc, detailed desc, to_poll desc, from_poll limit 1) and ifnull(to_poll, 0) = "
            "(select ifnull(to_poll, 0) from records where slug = ?1 "
            "order by to_poll is null desc, detailed desc, to_poll desc, from_poll limit 1)",
            (slug,),
        )
        return sorted(map(to_record, rows), key=lambda record: (record.commodity_type or "", -(record.year or 0)))

    def watches_of(self, slug: str) -> list[str]:
        """The watches that list a site now."""
        query = "select distinct watch from records where slug = ? and to_poll is null order by watch"
        return [watch for (watch,) in self._conn.execute(query, (slug,))]

    def histories(self, slug: str) -> dict[tuple[str, str], list[Point]]:
        """The figures of a site's latest year over time, by (commodity, metric), under all slugs that it had.

        The watch that has known the site longest is asked; equal figures in a row are one point.
        """
        slugs = sorted(reading.aliases(self._conn, slug))
        marks = ", ".join("?" * len(slugs))
        rows = self._conn.execute(
            "select records.commodity_type, records.year, metrics, detailed, begin.at, records.to_poll is null "
            "from records join polls as begin on begin.id = from_poll "
            f"where slug in ({marks}) and records.watch = "
            f"(select watch from records where slug in ({marks}) order by from_poll, id limit 1) order by from_poll",
            (*slugs, *slugs),
        ).fetchall()
        found: dict[tuple[str, str], list[Point]] = defaultdict(list)
        latest: dict[str, int] = {}
        named: dict[str, dict[str, str | None]] = defaultdict(dict)
        for commodity, year, metrics, detailed, at, _ in rows:
            kind = commodity or ""
            if (year or 0) < latest.get(kind, 0):
                continue
            latest[kind] = year or 0
            figures = json.loads(metrics)
            named[kind].update({name: figure[1] for name, figure in figures.items()})
            for name, unit in named[kind].items():
                if name not in figures and not detailed and name not in {"production_volume", "strip_ratio"}:
                    continue
                amount, said, _ = figures.get(name, (None, unit, 0))
                points = found[kind, name]
                if points and points[-1].at == to_instant(at) and points[-1].year != year:
                    points.pop()  # the first look brought several years at once: the latest counts
                if not points or (points[-1].amount, points[-1].year) != (amount, year):
                    points.append(Point(to_instant(at), year, amount, said))
        return dict(found)

    def former(self, slug: str, renaming: str = "site.renamed") -> frozenset[str]:
        """The slugs that a site (or, by `company.renamed`, a company) has or had, beside this one."""
        return reading.aliases(self._conn, slug, renaming) - {slug}

    def names(self) -> dict[str, str]:
        """What sites and companies are called now, by slug."""
        rows = self._conn.execute("select slug, max(name) from records where to_poll is null group by slug")
        return {**self.companies(), **{slug: name or slug for slug, name in rows}}

    def companies(self) -> dict[str, str]:
        """Every company that has a site now: slug → name."""
        rows = self._conn.execute(
            "select company_slug, max(company_name) from records where to_poll is null and company_slug is not null "
            "group by company_slug order by company_slug"
        )
        return {slug: name or slug for slug, name in rows}

    def company_now(self, slug: str) -> str:
        """The slug that a company has now, given any that it has or had."""
        names = reading.aliases(self._conn, slug, "company.renamed")
        marks = ", ".join("?" * len(names))
        row = self._conn.execute(
            f"select company_slug from records where company_slug in ({marks}) "
            "order by to_poll is null desc, to_poll desc, id desc limit 1",
            tuple(names),
        ).fetchone()
        return str(row[0]) if row else slug

    def company_records(self, slug: str) -> list[Record]:
        """A company's records as they are now, once, whichever watches have them."""
        return [record for record in self.all_records() if record.company_slug == slug]

    def changed_since(self, since: datetime) -> dict[str, int]:
        """How many changes each site has had since an instant."""
        rows = self._conn.execute("select slug, count(*) from changes where at >= ? group by slug", (instant(since),))
        return dict(rows.fetchall())
