"""The API is read whole or not at all, over real HTTP, whatever it does (API contract; sectors/README)."""

from __future__ import annotations

import asyncio
import gzip
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from tests.shell.upstream import Answer, Upstream, as_json, page, upstream
from watcher.api import ApiSettings, SectorsApi
from watcher.api.listing import Page, gather
from watcher.errors import ConfigError, SourceError, SourceRefused, SweepIncomplete

KEY = "very-secret-key"
ROWS = [{"slug": f"mine-{n:03}", "year": 2024, "commodity_type": "Coal"} for n in range(65)]


def settings(base_url: str, **more: Any) -> ApiSettings:
    quick = {
        "backoff": timedelta(milliseconds=1),
        "backoff_cap": timedelta(milliseconds=2),
        "requests_per_second": 10_000,
    }
    return ApiSettings(base_url, KEY, **{**quick, **more})


def book(billed: list[str], call: str) -> Callable[[], None]:
    billed.append(call)
    return partial(billed.remove, call)


def ask(server: Upstream, what: Callable[[SectorsApi], Any], billed: list[str] | None = None, **more: Any) -> Any:
    async def run() -> Any:
        async with SectorsApi(
            settings(server.base_url, **more), pay=partial(book, [] if billed is None else billed)
        ) as api:
            return await what(api)

    return asyncio.run(run())


def pages(rows: list[Any]) -> Callable[[str, dict[str, str], int], Answer]:
    def answer(path: str, query: dict[str, str], number: int) -> Answer:
        offset, limit = int(query["offset"]), int(query["limit"])
        return page(rows[offset : offset + limit], len(rows), offset)

    return answer


@pytest.mark.parametrize(("count", "calls"), [(0, 1), (1, 1), (30, 1), (31, 2), (60, 2), (65, 3)])
def test_a_list_costs_a_call_per_thirty_rows(count: int, calls: int) -> None:
    """Pages of 30, the raw key, the filter as it is; each 2xx is billed once."""
    billed: list[str] = []
    with upstream(pages(ROWS[:count])) as server:
        rows = ask(server, lambda api: api.sites({"province": "Kalimantan Timur"}), billed)
    assert list(rows) == ROWS[:count]
    assert billed == ["list"] * calls == ["list"] * len(server.asked)
    path, query, headers = server.asked[0]
    assert path == "/v2/mining/sites/" and query["province"] == "Kalimantan Timur" and query["limit"] == "30"
    assert headers["Authorization"] == KEY


def test_a_server_with_shorter_pages_is_followed() -> None:
    """A server that gives 20 rows at most is read to its end."""

    def answer(path: str, query: dict[str, str], number: int) -> Answer:
        offset = int(query["offset"])
        return page(ROWS[offset : offset + 20], 65, offset)

    with upstream(answer) as server:
        assert list(ask(server, lambda api: api.sites({}))) == ROWS


FAILURES = {
    "503": as_json({"code": "service_unavailable"}, 503),
    "500 html": Answer(500, b"<html>oops</html>", {"Content-Type": "text/html"}),
    "web page": Answer(200, b"<html>maintenance</html>", {"Content-Type": "text/html"}),
    "truncated json": Answer(200, b'{"results": [{"na', {"Content-Type": "application/json"}),
    "cut connection": Answer(200, b'{"results": [', {"Content-Type": "application/json"}, cut=500),
    "empty": Answer(200, b""),
    "wrong shape": as_json([1, 2]),
    "no total": as_json({"results": [], "pagination": {}}),
    "rate limit": as_json({"error": "RATE_LIMIT_EXCEEDED"}, 429, Retry_After="0"),
    "404 page": Answer(404, b"<html>not here</html>", {"Content-Type": "text/html"}),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_a_passing_failure_is_tried_again(failure: Answer) -> None:
    """Four bad answers, then a good one: the list is had."""
    good = pages(ROWS[:5])
    with upstream(lambda path, query, n: failure if n < 4 else good(path, query, n)) as server:
        assert len(ask(server, lambda api: api.sites({}))) == 5


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_a_lasting_failure_is_one_sentence(failure: Answer) -> None:
    """After the last try the error says what happened, and never the key."""
    with upstream(lambda path, query, n: failure) as server, pytest.raises(SourceError) as caught:
        ask(server, lambda api: api.sites({}), retries=2)
    assert len(server.asked) == 3 and "(3 tries)" in str(caught.value) and KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "document", "says"),
    [
        (429, {"code": "monthly_limit_exceeded"}, "monthly quota"),
        (429, {"code": "insufficient_credits"}, "no credits left"),
        (403, {"code": "subscription_not_active"}, "not active"),
        (403, {"code": "subscription_does_not_allow"}, "does not include"),
        (401, {"error": "bad key"}, "refuses the key (401)"),
        (403, {}, "refuses the key (403)"),
    ],
)
def test_a_refusal_is_not_tried_again(status: int, document: dict[str, str], says: str) -> None:
    """Key, quota and subscription: one call, free, and a remedy."""
    billed: list[str] = []
    with (
        upstream(lambda path, query, n: as_json(document, status)) as server,
        pytest.raises(SourceRefused) as caught,
    ):
        ask(server, lambda api: api.sites({}), billed)
    assert says in caught.value.message and caught.value.remedy and len(server.asked) == 1 and billed == []


