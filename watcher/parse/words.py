"""What the key of a reserves figure means, however it is spelt (sectors: `resources_reserves`).

A key is read as a bag of words: `reserves proved (Mt)`, `proven_reserves_Mt` and `{"reserve": {"proved": …}}` all hold
the same ones. Words nobody knows are kept, so that an unknown key becomes a metric of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from watcher import units

_CLASS = {
    **dict.fromkeys(("reserve", "reserves", "cadangan"), "reserves"),
    **dict.fromkeys(("resource", "resources", "sumberdaya", "sumber"), "resources"),
}
_LEVEL = {
    **dict.fromkeys(("proven", "proved", "terbukti"), "proven"),
    **dict.fromkeys(("probable", "terkira"), "probable"),
    **dict.fromkeys(("measured", "terukur"), "measured"),
    **dict.fromkeys(("indicated", "tertunjuk"), "indicated"),
    **dict.fromkeys(("inferred", "tereka"), "inferred"),
    **dict.fromkeys(("total", "totals", "jumlah"), "total"),
}
_CLASS_OF_LEVEL = {
    "proven": "reserves",
    "probable": "reserves",
    "measured": "resources",
    "indicated": "resources",
    "inferred": "resources",
}
_LAYER = {
    **dict.fromkeys(("limonite", "limonit", "lim"), "limonite"),
    **dict.fromkeys(("saprolite", "saprolit", "sap"), "saprolite"),
}
_SYMBOL = {"au": "au", "cu": "cu", "ag": "ag", "ni": "ni", "co": "co", "fe": "fe"}
_METAL = {
    "gold": "au",
    "emas": "au",
    "copper": "cu",
    "tembaga": "cu",
    "silver": "ag",
    "perak": "ag",
    "nickel": "ni",
    "nikel": "ni",
    "cobalt": "co",
    "kobalt": "co",
    "iron": "fe",
    "besi": "fe",
}
_NAME = {"au": "gold", "cu": "copper", "ag": "silver", "ni": "nickel", "co": "cobalt", "fe": "iron"}
_METAL_OF_COMMODITY = {"Gold": "au", "Copper": "cu", "Nickel": "ni"}
_FILLER = frozenset(
    (
        *("material", "ore", "ores", "tonnage", "tonnages", "volume", "amount", "quantity", "value", "data"),
        *("estimate", "estimates", "jorc", "mineral", "bijih", "daya", "of", "and", "in", "the", "coal", "batubara"),
        *("batu", "bara", "thermal", "bituminous", "subbituminous", "sub"),
    )
)
_GRADE = frozenset({"grade", "grades", "kadar"})
_CONTAINED = frozenset({"contained", "content", "metal", "kandungan"})
_YEAR = frozenset({"year", "tahun"})
_CALORIFIC = frozenset({"calorific", "calorie", "calories", "kalori", "gcv", "cv"})
_UNIT = frozenset(
    (
        *("mt", "kt", "t", "gt", "ton", "tons", "tonne", "tonnes", "mton", "kton", "kg", "koz", "moz", "oz", "lb"),
        *("mlb", "wmt", "dmt", "mwmt", "mdmt", "kwmt", "kdmt"),
    )
)
_METAL_UNIT = frozenset({"oz", "koz", "Moz", "lb", "Mlb"})
_OTHER_COMMODITIES = frozenset({"tin", "timah", "bauxite", "bauksit", "manganese", "mangan", "zinc", "seng"})
_BASIS = frozenset({"gar", "nar", "adb", "arb", "ar", "gad", "dry", "basis", "air", "dried", "as", "received", "range"})
_GRADE_UNIT = frozenset({"gpt", "pct", "ppm"})
_ENERGY_UNIT = frozenset({"kcal"})

_VOCABULARY = (
    frozenset((*_CLASS, *_LEVEL, *_LAYER, *_METAL))
    | _OTHER_COMMODITIES
    | _FILLER
    | _GRADE
    | _CONTAINED
    | _YEAR
    | frozenset({"calorific"})
)
_GLUE = frozenset((*(word for word in _VOCABULARY if len(word) >= 3), *_SYMBOL))


@dataclass(frozen=True, slots=True)
class Meaning:
    """A key, understood: the metric's name, its unit, and whether the key itself named that unit.

    `known` is False where words were left over. `attribute` marks what is no figure (the year of measurement).
    """

    name: str
    unit: str | None
    stated: bool
    known: bool
    attribute: bool = False


_PHRASES = tuple(
    (re.compile(spelling, re.IGNORECASE), f" {word} ")
    for spelling, word in (
        (r"(?:(?<![a-z])gra?ms?|g)\s*/\s*(tonne|ton|t)(?![a-z])", "gpt"),
        (r"kcal\s*/\s*kg", "kcal"),
        (r"(?<![a-z])(million|juta)[\s_]+(metric[\s_]+)?(tonnes?|tons?)(?![a-z])", "mt"),
        (r"(?<![a-z])(thousand|kilo|ribu)[\s_]+(metric[\s_]+)?(tonnes?|tons?)(?![a-z])", "kt"),
        (r"(?<![a-z])million[\s_]+(troy[\s_]+)?(ounces?|oz)(?![a-z])", "moz"),
        (r"(?<![a-z])(thousand|kilo)[\s_]+(troy[\s_]+)?(ounces?|oz)(?![a-z])|(?<![a-z])k\.\s*oz(?![a-z])", "koz"),
        (r"(?<![a-z])(troy[\s_]+)?ounces?(?![a-z])", "oz"),
        (r"(?<![a-z])million[\s_]+(pounds?|lbs?)(?![a-z])", "mlb"),
    )
)


@lru_cache(maxsize=4096)
def tokens(key: str) -> tuple[str, ...]:
    """The words of a key, in lower case; words glued together are taken apart where all parts are known."""
    text = key
    for spelling, word in _PHRASES:
        text = spelling.sub(word, text)
    text = text.replace("%", " pct ")
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return tuple(part for word in re.findall(r"[^\W_]+", text) for part in _unglue(word.lower()))


@lru_cache(maxsize=4096)
def _unglue(word: str) -> tuple[str, ...]:
    if len(word) > 60 or word in _VOCABULARY or word in _UNIT | _GRADE_UNIT | _ENERGY_UNIT or word in _SYMBOL:
        return (word,)
    best: list[tuple[str, ...] | None] = [()] + [None] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(end):
            head = best[start]
            part = word[start:end]
            if head is not None and (part in _GLUE or (end == len(word) and start and part in _UNIT)):
                best[end] = (*head, part)
                break
    whole = best[len(word)]
    return whole if whole and len(whole) > 1 else (word,)


def understand(path: Iterable[str], commodity: str | None, unit: str | None = None) -> Meaning:
    """What the keys on the way to a figure mean together.

    Args:
        path: the keys from the outermost to the innermost.
        commodity: the record's own commodity; its name in a key says nothing new.
        unit: the unit that a field beside the figure named, if any.
    """
    return _understand(tuple(token for key in path for token in tokens(key)), commodity, unit)


@lru_cache(maxsize=8192)
def _understand(words: tuple[str, ...], commodity: str | None, unit: str | None) -> Meaning:
    left: list[str] = []
    found: dict[str, str] = {}
    own = _METAL_OF_COMMODITY.get(commodity or "")
    whose = _OTHER_COMMODITIES & set((commodity or "").lower().split())
    for word in words:
        if word in whose:
            continue
        for meaning, table in (("class", _CLASS), ("level", _LEVEL), ("layer", _LAYER), ("symbol", _SYMBOL)):
            if word in table:
                found[meaning] = table[word]
                break
        else:
            _sort_other_word(word, own, found, left)
    if "year" in found:
        return Meaning("measurement_year", None, False, True, attribute=True)
    if "calorific" in found:
        return Meaning("calorific_value", "kcal/kg", "energy" in found, not set(left) - _BASIS)
    return _named(found, left, own, unit)


def _sort_other_word(word: str, own: str | None, found: dict[str, str], left: list[str]) -> None:
    if word in _METAL:
        if _METAL[word] != own:
            found["metal"] = _METAL[word]
    elif word in _YEAR:
        found["year"] = word
    elif word in _CALORIFIC:
        found["calorific"] = word
    elif word in _ENERGY_UNIT:
        found["energy"] = word
        found.setdefault("calorific", word)
    elif word in _GRADE:
        found["grade"] = word
    elif word in _GRADE_UNIT:
        found["grade"] = word
        found["grade unit"] = word
    elif word in _CONTAINED:
        found["contained"] = word
    elif word in _UNIT:
        found["unit"] = word
    elif word == "measurement":
        found["year"] = word
    elif word not in _FILLER:
        left.append(word)


def _named(found: dict[str, str], left: list[str], own: str | None, unit: str | None) -> Meaning:
    mass = units.canonical(found["unit"]) if "unit" in found else None
    grade_unit = units.canonical(found["grade unit"]) if "grade unit" in found else None
    stated = unit or mass or grade_unit
    if stated in {"%", "g/t"}:
        found.setdefault("grade", stated)
    level, kind = found.get("level"), found.get("class")
    kind = kind or _CLASS_OF_LEVEL.get(level or "")
    symbol = found.get("symbol")
    if stated in _METAL_UNIT and level is None:
        found.setdefault("contained", stated)
    if "metal" in found and symbol is None and ("grade" in found or "contained" in found):
        symbol = found["metal"]
    is_grade = "grade" in found or (symbol is not None and stated is None and "contained" not in found)
    metal = _NAME[found["metal"]] if "metal" in found and symbol is None else None
    parts = [part for part in (found.get("layer"), metal, kind) if part]
    anything = bool(parts or level or symbol or "grade" in found or "contained" in found)
    if is_grade:
        whose = symbol or own
        parts += [level] if level and level != "total" else []
        parts.append(f"{whose}_grade" if whose else "grade")
        default: str | None = "g/t" if whose in {"au", "ag"} else "%"
    elif symbol or "contained" in found:
        parts += [level] if level and level != "total" else []
        parts.append(f"{symbol or own or 'metal'}_contained")
        default = "koz" if (symbol or own) in {"au", "ag"} else "kt"
    elif anything:
        parts.append(level or ("total" if kind else "tonnage"))
        default = "Mt"
    else:
        default = None
    parts += ["_".join(left)] if left else []
    name = ".".join(parts) or "unnamed"
    return Meaning(name, stated or default, stated is not None, anything and not left)
