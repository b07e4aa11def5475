"""The shape of rules.yaml, for pydantic to check and to describe (DESIGN section 5, an interface)."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler, WithJsonSchema

from watcher.model import Severity
from watcher.rules import Bound
from watcher.schedule import Quiet

#: No figure of a mine is larger; infinities and not-a-numbers are none.
_LARGEST = 1e15

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def _duration(raw: Any) -> timedelta:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhdw])", raw.strip()) if isinstance(raw, str) else None
    if match is None:
        raise ValueError("a duration such as 30s, 15m, 1h, 24h or 7d is expected")
    try:
        return timedelta(seconds=float(match.group(1)) * _UNITS[match.group(2)])
    except OverflowError:
        raise ValueError("a shorter duration is expected") from None


def _timeout(raw: Any) -> timedelta:
    duration = _duration(raw)
    if not duration:
        raise ValueError("a duration above zero is expected")
    return duration


def _version(raw: Any) -> Any:
    return raw if type(raw) is int else f"{raw}"


def _age(raw: Any) -> timedelta | None:
    return None if raw == "never" else _duration(raw)


def _percentage(raw: Any) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", raw.strip()) if isinstance(raw, str) else None
    if match is None or not 0 < float(match.group(1)) <= 100:
        raise ValueError("a percentage such as 20% is expected")
    return float(match.group(1))


def _bound(raw: Any) -> Bound:
    if isinstance(raw, int | float) and not isinstance(raw, bool) and 0 <= raw <= _LARGEST:
        return Bound(float(raw))
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", raw.strip()) if isinstance(raw, str) else None
    if match is None:
        raise ValueError("a number or a percentage such as 10% is expected, without a sign")
    return Bound(float(match.group(1)), percent=True)


def _number(raw: Any) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not -_LARGEST <= raw <= _LARGEST:
        raise ValueError("a number is expected")
    return float(raw)


def _since(raw: Any) -> Any:
    return raw if raw in {"last_told", "previous", "last_year"} else _timeout(raw)


def _quiet(raw: Any) -> Quiet:
    match = re.fullmatch(r"(\d{1,2}):(\d\d)\s*-\s*(\d{1,2}):(\d\d)", raw.strip()) if isinstance(raw, str) else None
    try:
        hours = [int(part) for part in match.groups()] if match else [0, 0, 0, 0]
        start, end = time(hours[0], hours[1]), time(hours[2], hours[3])
    except ValueError:
        start = end = time()
    if match is None or start == end:
        raise ValueError("hours such as 22:00-06:00 are expected")
    return Quiet(start, end)


def _companies(raw: Any) -> Any:
    """`{slug: limits}`; a list of slugs, and a slug without limits of its own, are fine too."""
    if isinstance(raw, list):
        if not all(isinstance(name, str) and name for name in raw):
            raise ValueError("companies' slugs such as pt-berau-coal are expected")
        return {name: {} for name in raw}
    return {name: limits or {} for name, limits in raw.items()} if isinstance(raw, dict) else raw


def _until(raw: Any) -> datetime:
    try:
        return datetime.fromisoformat(str(raw))
    except ValueError:
        raise ValueError("a date or an instant such as 2026-12-01 or 2026-12-01T18:00 is expected") from None


def _several(raw: Any) -> tuple[str, ...]:
    values = raw if isinstance(raw, list) else [raw]
    if not values or any(isinstance(v, bool) or not isinstance(v, str | int | float) for v in values):
        raise ValueError("a word or a list of words is expected")
    return tuple(str(value) for value in values)


_WORDS = {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "array", "items": {"type": ["string", "number"]}}]}
_BOUND = {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": r"^\d+(\.\d+)?\s*%$"}]}
_TIME = {"type": "string", "pattern": r"^\d+(\.\d+)?\s*[smhdw]$", "examples": ["1h", "24h", "7d"]}
_AGE = {"anyOf": [_TIME, {"const": "never"}]}
_SHARE = {"type": "string", "pattern": r"^\d+(\.\d+)?\s*%$"}

Duration = Annotated[timedelta, BeforeValidator(_duration), WithJsonSchema(_TIME)]
Timeout = Annotated[timedelta, BeforeValidator(_timeout), WithJsonSchema(_TIME)]
Age = Annotated[timedelta | None, BeforeValidator(_age), WithJsonSchema(_AGE)]
Percentage = Annotated[float, BeforeValidator(_percentage), WithJsonSchema(_SHARE)]
Movement = Annotated[Bound, BeforeValidator(_bound), WithJsonSchema(_BOUND)]
Number = Annotated[float, BeforeValidator(_number), WithJsonSchema({"type": "number"})]
_SINCE = {"anyOf": [{"enum": ["last_told", "previous", "last_year"]}, _TIME]}
_QUIET = {"type": "string", "pattern": r"^\d{1,2}:\d\d\s*-\s*\d{1,2}:\d\d$", "examples": ["22:00-06:00"]}
Words = Annotated[tuple[str, ...], BeforeValidator(_several), WithJsonSchema(_WORDS)]


SinceWhen = Annotated[Any, BeforeValidator(_since), WithJsonSchema(_SINCE)]
QuietHours = Annotated[Quiet, BeforeValidator(_quiet), WithJsonSchema(_QUIET)]
Until = Annotated[datetime, BeforeValidator(_until), WithJsonSchema({"type": "string", "examples": ["2026-12-01"]})]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, arbitrary_types_allowed=True)


class Credits(_Part):
    """Credits that may be spent at most, in the file's time zone; never exceeded. Omit for no limit."""

    per_day: int | None = Field(None, ge=1, description="Credits per day, at most.")
    per_month: int | None = Field(None, ge=1, description="Credits per calendar month, at most.")


