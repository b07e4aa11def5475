"""What `watcher init` writes: a commented rules.yaml and an .env.example."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from watcher.errors import ConfigError

_FILES = {"rules.yaml": "rules.yaml", "env.example": ".env.example"}


def write_starter(folder: Path) -> list[Path]:
    """Write the starter files into `folder`, and return their paths. Nothing is ever overwritten.

    Raises:
        ConfigError: one of them is there already, or the folder cannot be written.
    """
    paths = {source: folder / name for source, name in _FILES.items()}
    there = [path for path in paths.values() if path.exists()]
    if there:
        raise ConfigError(f"{there[0]} is there already, and is left as it is.", "Choose another folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for source, path in paths.items():
            path.write_text(resources.files("watcher.config.starter").joinpath(source).read_text("utf-8"), "utf-8")
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written: {error.strerror}.") from None
    return list(paths.values())
