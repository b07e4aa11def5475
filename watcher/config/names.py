"""Names that rules.yaml may use, near matches for those that it may not, and where each stands."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from difflib import get_close_matches
from fnmatch import fnmatchcase
from importlib import resources
from pathlib import Path

from watcher import derived
from watcher.config.document import Document
from watcher.geography import COMMODITIES, PROVINCES
from watcher.model import KINDS, NATURES, SEVERITIES

Place = tuple[str | int, ...]

METRICS = (
    *("production_volume", "overburden_removal_volume", "strip_ratio", "calorific_value"),
    *("reserves.proven", "reserves.probable", "reserves.total"),
    *("resources.measured", "resources.indicated", "resources.inferred", "resources.total"),
)
#: How metrics are called: words of a key, or a glob of them.
_METRIC = re.compile(r"[\w .%/*?\[\]!-]+")
_METRIC_ROOTS = ("limonite", "saprolite", "reserves", "resources")


def near(word: str, known: Iterable[str]) -> str:
    """`; did you mean …?` if one of `known` is near to `word`, else nothing."""
    hits = get_close_matches(word, [str(name) for name in known], n=1, cutoff=0.6)
    return f"; did you mean `{hits[0]}`?" if hits else ""


def each(
    document: Document, path: tuple[str | int, ...], words: tuple[str, ...]
) -> Iterable[tuple[tuple[str | int, ...], str]]:
    listed = (*path, 0) in document.values
    return [((*path, index) if listed else path, word) for index, word in enumerate(words)]


def can_occur(word: str) -> bool:
    """Whether a word of `on` can ever match: a kind, a metric, a glob of either, or a metric that the API may invent.

    What is nearly a name that is known is a slip, not an invention.
    """
    known = (*KINDS, *METRICS, *derived.DERIVED)
    if any(fnmatchcase(name, word) for name in known):
        return True
    if not _METRIC.fullmatch(word):
        return False
    root = word.partition(".")[0]
    if root in _METRIC_ROOTS:
        return root != word
    kinds = {kind.partition(".")[0] for kind in KINDS}
    slip = get_close_matches(word, known, n=1, cutoff=0.75)
    return root not in kinds and not slip and not get_close_matches(root, (*kinds, *_METRIC_ROOTS), n=1, cutoff=0.75)


def is_known(word: str) -> bool:
    """Whether a word of `on` or `limits` is, or reaches, what this version has a name for."""
    if any(fnmatchcase(name, word) for name in (*KINDS, *METRICS, *derived.DERIVED)):
        return True
    return bool({"reserves", "resources"} & set(word.split(".")))


def metric_can_occur(word: str) -> bool:
    """Whether a word of `limits` can ever be a metric, or reach one."""
    return word not in KINDS and not any(fnmatchcase(kind, word) for kind in KINDS if word != "*") and can_occur(word)


def check_targets(document: Document, path: Place, words: tuple[str, ...]) -> None:
    """Note every word of a `to` or of `ops` that is no target."""
    for step, word in each(document, path, words):
        check_target(document, step, word)


def check_target(document: Document, path: Place, name: str) -> None:
    targets = stated(document, "targets")
    if path not in document.values:
        return  # the part around it was left out for a mistake of its own
    if path in document.substituted or "://" in name:
        document.mistake(path, "the name of a target is expected here")
    elif name not in targets:
        known = ", ".join(targets) or "none"
        document.mistake(path, f"unknown target `{name}`; known: {known}{near(name, targets)}")


def check_cron(document: Document, path: Place, cron: str) -> None:
    """Note a cron string that is none, or that never fires."""
    from apscheduler.triggers.cron import CronTrigger

    try:
        trigger = CronTrigger.from_crontab(cron, timezone=UTC)
    except (ValueError, KeyError) as error:
        document.mistake(path, f"this is no cron string ({error}); `0 7 * * mon-fri` is one")
        return
    if trigger.get_next_fire_time(None, datetime(2024, 1, 1, tzinfo=UTC)) is None:
        document.mistake(path, "this cron string never fires: there is no such day")


def stated(document: Document, part: str) -> list[str]:
    """The names that stand in a part of the file, also those whose value has a mistake of its own."""
    names = document.data.get(part) if isinstance(document.data, dict) else None
    return list(names) if isinstance(names, dict) else []


def check_values(document: Document, path: Place, name: str, words: tuple[str, ...], more: Iterable[str] = ()) -> None:
    """Note every word for a field of `where` or of a silence's matcher that the field can never be."""
    known: dict[str, Iterable[str]] = {
        "watch": stated(document, "watches"),
        "kind": KINDS,
        "nature": NATURES,
        "severity": SEVERITIES,
        "commodity_type": COMMODITIES,
        "province": PROVINCES,
        "watchlist": stated(document, "watchlists"),
        "rule": more,
    }
    values = list(known.get(name, ()))
    if not values and name != "watchlist":
        return
    for step, word in each(document, path, words):
        if not any(fnmatchcase(value.casefold(), word.casefold()) for value in values):
            document.mistake(step, f"unknown {name} `{word}`{near(word, values)}")


def template_names(file: str, folder: str | None) -> set[str]:
    """The names of all templates, the user's and the built-in ones."""
    built_in = resources.files("watcher") / "templates"
    if not built_in.is_dir():
        built_in = Path(__file__).parents[2] / "templates"
    names = {entry.name for entry in built_in.iterdir()} if built_in.is_dir() else set()
    if folder is not None and (own := Path(file).parent / Path(folder).expanduser()).is_dir():
        names |= {entry.name for entry in own.iterdir()}
    return {name.partition(".")[0] for name in names if name.endswith(".j2")}
