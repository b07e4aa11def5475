"""The floor: bare httpx, four connections, the same answers, nothing done with them. Its own process, like a poll."""

from __future__ import annotations

import asyncio
import sys

import httpx


async def fetch(base: str, count: int, details: bool) -> None:
    urls = [f"{base}/mining/sites/?limit=30&offset={offset}" for offset in range(0, count, 30)]
    if details:
        urls += [f"{base}/mining/sites/mine-{n}/" for n in range(count)]
    queue = urls[::-1]
    limits = httpx.Limits(max_connections=4, max_keepalive_connections=4)
    async with httpx.AsyncClient(limits=limits, headers={"Authorization": "bench"}) as client:

        async def worker() -> None:
            while queue:
                response = await client.get(queue.pop())
                response.raise_for_status()

        await asyncio.gather(*(worker() for _ in range(4)))


if __name__ == "__main__":
    asyncio.run(fetch(sys.argv[1], int(sys.argv[2]), sys.argv[3] == "all"))
