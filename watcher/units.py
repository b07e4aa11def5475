"""Units of mass and grade: every spelling to one canonical name, and conversion between those of one kind.

`mt` is a million tonnes here, as Indonesian tables write it ("material (mt)"), never a single metric tonne.
"""

from __future__ import annotations

import math
import re

_OUNCE = 31.1034768e-6  # tonnes in a troy ounce

#: Canonical mass units, in tonnes.
_TONNES = {
    "Gt": 1e9,
    "Mt": 1e6,
    "kt": 1e3,
    "t": 1.0,
    "kg": 1e-3,
    "g": 1e-6,
    "oz": _OUNCE,
    "koz": _OUNCE * 1e3,
    "Moz": _OUNCE * 1e6,
    "lb": 0.45359237e-3,
    "Mlb": 0.45359237e3,
}

#: Tonnes on a wet or dry basis: their ratio to plain tonnes depends on the moisture, so nothing converts to them.
_WET_OR_DRY = frozenset({"wmt", "dmt", "Mwmt", "Mdmt", "kwmt", "kdmt"})

_SPELLINGS = {
    **{name.lower(): name for name in (*_TONNES, *_WET_OR_DRY)},
    "ton": "t",
    "tons": "t",
    "tonne": "t",
    "tonnes": "t",
    "metric ton": "t",
    "metric tons": "t",
    "million t": "Mt",
    "million ton": "Mt",
    "million tons": "Mt",
    "million tonnes": "Mt",
    "juta ton": "Mt",
    "mton": "Mt",
    "mtons": "Mt",
    "thousand tonnes": "kt",
    "thousand tons": "kt",
    "ribu ton": "kt",
    "kton": "kt",
    "ktons": "kt",
    "kilogram": "kg",
    "kilograms": "kg",
    "gram": "g",
    "grams": "g",
    "ounce": "oz",
    "ounces": "oz",
    "troy oz": "oz",
    "troy ounces": "oz",
    "kilo ounces": "koz",
    "thousand ounces": "koz",
    "million ounces": "Moz",
    "pound": "lb",
    "pounds": "lb",
    "lbs": "lb",
    "g/t": "g/t",
    "g/ton": "g/t",
    "g/tonne": "g/t",
    "gpt": "g/t",
    "ppm": "g/t",
    "%": "%",
    "pct": "%",
    "percent": "%",
    "persen": "%",
    "kcal": "kcal/kg",
    "kcal/kg": "kcal/kg",
}


def canonical(text: str) -> str:
    """The canonical name of a unit however it is spelt; an unknown one is kept, less its outer blanks and dots."""
    plain = re.sub(r"\s+", " ", text.strip().strip(".()[]").strip())
    return _SPELLINGS.get(plain.lower(), plain)


def known(text: str) -> bool:
    """Whether `text` is a spelling of a unit that this module knows."""
    return re.sub(r"\s+", " ", text.strip().strip(".()[]").strip()).lower() in _SPELLINGS


def factor(old: str, new: str) -> float | None:
    """What a number in unit `old` is multiplied by to be in unit `new`; None where the two have no fixed ratio."""
    if old == new:
        return 1.0
    if old in _TONNES and new in _TONNES:
        return _TONNES[old] / _TONNES[new]
    return None


def converted(old_amount: float, old: str, new_amount: float, new: str) -> bool:
    """Whether a number in another unit is the old amount still; wet, dry and unsaid tonnes count as the same here."""
    ratio = factor(*(unit.replace("wmt", "t").replace("dmt", "t") for unit in (old, new)))
    return ratio is not None and math.isclose(old_amount * ratio, new_amount, rel_tol=1e-4)


def same_scale(old: str, new: str) -> bool:
    """Whether two units differ at most in their basis (wet, dry or unsaid): a number means the same size in both."""
    plain = {unit: unit.replace("wmt", "t").replace("dmt", "t") for unit in (old, new)}
    wet_or_dry = old in _WET_OR_DRY or new in _WET_OR_DRY
    # `wmt` alone stands for the millions that a table's heading implies as often as for single tonnes.
    return old == new or (wet_or_dry and (plain[old] == plain[new] or "t" in plain.values()))
