"""One call, and many at once: keep-alive, bounded concurrency and rate, retries; every call is paid before it is made.

2xx and 404 are billed (API contract). What is known to be free is given back: any other status, a connection that never
was. A call that broke off may have been billed, and stays paid.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self
from urllib.parse import quote

from watcher import __version__
from watcher.addresses import host_of, loopback
from watcher.api import answers
from watcher.api.answers import TryAgain
from watcher.api.http import httpx
from watcher.api.listing import Page, gather
from watcher.api.settings import ApiSettings, refuse_insecure
from watcher.api.together import together
from watcher.errors import BudgetSpent, SourceError, SourceRefused
from watcher.model import Detail

if TYPE_CHECKING:
    from stamina import Attempt

#: Pays for one call, `list` or `detail`, before it is made; what it returns gives the credit back.
Pay = Callable[[str], Callable[[], None]]

#: A body larger than this is refused while it is read.
LARGEST_BODY = 5_000_000

#: A connection that is not made by then is not made at all.
CONNECT_WITHIN = 10.0

#: After so many details in a row that failed for good, the others are left to the next poll.
FAILURES_IN_A_ROW = 5


@dataclass(slots=True)
class DetailAnswers:
    """Details by slug; why others failed; and what stopped the rest, if something did: a refusal, our own budget."""

    found: dict[str, Detail] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    refused: SourceRefused | BudgetSpent | None = None


class Kept(Protocol):
    """Where answers that came with an ETag or a Last-Modified are kept, by URL."""

    def kept(self, url: str) -> tuple[str, str, bytes] | None:
        """ETag, Last-Modified (either may be empty) and body."""
        ...

    def keep(self, url: str, etag: str, last_modified: str, body: bytes) -> None: ...

    def believed(self, filter: Mapping[str, str | int | float]) -> str | None:
        """The signature of the odd rows of a list that were believed (`listing.gather`)."""

    def believe(self, filter: Mapping[str, str | int | float], signature: str) -> None: ...


def _free(call: str) -> Callable[[], None]:
    return lambda: None


class SectorsApi:
    """The two mining-sites endpoints. An async context manager.

    `pay` is called before every call, tries included; it may raise BudgetSpent, then the call is not made. `kept` holds
    answers that came with validators: where the API says that they still hold (304), they cost nothing.

    Raises:
        ConfigError: `base_url` is neither https nor loopback.
    """

    def __init__(self, settings: ApiSettings, *, pay: Pay = _free, kept: Kept | None = None) -> None:
        refuse_insecure(settings.base_url)
        self._settings = settings
        self.pay = pay
        self.kept = kept
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._pace = _Pace(1.0 / settings.requests_per_second)
        seconds = settings.timeout.total_seconds()
        self._http = httpx.AsyncClient(
            headers={
                "Authorization": settings.key,
                "User-Agent": f"watcher/{__version__}",
                "Accept": "application/json",
            },
            timeout=httpx.Timeout(seconds, connect=min(seconds, CONNECT_WITHIN), pool=None),
            limits=httpx.Limits(max_connections=settings.concurrency, max_keepalive_connections=settings.concurrency),
            follow_redirects=False,
            # Plain http is for loopback only (`refuse_insecure`): there no certificates need to be loaded.
            verify=not settings.base_url.lower().startswith("http://"),
            trust_env=not loopback(host_of(settings.base_url)),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def sites(self, filter: Mapping[str, str | int | float]) -> tuple[object, ...]:
        """Every row of the list that matches `filter` (list parameters of the contract), complete.

        Raises:
            SweepIncomplete: the pages contradict each other, three times over.
            SourceError: a page could not be had.
            BudgetSpent: a page could not be paid.
        """

        async def page(offset: int, order: str) -> Page:
            return await self._page({**filter, "order_by": order, "limit": 30, "offset": offset})

        if self.kept is None:
            return await gather(page)
        return await gather(page, believed=self.kept.believed(filter), believe=partial(self.kept.believe, filter))

    async def count(self, filter: Mapping[str, str | int | float]) -> int:
        """How many rows the list that matches `filter` has, for one call.

        Raises:
            SourceError: it could not be had.
            BudgetSpent: it could not be paid.
        """
        return (await self._page({**filter, "limit": 1, "offset": 0})).total

    async def _page(self, query: Mapping[str, str | int | float]) -> Page:
        found = await self._call("list", "/mining/sites/", query)
        if not isinstance(found, Page):
            raise SourceError("The Sectors API has no list of mining sites (404).", "Check api.base_url.")
        return found

    async def site(self, slug: str) -> Detail:
        """One site's detail; its body is None for a 404.

        Raises:
            SourceError: it could not be had.
        """
        return Detail(slug, await self._call("detail", f"/mining/sites/{quote(slug, safe='')}/", {}))

    async def details(self, slugs: Iterable[str], *, on_done: Callable[[], None] = lambda: None) -> DetailAnswers:
        """Many details at once. One that fails is left out; a refusal (key, quota), or our budget, stops the rest."""
        answered = DetailAnswers()
        queue = list(dict.fromkeys(slugs))[::-1]
        in_a_row = 0

        async def worker() -> None:
            nonlocal in_a_row
            while queue and answered.refused is None:
                slug = queue.pop()
                if in_a_row >= FAILURES_IN_A_ROW:
                    answered.failed[slug] = "left to the next poll, as others failed"
                    continue
                try:
                    answered.found[slug] = await self.site(slug)
                    in_a_row = 0
                except (SourceRefused, BudgetSpent) as refusal:
                    answered.refused = answered.refused or refusal
                except SourceError as error:
                    answered.failed[slug] = error.message
                    in_a_row += 1
                on_done()

        await together(*(worker() for _ in range(min(len(queue), self._settings.concurrency))))
        return answered

    async def _call(self, call: str, path: str, query: Mapping[str, str | int | float]) -> Any:
        tries = 1
        try:
            try:
                return await self._once(call, path, query)
            except TryAgain as failure:
                if not self._settings.retries:
                    raise
                wait = failure.wait if failure.wait is not None else self._settings.backoff.total_seconds()
            await asyncio.sleep(wait)
            async for attempt in _further_tries(self._settings):
                with attempt:
                    tries += 1
                    return await self._once(call, path, query)
        except TryAgain as failure:
            raise SourceError(
                f"The Sectors API could not be read: {failure.cause} ({tries} tries).",
                "Nothing was changed; the next poll tries again.",
            ) from failure
        raise AssertionError("unreachable: the retries end in an answer or an error")

    async def _once(self, call: str, path: str, query: Mapping[str, str | int | float]) -> Any:
        url = httpx.URL(self._settings.base_url.rstrip("/") + path, params=dict(query))
        async with self._slots:
            await self._pace.turn()
            known = self.kept.kept(str(url)) if self.kept is not None else None
            give_back = self.pay(call)
            try:
                async with asyncio.timeout(self._settings.timeout.total_seconds()):
                    async with self._http.stream("GET", url, headers=_validators(known)) as response:
                        if not (response.is_success or response.status_code == 404):
                            give_back()
                        body = await _body(response)
            except (httpx.TimeoutException, TimeoutError) as error:
                if isinstance(error, httpx.ConnectTimeout):
                    give_back()
                raise TryAgain(f"it did not answer within {self._settings.timeout.total_seconds():g} s") from error
            except httpx.ConnectError as error:
                give_back()
                raise TryAgain("no connection could be made") from error
            except (httpx.TransportError, httpx.DecodingError) as error:
                raise TryAgain("the connection broke off, or its answer was cut off") from error
        if response.status_code == 304 and known is not None:
            body = known[2]
            document = answers.parsed(body)
        else:
            document = answers.read(response, body, self._settings.key)
        if call == "detail" and document is not None and not _is_site(document):
            raise TryAgain("its answer is not a site")
        found = Page.read(document) if call == "list" and document is not None else document
        etag, modified = (response.headers.get(name, "") for name in ("etag", "last-modified"))
        if self.kept is not None and response.status_code == 200 and (etag or modified):
            self.kept.keep(str(url), etag, modified, body)
        return found


def _validators(known: tuple[str, str, bytes] | None) -> dict[str, str]:
    """The headers that ask for an answer only if it is another one than we have."""
    if known is None:
        return {}
    etag, modified, _ = known
    return ({"If-None-Match": etag} if etag else {}) | ({"If-Modified-Since": modified} if modified else {})


def _is_site(document: object) -> bool:
    """Whether an answer says anything that a site says: an empty object, or an error sent as a success, does not."""
    return isinstance(document, dict) and not _SAYS_WHICH.isdisjoint(document)


_SAYS_WHICH = frozenset({"slug", "name", "project_name", "company_slug", "company_name", "commodity_type", "year"})


def _backoff(error: Exception) -> bool | float:
    """Whether to try again, and the seconds that the API asked to wait for."""
    if isinstance(error, TryAgain):
        return error.wait if error.wait is not None else True
    return False


async def _body(response: httpx.Response) -> bytes:
    parts, size = [], 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > LARGEST_BODY:
            raise SourceError(
                f"The Sectors API sent more than {LARGEST_BODY // 1_000_000} MB in one answer, which is refused.",
                "Check api.base_url; nothing was changed.",
            )
        parts.append(part)
    return b"".join(parts)


def _further_tries(settings: ApiSettings) -> AsyncIterator[Attempt]:
    """The tries after the first, with growing waits between them. Loaded only where a call has failed: few do."""
    import stamina

    # Retries are no news: what fails for good is told by our own errors, and stamina's log lines would only frighten.
    stamina.instrumentation.set_on_retry_hooks([])
    return aiter(
        stamina.retry_context(
            on=_backoff,
            attempts=settings.retries,
            timeout=None,
            wait_initial=min(2 * settings.backoff, settings.backoff_cap),
            wait_max=settings.backoff_cap,
            wait_jitter=settings.backoff,
        )
    )


class _Pace:
    """Lets calls start evenly: the first at once, each next one `seconds` after the one before."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = 0.0

    async def turn(self) -> None:
        now = asyncio.get_running_loop().time()
        start = max(now, self._next)
        self._next = start + self._seconds
        if start > now:
            await asyncio.sleep(start - now)
