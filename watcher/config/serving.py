"""What `http:` may say: where the status pages are served, and to whom."""

from __future__ import annotations

import re

from watcher.addresses import loopback
from watcher.config import schema
from watcher.config.document import Document
from watcher.config.settings import Http

#: A token that is shorter can be guessed.
_SHORTEST = 16


def address(listen: str) -> tuple[str, int] | None:
    """`host:port` (`[::1]:8642` too) as its parts; None where it is something else."""
    match = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9_.-]+)):(\d{1,5})", listen.strip())
    if match is None or not int(match.group(3)) < 65536:
        return None
    return (match.group(1) or match.group(2)).lower(), int(match.group(3))


def check(document: Document, http: schema.Http) -> None:
    """Note every mistake of meaning in `http`."""
    found = address(http.listen)
    if found is None:
        document.mistake(("http", "listen"), "an address and a port such as 127.0.0.1:8642 are expected")
    elif not loopback(found[0]) and http.token is None and not document.wrong_within(("http", "token")):
        text = "this address is open to others; add a `token:` that readers must show, or listen on 127.0.0.1"
        document.mistake(("http", "listen"), text)
    if http.token is not None and len(http.token) < _SHORTEST:
        document.mistake(("http", "token"), f"a token of {_SHORTEST} characters or more is expected")
    elif http.token is not None and not re.fullmatch(r"[!-~]+", http.token):
        document.mistake(("http", "token"), "a token is letters, digits and signs, without blanks")
    for index, name in enumerate(http.hosts):
        if not re.fullmatch(r"[A-Za-z0-9_.-]+", name):
            document.mistake(("http", "hosts", index), "a host name such as watcher.example.org is expected, no URL")


def settings(http: schema.Http | None) -> Http | None:
    """What was checked, ready to be used."""
    found = address(http.listen) if http is not None else None
    if http is None or found is None:
        return None
    return Http(*found, http.token, tuple(name.lower() for name in http.hosts))
