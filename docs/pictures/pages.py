"""Make the pictures of the status pages: the sandbox's story polled into a database, the pages in a real browser.

Run by `make pictures`; needs Debian's chromium. With a folder as argument, only the database and its rules.yaml are
left there: `python docs/pictures/pages.py /tmp/seen && watcher --config /tmp/seen/rules.yaml web`.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Literal

from watcher import config, delivery, dispatch
from watcher.api import ApiSettings, SectorsApi
from watcher.cli.session import thrift_of, watch_settings
from watcher.config import Http, Settings
from watcher.dispatch import Wording
from watcher.errors import DeliveryError
from watcher.messages import Attachment, Format
from watcher.poll import poll_watches
from watcher.sandbox import World, days, serve
from watcher.store import Store
from watcher.web import Host

HERE = Path(__file__).parent

RULES = """\
version: 1
api: {key: sandbox-key, credits: {per_day: 100, per_month: 3000}}
database: watcher.db
targets:
  desk: json://127.0.0.1:9/desk
  mail: {url: "json://127.0.0.1:9/mail", digest: "0 7 * * mon-fri"}
ops: [desk]
watches:
  all-sites: {every: 1d, details: 12h}
  east-kalimantan-coal: {filter: {commodity_type: Coal, province: Kalimantan Timur}, every: 1d, details: 24h}
rules:
  - {name: New sites, on: [site.added, site.entered], to: [desk, mail]}
  - {name: Strip ratio moves, on: strip_ratio, when: {changes_by: 10%}, to: [desk], severity: warning}
  - {name: Production falls, on: production_volume, when: {falls_by: 10%}, to: [desk, mail], severity: critical}
  - {name: Reserves and owners, on: ["reserves.*", owner.changed, "*.renamed"], to: [mail], cooldown: 7d}
watchlists:
  core-holdings:
    to: [desk]
    limits:
      strip_ratio: {above: 5.5, clear: 5}
      reserves.total: {falls_by: 5%}
    companies: {lembayung-mining: {}, pt-cakra-bukit-bara: {}, pt-hitam-jaya-mandiri: {}}
    resolve: true
"""


class Post:
    """Takes everything but the last day's message to the desk."""

    names = ("desk", "mail")

    def __init__(self) -> None:
        self.refuses = False

    def format_of(self, name: str) -> Format:
        return "markdown"

    def attaches(self, name: str) -> bool:
        return False

    def send(self, name: str, title: str, body: str, format: Format, attachments: tuple[Attachment, ...] = ()) -> None:
        if self.refuses and name == "desk":
            raise DeliveryError("desk: the server answered 503.")


async def fill(folder: Path, now: datetime, script: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)) -> Settings:
    """Poll the story into `folder`, a day apart, so that its last day is `now`; it ends with what is not well."""
    (folder / "rules.yaml").write_text(RULES, "utf-8")
    settings = config.load(folder / "rules.yaml", {})
    wording = Wording(None, delivery.built_in(), settings.timezone, settings.policies, settings.ops)
    told, post = days(), Post()
    world = World(told[0].table)
    with serve(world) as served, Store.open(settings.database) as store:
        for place, number in enumerate(script):
            world.rows = told[number].table
            at = now - timedelta(days=len(script) - 1 - place, minutes=14)
            clock = partial(_same, at)
            api = ApiSettings(served.base_url, world.key, concurrency=8, requests_per_second=1000)
            async with SectorsApi(api) as sectors:
                watches = watch_settings(settings, [])
                await poll_watches(
                    sectors, store, watches, ops=settings.ops, zone=settings.timezone, now=clock,
                    thrift=thrift_of(settings),
                )  # fmt: skip
            post.refuses = place == len(script) - 1
            await dispatch.deliver(store, post, wording, now=clock)
    return settings


def _same(at: datetime) -> datetime:
    return at


@dataclass(frozen=True)
class Shot:
    """A picture: which page, how wide and high, in which colours, and sharper for small ones."""

    name: str
    path: str
    width: int
    height: int
    scheme: Literal["light", "dark"] = "light"
    sharpness: float = 1


SHOTS = (
    Shot("web-overview", "/?since=30d", 1440, 1080),
    Shot("web-site", "/sites/muara-embun", 1440, 1300, "dark"),
    Shot("web-map", "/map", 1440, 900),
    Shot("web-rules", "/rules", 1440, 860),
    Shot("web-phone", "/?since=30d", 360, 780, sharpness=2),
    Shot("web-phone-dark", "/sites/muara-embun", 360, 780, "dark", sharpness=2),
)


async def shoot(settings: Settings, now: datetime, browser: str) -> None:
    """Serve the pages on loopback and take every picture."""
    from playwright.async_api import async_playwright

    host = Host(now=partial(_same, now))
    await host.use(replace(settings, http=Http("127.0.0.1", 0)))
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        for shot in SHOTS:
            context = await chromium.new_context(
                viewport={"width": shot.width, "height": shot.height},
                color_scheme=shot.scheme,
                device_scale_factor=shot.sharpness,
            )
            page = await context.new_page()
            await page.goto(host.address.rstrip("/") + shot.path)
            picture = HERE / f"{shot.name}.png"
            await page.screenshot(path=picture)
            await context.close()
            print(picture)
        await chromium.close()
    await host.finish()


def main() -> None:
    now = datetime(2026, 3, 12, 2, 0, tzinfo=UTC)
    if len(sys.argv) > 1:
        folder = Path(sys.argv[1])
        folder.mkdir(parents=True, exist_ok=True)
        asyncio.run(fill(folder, datetime.now(UTC)))
        return
    browser = shutil.which("chromium") or sys.exit("This needs chromium (apt-get install chromium).")
    with tempfile.TemporaryDirectory() as name:
        settings = asyncio.run(fill(Path(name), now))
        asyncio.run(shoot(settings, now, browser))


if __name__ == "__main__":
    main()
