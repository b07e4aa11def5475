"""Addresses → answers. Every answer is made in a worker thread, so that the loop that polls goes on meanwhile."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from watcher import __version__
from watcher.config import Http, Settings
from watcher.errors import StoreError
from watcher.plain import as_json
from watcher.store.pages import Pages
from watcher.web import feed, metrics, sheet
from watcher.web.guard import Guard
from watcher.web.health import ailments, outlooks
from watcher.web.pages import atlas, book, company, home, post, site
from watcher.web.pages.scene import Scene
from watcher.web.pulse import Pulse
from watcher.web.query import BadQuery, Query
from watcher.web.render import FOLDER, page, url

#: So many answers are made at the same time; the others wait, and the loop is never starved.
_AT_ONCE = 2
#: So many changes at most in one CSV or JSON answer, and in a feed.
LONGEST, FEED_LONGEST = 10_000, 100

log = logging.getLogger("watcher")

Answer = Callable[[Pages, Scene, Request], Response]


def application(
    settings: Settings, database: Path, *, now: Callable[[], datetime], pulse: Callable[[], Pulse] | None = None
) -> Starlette:
    """The status pages over a database, as an ASGI application.

    Args:
        database: read through connections of its own, never written.
        now: the clock.
        pulse: what the daemon says of itself; None where no daemon runs in this process.
    """
    limiter = anyio.CapacityLimiter(_AT_ONCE)

    def answered(make: Answer) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            scene = Scene(settings, now(), pulse() if pulse is not None else None)

            def work() -> Response:
                with Pages.open_readonly(database) as read, read.steady():
                    return make(read, scene, request)

            try:
                return await anyio.to_thread.run_sync(work, limiter=limiter)
            except BadQuery as error:
                return _error(scene, 400, "This address asks for something that cannot be", str(error))
            except StoreError as error:
                return _error(scene, 503, "The database cannot be read", str(error))
            except HTTPException:
                raise
            except Exception:
                # A page that cannot be made must not hide why, nor answer without the guard's headers.
                log.exception("The page %s failed", request.url.path)
                return _error(scene, 500, "This page failed", "The log of the process that serves it says why.")

        return endpoint

    async def healthz(request: Request) -> Response:
        scene = Scene(settings, now(), pulse() if pulse is not None else None)

        def work() -> list[str]:
            with Pages.open_readonly(database) as read, read.steady():
                return ailments(outlooks(read, settings, scene.now, scene.pulse), scene.now, scene.pulse)

        try:
            wrong = await anyio.to_thread.run_sync(work, limiter=limiter)
        except StoreError as error:
            wrong = [str(error)]
        said: dict[str, Any] = {"status": "failing" if wrong else "ok"}
        if request.state.known:
            said["problems"] = wrong
        return JSONResponse(said, 503 if wrong else 200)

    async def lost(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        text = error.detail if error.status_code == 404 and error.detail != "Not Found" else "There is no such page."
        return _error(Scene(settings, now()), error.status_code, "Not found", text)

    routes = [Route(path, answered(make)) for path, make in _ROUTES.items()]
    return Starlette(
        routes=[*routes, Route("/healthz", healthz), Mount("/static", StaticFiles(directory=FOLDER / "static"))],
        middleware=[Middleware(Guard, http=settings.http or Http("127.0.0.1", 8642))],
        exception_handlers={HTTPException: lost},
    )


def _html(template: str, scene: Scene, here: str, said: dict[str, Any], status: int = 200) -> HTMLResponse:
    frame = {"version": __version__, "stamp": STAMP, "now": scene.now, "zone": scene.settings.timezone, "here": here}
    return HTMLResponse(page(template, **frame, **said), status)


def _error(scene: Scene, status: int, title: str, text: str) -> Response:
    return _html("error", scene, "", {"title": title, "text": text}, status)


def _home(read: Pages, scene: Scene, request: Request) -> Response:
    query = Query.read(request.query_params, scene.now, since="7d")
    return _html("home", scene, "/", home.context(read, scene, query))


def _site(read: Pages, scene: Scene, request: Request) -> Response:
    asked = request.path_params["slug"]
    slug = read.resolve(asked)
    if slug is None:
        raise HTTPException(404, "No site of this name is known; the list of sites has them all.")
    if slug != asked:
        return RedirectResponse(str(url(slug)))
    return _html("site", scene, "/map", site.context(read, scene, slug))


def _company(read: Pages, scene: Scene, request: Request) -> Response:
    asked = request.path_params["slug"]
    slug = read.company_now(asked)
    if slug != asked:
        return RedirectResponse(str(url(slug, "companies")))
    said = company.context(read, scene, slug)
    if not said["known"]:
        raise HTTPException(404, "No company of this name is known; the list of sites has them all.")
    return _html("company", scene, "/map", said)


def _map(read: Pages, scene: Scene, request: Request) -> Response:
    commodity = request.query_params.get("commodity", "")
    if commodity not in {"", *atlas.SHADES}:
        raise BadQuery(f"commodity is one of {', '.join(atlas.SHADES)}.")
    return _html("map", scene, "/map", atlas.context(read, scene, commodity))


def _rules(read: Pages, scene: Scene, request: Request) -> Response:
    return _html("rules", scene, "/rules", book.context(read, scene))


def _outbox(read: Pages, scene: Scene, request: Request) -> Response:
    return _html("outbox", scene, "/outbox", post.context(read, scene))


def _feed(read: Pages, scene: Scene, request: Request) -> Response:
    query = Query.read(request.query_params, scene.now, since="30d")
    changes = read.changes(**query.conditions(scene.now), limit=FEED_LONGEST)
    base = str(request.base_url).rstrip("/")
    document = feed.atom(changes, base, query, scene.settings.timezone, read.first_poll() or scene.now)
    return Response(document, media_type="application/atom+xml")


def _json(read: Pages, scene: Scene, request: Request) -> Response:
    query = Query.read(request.query_params, scene.now, since="7d")
    changes = read.changes(**query.conditions(scene.now), limit=LONGEST)
    return JSONResponse([as_json(change) for change in changes])


def _csv(read: Pages, scene: Scene, request: Request) -> Response:
    query = Query.read(request.query_params, scene.now, since="7d")
    changes = read.changes(**query.conditions(scene.now), limit=LONGEST)
    headers = {"Content-Disposition": 'attachment; filename="changes.csv"'}
    return Response(sheet.changes(changes), media_type="text/csv; charset=utf-8", headers=headers)


def _metrics(read: Pages, scene: Scene, request: Request) -> Response:
    return Response(metrics.exposition(read, scene), media_type=metrics.CONTENT_TYPE)


_ROUTES: dict[str, Answer] = {
    "/": _home,
    "/sites/{slug:path}": _site,
    "/companies/{slug:path}": _company,
    "/map": _map,
    "/rules": _rules,
    "/outbox": _outbox,
    "/feed.atom": _feed,
    "/api/changes.json": _json,
    "/changes.csv": _csv,
    "/metrics": _metrics,
}


def _stamp() -> str:
    """A word that changes with the style sheet, so that browsers may keep it."""
    files = sorted((FOLDER / "static").iterdir())
    return hashlib.blake2b(b"".join(file.read_bytes() for file in files), digest_size=5).hexdigest()


STAMP = _stamp()
