"""The two endpoints of the contract over real HTTP: auth, filters and their 400s, ordering, paging, 404, 429."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from watcher.sandbox.world import Row, World

PROVINCES = frozenset(
    {
        *("Aceh", "Banten", "Gorontalo", "Jambi", "Jawa Timur", "Kalimantan Selatan", "Kalimantan Tengah"),
        *("Kalimantan Timur", "Kalimantan Utara", "Maluku", "Maluku Utara", "Nusa Tenggara Barat", "Papua"),
        *("Papua Barat", "Sulawesi Barat", "Sulawesi Selatan", "Sulawesi Tengah", "Sulawesi Tenggara"),
        *("Sulawesi Utara", "Sumatera Barat", "Sumatera Selatan", "Sumatera Utara"),
    }
)
COMMODITIES = frozenset({"coal", "copper", "gold", "nickel"})
ORDERS = frozenset({"production_volume", "year", "strip_ratio"})
LIST_FIELDS = (
    *("name", "project_name", "year", "commodity_type", "production_volume", "unit", "strip_ratio"),
    *("company_slug", "company_name", "slug"),
)


class BadRequest(Exception):
    """A parameter that the contract does not allow: a 400."""


def create_app(world: World) -> Starlette:
    """The sandbox API over `world`."""

    def answer(request: Request, give: Callable[[], Response]) -> Response:
        fault = world.faults.pop(0) if world.faults else None
        response = _fault(fault) if fault is not None else None
        if response is None and request.headers.get("authorization") != world.key:
            response = JSONResponse({"error": "Invalid API key."}, 401)
        if response is None and world.quota is not None and world.credits >= world.quota:
            response = JSONResponse({"code": "monthly_limit_exceeded", "message": "Monthly limit exceeded."}, 429)
        if response is None:
            try:
                response = give()
            except BadRequest as error:
                response = JSONResponse({"error": str(error)}, 400)
        world.calls.append((request.url.path, response.status_code))
        return response

    async def sites(request: Request) -> Response:
        return answer(request, lambda: JSONResponse(page(world.rows, dict(request.query_params))))

    async def site(request: Request) -> Response:
        return answer(request, lambda: _detail(world.rows, request.path_params["slug"]))

    async def ledger(request: Request) -> Response:
        return JSONResponse({"credits": world.credits, "calls": world.calls})

    return Starlette(
        routes=[
            Route("/v2/mining/sites/", sites),
            Route("/v2/mining/sites/{slug}/", site),
            Route("/sandbox/ledger", ledger),
        ]
    )


def page(rows: Sequence[Row], query: dict[str, str]) -> dict[str, Any]:
    """The list answer to a query.

    Raises:
        BadRequest: a parameter has a value that the contract does not allow.
    """
    limit = _whole(query.get("limit", "20"), "limit", 1, 30)
    offset = _whole(query.get("offset", "0"), "offset", 0, None)
    order = query.get("order_by", "-year")
    field = order.removeprefix("-")
    if field not in ORDERS:
        raise BadRequest(f"Invalid order_by: {order}")
    found = [list_row(row) for row in rows if _matches(row, query)]
    found.sort(key=lambda row: (str(row.get("slug")), str(row.get("commodity_type")), str(row.get("year"))))
    known = [row for row in found if isinstance(row.get(field), int | float)]
    known.sort(key=lambda row: row[field], reverse=order.startswith("-"))
    found = known + [row for row in found if not isinstance(row.get(field), int | float)]
    shown = found[offset : offset + limit]
    more = offset + limit < len(found)
    return {
        "results": shown,
        "pagination": {
            "total_count": len(found),
            "showing": len(shown),
            "limit": limit,
            "offset": offset,
            "has_next": more,
            "has_previous": offset > 0,
            "next_offset": offset + limit if more else None,
            "previous_offset": max(0, offset - limit) if offset > 0 else None,
        },
    }


def list_row(row: Row) -> Row:
    """What the list shows of a detail row."""
    location = row.get("location")
    place = location if isinstance(location, dict) else {}
    shown = {name: row.get(name) for name in LIST_FIELDS}
    return shown | {"province": place.get("province"), "city": place.get("city")}


def _matches(row: Row, query: dict[str, str]) -> bool:
    shown = list_row(row)
    if (province := query.get("province")) is not None:
        if province not in PROVINCES:
            raise BadRequest(f"Invalid province: {province}")
        if shown["province"] != province:
            return False
    if (commodity := query.get("commodity_type")) is not None:
        if commodity.lower() not in COMMODITIES:
            raise BadRequest(f"Invalid commodity_type: {commodity}")
        if str(shown["commodity_type"]).lower() != commodity.lower():
            return False
    if (company := query.get("company")) is not None and shown["company_slug"] != company:
        return False
    if "year" in query and shown["year"] != _whole(query["year"], "year", 1900, 2026):
        return False
    if "min_production" in query:
        try:
            least = float(query["min_production"])
        except ValueError:
            raise BadRequest("Invalid min_production") from None
        produced = _figure(shown["production_volume"])
        return produced is not None and produced >= least
    return True


def _figure(raw: object) -> float | None:
    """A number, also where the table has it as text."""
    try:
        return float(raw) if isinstance(raw, int | float | str) else None
    except ValueError:
        return None


def _whole(text: str, name: str, least: int, most: int | None) -> int:
    try:
        number = int(text)
    except ValueError:
        raise BadRequest(f"Invalid {name}: {text}") from None
    if number < least or (most is not None and number > most):
        raise BadRequest(f"Invalid {name}: {text}")
    return number


def _detail(rows: Sequence[Row], slug: str) -> Response:
    mine = [row for row in rows if row.get("slug") == slug]
    if not mine:
        return JSONResponse({"error": "Mining site not found."}, 404)
    return JSONResponse(max(mine, key=_year))


def _year(row: Row) -> int:
    year = row.get("year")
    return year if isinstance(year, int) else 0


def _fault(status: int) -> Response:
    if status == 0:
        return Response("<html><body>We'll be back soon</body></html>", 200, media_type="text/html")
    if status == -1:
        return Response('{"results": [{"name": "Bukit', 200, media_type="application/json")
    if status == 429:
        return JSONResponse({"error": "RATE_LIMIT_EXCEEDED"}, 429, headers={"Retry-After": "0"})
    return JSONResponse({"error": "Something went wrong.", "code": "service_unavailable"}, status)


@dataclass(frozen=True, slots=True)
class Served:
    """A running sandbox: `base_url` is what goes into `api.base_url`."""

    base_url: str


@contextlib.contextmanager
def serve(world: World, host: str = "127.0.0.1", port: int = 0) -> Iterator[Served]:
    """Serve `world` from a thread, on a free port unless one is given, until a moment after the block ends."""
    server = _server(world, host, port)
    listening = server.config.bind_socket()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield Served(f"http://{host}:{listening.getsockname()[1]}/v2")
    finally:
        # It stops at its next tick, and closes what it listens on; to wait for that is a fifth of a second for nothing.
        server.should_exit = True


def run_forever(world: World, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve `world` until Ctrl-C; `ready` gets the base URL once the port is open.

    Raises:
        OSError: the port cannot be had.
    """
    server = _server(world, host, port)
    with contextlib.closing(_bound(host, port)) as listening:
        ready(f"http://{host}:{listening.getsockname()[1]}/v2")
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listening])


def _bound(host: str, port: int) -> Any:
    import socket

    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    listening.listen(128)
    return listening


def _server(world: World, host: str, port: int) -> uvicorn.Server:
    config = uvicorn.Config(
        create_app(world), host=host, port=port, log_level="critical", access_log=False, lifespan="off",
        timeout_graceful_shutdown=2,
    )  # fmt: skip
    return uvicorn.Server(config)
