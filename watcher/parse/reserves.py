"""The `resources_reserves` block of a detail, in every shape that has been seen (sectors/README.md)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from watcher import units
from watcher.model import Value, valued
from watcher.parse import numbers
from watcher.parse.words import Meaning, understand

_LABELS = ("category", "classification", "type", "class", "name")
_FIGURES = ("volume", "value", "amount", "tonnage", "quantity")
_UNITS = ("unit", "units", "uom")
_DEEPEST = 12


@dataclass(slots=True)
class Block:
    """What the block says; `unknown` holds the keys that were not understood, `readable` is False for no block."""

    metrics: dict[str, Value] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    readable: bool = True


def read(raw: object, commodity: str | None) -> Block:
    """Read any JSON value as a resources and reserves block. Raises nothing."""
    block = Block()
    if isinstance(raw, str) and raw.strip()[:1] in {"{", "["}:
        try:
            raw = json.loads(raw)
        except (ValueError, RecursionError):
            block.readable = False
            return block
    if isinstance(raw, dict | list):
        leaves = sorted(_leaves(raw, (), None, 0), key=lambda leaf: leaf[0])
        for path, figure, unit in leaves:
            _add(block, path, figure, understand(path, commodity, unit), unit)
        return block
    block.readable = numbers.read(raw).null
    return block


Leaf = tuple[tuple[str, ...], object, str | None]


def _leaves(node: object, path: tuple[str, ...], unit: str | None, depth: int) -> Iterator[Leaf]:
    """Every figure below `node` with the keys that lead to it and the unit named beside it."""
    if depth > _DEEPEST:
        return
    if isinstance(node, list):
        for item in node:
            yield from _leaves(item, path, unit, depth + 1)
    elif isinstance(node, dict):
        lower = {str(key).strip().lower(): key for key in node}
        here = next((node[lower[name]] for name in _UNITS if name in lower), None)
        unit = units.canonical(here) if isinstance(here, str) and here.strip() else unit
        label = next((lower[name] for name in _LABELS if name in lower and isinstance(node[lower[name]], str)), None)
        figure = next((lower[name] for name in _FIGURES if name in lower), None)
        for key, child in node.items():
            if key == label or str(key).strip().lower() in _UNITS:
                continue
            step = () if label is not None and key == figure else (str(key),)
            named = (str(node[label]),) if label is not None else ()
            yield from _leaves(child, (*path, *named, *step), unit, depth + 1)
    elif path:
        yield path, node, unit


def _add(block: Block, path: tuple[str, ...], figure: object, meaning: Meaning, unit: str | None) -> None:
    reading = numbers.read(figure)
    if reading.null:
        return
    words = " ".join(path)[:200]
    if meaning.attribute or reading.text is not None or not reading.readable:
        name = meaning.name if meaning.name != "unnamed" else words
        shown = reading.text if reading.text is not None else _plain(figure)
        block.attributes.setdefault(name, shown)
        if not meaning.known:
            block.unknown.add(words)
        return
    if not meaning.known:
        block.unknown.add(words)
    if reading.amount is None:
        return
    stated = reading.unit or (meaning.unit if meaning.stated else unit)
    value = valued(reading.amount, stated or meaning.unit, stated is not None)
    name = meaning.name if meaning.name != "unnamed" else words
    if block.metrics.setdefault(name, value) != value and not _agree(block.metrics[name], value):
        # Two keys of one meaning that disagree: both figures are kept, the second under its own words.
        block.metrics.setdefault(f"{name}.{'_'.join(words.lower().split())}", value)


def _agree(one: Value, other: Value) -> bool:
    if one.unit is None or other.unit is None or not (one.stated and other.stated):
        return one.amount == other.amount
    ratio = units.factor(one.unit, other.unit)
    return ratio is not None and abs(one.amount * ratio - other.amount) <= 1e-9 * abs(other.amount)


def _plain(figure: object) -> str:
    number = numbers.read(figure).amount
    return f"{number:g}" if number is not None else json.dumps(figure, default=str)[:200]
