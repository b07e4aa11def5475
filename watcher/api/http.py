"""httpx without its command line, which it loads at import where rich and pygments are installed: a third of a poll's
start."""

from __future__ import annotations

import sys
from typing import Any

_COMMAND_LINE = "httpx._main"
_modules: dict[str, Any] = sys.modules
_skipped = _COMMAND_LINE not in _modules
if _skipped:
    _modules[_COMMAND_LINE] = None  # so its import fails, and httpx goes on without it
try:
    import httpx
finally:
    if _skipped and _modules.get(_COMMAND_LINE) is None:
        del _modules[_COMMAND_LINE]

__all__ = ["httpx"]
