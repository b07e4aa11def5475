"""A loopback server that costs next to nothing: every answer of the two endpoints is ready before it is asked for."""

from __future__ import annotations

import asyncio
import json
import sys
from urllib.parse import parse_qsl

from benchmarks.judging import table
from watcher.filters import list_row

PAGE = 30


def answers(count: int) -> dict[str, bytes]:
    """By path (and offset, for the list): the whole HTTP answer."""
    rows = table(count)
    listed = [list_row(row) for row in rows]
    ready = {f"/v2/mining/sites/{row['slug']}/": _http(row) for row in rows}
    for offset in range(0, count, PAGE):
        shown = listed[offset : offset + PAGE]
        paging = {
            "total_count": count, "showing": len(shown), "limit": PAGE, "offset": offset,
            "has_next": offset + PAGE < count, "has_previous": offset > 0,
            "next_offset": offset + PAGE if offset + PAGE < count else None,
            "previous_offset": max(0, offset - PAGE) if offset else None,
        }  # fmt: skip
        ready[f"/v2/mining/sites/?{offset}"] = _http({"results": shown, "pagination": paging})
    return ready


def _http(document: object) -> bytes:
    body = json.dumps(document).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Server(asyncio.Protocol):
    """One connection, kept alive."""

    ready: dict[str, bytes]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self._buffer = transport, b""

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
            target = head.split(b" ", 2)[1].decode()
            path, _, query = target.partition("?")
            key = f"{path}?{dict(parse_qsl(query)).get('offset', '0')}" if path.endswith("/sites/") else path
            answer = self.ready.get(key, b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}")
            assert isinstance(self._transport, asyncio.Transport)
            self._transport.write(answer)


async def serve(count: int) -> None:
    Server.ready = answers(count)
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
