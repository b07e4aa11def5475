"""What should stand at a place of rules.yaml where something of another shape stands, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_EXPECTED = {
    "bool_type": "true or false",
    "string_type": "text",
    "string_too_short": "a word",
    "list_type": "a list",
    "int_type": "a whole number",
    "greater_than": "a number above {}",
    "greater_than_equal": "a number of {} or more",
    "less_than_equal": "a number of {} or less",
}
_SHAPES = {
    ("targets", "*"): "a URL, or keys such as `url` and `digest`,",
    ("watches", "*"): "a part with keys such as `filter` and `every`",
    ("rules", "*"): "a rule with `name`, `on` and `to`",
    ("rules", "*", "when"): "a condition such as {above: 11}",
    ("rules", "*", "where"): "a field with what it may be, such as {company: pt-*},",
    ("watchlists", "*"): "a list with `to`, `companies` and `limits`",
    ("watchlists", "*", "limits"): "a metric with its limit, such as {strip_ratio: {above: 11}},",
    ("watchlists", "*", "limits", "*"): "a limit such as {above: 11}",
    ("watchlists", "*", "companies"): "a list of companies' slugs, or slugs with limits of their own,",
    ("watchlists", "*", "companies", "*"): "a metric with its limit, such as {strip_ratio: {above: 11}},",
    ("watchlists", "*", "companies", "*", "*"): "a limit such as {above: 11}",
    ("silences", "*"): "a silence with `matcher`, `until` and `reason`",
    ("silences", "*", "matcher"): "a field with what it may be, such as {company: pt-*},",
}


def expected(error: Mapping[str, Any]) -> str:
    """What pydantic's error asks for, as a sentence; empty where it says so itself."""
    kind, path = error["type"], error["loc"]
    if kind in {"model_type", "dict_type"}:
        shape = next((said for pattern, said in _SHAPES.items() if fits(pattern, path)), "a part with keys and values")
        return f"{shape} is expected here"
    if kind not in _EXPECTED:
        return ""
    bound = next(iter((error.get("ctx") or {}).values()), "")
    return f"{_EXPECTED[kind].format(f'{bound:g}' if isinstance(bound, int | float) else bound)} is expected"


def fits(pattern: tuple[str, ...], path: tuple[str | int, ...]) -> bool:
    """Whether a path is one that a pattern means; `*` stands for any step."""
    return len(pattern) == len(path) and all(one in {"*", str(step)} for one, step in zip(pattern, path, strict=True))
