"""What every request must pass, and what every answer carries: the pages are for this machine, to be read only.

A page that another site opened in the reader's browser reaches 127.0.0.1 under its own name (DNS rebinding): hence
the Host check. Nothing is ever changed by a request: hence GET and HEAD only. Whoever listens to others asks for the
token.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watcher.addresses import loopback
from watcher.config import Http

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'none'; connect-src 'none'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
#: Says `ok` or not, and nothing more, to a load balancer that has no token.
OPEN = "/healthz"


@dataclass(frozen=True, slots=True)
class Guard:
    """Wraps the application; `http` says where it listens, under which names, and which token it asks for."""

    app: ASGIApp
    http: Http

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        refusal = self._refusal(scope, Headers(scope=scope))

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                # What is under /static/ is asked for with a stamp that changes with it.
                static = scope["path"].startswith("/static/") and message["status"] == 200
                headers.setdefault("Cache-Control", "private, max-age=604800" if static else "no-store")
            await send(message)

        await (self.app if refusal is None else refusal)(scope, receive, guarded)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self.knows(hosts[0]):
            text = "This is not one of the names that Watcher's pages are reached by (http.hosts in rules.yaml).\n"
            return PlainTextResponse(text, 421)
        if scope["method"] not in {"GET", "HEAD"}:
            return PlainTextResponse("These pages can only be read.\n", 405, {"Allow": "GET, HEAD"})
        known = self.http.token is None or shows(headers.get("authorization", ""), self.http.token)
        scope["state"] = {**scope.get("state", {}), "known": known}
        if known or scope["path"] == OPEN:
            return None
        challenge = {"WWW-Authenticate": 'Basic realm="Watcher (any name, the token as password)", charset="UTF-8"'}
        return PlainTextResponse("A token is asked for here (http.token in rules.yaml).\n", 401, challenge)

    def knows(self, host: str) -> bool:
        """Whether a Host header names this server. An address cannot be rebound, a name can."""
        name = host.strip().lower()
        if name.startswith("["):
            name, bracket, port = name[1:].partition("]")
            if not bracket or (port and not port.startswith(":")):
                return False
            port = port.removeprefix(":")
        else:
            name, _, port = name.partition(":")
        if port and not (port.isascii() and port.isdigit()):
            return False
        if name == self.http.host or name in self.http.hosts:
            return True
        if loopback(self.http.host):
            return loopback(name)
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name == "localhost"
        return True


def shows(authorization: str, token: str) -> bool:
    """Whether an Authorization header shows the token: `Bearer TOKEN`, or HTTP Basic with it as the password."""
    scheme, _, said = authorization.partition(" ")
    shown = said.strip()
    if scheme.lower() == "basic":
        try:
            shown = base64.b64decode(shown, validate=True).decode("utf-8").partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return False
    elif scheme.lower() != "bearer":
        return False
    return hmac.compare_digest(shown.encode(), token.encode())
