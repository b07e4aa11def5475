"""Make the pictures of README and docs from real output: the docs' own YAML, polled on the sandbox, as people see it.

Run by `make pictures`; needs Debian's chromium.
"""

from __future__ import annotations

import asyncio
import base64
import html
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from watcher import config, delivery, dispatch
from watcher.api import ApiSettings, SectorsApi
from watcher.cli.session import watch_settings
from watcher.dispatch import Wording
from watcher.messages import Attachment, Format
from watcher.poll import Meter, poll
from watcher.sandbox import World, days, serve
from watcher.store import Store

HERE = Path(__file__).parent
PAGE = """<!doctype html><meta charset="utf-8"><style>
body{{margin:0;padding:26px;background:#eceff3;font-family:'Segoe UI','DejaVu Sans',sans-serif;width:948px}}
.card{{background:#fff;border-radius:10px;box-shadow:0 1px 4px #0003;padding:18px 22px;margin-bottom:22px}}
.who{{font-weight:700;margin-bottom:4px}} .who small{{color:#777;font-weight:400;margin-left:8px}}
.slack{{font-size:14px;line-height:1.5;border-left:4px solid #4a154b}} .slack ul{{margin:2px 0 8px;padding-left:20px}}
.subject{{font-size:17px;font-weight:700;margin-bottom:2px}} .from{{color:#777;font-size:13px;margin-bottom:8px}}
a{{color:#1264a3}}</style>{cards}"""
SLACK = '<div class="card slack"><div class="who">Watcher <small>#mining</small></div>{}</div>'
MAIL = '<div class="card"><div class="subject">{}</div><div class="from">from watcher · to desk</div>{}</div>'
#: The companies of the docs' examples, and those of the sandbox that stand for them.
COMPANIES = {"pt-berau-coal": "pt-cakra-bukit-bara", "pt-kaltim-prima-coal": "pt-hitam-jaya-mandiri"}


@dataclass
class Mailbox:
    """`desk` is a Slack channel, `mail` a mailbox; both keep what they get."""

    names: tuple[str, ...] = ("desk", "mail")
    got: list[tuple[str, str, str, Sequence[Attachment]]] = field(default_factory=list)

    def format_of(self, name: str) -> Format:
        return "markdown" if name == "desk" else "html"

    def attaches(self, name: str) -> bool:
        return name == "mail"

    def send(self, name: str, title: str, body: str, format: Format, attachments: Sequence[Attachment] = ()) -> None:
        self.got.append((name, title, body, attachments))


@dataclass(frozen=True)
class Scene:
    """A picture: which YAML block of docs/alerts.md, over which days of the sandbox, and who is shown."""

    name: str
    block: int
    days: tuple[int, ...]
    shown: tuple[str, ...] = ("desk", "mail")
    height: int = 600


SCENES = (
    Scene("new-sites", 0, (0, 1), height=470),
    Scene("watchlist", 1, (0, 1, 2), height=905),
    Scene("digest", 2, (0, 1, 2, 5, 9), ("mail",), height=1390),
    Scene("alert", 1, (0, 1, 2), height=905),
)


def slack(title: str, text: str) -> str:
    """The Markdown of a chat message as HTML: bold, links and lists, which is all that our templates use."""
    lines = []
    for line in [f"**{title}**", *text.splitlines()]:
        shown = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", html.escape(line, quote=False))
        shown = re.sub(r"\[(.+?)\]\((.+?)\)", r'<a href="\2">\1</a>', shown)
        lines.append(f"<ul><li>{shown[2:]}</li></ul>" if shown.startswith("- ") else f"<div>{shown or '&nbsp;'}</div>")
    return "".join(lines).replace("</ul><ul>", "")


def mail(title: str, body: str, attachments: Sequence[Attachment]) -> str:
    """An HTML mail with its inline pictures."""
    for one in attachments:
        data = base64.b64encode(one.content).decode()
        body = body.replace(f"cid:{one.name}", f"data:{one.mimetype};base64,{data}")
    return MAIL.format(html.escape(title), body)


async def play(scene: Scene, folder: Path) -> Mailbox:
    """Poll the scene's days with the docs' YAML, a day apart, and keep the messages of the last day."""
    text = re.findall(r"```yaml\n(version: 1.*?)```", (HERE.parent / "alerts.md").read_text("utf-8"), re.DOTALL)
    block = str(text[scene.block])
    for real, fictional in COMPANIES.items():
        block = block.replace(real, fictional)
    (folder / "rules.yaml").write_text(block, "utf-8")
    settings = config.load(folder / "rules.yaml", {"SECTORS_API_KEY": "k", "DESK_URL": "a://b", "MAIL_URL": "a://b"})
    wording = Wording(None, delivery.built_in(), settings.timezone, settings.policies, settings.ops)
    script, box = days(), Mailbox()
    world = World(script[0].table)
    monday = datetime(2026, 3, 9, 0, 30, tzinfo=UTC)
    with serve(world) as served, Store.open(folder / "w.db") as store:
        for number, day in enumerate(scene.days):
            world.rows = script[day].table
            now = monday - timedelta(days=len(scene.days) - 1 - number)
            meter = Meter(lambda call: lambda: None)
            api_settings = ApiSettings(served.base_url, world.key, concurrency=8, requests_per_second=1000)
            async with SectorsApi(api_settings, pay=meter) as api:
                for watch in watch_settings(settings, []):
                    await poll(api, store, replace(watch, filter={}), meter, ops=settings.ops, now=now)
            box.got.clear()
            await dispatch.deliver(store, box, wording, now=lambda at=now: at)
    return box


def shoot(scene: Scene, browser: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        box = asyncio.run(play(scene, folder))
        cards = [
            SLACK.format(slack(title, body)) if target == "desk" else mail(title, body, files)
            for target, title, body, files in box.got
            if target in scene.shown
        ]
        page = folder / "page.html"
        page.write_text(PAGE.format(cards="".join(cards)), encoding="utf-8")
        picture = HERE / f"{scene.name}.png"
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
        size = [f"--window-size=1000,{scene.height}", "--hide-scrollbars", f"--user-data-dir={name}/profile"]
        command = [browser, *options, *size, f"--screenshot={picture}", page.as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        print(picture)


def main() -> None:
    browser = shutil.which("chromium") or sys.exit("This needs chromium (apt-get install chromium).")
    for scene in SCENES:
        shoot(scene, browser)


if __name__ == "__main__":
    main()
