"""When two names mean one mine or one company, whatever the language, the legal form or the order of words."""

from __future__ import annotations

import re

_LEGAL_FORMS = frozenset({"pt", "cv", "tbk", "persero", "ltd", "limited", "pte", "inc", "ud"})
_DIRECTIONS = {"north": "utara", "south": "selatan", "east": "timur", "west": "barat", "central": "tengah"}
_GENERIC = frozenset(
    {"batubara", "coal", "block", "blok", "mine", "mining", "site", "pit", "project", "tambang", "nikel", "nickel"}
)


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
