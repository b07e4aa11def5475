"""What pydantic cannot know: names that must exist, globs that must match something, words with a near match."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.cron import CronTrigger

from watcher.addresses import safe_for_key
from watcher.config import schema
from watcher.config.document import Document
from watcher.geography import COMMODITIES, PROVINCES
from watcher.model import KINDS, NATURES
from watcher.rules import WHERE_FIELDS

METRICS = (
    *("production_volume", "overburden_removal_volume", "strip_ratio", "calorific_value"),
    *("reserves.proven", "reserves.probable", "reserves.total"),
    *("resources.measured", "resources.indicated", "resources.inferred", "resources.total"),
)
_METRIC_ROOTS = ("limonite", "saprolite", "reserves", "resources")
FILTERS = ("company", "province", "commodity_type", "year", "min_production")


def near(word: str, known: Iterable[str]) -> str:
    """`; did you mean …?` if one of `known` is near to `word`, else nothing."""
    hits = get_close_matches(word, [str(name) for name in known], n=1, cutoff=0.6)
    return f"; did you mean `{hits[0]}`?" if hits else ""


def check(document: Document, file: schema.File) -> None:
    """Note every mistake of meaning in `document`."""
    _zone(document, file.timezone)
    for index, name in enumerate(file.ops):
        _target(document, ("ops", index), name, file.targets)
    for name, target in file.targets.items():
        url = target if isinstance(target, str) else target.url
        if "://" not in url and not {("targets", name), ("targets", name, "url")} & _unset(document):
            document.mistake(("targets", name), "an apprise URL such as slack://… or mailto://… is expected")
    if not safe_for_key(file.api.base_url):
        document.mistake(
            ("api", "base_url"), "https:// is expected (http:// on loopback only): the key would be readable"
        )
    if file.api.key and file.api.key_file:
        document.mistake(("api", "key_file"), "`key` and `key_file` exclude each other", key=True)
    for name, watch in file.watches.items():
        _watch(document, ("watches", name), watch)
    names: set[str] = set()
    for index, rule in enumerate(file.rules):
        if rule.name in names:
            document.mistake(("rules", index, "name"), f"another rule is called {rule.name!r} too")
        names.add(rule.name)
        _rule(document, ("rules", index), rule, file)


def _unset(document: Document) -> set[tuple[str | int, ...]]:
    """The paths whose variable is not set: they were reported already."""
    places = {(mistake.line, mistake.column) for mistake in document.mistakes}
    return {path for path, place in document.values.items() if place in places}


def _zone(document: Document, name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        document.mistake(("timezone",), f"unknown time zone {name!r}; a name such as Asia/Jakarta is expected")


def _target(document: Document, path: tuple[str | int, ...], name: str, targets: Mapping[str, Any]) -> None:
    if path in document.substituted or "://" in name:
        document.mistake(path, "the name of a target is expected here")
    elif name not in targets:
        known = ", ".join(targets) or "none"
        document.mistake(path, f"unknown target `{name}`; known: {known}{near(name, targets)}")


def _watch(document: Document, path: tuple[str | int, ...], watch: schema.Watch) -> None:
    if watch.every is not None and watch.cron is not None:
        document.mistake((*path, "cron"), "`every` and `cron` exclude each other", key=True)
    if watch.every is not None and watch.every.total_seconds() < 60:
        document.mistake((*path, "every"), "at least 1m is expected: every poll costs credits")
    if watch.cron is not None:
        try:
            CronTrigger.from_crontab(watch.cron)
        except (ValueError, KeyError) as error:
            document.mistake((*path, "cron"), f"this is no cron string ({error}); `0 7 * * mon-fri` is one")
    for name, value in watch.filter.items():
        here = (*path, "filter", name)
        if name not in FILTERS:
            text = f"unknown filter `{name}`; known: {', '.join(FILTERS)}{near(name, FILTERS)}"
            document.mistake(here, text, key=True)
        elif name == "province":
            _one_of(document, here, value, PROVINCES, "province", exact=True)
        elif name == "commodity_type":
            _one_of(document, here, value, COMMODITIES, "commodity")
        elif name == "year" and (isinstance(value, bool) or not isinstance(value, int) or not 1900 <= value <= 2100):
            document.mistake(here, "a year such as 2024 is expected")
        elif name == "min_production" and (isinstance(value, bool) or not isinstance(value, int | float)):
            document.mistake(here, "a number is expected")
        elif name == "company" and not (isinstance(value, str) and value):
            document.mistake(here, "a company's slug such as pt-berau-coal is expected")


def _one_of(
    document: Document, path: tuple[str | int, ...], value: Any, known: Iterable[str], what: str, *, exact: bool = False
) -> None:
    names = list(known)
    if isinstance(value, str) and (value in names or (not exact and value.casefold() in map(str.casefold, names))):
        return
    hint = near(str(value).title(), names) or f"; known: {', '.join(names)}"
    document.mistake(path, f"unknown {what} {value!r}{hint}")


def _rule(document: Document, path: tuple[str | int, ...], rule: schema.Rule, file: schema.File) -> None:
    for step, word in _each(document, (*path, "on"), rule.on):
        if not _can_occur(word):
            hint = near(word, (*KINDS, *METRICS)) or f"; kinds: {', '.join(KINDS)}"
            document.mistake(step, f"unknown kind or metric `{word}`{hint}")
    for step, word in _each(document, (*path, "to"), rule.to):
        _target(document, step, word, file.targets)
    for name, words in rule.where.items():
        here = (*path, "where", name)
        if name not in WHERE_FIELDS:
            document.mistake(here, f"unknown field `{name}`{near(name, WHERE_FIELDS)}", key=True)
            continue
        known: tuple[str, ...] | None = {
            "watch": tuple(file.watches),
            "kind": KINDS,
            "nature": NATURES,
            "commodity_type": COMMODITIES,
            "province": PROVINCES,
        }.get(name)
        for step, word in _each(document, here, words):
            if known is not None and not any(fnmatchcase(k.casefold(), word.casefold()) for k in known):
                document.mistake(step, f"unknown {name} `{word}`{near(word, known)}")
    if rule.template is not None and not _template_exists(rule.template, document.file, file.templates):
        names = template_names(document.file, file.templates)
        document.mistake((*path, "template"), f"there is no template `{rule.template}`{near(rule.template, names)}")


def _each(
    document: Document, path: tuple[str | int, ...], words: tuple[str, ...]
) -> Iterable[tuple[tuple[str | int, ...], str]]:
    listed = (*path, 0) in document.values
    return [((*path, index) if listed else path, word) for index, word in enumerate(words)]


def _can_occur(word: str) -> bool:
    if any(fnmatchcase(name, word) for name in (*KINDS, *METRICS)):
        return True
    root, dot, _ = word.partition(".")
    roots = (*_METRIC_ROOTS, *(kind.partition(".")[0] for kind in KINDS))
    if not dot or (root not in roots and get_close_matches(root, roots, n=1, cutoff=0.8)):
        return False
    return root in _METRIC_ROOTS or (root not in {kind.partition(".")[0] for kind in KINDS} and "." in word)


def template_names(file: str, folder: str | None) -> set[str]:
    """The names of all templates, the user's and the built-in ones."""
    built_in = resources.files("watcher") / "templates"
    if not built_in.is_dir():
        built_in = Path(__file__).parents[2] / "templates"
    names = {entry.name for entry in built_in.iterdir()} if built_in.is_dir() else set()
    if folder is not None and (own := Path(file).parent / folder).is_dir():
        names |= {entry.name for entry in own.iterdir()}
    return {name.partition(".")[0] for name in names if name.endswith(".j2")}


def _template_exists(name: str, file: str, folder: str | None) -> bool:
    return name in template_names(file, folder)
