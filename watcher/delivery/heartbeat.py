"""A sign of life for a dead-man's switch elsewhere, such as Healthchecks.io (DESIGN section 5, `heartbeat`)."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

_SECONDS = 10.0


async def beat(url: str, failure: str = "") -> str:
    """Ping `url` after a good poll, or its `/fail` with the reason after a bad one.

    Returns why the ping itself failed, in words without the URL, which is a secret; empty if it arrived.
    """
    import httpx

    try:
        async with httpx.AsyncClient(timeout=_SECONDS, follow_redirects=False) as client:
            if failure:
                answer = await client.post(_failing(url), content=failure.encode("utf-8")[:10_000])
            else:
                answer = await client.get(url)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"the heartbeat's address could not be reached ({type(error).__name__})"
    return "" if answer.is_success else f"the heartbeat's address answered {answer.status_code}"


def _failing(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/fail"))
