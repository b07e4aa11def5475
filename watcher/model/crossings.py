"""What happens at a watchlist's limits, and what is remembered of each (DESIGN section 5, `watchlists`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

Transition = Literal["crossed", "already", "still", "moved", "resolved", "unknown"]
TRANSITIONS: tuple[Transition, ...] = get_args(Transition)

Per = Literal["site", "company"]
Test = Literal["above", "below", "rises_by", "falls_by", "changes_by"]
TESTS: tuple[Test, ...] = get_args(Test)


@dataclass(frozen=True, slots=True)
class Crossing:
    """A figure at a limit of a watchlist.

    Transitions: it `crossed` the limit; it was `already` beyond it when first looked at; it is `still` beyond (after
    `repeat`); it `moved` by as much as the limit says; it is `resolved`; or it became null (`unknown`).

    Attributes:
        slug: of the site, or of the company where `per` is company; `name` likewise.
        old: what `new` is compared with, in `unit`: the figure before, or the one last told.
        since: which of them that is, or since when it is beyond, or where it stood when it became null.
        limit: the limit in words, such as `above 11` or `fallen by 5 %`.
        detail: over how many sites a company's figure goes, and how many of them have none.
        change: the id of the change that led here, if one did.
    """

    id: str
    at: datetime
    watch: str
    watchlist: str
    transition: Transition
    per: Per
    slug: str
    metric: str
    limit: str
    name: str | None = None
    company_slug: str | None = None
    company_name: str | None = None
    commodity_type: str | None = None
    year: int | None = None
    unit: str | None = None
    old: float | None = None
    new: float | None = None
    delta: float | None = None
    percent: float | None = None
    since: str = ""
    suspect: str = ""
    detail: str = ""
    change: str | None = None
    province: str | None = None
    city: str | None = None
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class LevelKey:
    """Which figure at which limit: a watchlist, a site or company, a commodity, a metric and a test.

    `twin` tells apart mines that share slug and commodity; mostly empty.
    """

    watchlist: str
    slug: str
    commodity: str
    metric: str
    test: Test
    twin: str = ""


@dataclass(frozen=True, slots=True)
class Level:
    """How one figure stands at one limit.

    Attributes:
        limit: the limit as it was when this was last looked at; another one is looked at anew.
        value: the last figure that was known, in `unit`.
        broken: beyond the limit, `since` when.
        told: the figure that people were last told, and when.
        pending: it was crossed, but nobody could be told: a silence was on.
        unknown: it has become null, and that has been said.
        points: earlier figures, oldest first, as far back as the limit's `since` goes.
    """

    limit: str
    value: float | None = None
    unit: str | None = None
    broken: bool = False
    since: datetime | None = None
    told: float | None = None
    told_at: datetime | None = None
    pending: bool = False
    unknown: bool = False
    points: tuple[tuple[datetime, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """What rules and watchlists remember, over all watches.

    Attributes:
        levels: how each figure stands at each limit.
        cooldowns: when a rule last told of a site.
        sites, companies: former slug → the slug it has now, so that names in rules.yaml go on meaning the same.
    """

    levels: Mapping[LevelKey, Level] = field(default_factory=dict)
    cooldowns: Mapping[tuple[str, str], datetime] = field(default_factory=dict)
    sites: Mapping[str, str] = field(default_factory=dict)
    companies: Mapping[str, str] = field(default_factory=dict)


def renamed(names: Mapping[str, str], old: str, new: str) -> Mapping[str, str]:
    """`names` (former slug → present one) after one more renaming; back to a former name is no circle."""
    if old == new:
        return names
    moved = {former: new if now == old else now for former, now in names.items() if former != new}
    return {**moved, old: new}
