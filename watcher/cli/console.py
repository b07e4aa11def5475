"""How the command line speaks: results to stdout, errors and progress to stderr, no secret in either."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from watcher.errors import ConfigError, WatcherError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from watcher.poll import Progress


def out() -> Console:
    """The console for results."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True)


def err() -> Console:
    """The console for errors and progress."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str = "", style: str | None = None) -> None:
    """One line of result, as it is: no markup is read from it."""
    _line(sys.stdout, text, style)


def warn(text: str) -> None:
    """One line to stderr."""
    _line(sys.stderr, text, "yellow")


def fail(text: str) -> None:
    """One line about what failed, to stderr."""
    _line(sys.stderr, text, "bold red")


def _line(stream: TextIO, text: str, style: str | None) -> None:
    if stream.isatty() or "FORCE_COLOR" in os.environ:
        (out() if stream is sys.stdout else err()).print(clean(text), style=style, markup=False, emoji=False)
    else:
        # A timer's polls are read by no terminal: they need not load what paints one.
        stream.write(f"{clean(text)}\n")
        # Whoever reads a pipe waits for the line as much as a person does.
        stream.flush()


def write_json(document: Any) -> None:
    """One JSON document on stdout."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def explain(error: WatcherError) -> None:
    """An error as its user reads it: the sentence, every mistake with its place, the remedy."""
    fail(f"Error: {error.message}")
    if isinstance(error, ConfigError):
        for mistake in error.mistakes:
            _line(sys.stderr, str(mistake), None)
    if error.remedy:
        _line(sys.stderr, error.remedy, None)


def clean(text: str) -> str:
    """Upstream text without control characters, which could move the cursor or paint the terminal."""
    return "".join(char if char == "\n" or char.isprintable() else " " for char in text)


def table(title: str, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """A table; cells are shown as they are."""
    from rich.table import Table
    from rich.text import Text

    grid = Table(title=title or None, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for column in columns:
        right = column in {
            "sites",
            "credits",
            "old",
            "new",
            "%",
            "tries",
            "value",
            "per day",
            "per month",
            "first poll",
            "lists",
            "asked",
        }
        grid.add_column(column, justify="right" if right else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(Text(_cell(cell)) for cell in row))
    out().print(grid)


#: No cell is longer; a name may be 10 kB.
_LONGEST = 400


def _cell(value: object) -> str:
    """A cell as one line of visible characters."""
    text = " ".join(clean("" if value is None else str(value)).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


class _Bar:
    def __init__(self, begin: Callable[[str, int], None], step: Callable[[], None]) -> None:
        self._begin, self._step = begin, step

    def begin(self, watch: str, details: int) -> None:
        self._begin(watch, details)

    def step(self) -> None:
        self._step()


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A bar over the details of a poll, on stderr and only on a terminal."""
    if not sys.stderr.isatty():
        yield _Bar(lambda watch, details: None, lambda: None)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = err()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("list", total=None)

        def begin(watch: str, details: int) -> None:
            bar.reset(task, total=details, description=f"{clean(watch)}: details")

        yield _Bar(begin, lambda: bar.advance(task))


@contextmanager
def counting(what: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar over so many steps, on stderr and only on a terminal; yields the function that counts one."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = err()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)
