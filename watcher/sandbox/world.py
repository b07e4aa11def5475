"""What the sandbox serves: a table of sites, the calls made so far, and the faults that are switched on."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

Row = dict[str, Any]


@dataclass
class World:
    """Serve `rows` (detail-shaped); they may be replaced at any time.

    Attributes:
        key: the API key that is accepted.
        quota: credits after which 429 `monthly_limit_exceeded` is answered; None for no limit.
        calls: (path, status) of every call so far; `credits` counts the billed ones (2xx and 404).
        faults: statuses to be answered to the next calls instead of the truth; 0 stands for a web page, -1 for a
            body that breaks off.
    """

    rows: Sequence[Row]
    key: str = "sandbox"
    quota: int | None = None
    calls: list[tuple[str, int]] = field(default_factory=list)
    faults: list[int] = field(default_factory=list)

    @property
    def credits(self) -> int:
        return sum(200 <= status < 300 or status == 404 for _, status in self.calls)

    def fail_next(self, *statuses: int) -> None:
        """Let the next calls fail, one status each."""
        self.faults += statuses


def fictional_sites() -> list[Row]:
    """The sandbox's own table: some sixty fictional mines in detail shape."""
    text = resources.files("watcher.sandbox").joinpath("sites.json").read_text("utf-8")
    rows: list[Row] = json.loads(text)
    return rows


def load_states(path: Path) -> list[tuple[str, list[Row]]]:
    """The states of a file `[{"at": …, "sites": [detail rows]}]`, .json or .json.gz, as (at, rows).

    Raises:
        ValueError: it is no such file; the sentence says why.
    """
    try:
        raw = path.read_bytes()
        states = json.loads(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, EOFError) as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if not isinstance(states, list) or not states:
        raise ValueError(f"{path} is no list of states")
    for number, state in enumerate(states):
        if not isinstance(state, dict) or not isinstance(state.get("sites"), list):
            raise ValueError(f'{path}: state {number} has no "sites"')
    return [(str(state.get("at", "")), [row for row in state["sites"] if isinstance(row, dict)]) for state in states]
