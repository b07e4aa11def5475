"""When two names mean one mine or one company, whatever the language, the legal form or the order of words."""

from __future__ import annotations

import re
from enum import IntEnum

_LEGAL_FORMS = frozenset({"pt", "cv", "tbk", "persero", "ltd", "limited", "pte", "inc", "ud"})
_DIRECTIONS = {"north": "utara", "south": "selatan", "east": "timur", "west": "barat", "central": "tengah"}
_GENERIC = frozenset(
    {"batubara", "coal", "block", "blok", "mine", "mining", "site", "pit", "project", "tambang", "nikel", "nickel"}
)


class Likeness(IntEnum):
    """How two names of mines stand to each other, from the least alike to the most."""

    SIBLINGS = -1  # Benhes 2 and Benhes 3: of one family, so not one mine
    STRANGERS = 0
    AKIN = 1  # they share a word that tells mines apart
    SAME = 2


def alike(one: str, other: str) -> Likeness:
    """How alike two names of mines are."""
    mine, theirs = words(one), words(other)
    if mine == theirs:
        return Likeness.SAME
    if _numbers(mine) and _numbers(theirs) and mine - _numbers(mine) == theirs - _numbers(theirs):
        return Likeness.SIBLINGS
    return Likeness.AKIN if (mine & theirs) - _numbers(mine) else Likeness.STRANGERS


def _numbers(said: frozenset[str]) -> frozenset[str]:
    return frozenset(word for word in said if word.isdigit() or set(word) <= set("ivx"))


def words(name: str) -> frozenset[str]:
    """The words of a site's name that tell it apart: directions in Indonesian, without `Block`, `Batubara` …"""
    said = [_DIRECTIONS.get(word, word) for word in re.findall(r"[^\W_]+", name.casefold())]
    return frozenset(word for word in said if word not in _GENERIC) or frozenset(said)


def same_company(one: str | None, other: str | None) -> bool:
    """Whether two company names (or slugs) are the same less their legal form (PT, CV, Tbk)."""
    if not one or not other:
        return False
    return _company(one) == _company(other)


def _company(name: str) -> tuple[str, ...]:
    return tuple(word for word in re.findall(r"[^\W_]+", name.casefold()) if word not in _LEGAL_FORMS)
