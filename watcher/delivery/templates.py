"""Where templates come from: the user's folder, then the ones that ship with Watcher."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import jinja2


def built_in() -> jinja2.BaseLoader:
    """The shipped templates: inside the installed package, or beside it in a checkout."""
    shipped = Path(str(resources.files("watcher"))) / "templates"
    checkout = Path(__file__).parents[2] / "templates"
    return jinja2.FileSystemLoader(shipped if shipped.is_dir() else checkout)


def own(folder: Path | None) -> jinja2.BaseLoader | None:
    """The user's templates, which override the shipped ones file by file."""
    return None if folder is None else jinja2.FileSystemLoader(folder)
