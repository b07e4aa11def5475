"""Values as plain JSON, one way for the command line and the web: field names as they are, instants in ISO-8601 UTC."""

from __future__ import annotations

from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Any


def as_json(value: Any) -> Any:
    """A dataclass, or anything of them, as what `json.dumps` takes."""
    if is_dataclass(value) and not isinstance(value, type):
        return {name: as_json(inner) for name, inner in asdict(value).items()}
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, dict):
        return {str(name): as_json(inner) for name, inner in value.items()}
    return [as_json(inner) for inner in value] if isinstance(value, list | tuple) else value
