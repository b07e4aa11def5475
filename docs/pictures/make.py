"""Make the README's picture from real output: the demo's messages of one day, as Slack and a mailbox show them.

Run by `make pictures`; needs Debian's chromium.
"""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PAGE = """<!doctype html><meta charset="utf-8"><style>
body{{margin:0;padding:26px;background:#eceff3;font-family:'Segoe UI','DejaVu Sans',sans-serif;width:948px}}
.card{{background:#fff;border-radius:10px;box-shadow:0 1px 4px #0003;padding:18px 22px;margin-bottom:22px}}
.who{{font-weight:700;margin-bottom:4px}} .who small{{color:#777;font-weight:400;margin-left:8px}}
.slack{{font-size:14px;line-height:1.5;border-left:4px solid #4a154b}} .slack ul{{margin:2px 0 8px;padding-left:20px}}
.subject{{font-size:17px;font-weight:700;margin-bottom:2px}} .from{{color:#777;font-size:13px;margin-bottom:8px}}
a{{color:#1264a3}}</style>
<div class="card slack"><div class="who">Watcher <small>#mining</small></div>{slack}</div>
<div class="card"><div class="subject">{subject}</div><div class="from">from watcher · to desk</div>{mail}</div>"""


def slack(text: str) -> str:
    """The Markdown of a chat message as HTML: bold, links and lists, which is all that our templates use."""
    title, _, body = text.partition("\n\n")
    lines = []
    for line in [f"**{title}**", "", *body.splitlines()]:
        shown = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", html.escape(line, quote=False))
        shown = re.sub(r"\[(.+?)\]\((.+?)\)", r'<a href="\2">\1</a>', shown)
        lines.append(f"<ul><li>{shown[2:]}</li></ul>" if shown.startswith("- ") else f"<div>{shown or '&nbsp;'}</div>")
    return "".join(lines).replace("</ul><ul>", "")


def main() -> None:
    browser = shutil.which("chromium") or sys.exit("This needs chromium (apt-get install chromium).")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.executable, "-m", "watcher", "demo", "--save", name], check=True, stdout=subprocess.DEVNULL)
        subject, _, mail = (folder / "day-02-mail.html").read_text(encoding="utf-8").partition("\n\n")
        chat = (folder / "day-02-slack.md").read_text(encoding="utf-8")
        page = folder / "page.html"
        page.write_text(PAGE.format(slack=slack(chat), subject=html.escape(subject), mail=mail), encoding="utf-8")
        picture = Path(__file__).with_name("alert.png")
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
        size = ["--window-size=1000,1120", "--hide-scrollbars", f"--user-data-dir={name}/profile"]
        command = [browser, *options, *size, f"--screenshot={picture}", page.as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        print(picture)


if __name__ == "__main__":
    main()
