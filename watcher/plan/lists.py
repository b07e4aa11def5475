"""Own lists, or one wider list filtered here: whichever takes fewer calls for the watches that are due together."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

Filter = Mapping[str, str | int | float]
Rows = Callable[[Filter], int | None]

_PAGE = 30


@dataclass(frozen=True, slots=True)
class Reading:
    """One list to read, and the watches whose own lists come out of it; the first is the widest."""

    filter: Filter
    watches: tuple[str, ...]


def covers(wide: Filter, narrow: Filter) -> bool:
    """Whether every row that the API lists under `narrow` is one that it lists under `wide`."""
    for name, wanted in wide.items():
        if name not in narrow:
            return False
        own = narrow[name]
        if name == "min_production":
            if float(own) < float(wanted):
                return False
        elif str(own).casefold() != str(wanted).casefold() if name == "commodity_type" else own != wanted:
            return False
    return True


def readings(due: Sequence[tuple[str, Filter]], rows: Rows) -> tuple[Reading, ...]:
    """The lists to read for the watches (name, filter) that are due together.

    A watch whose filter another one covers costs nothing more. Beyond that a wider list is read only where it is known
    to take fewer calls than the lists that come out of it.

    Args:
        rows: how many rows a filter's list had when it was last read; None where it never was.
    """
    roots = _roots(due)
    while True:
        best: tuple[int, Filter] | None = None
        for wide in _candidates(roots):
            total = rows(wide)
            saved = _own_calls(wide, roots, rows) - _calls(total) if total is not None else 0
            if saved > 0 and (best is None or saved > best[0]):
                best = (saved, wide)
        if best is None:
            return tuple(roots)
        inside = [root for root in roots if covers(best[1], root.filter)]
        merged = Reading(best[1], tuple(name for root in inside for name in root.watches))
        roots = [merged if root is inside[0] else root for root in roots if root is inside[0] or root not in inside]


def worth_asking(due: Sequence[tuple[str, Filter]], rows: Rows) -> Filter | None:
    """The wider list whose length is worth a call, as it may save more; None if there is none."""
    roots = _roots(due)
    found: tuple[int, Filter] | None = None
    for wide in _candidates(roots):
        if rows(wide) is not None:
            continue
        possible = _own_calls(wide, roots, rows) - _calls(_at_least(wide, roots, rows))
        if possible > 1 and (found is None or possible > found[0]):
            found = (possible, wide)
    return found[1] if found else None


def _roots(due: Sequence[tuple[str, Filter]]) -> list[Reading]:
    """The watches that no other one covers, each with those that it covers."""
    tops: list[tuple[str, Filter]] = []
    for name, filter in due:
        if any(covers(other, filter) for _, other in tops):
            continue
        tops = [(n, other) for n, other in tops if not covers(filter, other)] + [(name, filter)]
    found: list[Reading] = []
    placed: set[str] = set()
    for top, wide in tops:
        inside = [name for name, filter in due if name != top and name not in placed and covers(wide, filter)]
        inside = [name for name in inside if name not in {other for other, _ in tops}]
        placed.update(inside)
        found.append(Reading(wide, (top, *inside)))
    return found


def _candidates(roots: Sequence[Reading]) -> list[Filter]:
    """What two or more of the lists have in common, the widest last."""
    found: list[Filter] = []
    for a, b in combinations(roots, 2):
        common = _common(a.filter, b.filter)
        if common not in found:
            found.append(common)
    if len(roots) > 1 and {} not in found:
        found.append({})
    return found


def _common(a: Filter, b: Filter) -> Filter:
    common: dict[str, str | int | float] = {}
    for name in a.keys() & b.keys():
        if name == "min_production":
            common[name] = min(a[name], b[name], key=float)
        elif covers({name: a[name]}, {name: b[name]}):
            common[name] = a[name]
    return common


def _own_calls(wide: Filter, roots: Sequence[Reading], rows: Rows) -> int:
    known = (rows(root.filter) for root in roots if covers(wide, root.filter))
    return sum(_calls(count) for count in known if count is not None)


def _at_least(wide: Filter, roots: Sequence[Reading], rows: Rows) -> int:
    """How many rows a list has at least: those of lists in it that have no row in common."""
    inside = sorted(((rows(root.filter) or 0, root.filter) for root in roots if covers(wide, root.filter)), key=_size)
    apart: list[Filter] = []
    total = 0
    for count, filter in inside:
        if all(_disjoint(filter, other) for other in apart):
            apart.append(filter)
            total += count
    return total


def _size(item: tuple[int, Filter]) -> int:
    return -item[0]


def _disjoint(a: Filter, b: Filter) -> bool:
    shared = (a.keys() & b.keys()) - {"min_production"}
    return any(not covers({name: a[name]}, {name: b[name]}) for name in shared)


def _calls(count: int) -> int:
    return max(1, math.ceil(count / _PAGE))
