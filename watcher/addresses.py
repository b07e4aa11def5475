"""Where the API key may be sent: over https, or to this machine itself."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def loopback(host: str) -> bool:
    """Whether a host name or address is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def host_of(url: str) -> str:
    """The host of a URL, or an empty string where it has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def safe_for_key(url: str) -> bool:
    """Whether a key may be sent to `url`: https, or http on loopback only."""
    scheme, host = url.partition("://")[0].lower(), host_of(url)
    return bool(host) and (scheme == "https" or (scheme == "http" and loopback(host)))