def test_a_bad_request_is_quoted_without_the_key() -> None:
    """A 400 is not retried; what the API says is shown, the key is not."""
    with upstream(lambda path, query, n: as_json({"error": f"Invalid province {KEY}"}, 400)) as server:
        with pytest.raises(SourceError, match="Invalid province") as caught:
            ask(server, lambda api: api.sites({}))
    assert KEY not in str(caught.value) and len(server.asked) == 1


def test_redirects_are_not_followed() -> None:
    """The key does not travel to another address."""
    with upstream(lambda path, query, n: Answer(302, b"", {"Location": "/v2/elsewhere/"})) as server:
        with pytest.raises(SourceError, match="redirect"):
            ask(server, lambda api: api.sites({}))
    assert len(server.asked) == 1


def test_a_huge_body_is_refused() -> None:
    """More than 5 MB is not read."""
    with upstream(lambda path, query, n: Answer(200, b" " * 5_000_001)) as server:
        with pytest.raises(SourceError, match="5 MB"):
            ask(server, lambda api: api.sites({}))
    assert len(server.asked) == 1


def test_nobody_there() -> None:
    """A refused connection is a sentence."""
    server = Upstream("http://127.0.0.1:9/v2")
    with pytest.raises(SourceError, match="no connection"):
        ask(server, lambda api: api.sites({}), retries=1)


@pytest.mark.parametrize("url", ["http://api.example.com/v2", "ftp://127.0.0.1", "api.example.com", ""])
def test_the_key_travels_encrypted(url: str) -> None:
    """http is for loopback only."""
    with pytest.raises(ConfigError, match="https"):
        SectorsApi(settings(url))


def test_rows_that_shift_while_paging_are_read_again() -> None:
    """A tie that swaps pages shows one row twice and hides another: noticed, and read again."""
    swapped = [*ROWS[:30], ROWS[29], *ROWS[31:]]

    def answer(path: str, query: dict[str, str], number: int) -> Answer:
        return pages(swapped if number < 3 else ROWS)(path, query, number)

    with upstream(answer) as server:
        assert sorted(map(str, ask(server, lambda api: api.sites({})))) == sorted(map(str, ROWS))


def test_an_order_that_never_settles_is_gathered() -> None:
    """Each try shows other rows twice; gathered over the tries they are as many as the list says."""

    def answer(path: str, query: dict[str, str], number: int) -> Answer:
        hidden = number // 3
        return pages([*ROWS[: 30 + hidden], ROWS[29 - hidden], *ROWS[31 + hidden :]])(path, query, number)

    with upstream(answer) as server:
        rows = ask(server, lambda api: api.sites({}))
    assert sorted(map(str, rows)) == sorted(map(str, ROWS)) and len(server.asked) == 6


@pytest.mark.parametrize(
    "lie",
    [
        lambda offset, number: page(ROWS[offset : offset + 30], 70, offset),
        lambda offset, number: page(ROWS[offset : offset + 30], 60, offset, has_next=True),
        lambda offset, number: page(ROWS[offset : offset + 30], 65 + number, offset),
        lambda offset, number: page(ROWS[:30], 65, 0),
        lambda offset, number: page([], 65, offset),
        lambda offset, number: page(ROWS[:5], 0, offset),
    ],
    ids=["too many", "more to come", "total drifts", "offset stuck", "empty", "total zero"],
)
def test_a_list_that_does_not_add_up_is_nothing(lie: Callable[[int, int], Answer]) -> None:
    """Three tries, then SweepIncomplete."""
    with upstream(lambda path, query, n: lie(int(query["offset"]), n)) as server, pytest.raises(SweepIncomplete):
        ask(server, lambda api: api.sites({}))
    assert len(server.asked) <= 12


def test_a_total_as_text_is_a_number() -> None:
    """`"5"` is 5."""
    with upstream(lambda path, query, n: page(ROWS[:5], total_count="5")) as server:
        assert len(ask(server, lambda api: api.sites({}))) == 5


def test_details_come_over_few_connections() -> None:
    """Many details, at most `concurrency` connections; a 404 is billed, and is no error."""

    def answer(path: str, query: dict[str, str], number: int) -> Answer:
        slug = path.split("/")[-2]
        return as_json({"error": "Mining site not found."}, 404) if slug == "gone" else as_json({"slug": slug})

    billed: list[str] = []
    with upstream(answer) as server:
        got = ask(server, lambda api: api.details([*(f"m{n}" for n in range(40)), "gone"]), billed, concurrency=3)
    assert len(got.found) == 41 and got.found["gone"].gone and got.found["m7"].body == {"slug": "m7"}
    assert len(server.connections) <= 3 and billed == ["detail"] * 41


