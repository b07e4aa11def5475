"""The sandbox's story in a database, decided by the pure core; the pages over it, asked without and with a network."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.core.histories import site, sweep
from watcher import config, delivery, dispatch
from watcher.cli.session import watch_settings
from watcher.config import Settings
from watcher.dispatch import Wording
from watcher.errors import DeliveryError
from watcher.messages import Format
from watcher.pipeline import decide
from watcher.sandbox import days
from watcher.store import Store
from watcher.web import Host, Pulse, application

NOW = datetime(2026, 3, 12, 2, 0, tzinfo=UTC)
SECRETS = ("api-key-secret", "target-url-secret", "heartbeat-secret", "token-secret-0123456789")
RULES = f"""\
version: 1
api: {{key: {SECRETS[0]}, credits: {{per_day: 500, per_month: 9000}}}}
database: watcher.db
heartbeat: https://example.org/{SECRETS[2]}
targets:
  desk: json://127.0.0.1/{SECRETS[1]}
  mail: {{url: "json://127.0.0.1/{SECRETS[1]}", digest: "0 7 1 * *"}}
ops: [desk]
watches:
  all-sites: {{every: 1d, details: 12h}}
rules:
  - {{name: New sites, on: site.added, to: [desk]}}
  - {{name: Strip ratio moves, on: strip_ratio, when: {{changes_by: 10%}}, to: [desk], severity: warning}}
  - {{name: Production falls, on: production_volume, when: {{falls_by: 10%}}, to: [mail], severity: critical}}
watchlists:
  core-holdings:
    to: [desk]
    limits: {{strip_ratio: {{above: 5.5, clear: 5}}}}
    companies: {{lembayung-mining: {{}}, pt-cakra-bukit-bara: {{}}}}
silences:
  - {{matcher: {{rule: New sites}}, until: 2030-01-01, reason: quarter end}}
"""
#: What an upstream that means harm would call a mine.
HOSTILE = "<script>alert(1)</script>\u202e\u200b'\"><img src=x onerror=alert(1)>" + "x" * 10_000


class Post:
    """Delivers to nobody, and refuses when told to."""

    names = ("desk", "mail")
    refuses = False

    def format_of(self, name: str) -> Format:
        return "markdown"

    def attaches(self, name: str) -> bool:
        return False

    def send(self, name: str, *message: object) -> None:
        if self.refuses:
            raise DeliveryError(f"{name}: the server answered 503.")


def story() -> list[list[dict[str, Any]]]:
    """The sandbox's days up to a hold, with a hostile mine that comes on the second."""
    tables = [list(day.table) for day in days()[:11]]
    mine = site(
        "evil-mine", name=HOSTILE, company_name=HOSTILE, company_slug="pt-<b>evil",
        location={"province": "Kalimantan Timur", "city": HOSTILE, "latitude": 0.5, "longitude": 116.5},
    )  # fmt: skip
    return [table if number == 0 or not table else [*table, mine] for number, table in enumerate(tables)]


def fill(folder: Path) -> Settings:
    """Poll the story into a database in `folder`, a day apart, the last poll an hour before NOW."""
    (folder / "rules.yaml").write_text(RULES)
    settings = config.load(folder / "rules.yaml", {})
    (watch,) = watch_settings(settings, [])
    wording = Wording(None, delivery.built_in(), settings.timezone, settings.policies, settings.ops)
    post, tables = Post(), story()
    with Store.open(settings.database) as store:
        for number, table in enumerate(tables):
            at = NOW - timedelta(days=len(tables) - 1 - number, hours=1)
            before = store.memory(watch.name, at, others=True)
            seen = sweep(table, before, watch, at)
            outcome = decide(seen, before, watch, at)
            details = len(seen.details)
            store.commit(
                watch.name, outcome, before=before, list_calls=3, detail_calls=details, ops_targets=settings.ops
            )
            for call in ["list"] * 3 + ["detail"] * details:
                store.ledger.pay(at.astimezone(settings.timezone).date(), watch.name, call)
            store.took(watch.name, 1.5)
            post.refuses = number == len(tables) - 1
            asyncio.run(dispatch.deliver(store, post, wording, now=lambda at=at: at))
    return settings


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A configuration whose database holds the story."""
    return fill(tmp_path_factory.mktemp("story"))


@dataclass
class Pages:
    """The pages of a configuration at an instant, asked in this process."""

    settings: Settings
    now: datetime = NOW
    pulse: Pulse | None = None

    def get(self, path: str, method: str = "GET", **headers: str) -> httpx.Response:
        pulse = (lambda: self.pulse) if self.pulse is not None else None
        app = application(self.settings, self.settings.database, now=lambda: self.now, pulse=pulse)  # type: ignore[arg-type]

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8642") as client:
                return await client.request(method, path, headers=headers)

        return asyncio.run(ask())

    def with_http(self, **http: Any) -> Pages:
        """The same under another `http:`."""
        given = config.Http("127.0.0.1", 8642)
        return replace(self, settings=replace(self.settings, http=replace(given, **http)))


@pytest.fixture
def pages(settings: Settings) -> Pages:
    return Pages(settings)


@pytest.fixture(scope="session")
def served(settings: Settings) -> Iterator[str]:
    """The pages over real HTTP on loopback: their address, without a slash at its end."""
    with serving(settings) as address:
        yield address


@contextlib.contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """Serve pages from a thread with a loop of its own."""
    ready: queue.Queue[tuple[str, Callable[[], object]]] = queue.Queue()

    async def run() -> None:
        host, stop, loop = Host(now=lambda: NOW), asyncio.Event(), asyncio.get_running_loop()
        await host.use(replace(settings, http=config.Http("127.0.0.1", 0)))
        ready.put((host.address.rstrip("/"), lambda: loop.call_soon_threadsafe(stop.set)))
        await stop.wait()
        await host.finish()

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    address, stop = ready.get(timeout=10)
    yield address
    stop()
    thread.join(10)
