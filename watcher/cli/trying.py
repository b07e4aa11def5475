"""demo and sandbox: the product at work without a key, and the API it works on."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import clock, console
from watcher.cli.preview import as_text, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from watcher.messages import Attachment, Format
    from watcher.poll import PollReport


class Mailbox:
    """The demo's targets: `slack` takes Markdown, `mail` HTML. What is sent is kept, to be shown."""

    names = ("slack", "mail")

    def __init__(self) -> None:
        self.received: list[tuple[str, str, str]] = []

    def format_of(self, name: str) -> Format:
        return "markdown" if name == "slack" else "html"

    def attaches(self, name: str) -> bool:
        return False

    def send(self, name: str, title: str, body: str, format: Format, attachments: Sequence[Attachment] = ()) -> None:
        self.received.append((name, title, body))


def demo(
    save: Annotated[Path | None, typer.Option(help="Also write each message into this folder.")] = None,
) -> None:
    """Watch the whole product work, over real HTTP on loopback, with no key and no configuration."""
    asyncio.run(_demo(save))


async def _demo(save: Path | None) -> None:
    from zoneinfo import ZoneInfo

    from watcher import delivery, dispatch
    from watcher.api import ApiSettings, SectorsApi
    from watcher.credits import Meter, Purse
    from watcher.dispatch import Wording
    from watcher.pipeline import WatchSettings
    from watcher.plan import Thrift
    from watcher.poll import poll
    from watcher.rules import Bound, Limit, Rule, Watchlist, When
    from watcher.sandbox import World, days, serve
    from watcher.store import Store

    both = ("slack", "mail")
    rules = (
        Rule("Strip ratio above 11 or rising", ("strip_ratio",), both, when=When(changes_by=Bound(10, percent=True)),
             severity="warning"),
        Rule("Everything else", ("*",), both),
    )  # fmt: skip
    limits = {"strip_ratio": Limit(above=5.5, clear=5.0), "reserves.total": Limit(falls_by=Bound(5, percent=True))}
    companies: dict[str, dict[str, Limit]] = {"lembayung-mining": {}, "pt-cakra-bukit-bara": {}}
    holdings = Watchlist("core-holdings", both, companies, limits, resolve=True)
    watch = WatchSettings("all-sites", rules=rules, watchlists=(holdings,))
    wording = Wording(None, delivery.built_in(), ZoneInfo("Asia/Jakarta"))
    script, mailbox = days(), Mailbox()
    world = World(script[0].table)
    begin = clock.now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=len(script))
    if save is not None:
        save.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, serve(world) as served:
        console.say(f"A sandbox API with {len(script[0].table)} fictional sites serves at {served.base_url}.")
        console.say("One poll a day follows, each over HTTP; messages are shown as they arrive.")
        console.say("What both targets get is mostly shown once, as Slack has it.\n")
        with Store.open(Path(folder) / "demo.db") as store:
            for number, day in enumerate(script):
                world.rows = day.table
                now = begin + timedelta(days=number, hours=1)
                clock_now = partial(_same, now)
                purse = Purse(store.ledger, Thrift(), lambda filter: None, zone=wording.timezone, now=clock_now)
                meter = Meter(purse.payer(watch.name))
                api_settings = ApiSettings(served.base_url, world.key, concurrency=8, requests_per_second=1000)
                async with SectorsApi(api_settings, pay=meter) as api:
                    report = await poll(api, store, watch, meter, ops=("mail",), now=now)
                mailbox.received.clear()
                await dispatch.deliver(store, mailbox, wording, now=clock_now)
                _show_day(number, day.story, report, mailbox, save)
    console.say("That was Watcher. Next: watcher init, put in your API key and a target, then watcher poll.", "bold")


def _same(now: datetime) -> datetime:
    return now


def _show_day(number: int, story: str, report: PollReport, mailbox: Mailbox, save: Path | None) -> None:
    outcome = report.outcome
    verdict = (
        f"{outcome.verdict}, {counted(len(outcome.changes), 'change')}, {counted(report.credits, 'credit')}"
        if outcome
        else report.error
    )
    console.say(f"Day {number}. {story}", "bold cyan")
    console.say(f"  poll: {verdict}; {counted(len(mailbox.received), 'message')}")
    for target, title, body in mailbox.received:
        if save is not None:
            suffix = "md" if target == "slack" else "html"
            (save / f"day-{number:02}-{target}.{suffix}").write_text(f"{title}\n\n{body}", encoding="utf-8")
        if target == "mail" and outcome is not None and outcome.alerts and number != 2:
            continue
        console.say(f"  ┌ {'Slack' if target == 'slack' else 'Mailbox'}: {title}", "bold")
        text = body if target == "slack" else as_text(body)
        for line in text.strip().splitlines():
            console.say(f"  │ {line}")
    console.say()


def sandbox(
    port: Annotated[int, typer.Option(help="Port on loopback; 0 takes a free one.", min=0, max=65535)] = 8700,
    states: Annotated[
        Path | None, typer.Option(help='Serve a file [{"at": …, "sites": […]}], .json or .json.gz.')
    ] = None,
    at: Annotated[int, typer.Option("--at", help="Which state, or which day of the script, counted from 0.")] = 0,
) -> None:
    """Serve the sandbox API alone."""
    from watcher.errors import ConfigError, SourceError
    from watcher.sandbox import World, days, load_states, run_forever

    try:
        tables = [rows for _, rows in load_states(states)] if states is not None else [day.table for day in days()]
    except ValueError as error:
        raise ConfigError(f"{error}.") from None
    if not 0 <= at < len(tables):
        raise ConfigError(f"--at {at} is out of range: there are {len(tables)}, counted from 0.")
    world = World(tables[at])

    def ready(base_url: str) -> None:
        console.say(f"Serving {len(world.rows)} rows. In rules.yaml: api: {{base_url: {base_url}, key: {world.key}}}")
        console.say("Ctrl-C stops it.")

    try:
        run_forever(world, "127.0.0.1", port, ready)
    except OSError as error:
        raise SourceError(f"Port {port} cannot be had: {error.strerror}.", "Choose another with --port.") from None
