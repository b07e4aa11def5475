"""Names that rules.yaml may use, near matches for those that it may not, and where each stands."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from difflib import get_close_matches
from fnmatch import fnmatchcase
from importlib import resources
from pathlib import Path

from apscheduler.triggers.cron import CronTrigger

from watcher import derived
from watcher.config.document import Document
from watcher.model import KINDS

Place = tuple[str | int, ...]

METRICS = (
    *("production_volume", "overburden_removal_volume", "strip_ratio", "calorific_value"),
    *("reserves.proven", "reserves.probable", "reserves.total"),
    *("resources.measured", "resources.indicated", "resources.inferred", "resources.total"),
)
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
    """Whether a word of `on` can ever match: a kind, a metric, a glob of either, or what the API may invent."""
    if any(fnmatchcase(name, word) for name in (*KINDS, *METRICS, *derived.DERIVED)):
        return True
    root, dot, _ = word.partition(".")
    roots = (*_METRIC_ROOTS, *(kind.partition(".")[0] for kind in KINDS))
    if not dot or (root not in roots and get_close_matches(root, roots, n=1, cutoff=0.8)):
        return False
    return root in _METRIC_ROOTS or (root not in {kind.partition(".")[0] for kind in KINDS} and "." in word)


def metric_can_occur(word: str) -> bool:
    """Whether a word of `limits` can ever be a metric, or reach one."""
    return word not in KINDS and not any(fnmatchcase(kind, word) for kind in KINDS if word != "*") and can_occur(word)


def check_targets(document: Document, path: Place, words: tuple[str, ...]) -> None:
    """Note every word of a `to` or of `ops` that is no target."""
    for step, word in each(document, path, words):
        check_target(document, step, word)


def check_target(document: Document, path: Place, name: str) -> None:
    targets = stated(document, "targets")
    if path in document.substituted or "://" in name:
        document.mistake(path, "the name of a target is expected here")
    elif name not in targets:
        known = ", ".join(targets) or "none"
        document.mistake(path, f"unknown target `{name}`; known: {known}{near(name, targets)}")


def check_cron(document: Document, path: Place, cron: str) -> None:
    """Note a cron string that is none, or that never fires."""
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


def template_names(file: str, folder: str | None) -> set[str]:
    """The names of all templates, the user's and the built-in ones."""
    built_in = resources.files("watcher") / "templates"
    if not built_in.is_dir():
        built_in = Path(__file__).parents[2] / "templates"
    names = {entry.name for entry in built_in.iterdir()} if built_in.is_dir() else set()
    if folder is not None and (own := Path(file).parent / Path(folder).expanduser()).is_dir():
        names |= {entry.name for entry in own.iterdir()}
    return {name.partition(".")[0] for name in names if name.endswith(".j2")}
