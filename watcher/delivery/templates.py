"""Where templates come from: the user's folder, then the ones that ship with Watcher."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jinja2


def shipped() -> Path:
    """The folder of the shipped templates: inside the installed package, or beside it in a checkout."""
    installed = Path(str(resources.files("watcher"))) / "templates"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "templates"


def built_in() -> jinja2.BaseLoader:
    """The shipped templates."""
    import jinja2

    return jinja2.FileSystemLoader(shipped())


def own(folder: Path | None) -> jinja2.BaseLoader | None:
    """The user's templates, which override the shipped ones file by file."""
    import jinja2

    return None if folder is None else jinja2.FileSystemLoader(folder)
