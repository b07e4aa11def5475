"""Whom to tell of trouble, also when the trouble is rules.yaml itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from watcher.config import document as yaml_document
from watcher.config.load import environment, text_of


def ops_targets(path: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """The `ops` targets and their URLs, as far as they can be read; whatever else is wrong with the file.

    Raises:
        ConfigError: the file cannot be read at all.
    """
    document = yaml_document.read(text_of(path), str(path), environment(path, environ))
    data: Any = document.data if isinstance(document.data, dict) else {}
    ops, targets = data.get("ops"), data.get("targets")
    if not isinstance(ops, list) or not isinstance(targets, dict):
        return {}
    found: dict[str, str] = {}
    for name in ops:
        target = targets.get(name) if isinstance(name, str) else None
        url = target.get("url") if isinstance(target, dict) else target
        if isinstance(url, str) and "://" in url:
            found[name] = url
    return found