def test_one_detail_that_fails_is_left_out() -> None:
    """A detail that stays broken is named; the others are had."""
    with upstream(lambda path, query, n: as_json({}, 503) if "bad" in path else as_json({"slug": "x"})) as server:
        got = ask(server, lambda api: api.details(["a", "bad", "b"]), retries=1)
    assert set(got.found) == {"a", "b"} and set(got.failed) == {"bad"} and got.refused is None


def test_a_quota_that_ends_stops_the_details() -> None:
    """After the refusal no further detail is asked for."""
    with upstream(
        lambda path, query, n: as_json({"slug": "x"}) if n < 5 else as_json({"code": "monthly_limit_exceeded"}, 429)
    ) as server:
        got = ask(server, lambda api: api.details([f"m{n}" for n in range(50)]), concurrency=1)
    assert len(got.found) == 5 and isinstance(got.refused, SourceRefused) and len(server.asked) == 6


def test_a_dead_source_is_not_asked_for_every_detail() -> None:
    """After five details in a row have failed for good, the rest is left to the next poll."""
    with upstream(lambda path, query, n: as_json({}, 503)) as server:
        got = ask(server, lambda api: api.details([f"m{n}" for n in range(50)]), retries=0, concurrency=2)
    assert len(got.failed) == 50 and len(server.asked) <= 7


def test_a_slug_cannot_leave_its_place() -> None:
    """A slug is one segment of the path, whatever is in it."""
    with upstream(lambda path, query, n: as_json({"slug": "x"})) as server:
        ask(server, lambda api: api.site("../../admin?x=1"))
    assert server.asked[0][0] == "/v2/mining/sites/..%2F..%2Fadmin%3Fx%3D1/"


def test_answers_come_packed() -> None:
    """gzip is asked for, and read."""

    def answer(path: str, query: dict[str, str], number: int) -> Answer:
        plain = page(ROWS[:30])
        return Answer(200, gzip.compress(plain.body), plain.headers | {"Content-Encoding": "gzip"})

    with upstream(answer) as server:
        assert len(ask(server, lambda api: api.sites({}))) == 30
    assert "gzip" in server.asked[0][2]["Accept-Encoding"]


def test_a_silent_server_is_left_in_time() -> None:
    """No answer within `timeout` is a failure that may pass; the call may have been billed, and stays paid."""
    billed: list[str] = []
    waiting = threading.Event()

    def answer(path: str, query: dict[str, str], number: int) -> Answer:
        waiting.wait(5)
        return page(ROWS[:1])

    with upstream(answer) as server:
        with pytest.raises(SourceError, match=r"did not answer within 0\.1 s"):
            ask(server, lambda api: api.sites({}), billed, timeout=timedelta(seconds=0.1), retries=1)
        waiting.set()
    assert billed == ["list", "list"]


@pytest.mark.parametrize("odd", [{"slug": None}, ROWS[0]], ids=["no slug", "twice"])
def test_a_page_with_an_odd_row_is_read_again(odd: dict[str, Any]) -> None:
    """A row without a slug, or the same row twice, on one page: another reading is whole, or says the same again."""
    wrong = [*ROWS[:9], odd]

    def passing(path: str, query: dict[str, str], number: int) -> Answer:
        return page(wrong if number == 0 else ROWS[:10])

    with upstream(passing) as server:
        assert list(ask(server, lambda api: api.sites({}))) == ROWS[:10]
    with upstream(lambda path, query, number: page(wrong)) as server:
        assert list(ask(server, lambda api: api.sites({}))) == wrong and len(server.asked) == 2


def test_odd_rows_that_stay_are_paid_for_once() -> None:
    """What was believed of a list before is no reason to read it twice; other odd rows are."""
    wrong = [*ROWS[:9], ROWS[0]]
    believed: list[str] = []

    async def read(rows: list[dict[str, Any]]) -> int:
        calls: list[int] = []

        async def fetch(offset: int, order: str) -> Page:
            calls.append(offset)
            return Page(tuple(rows), len(rows), offset, False)

        known = believed[-1] if believed else None
        assert await gather(fetch, believed=known, believe=believed.append) == tuple(rows)
        return len(calls)

    counts = [asyncio.run(read(rows)) for rows in (wrong, wrong, [*wrong[1:], ROWS[1]])]
    assert counts == [2, 1, 2] and len(set(believed)) == 2


def test_an_empty_success_is_no_site() -> None:
    """A detail of nothing, or an error with status 200, is asked again: a removed site must not seem to live on."""
    answers = [as_json({}), as_json({"error": "Something went wrong."}), as_json({"error": "Not found."}, 404)]
    with upstream(lambda path, query, number: answers[number]) as server:
        assert ask(server, lambda api: api.site("mine-1")).gone