class Api(_Part):
    """How the Sectors API is reached."""

    key: str | None = Field(None, description="The raw API key; better ${SECTORS_API_KEY} than the key itself.")
    key_file: str | None = Field(None, description="A file that holds the key, instead of `key`.")
    base_url: str = Field("https://api.sectors.app/v2", description="https; http only on loopback.")
    concurrency: int = Field(4, ge=1, le=32, description="Calls at the same time, at most.")
    requests_per_second: Number = Field(5.0, gt=0, le=1000, description="Calls started per second, at most.")
    timeout: Timeout = Field(timedelta(seconds=30), description="How long one call may take.")
    tell_after: int = Field(3, ge=1, description="Failed polls in a row after which `ops` is told, once.")
    credits: Credits = Field(
        default_factory=lambda: Credits.model_validate({}), description="Credits that may be spent, at most."
    )
    share_lists: bool = Field(
        True, description="Watches that are due together may be read out of one wider list, where that costs less."
    )


class TargetUrl(_Part):
    """Where messages go."""

    url: str = Field(description="Any apprise URL.")
    digest: str | None = Field(None, description="Cron string: alerts wait for it, and go out as one message.")
    even_if_quiet: bool = Field(False, description="An empty digest says that all is quiet, and what was looked at.")
    quiet: QuietHours | None = Field(None, description="Hours in which only critical alerts go out: 22:00-06:00.")
    min_severity: Severity = Field("info", description="The least that this target wants to hear of.")
    give_up_after: Timeout = Field(timedelta(days=3), description="How long a message is tried before it is given up.")
    attach_report: bool = Field(False, description="A digest takes the report of its time along, as one HTML file.")


class _UrlAlone:
    """A target may be its URL alone."""

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [{"type": "string", "description": "Any apprise URL."}, handler(core)]}


Target = Annotated[TargetUrl, BeforeValidator(lambda raw: {"url": raw} if isinstance(raw, str) else raw), _UrlAlone]


class Watch(_Part):
    """One look at the API: a filter with a schedule."""

    filter: dict[str, Any] = Field(default_factory=dict, description="List parameters of the API; empty = all sites.")
    every: Duration | None = Field(None, description="How often to poll; 1h if neither `every` nor `cron` is given.")
    cron: str | None = Field(None, description="When to poll, as a cron string in the file's time zone.")
    details: Age = Field(timedelta(hours=24), description="How old a detail may get; `never` = list only.")
    priority: int = Field(0, description="When credits run short, the greatest priority is polled longest.")


class When(_Part):
    """Conditions on the figures of a change."""

    above: Number | None = Field(None, description="The new figure is above this.")
    below: Number | None = Field(None, description="The new figure is below this.")
    rises_by: Movement | None = Field(None, description="It rose by at least this (number or percentage).")
    falls_by: Movement | None = Field(None, description="It fell by at least this (number or percentage).")
    changes_by: Movement | None = Field(None, description="It moved by at least this, up or down.")


class Rule(_Part):
    """Which changes are told to whom."""

    name: str = Field(min_length=1, description="How the rule is called in messages; unique.")
    on: Words = Field(description="Kinds of change, metrics, or globs of either.")
    where: dict[str, Words] = Field(default_factory=dict, description="Fields of the change and what they may be.")
    when: When = Field(default_factory=lambda: When.model_validate({}), description="Conditions on its figures.")
    to: Words = Field(description="Names of targets.")
    severity: Severity = Field("info", description="How much it matters.")
    cooldown: Timeout | None = Field(None, description="After telling of a site, not again of it for so long.")
    template: str | None = Field(None, description="Template of its lines; default: by kind.")
    enabled: bool = Field(True, description="false switches the rule off.")


class Limit(_Part):
    """What a figure of a company on the list may be."""

    above: Number | None = Field(None, description="Told when the figure goes above this.")
    below: Number | None = Field(None, description="Told when the figure goes below this.")
    clear: Number | None = Field(None, description="Resolved only past this; default: the limit itself.")
    rises_by: Movement | None = Field(None, description="Told when it has risen by so much (number or percentage).")
    falls_by: Movement | None = Field(None, description="Told when it has fallen by so much (number or percentage).")
    changes_by: Movement | None = Field(None, description="Told when it has moved by so much, up or down.")
    since: SinceWhen | None = Field(
        None, description="What movements count from: last_told (default), previous, last_year, or a time such as 90d."
    )


