"""rules.yaml as plain data, with the place of every key and value: nodes are read, no object is ever loaded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from watcher.errors import Mistake

Path = tuple[str | int, ...]
# A URL may be a secret wherever it stands, also where it does not belong.
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)[^\s`'\"…]+")
_VARIABLE = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


@dataclass(slots=True)
class Document:
    """The data of a file, where each part of it stands, and what was wrong with it.

    `keys` and `values` map a path such as `("rules", 0, "on")` to (line, column), counted from 1.
    `substituted` holds the paths of values that came from the environment, `mistaken` those of the mistakes.
    """

    file: str
    data: Any = None
    keys: dict[Path, tuple[int, int]] = field(default_factory=dict)
    values: dict[Path, tuple[int, int]] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    substituted: set[Path] = field(default_factory=set)
    mistaken: set[Path] = field(default_factory=set)

    def mistake(self, path: Path, text: str, *, key: bool = False) -> None:
        """Note an error at a path, or at the nearest part around it that stands in the file."""
        self.mistaken.add(path)
        self.mistakes.append(Mistake(self.file, *self.place(path, key=key), _URL.sub(r"\1…", text)))

    def wrong_within(self, path: Path) -> bool:
        """Whether a mistake was noted at a path or below it: then what is missing there may only seem so."""
        return any(wrong[: len(path)] == path for wrong in self.mistaken)

    def place(self, path: Path, *, key: bool = False) -> tuple[int, int]:
        """Line and column of the value at a path (of its key if `key`)."""
        places = (self.keys, self.values) if key else (self.values, self.keys)
        while True:
            for known in places:
                if path in known:
                    return known[path]
            if not path:
                return (1, 1)
            path = path[:-1]


def read(text: str, file: str, environ: Mapping[str, str]) -> Document:
    """Read YAML text. Errors of syntax, repeated keys and unset variables are in the document's `mistakes`."""
    document = Document(file)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        document.mistakes.append(Mistake(file, line, column, f"this is not valid YAML: {error.problem or error}"))
        return document
    except (yaml.YAMLError, RecursionError) as error:
        document.mistakes.append(Mistake(file, 1, 1, f"this is not valid YAML: {' '.join(str(error).split())[:200]}"))
        return document
    document.data = None if node is None else _data(node, (), document, environ, set())
    return document


def _data(node: yaml.Node, path: Path, document: Document, environ: Mapping[str, str], above: set[int]) -> Any:
    document.values[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
    if id(node) in above:
        document.mistake(path, "this part contains itself")
        return None
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            # A key is its text: YAML 1.1 would read `on` as true and `no` as false.
            key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "?"
            here = (*path, key)
            if key in found:
                line = document.keys[here][0]
                document.keys[here] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
                document.mistake(here, f"`{key}` stands here twice (first in line {line})", key=True)
                continue
            document.keys[here] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            found[key] = _data(value_node, here, document, environ, above | {id(node)})
        return found
    if isinstance(node, yaml.SequenceNode):
        return [
            _data(child, (*path, index), document, environ, above | {id(node)})
            for index, child in enumerate(node.value)
        ]
    return _scalar(node, path, document, environ)


def _scalar(node: yaml.Node, path: Path, document: Document, environ: Mapping[str, str]) -> Any:
    text = str(node.value)
    if "${" in text:
        text = _substituted(text, path, document, environ)
        document.substituted.add(path)
        plain = getattr(node, "style", None) is None and not _is_text(path)
        return _plain(text) if plain else text
    constructor = yaml.SafeLoader("")
    try:
        value = constructor.construct_object(node)
    except (yaml.YAMLError, ValueError):
        value = text
    finally:
        constructor.dispose()
    return value if isinstance(value, str | int | float | bool | None) else text


def _is_text(path: Path) -> bool:
    """Whether what stands at a path is text whatever it looks like: a key of digits is a key."""
    return path[:1] in {("targets",), ("database",)} or path[:2] in {
        ("api", "key"),
        ("api", "key_file"),
        ("http", "token"),
    }


def _plain(text: str) -> Any:
    """A substituted value has the type that it would have in the file: a number, true or false, else text."""
    if text in {"true", "false"}:
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _substituted(text: str, path: Path, document: Document, environ: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        if match.group(1) is None:
            return "${"
        name, default = match.group(1), match.group(2)
        found = environ.get(name) or default
        if found is None:
            document.mistake(
                path, f"the variable {name} is not set; set it in the environment or in .env beside the file"
            )
            return ""
        return found

    return _VARIABLE.sub(value, text)
