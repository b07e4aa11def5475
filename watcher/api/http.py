"""httpx, less what only costs time here: its command line (with rich and pygments), and a search at every call.

httpcore looks for sniffio whenever a call waits for something. Where it is not installed, each look goes through the
whole path of imports, which takes longer than the call itself; that it is not there is found out once.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Any

_COMMAND_LINE = "httpx._main"
_modules: dict[str, Any] = sys.modules
if "sniffio" not in _modules and find_spec("sniffio") is None:
    _modules["sniffio"] = None  # an import of it fails at once
_skipped = _COMMAND_LINE not in _modules
if _skipped:
    _modules[_COMMAND_LINE] = None  # its import fails, and httpx goes on without it
try:
    import httpx
finally:
    if _skipped and _modules.get(_COMMAND_LINE) is None:
        del _modules[_COMMAND_LINE]

__all__ = ["httpx"]
