"""Log lines: under systemd a level that journald understands and no time, else the time, or JSON; never a secret."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Literal

#: Syslog's levels, as sd-daemon(3) writes them before a line.
_LEVELS = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}

LogFormat = Literal["auto", "text", "json"]


def start_logging(format: LogFormat, environ: Mapping[str, str], secrets: Callable[[], Iterable[str]]) -> None:
    """Send the lines of this program to stderr.

    Args:
        format: auto is for journald where systemd started us, else text.
        secrets: what must never stand in a line, asked anew for each.
    """
    handler = logging.StreamHandler(sys.stderr)
    under_systemd = "JOURNAL_STREAM" in environ
    handler.setFormatter(_Json() if format == "json" else _Journal() if under_systemd and format == "auto" else _Text())
    handler.addFilter(_Masking(secrets))
    logger = logging.getLogger("watcher")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
    # A skipped or late run of a timer is handled by us.
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)


class _Masking(logging.Filter):
    """The last line of defence: our own lines name no secret in the first place."""

    def __init__(self, secrets: Callable[[], Iterable[str]]) -> None:
        super().__init__()
        self._secrets = secrets

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        for secret in self._secrets():
            if len(secret) > 3:
                text = text.replace(secret, "…")
        record.msg, record.args = text, ()
        return True


def _one_line(record: logging.LogRecord) -> str:
    text = record.getMessage()
    if record.exc_info:
        text += "\n" + logging.Formatter().formatException(record.exc_info)
    return "".join(char if char.isprintable() or char == "\n" else " " for char in text)


class _Journal(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        level = _LEVELS.get(record.levelno, 6)
        return "\n".join(f"<{level}>{line}" for line in _one_line(record).splitlines())


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).astimezone()
        return f"{at:%Y-%m-%d %H:%M:%S%z} {record.levelname.lower():8} {_one_line(record)}"


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = {"at": at, "level": record.levelname.lower(), "message": _one_line(record)}
        return json.dumps(line | getattr(record, "fields", {}), ensure_ascii=False)