Limits = dict[str, Limit]
Companies = Annotated[dict[str, Limits], BeforeValidator(_companies)]


class Watchlist(_Part):
    """Companies that are followed, and the limits of their figures."""

    to: Words = Field(description="Names of targets.")
    companies: Companies = Field(description="Company slugs, each with limits of its own (or none).", min_length=1)
    limits: Limits = Field(default_factory=dict, description="Metrics (or globs) and their limits, for every company.")
    severity: Severity = Field("warning", description="How much it matters.")
    per: Literal["site", "company"] = Field(
        "site", description="Look at each site, or at the sum over a company's sites (latest year)."
    )
    since: SinceWhen | None = Field(None, description="What movements count from, unless a limit says otherwise.")
    repeat: Timeout | None = Field(None, description="Say again while still broken; omit = once.")
    resolve: bool = Field(False, description="Tell when a figure is back within its limits.")
    enabled: bool = Field(True, description="false switches the list off.")


class Silence(_Part):
    """What is not to be told for a while."""

    matcher: dict[str, Words] = Field(description="Fields of an alert and what they may be.", min_length=1)
    until: Until = Field(description="When it ends: a date (its first minute) or an instant, in the file's time zone.")
    reason: str = Field(min_length=1, description="Why; shown where something was silenced.")


class Hold(_Part):
    """When a snapshot is not believed."""

    lost_sites: Percentage = Field(20.0, description="Share of sites that vanish at once.")
    lost_values: Percentage = Field(30.0, description="Share of values that turn null, or move by one factor, at once.")
    at_least: int = Field(5, ge=1, description="And at least so many.")
    confirm_after: Duration = Field(timedelta(hours=24), description="If it stays so this long, it is believed.")


class Removal(_Part):
    """When a missing site counts as removed."""

    confirm_after: Duration = Field(timedelta(hours=24), description="How long it must be missing.")


class Renames(_Part):
    """When a vanished and a new site are one mine under another name."""

    within: float = Field(1_000.0, ge=0, description="So near, in metres, they have one place.")


class Moves(_Part):
    """When a mine has moved."""

    beyond: float = Field(100.0, ge=0, description="So far, in metres, its coordinates must have changed.")


class Reverts(_Part):
    """When a figure is back to what it was."""

    within: Duration = Field(timedelta(days=7), description="For so long a change is told as taken back.")


class Suspects(_Part):
    """When a record contradicts itself."""

    strip_ratio: Percentage = Field(50.0, description="How far it may be from overburden ÷ production.")
    sums: Percentage = Field(1.0, description="How far a total may be from the sum of its parts.")
    jump: float = Field(10.0, gt=1, description="So many times the former figure, or one so-manieth of it.")


class Judgement(_Part):
    """What is news and what is noise."""

    hold: Hold = Field(default_factory=lambda: Hold.model_validate({}))
    removal: Removal = Field(default_factory=lambda: Removal.model_validate({}))
    renames: Renames = Field(default_factory=lambda: Renames.model_validate({}))
    moves: Moves = Field(default_factory=lambda: Moves.model_validate({}))
    reverts: Reverts = Field(default_factory=lambda: Reverts.model_validate({}))
    suspects: Suspects = Field(default_factory=lambda: Suspects.model_validate({}))


class Http(_Part):
    """The status pages, which the daemon and `watcher web` serve."""

    listen: str = Field("127.0.0.1:8642", description="host:port; another host than loopback needs a `token`.")
    token: str | None = Field(
        None,
        description="Asked of every reader, 16 characters or more: a Bearer token, or the password of HTTP Basic.",
    )
    hosts: list[str] = Field(
        default_factory=list, description="Names that the pages are reached by, beside the address listened on."
    )


class File(_Part):
    """rules.yaml: what Watcher looks at, what is told, and to whom."""

    version: Annotated[Literal[1], BeforeValidator(_version)] = Field(description="The version of this format.")
    api: Api = Field(default_factory=lambda: Api.model_validate({}))
    database: str | None = Field(None, description="Where the history is kept.")
    targets: dict[str, Target] = Field(default_factory=dict, description="Names for apprise URLs.")
    ops: list[str] = Field(default_factory=list, description="Targets that hear of the watcher's own troubles.")
    timezone: str = Field("Asia/Jakarta", description="IANA time zone of schedules and messages.")
    templates: str | None = Field(None, description="Folder of templates that override the built-in ones.")
    heartbeat: str | None = Field(
        None, description="URL pinged after every good poll, and with /fail after a bad one (a dead-man's switch)."
    )
    watches: dict[str, Watch] = Field(min_length=1, description="What is polled.")
    rules: list[Rule] = Field(default_factory=list, description="What is told.")
    watchlists: dict[str, Watchlist] = Field(default_factory=dict, description="Companies followed, with limits.")
    silences: list[Silence] = Field(default_factory=list, description="What is not to be told for a while.")
    judgement: Judgement = Field(default_factory=lambda: Judgement.model_validate({}))
    http: Http | None = Field(None, description="Status pages; absent = off.")
