"""Figures and facts in words: how a number, a metric and a change are said."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from watcher.model import Change, Crossing

_METRICS = {
    "production_volume": "production",
    "overburden_removal_volume": "overburden removal",
    "strip_ratio": "strip ratio",
    "calorific_value": "calorific value",
}
_KINDS = {
    "site.added": "new site",
    "site.removed": "site removed",
    "site.returned": "site is back",
    "site.entered": "site now matches the watch",
    "site.left": "site no longer matches the watch",
    "site.renamed": "renamed",
    "site.moved": "location changed",
    "owner.changed": "new owner",
    "company.renamed": "company renamed",
    "report.added": "new report",
}
_NATURES = {
    "reported": "newly reported",
    "revised": "revised",
    "disclosed": "disclosed",
    "withdrawn": "withdrawn",
    "reverted": "back to the former figure",
}
_SYMBOLS = {"au": "Au", "cu": "Cu", "ag": "Ag", "ni": "Ni", "co": "Co", "fe": "Fe"}


def metric(name: str | None) -> str:
    """`reserves.proven` → `proven reserves`, `limonite.reserves.total` → `limonite total reserves`."""
    if not name:
        return "figure"
    if name in _METRICS:
        return _METRICS[name]
    if name.startswith("company."):
        return f"the company's {metric(name.removeprefix('company.'))}"
    parts = tame(name, 60).split(".")
    if len(parts) >= 2 and parts[-2] in {"reserves", "resources"}:
        parts[-2:] = [parts[-1], parts[-2]] if "_" not in parts[-1] else [parts[-2], parts[-1]]
    words = " ".join(parts).replace("_", " ").split()
    return " ".join(_SYMBOLS.get(word, word) for word in words)


def number(value: Any) -> str:
    """Up to six significant digits, thousands set apart; words stay words, None is `none`."""
    if value is None:
        return "none"
    if not isinstance(value, int | float):
        return str(value)
    whole = abs(value) >= 100_000 or float(value).is_integer()
    text = f"{value:,.0f}" if whole and abs(value) < 1e15 else f"{value:,.6g}"
    return text.replace("-", "−") if "e" not in text else text


#: Ratios that are computed have as many digits as one likes; four say enough.
_COMPUTED = frozenset({"reserve_life", "implied_strip_ratio", "company.strip_ratio"})


def amount(value: Any, about: Change | Crossing) -> str:
    """A figure of a change or crossing: as it was said, or to four digits where it is a computed ratio."""
    company = isinstance(about, Crossing) and about.per == "company" and about.metric == "strip_ratio"
    if isinstance(value, int | float) and (company or about.metric in _COMPUTED):
        return number(float(f"{value:.4g}"))
    return number(value)


def before(about: Change | Crossing) -> str:
    """The figure before, `none` for a null; empty where there is nothing to compare with."""
    if about.old is None and (isinstance(about, Crossing) or about.kind != "metric.changed"):
        return ""
    return amount(about.old, about)


def now(about: Change | Crossing) -> str:
    """The figure now, with its unit; empty where a change is of no figure."""
    if not about.metric:
        return ""
    return f"{amount(about.new, about)}{f' {about.unit}' if about.unit and about.new is not None else ''}"


def moved(about: Change | Crossing) -> str:
    """By how much: in percent, or as a difference where there is no percentage; empty where neither is known."""
    if about.percent is not None:
        return percent(about.percent)
    return _signed(about.delta, about) if about.delta is not None else ""


def _signed(value: float, about: Change | Crossing) -> str:
    text = amount(value, about)
    return f"+{text}" if value > 0 else text


def signed(value: float) -> str:
    """A difference with its sign: `+1.8`, `−12`."""
    return f"+{number(value)}" if value > 0 else number(value)


def percent(value: float) -> str:
    """A movement in percent, to one decimal below 10: `+17 %`, `−4.5 %`."""
    digits = 1 if abs(value) < 10 else 0
    text = f"{value:+,.{digits}f}".removesuffix(".0")
    return f"{text.replace('-', '−')} %"


def kind(change: Change) -> str:
    """What happened, in words."""
    return metric(change.metric) if change.kind == "metric.changed" else _KINDS[change.kind]


def nature(change: Change) -> str:
    """How a figure changed, in words, with the years that are compared."""
    said = _NATURES.get(change.nature or "", "")
    if change.kind == "metric.changed" and change.old_year and change.year:
        return f"{said} for {change.year} after {change.old_year}"
    return f"{said}, {change.year}" if said and change.year and change.kind == "metric.changed" else said


def movement(change: Change) -> str:
    """Old → new with unit, difference and percentage; empty where a change has neither."""
    if change.old is None and change.new is None:
        return ""
    unit = f" {change.unit}" if change.unit else ""
    if change.kind in {"site.added", "site.entered"} or (change.kind == "report.added" and change.old is None):
        return f"{metric(change.metric)} {amount(change.new, change)}{unit}" if change.metric else ""
    text = f"{amount(change.old, change)} → {amount(change.new, change)}{unit if change.new is not None else ''}"
    moves = [percent(change.percent)] if change.percent is not None else []
    if change.delta is not None and change.kind in {"metric.changed", "report.added"}:
        moves.insert(0, f"{_signed(change.delta, change)}{unit}")
    return f"{text} ({', '.join(moves)})" if moves else text


def whose(about: Change | Crossing) -> str:
    """Whose figure or change it is: a site's name, or a company's, of a length that leaves room for the rest."""
    return tame(about.name or about.slug, 60)


def headline(change: Change) -> str:
    """A change in one line: `Sangatta: strip ratio 10.5 → 12.3 (+17 %)`."""
    who = whose(change)
    short = movement(change)
    if change.kind == "metric.changed":
        by = f" ({percent(change.percent)})" if change.percent is not None else ""
        unit = f" {change.unit}" if change.unit and change.new is not None else ""
        figures = f"{amount(change.old, change)} → {amount(change.new, change)}"
        short = f"{metric(change.metric)} {figures}{unit}{by}"
        mark = " (suspect)" if change.suspect else " (a correction)" if change.corrects else ""
        return f"{who}: {short}{mark}"
    if change.kind == "report.added" and change.old is not None and change.metric:
        short = f"{metric(change.metric)} {short}"
    tail = f", {short}" if short else ""
    company = f" ({tame(change.company_name, 60)})" if change.kind == "site.added" and change.company_name else ""
    return f"{kind(change).capitalize()}: {who}{company}{tail}"


def map_link(change: Change | Crossing) -> str:
    """OpenStreetMap at the site's coordinates, or nothing."""
    if change.latitude is None or change.longitude is None:
        return ""
    at = f"{change.latitude:.6f}", f"{change.longitude:.6f}"
    return f"https://www.openstreetmap.org/?mlat={at[0]}&mlon={at[1]}#map=12/{at[0]}/{at[1]}"


def place(change: Change | Crossing) -> str:
    """City and province."""
    return ", ".join(part for part in (change.city, change.province) if part)


def moment(at: datetime, zone: ZoneInfo) -> str:
    """An instant in the file's time zone: `2026-03-02 13:00 WIB`."""
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")


#: What may hide or reorder text: controls, zero-width and bidirectional marks.
_INVISIBLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)


def tame(text: str, longest: int = 120) -> str:
    """Upstream text as one line of visible characters, cut to a length."""
    line = " ".join(_INVISIBLE.sub(" ", text).split())
    line = "".join(char if not 0xD800 <= ord(char) <= 0xDFFF and ord(char) < 0xE0000 else "?" for char in line)
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
