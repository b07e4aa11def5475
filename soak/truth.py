"""What must have been told: every figure's way from the first state of the world to its last, without a gap."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Key = tuple[str, str]


@dataclass
class History:
    """The true values of every (slug, metric) over time, and what else happened, as (kind, slug).

    What is `possible` happened too, but was over again so soon that nobody need have seen it.
    """

    values: dict[Key, list[float]] = field(default_factory=lambda: defaultdict(list))
    events: list[Key] = field(default_factory=list)
    possible: set[Key] = field(default_factory=set)

    def note(self, slug: str, metric: str, value: float) -> None:
        """A figure has this value from now on."""
        self.values[slug, metric].append(value)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`lost` and `false` name what was not told though it happened, and what was told though it did not."""

    told: int
    lost: tuple[str, ...]
    false: tuple[str, ...]


def changes_in(database: Path) -> dict[str, dict[str, Any]]:
    """All changes of a database by id."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as conn:
        conn.row_factory = sqlite3.Row
        return {row["id"]: dict(row) for row in conn.execute("select * from changes order by number")}


def judge(history: History, told: Collection[str], changes: Mapping[str, Mapping[str, Any]]) -> Verdict:
    """Compare what one target was told, as ids, with what happened."""
    lost = [f"change {id} ({changes[id]['kind']} {changes[id]['slug']}) was never told" for id in changes.keys() - told]
    false = [f"{id} was told and is in no history" for id in told if id not in changes]
    steps: dict[Key, list[tuple[Any, Any]]] = defaultdict(list)
    events: list[Key] = []
    for id, change in changes.items():
        if id not in told:
            continue
        if change["kind"] == "metric.changed":
            steps[change["slug"], change["metric"]].append((change["old"], change["new"]))
        elif (change["kind"], change["slug"]) not in history.possible:
            events.append((change["kind"], change["slug"]))
    for key in steps.keys() | {key for key, values in history.values.items() if len(values) > 1}:
        lost += _gaps(key, steps.get(key, []), history.values.get(key, []))
        false += _untrue(key, steps.get(key, []), history.values.get(key, []))
    lost += [f"{' '.join(event)} was not told" for event in _more(history.events, events)]
    false += [f"{' '.join(event)} never happened" for event in _more(events, history.events)]
    return Verdict(len(told), tuple(sorted(lost)), tuple(sorted(false)))


def _gaps(key: Key, steps: Iterable[tuple[Any, Any]], values: list[float]) -> list[str]:
    if not values:
        return []
    at, gaps = values[0], []
    for old, new in steps:
        if old != at:
            gaps.append(f"{' '.join(key)}: {at} → {old} was not told")
        at = new
    if at != values[-1]:
        gaps.append(f"{' '.join(key)}: {at} → {values[-1]} was not told")
    return gaps


def _untrue(key: Key, steps: Iterable[tuple[Any, Any]], values: list[float]) -> list[str]:
    """Steps that do not go forward along the true values."""
    at, untrue = 0, []
    for old, new in steps:
        try:
            at = values.index(old, at)
            at = values.index(new, at + 1)
        except ValueError:
            untrue.append(f"{' '.join(key)}: {old} → {new} never happened")
    return untrue


def _more(these: Iterable[Key], those: Iterable[Key]) -> list[Key]:
    return list((Counter(these) - Counter(those)).elements())
