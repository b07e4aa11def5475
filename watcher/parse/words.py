"""What the key of a reserves figure means, however it is spelt (sectors: `resources_reserves`).

A key is read as a bag of words: `reserves proved (Mt)`, `proven_reserves_Mt` and `{"reserve": {"proved": …}}` all hold
the same ones. Words nobody knows are kept, so that an unknown key becomes a metric of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
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
_METAL_OF_COMMODITY = {"Gold": "au", "Copper": "cu", "Nickel": "ni"}
_FILLER = frozenset(
    (
        *("material", "ore", "ores", "tonnage", "tonnages", "volume", "amount", "quantity", "value", "data"),
        *("estimate", "estimates", "jorc", "mineral", "bijih", "daya", "of", "and", "in", "the", "coal", "batubara"),
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
_GRADE_UNIT = frozenset({"gpt", "pct", "ppm"})
_ENERGY_UNIT = frozenset({"kcal"})

_VOCABULARY = (
    frozenset((*_CLASS, *_LEVEL, *_LAYER, *_METAL)) | _FILLER | _GRADE | _CONTAINED | _YEAR | frozenset({"calorific"})
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


def tokens(key: str) -> Iterator[str]:
    """The words of a key, in lower case; words glued together are taken apart where all parts are known."""
    text = re.sub(r"g\s*/\s*(tonne|ton|t)\b", " gpt ", key, flags=re.IGNORECASE)
    text = re.sub(r"kcal\s*/\s*kg", " kcal ", text, flags=re.IGNORECASE).replace("%", " pct ")
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    for word in re.findall(r"[^\W_]+", text):
        yield from _unglue(word.lower())


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
    for word in words:
        for meaning, table in (("class", _CLASS), ("level", _LEVEL), ("layer", _LAYER), ("symbol", _SYMBOL)):
            if word in table:
                found[meaning] = table[word]
                break
        else:
            _sort_other_word(word, own, found, left)
    if "year" in found:
        return Meaning("measurement_year", None, False, True, attribute=True)
    if "calorific" in found:
        return Meaning("calorific_value", "kcal/kg", "energy" in found, not left)
    return _named(found, left, own, unit)


def _sort_other_word(word: str, own: str | None, found: dict[str, str], left: list[str]) -> None:
    if word in _METAL:
        if _METAL[word] != own:
            found["symbol"] = _METAL[word]
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
    is_grade = "grade" in found or (symbol is not None and stated is None and "contained" not in found)
    parts = [part for part in (found.get("layer"), kind) if part]
    anything = bool(parts or level or symbol or "grade" in found)
    if is_grade:
        metal = symbol or own
        parts += [level] if level and level != "total" else []
        parts.append(f"{metal}_grade" if metal else "grade")
        default: str | None = "g/t" if metal in {"au", "ag"} else "%"
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
