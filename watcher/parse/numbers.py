"""Numbers as the API writes them: 258, 258.0, "258", "1,234.5", "258 Mt", "" and null."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from watcher import units

_NOTHING = frozenset({"", "-", "--", "–", "n/a", "na", "nan", "null", "none", "nil", "n.a."})
_NUMBER = re.compile(r"([+-]?(?:\d[\d.,]*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*)", re.DOTALL)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d+),\d+")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a JSON value says: a number (`amount`, perhaps with a `unit` in its text), a `text`, or null (neither).

    `readable` is False for what can be none of these: a list, an object, a boolean, an infinity.
    """

    amount: float | None = None
    unit: str | None = None
    text: str | None = None
    readable: bool = True

    @property
    def null(self) -> bool:
        return self.readable and self.amount is None and self.text is None


NULL = Reading()
UNREADABLE = Reading(readable=False)


def read(raw: object) -> Reading:
    """Read any JSON value as a number if it is one. Raises nothing."""
    if raw is None:
        return NULL
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return UNREADABLE
    if isinstance(raw, str):
        return _read_text(raw.strip())
    return _finite(raw)


def nothing(text: str) -> bool:
    """Whether a text stands for null: empty, a dash, `N/A`, `null` …"""
    return text.strip().lower() in _NOTHING


def _finite(raw: int | float) -> Reading:
    try:
        number = float(raw)
    except OverflowError:
        return UNREADABLE
    return Reading(amount=number + 0.0) if math.isfinite(number) else UNREADABLE


def _read_text(text: str) -> Reading:
    if text.lower() in _NOTHING:
        return NULL
    match = _NUMBER.fullmatch(text)
    if match is None:
        return Reading(text=text)
    digits, rest = match.groups()
    if _THOUSANDS.fullmatch(digits):
        digits = digits.replace(",", "")
    elif _DECIMAL_COMMA.fullmatch(digits):
        digits = digits.replace(".", "").replace(",", ".")
    if rest and not units.known(rest):
        return Reading(text=text)
    try:
        number = float(digits)
    except ValueError:
        return Reading(text=text)
    if not math.isfinite(number):
        return UNREADABLE
    return Reading(amount=number + 0.0, unit=units.canonical(rest) if rest else None)
