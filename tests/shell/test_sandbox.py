"""The sandbox keeps to the API contract, over real HTTP."""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.core.histories import START, list_row
from watcher.model import Sweep
from watcher.parse import observe
from watcher.sandbox import World, days, fictional_sites, load_states, serve


@pytest.fixture(scope="module")
def api() -> Iterator[httpx.Client]:
    world = World(fictional_sites())
    with serve(world) as served, httpx.Client(base_url=served.base_url, headers={"Authorization": "sandbox"}) as client:
        yield client


def get(api: httpx.Client, **query: Any) -> dict[str, Any]:
    answer = api.get("/mining/sites/", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_paging(api: httpx.Client) -> None:
    """20 rows by default, 30 at most; every field of `pagination`."""
    first = get(api)
    assert first["pagination"] == {
        "total_count": 64, "showing": 20, "limit": 20, "offset": 0, "has_next": True, "has_previous": False,
        "next_offset": 20, "previous_offset": None,
    }  # fmt: skip
    last = get(api, limit=30, offset=60)
    assert (last["pagination"]["showing"], last["pagination"]["has_next"]) == (4, False)
    assert last["pagination"]["previous_offset"] == 30
    assert not {"overburden_removal_volume", "resources_reserves", "location"} & set(first["results"][0])


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ({"province": "Kalimantan Timur"}, lambda row: row["province"] == "Kalimantan Timur"),
        ({"commodity_type": "nickel"}, lambda row: row["commodity_type"] == "Nickel"),
        ({"company": "pt-tirta-bara-utama"}, lambda row: row["company_slug"] == "pt-tirta-bara-utama"),
        ({"year": 2022}, lambda row: row["year"] == 2022),
        ({"min_production": 20}, lambda row: (row["production_volume"] or 0) >= 20),
    ],
)
def test_filters(api: httpx.Client, query: dict[str, Any], holds: Any) -> None:
    """Each list parameter keeps what it says, and only that."""
    found = get(api, limit=30, **query)["results"]
    everything = [row for offset in (0, 30, 60) for row in get(api, limit=30, offset=offset)["results"]]
    assert found and len(found) == sum(map(holds, everything)) and all(map(holds, found))


@pytest.mark.parametrize(
    "query",
    [{"province": "Atlantis"}, {"commodity_type": "Cheese"}, {"year": "x"}, {"limit": 31}, {"limit": 0}, {"offset": -1},
     {"order_by": "name"}, {"min_production": "much"}, {"year": 1500}],
    ids=str,
)  # fmt: skip
def test_bad_parameters_are_400(api: httpx.Client, query: dict[str, Any]) -> None:
    """What the contract does not allow is a 400 with an error."""
    answer = api.get("/mining/sites/", params=query)
    assert answer.status_code == 400 and "error" in answer.json()


@pytest.mark.parametrize("field", ["production_volume", "year", "strip_ratio"])
def test_order(api: httpx.Client, field: str) -> None:
    """Ascending and descending, nulls last."""
    for order, reverse in ((field, False), (f"-{field}", True)):
        values = [row[field] for row in get(api, limit=30, order_by=order)["results"] if row[field] is not None]
        assert values == sorted(values, reverse=reverse)


def test_money_and_keys() -> None:
    """2xx and 404 cost a credit; 400, 401 and 429 do not; the quota ends in monthly_limit_exceeded."""
    world = World(fictional_sites(), quota=2)
    with serve(world) as served, httpx.Client(base_url=served.base_url) as client:
        key = {"Authorization": "sandbox"}
        assert client.get("/mining/sites/").status_code == 401
        assert client.get("/mining/sites/", headers={"Authorization": "Bearer sandbox"}).status_code == 401
        assert client.get("/mining/sites/?limit=99", headers=key).status_code == 400
        assert client.get("/mining/sites/nobody/", headers=key).status_code == 404
        assert client.get("/mining/sites/batu-tembaga/", headers=key).json()["slug"] == "batu-tembaga"
        over = client.get("/mining/sites/", headers=key)
        assert over.status_code == 429 and over.json()["code"] == "monthly_limit_exceeded"
    assert world.credits == 2


def test_the_table_has_every_shape() -> None:
    """Lists, objects, layers, grades and nulls; several years, two commodities, two mines of one name."""
    rows = fictional_sites()
    blocks = [row["resources_reserves"] for row in rows]
    assert any(isinstance(block, list) for block in blocks) and None in blocks
    for key in ("total_reserves_Mt", "total_reserve", "limonite", "reserve"):
        assert any(isinstance(block, dict) and key in block for block in blocks), key
    assert sum(row["slug"] == "batu-tembaga" for row in rows) == 2
    assert len({row["slug"] for row in rows if row["name"] == "Bukit Kembar"}) == 2
    seen = observe(Sweep(START, tuple(map(list_row, rows))))
    assert seen.unread == 0 and len(seen.records) == 64


def test_the_script_has_every_accident() -> None:
    """A vanishing table, a rename, a re-spelling, a slipped column, nulls: each day differs from the one before."""
    script = days()
    assert len(script) == 12 and [] in [day.table for day in script]
    assert all(a.table != b.table for a, b in itertools.pairwise(script))


@pytest.mark.parametrize("name", ["states.json", "states.json.gz"])
def test_files_of_states_are_served(tmp_path: Path, name: str) -> None:
    """A file of states, packed or not; anything else is one sentence."""
    text = json.dumps([{"at": "2026-01-01T00:00:00Z", "sites": fictional_sites()[:3]}]).encode()
    (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith("gz") else text)
    ((at, rows),) = load_states(tmp_path / name)
    assert at == "2026-01-01T00:00:00Z" and len(rows) == 3
    for bad in (b"nonsense", b"[]", b"[{}]", b"\x1f\x8bnonsense"):
        (tmp_path / name).write_bytes(bad)
        with pytest.raises(ValueError, match=r"states\.json"):
            load_states(tmp_path / name)
