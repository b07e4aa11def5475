"""What pydantic cannot know: names that must exist, globs that must match something, words with a near match."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from watcher import derived
from watcher.addresses import host_of, loopback, safe_for_key
from watcher.config import lists, schema
from watcher.config.document import Document
from watcher.config.names import (
    METRICS,
    can_occur,
    check_cron,
    check_target,
    check_targets,
    check_values,
    each,
    near,
    template_names,
)
from watcher.geography import COMMODITIES, PROVINCES
from watcher.model import KINDS
from watcher.rules import WHERE_FIELDS

FILTERS = ("company", "province", "commodity_type", "year", "min_production")


def check(document: Document, file: schema.File) -> None:
    """Note every mistake of meaning in `document`."""
    _zone(document, file.timezone)
    for index, name in enumerate(file.ops):
        check_target(document, ("ops", index), name)
    for name, target in file.targets.items():
        if "://" not in target.url and not {("targets", name), ("targets", name, "url")} & _unset(document):
            document.mistake(("targets", name), "an apprise URL such as slack://… or mailto://… is expected")
    if not safe_for_key(file.api.base_url):
        document.mistake(
            ("api", "base_url"), "https:// is expected (http:// on loopback only): the key would be readable"
        )
    if file.heartbeat and not (file.heartbeat.startswith(("https://", "http://")) and host_of(file.heartbeat)):
        document.mistake(("heartbeat",), "a URL that starts with https:// (or http://) is expected")
    if file.api.key and file.api.key_file:
        document.mistake(("api", "key_file"), "`key` and `key_file` exclude each other", key=True)
    for name, watch in file.watches.items():
        _watch(document, ("watches", name), watch)
        # On loopback it is a sandbox, and calls cost nothing.
        if watch.every is not None and watch.every.total_seconds() < (
            1 if loopback(host_of(file.api.base_url)) else 60
        ):
            document.mistake(("watches", name, "every"), "at least 1m is expected: every poll costs credits")
    names: set[str] = set()
    for index, rule in enumerate(file.rules):
        if rule.name in names and not document.wrong_within(("rules", index, "name")):
            document.mistake(("rules", index, "name"), f"another rule is called {rule.name!r} too")
        names.add(rule.name)
        _rule(document, ("rules", index), rule, file)
    lists.check(document, file, names)


def _unset(document: Document) -> set[tuple[str | int, ...]]:
    """The paths whose variable is not set: they were reported already."""
    places = {(mistake.line, mistake.column) for mistake in document.mistakes}
    return {path for path, place in document.values.items() if place in places}


def _zone(document: Document, name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        document.mistake(("timezone",), f"unknown time zone {name!r}; a name such as Asia/Jakarta is expected")


def _watch(document: Document, path: tuple[str | int, ...], watch: schema.Watch) -> None:
    if watch.every is not None and watch.cron is not None:
        document.mistake((*path, "cron"), "`every` and `cron` exclude each other", key=True)
    if watch.cron is not None:
        check_cron(document, (*path, "cron"), watch.cron)
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
        elif name == "min_production" and (isinstance(value, bool) or not isinstance(value, int | float) or value < 0):
            document.mistake(here, "a number of 0 or more is expected")
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
    for step, word in each(document, (*path, "on"), rule.on):
        if not can_occur(word):
            hint = near(word, (*KINDS, *METRICS, *derived.DERIVED)) or f"; kinds: {', '.join(KINDS)}"
            document.mistake(step, f"unknown kind or metric `{word}`{hint}")
    check_targets(document, (*path, "to"), rule.to)
    for name, words in rule.where.items():
        here = (*path, "where", name)
        if name not in WHERE_FIELDS:
            document.mistake(here, f"unknown field `{name}`{near(name, WHERE_FIELDS)}", key=True)
            continue
        check_values(document, here, name, words)
    names = template_names(document.file, file.templates)
    if rule.template is not None and rule.template not in names:
        document.mistake((*path, "template"), f"there is no template `{rule.template}`{near(rule.template, names)}")
