"""What an answer of the API means: good, gone, worth another try, or a refusal (API contract; sectors: Money)."""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime
from typing import Any

from watcher.api.http import httpx
from watcher.errors import SourceError, SourceRefused

#: Seconds that a `Retry-After` is honoured for at most.
LONGEST_WAIT = 60.0

_FINAL = {
    "monthly_limit_exceeded": (
        "The monthly quota of the Sectors API key is used up.",
        "Polling goes on when the quota is renewed; a larger plan, longer `every:` and `details:` make it last.",
    ),
    "insufficient_credits": (
        "The Sectors account has no credits left.",
        "Buy credits, or lower the cost with longer `every:` and `details:` (see `watcher check`).",
    ),
    "subscription_not_active": (
        "The Sectors subscription is not active.",
        "Renew it in your Sectors account, then try again.",
    ),
    "subscription_does_not_allow": (
        "The Sectors subscription does not include the mining endpoints.",
        "Choose a plan that includes them.",
    ),
}


class TryAgain(Exception):
    """A failure that may pass: `cause` in words, and the seconds that the API asks to wait, if it does."""

    def __init__(self, cause: str, wait: float | None = None) -> None:
        super().__init__(cause)
        self.cause = cause
        self.wait = wait


def read(response: httpx.Response, body: bytes, key: str) -> Any:
    """The JSON of a 2xx, or None for a 404 that is the API's own.

    Raises:
        TryAgain: short-term limit, server error, or a body that is broken or no JSON.
        SourceRefused: key, subscription or quota; its sentence says what to do.
        SourceError: any other refusal.
    """
    status = response.status_code
    document = parsed(body)
    code = _code(document)
    if 200 <= status < 300:
        if document is None:
            raise TryAgain(_what_came(response, body))
        return document
    if status == 404 and isinstance(document, dict):
        return None
    if status in {404, 408} or status >= 500:
        raise TryAgain(f"it answered {status}" if status != 404 else _what_came(response, body), _wait(response))
    if code in _FINAL or code.startswith("subscription_"):
        raise SourceRefused(*_FINAL.get(code, _FINAL["subscription_not_active"]), code=code)
    if status == 429:
        raise TryAgain("it limits the rate of calls (429)", _wait(response))
    if status in {401, 403}:
        raise SourceRefused(
            f"The Sectors API refuses the key ({status}).",
            "Check SECTORS_API_KEY (or api.key, api.key_file): the raw key, without `Bearer`.",
            code="unauthorized" if status == 401 else "forbidden",
        )
    if 300 <= status < 400:
        raise SourceError(
            f"The Sectors API answered with a redirect ({status}), which is not followed: the key must not travel.",
            "Set api.base_url to the address that it redirects to, if you trust it.",
        )
    said = _said(document).replace(key, "***") if key else _said(document)
    raise SourceError(f"The Sectors API refused the request ({status}){said}.", "Check the watch's `filter:`.")


def parsed(body: bytes) -> Any:
    """The JSON of a body; None where it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _code(document: Any) -> str:
    if not isinstance(document, dict):
        return ""
    code = document.get("code")
    if not isinstance(code, str) and isinstance(document.get("error"), dict):
        code = document["error"].get("code")
    return code if isinstance(code, str) else ""


def _said(document: Any) -> str:
    if not isinstance(document, dict):
        return ""
    said = document.get("message") or document.get("error") or document.get("detail") or ""
    return f": {' '.join(str(said).split())[:200]}" if said else ""


def _what_came(response: httpx.Response, body: bytes) -> str:
    kind = response.headers.get("content-type", "")
    if "html" in kind or body.lstrip()[:1] == b"<":
        return "it answered with a web page instead of data"
    return "its answer was empty" if not body.strip() else "its answer was broken or cut off"


def _wait(response: httpx.Response) -> float | None:
    """Seconds to wait as `Retry-After` says, a date being compared with the answer's own `Date`."""
    said = response.headers.get("retry-after", "").strip()
    if not said:
        return None
    try:
        return min(max(float(said), 0.0), LONGEST_WAIT)
    except ValueError:
        pass
    try:
        until, now = (parsedate_to_datetime(text) for text in (said, response.headers.get("date", "")))
        return min(max((until - now).total_seconds(), 0.0), LONGEST_WAIT)
    except (TypeError, ValueError):
        return None
