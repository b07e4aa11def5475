"""The pages live in a loop that has other things to do, and follow the configuration."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import httpx
import pytest

from tests.web.conftest import NOW
from watcher.config import Http, Settings
from watcher.errors import ConfigError
from watcher.web import Host
from watcher.web.serving import bound

TOKEN = "a-token-of-some-length"


def test_the_pages_follow_a_reload(settings: Settings) -> None:
    """Other settings on the same address are in force at once, on an open connection too; without http all is off."""

    async def story() -> None:
        with bound(Http("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        host = Host(now=lambda: NOW)
        await host.use(replace(settings, http=Http("127.0.0.1", port)))
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            assert "3 rules" in (await client.get("/rules")).text
            await host.use(replace(settings, http=Http("127.0.0.1", port, TOKEN), rules=settings.rules[:1]))
            assert (await client.get("/rules")).status_code == 401
            answer = await client.get("/rules", headers={"Authorization": f"Bearer {TOKEN}"})
            assert "1 rule " in answer.text.replace("<", " ")
        await host.use(replace(settings, http=None))
        assert (host.address, host.running) == ("", [])
        async with httpx.AsyncClient() as client:
            with pytest.raises(httpx.ConnectError):
                await client.get(f"http://127.0.0.1:{port}/")

    asyncio.run(story())


def test_an_address_that_is_taken_leaves_the_old_one(settings: Settings) -> None:
    """A reload that cannot be done is told, and the pages stay where they were; a good one moves them."""

    async def story() -> None:
        host = Host(now=lambda: NOW)
        await host.use(replace(settings, http=Http("127.0.0.1", 0)))
        first = host.address
        with bound(Http("127.0.0.1", 0)) as other:
            taken = Http("127.0.0.1", other.getsockname()[1])
            with pytest.raises(ConfigError, match="cannot be listened on"):
                await host.use(replace(settings, http=taken))
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"{first}healthz")).status_code == 200
            await host.use(replace(settings, http=taken))
            await host.use(replace(settings, http=replace(taken, host="0.0.0.0", token=TOKEN)))
            assert (await client.get(f"{host.address}healthz")).json() == {"status": "ok"}
            await host.use(replace(settings, http=taken))
            assert host.address != first and (await client.get(f"{host.address}healthz")).status_code == 200
        await host.finish()

    asyncio.run(story())
