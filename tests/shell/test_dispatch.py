"""From the outbox to targets: digests, quiet hours, templates that fail, pictures in mails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2

from tests.core.histories import START
from tests.core.test_messages import BASE, told
from tests.shell.test_delivery import Mail, mail
from watcher.delivery import Courier, built_in
from watcher.dispatch import DeliveryReport, Wording
from watcher.dispatch import deliver as deliver_beside
from watcher.messages import Attachment, Format
from watcher.model import Alert, Change, Outcome, Snapshot
from watcher.routing import TargetPolicy
from watcher.schedule import Quiet
from watcher.store import Store

__all__ = ["mail"]
JAKARTA = ZoneInfo("Asia/Jakarta")


@dataclass
class Box:
    """A carrier that keeps what it is given."""

    names: tuple[str, ...] = ("desk", "mail")
    got: list[tuple[str, str, str]] = field(default_factory=list)
    files: list[Attachment] = field(default_factory=list)

    def format_of(self, name: str) -> Format:
        return "text"

    def attaches(self, name: str) -> bool:
        return True

    def send(self, name: str, title: str, body: str, format: Format, attachments: Sequence[Attachment] = ()) -> None:
        self.got.append((name, title, body))
        self.files += attachments

    def titles(self, name: str) -> list[str]:
        return [title for target, title, _ in self.got if target == name]


def commit(
    store: Store, at: datetime, *changes: Change, to: tuple[str, ...] = ("mail",), severity: Any = "info"
) -> None:
    before = store.memory("w", at)
    memory = replace(before, filter={}, snapshot=Snapshot(at, ()))
    alerts = tuple(Alert("r", severity, to, change) for change in changes)
    store.commit("w", Outcome("accepted", at, memory, changes, alerts), before=before, list_calls=1, detail_calls=2)


def deliver(store: Store, carrier: Any, words: Wording, *, now: Callable[[], datetime], **how: Any) -> DeliveryReport:
    return asyncio.run(deliver_beside(store, carrier, words, now=now, **how))


def wording(own: jinja2.BaseLoader | None = None, **policies: TargetPolicy) -> Wording:
    return Wording(own, built_in(), JAKARTA, policies, ("desk",))


def test_a_digest_collects_polls_and_survives_a_restart(tmp_path: Path) -> None:
    """Two polls' alerts are one message at seven, once, whoever runs then."""
    words, box, path = wording(mail=TargetPolicy("0 7 * * *")), Box(), tmp_path / "w.db"
    for hour in range(5):
        now = START + timedelta(hours=hour)
        with Store.open(path) as store:
            commit(store, now, replace(BASE, id=str(hour)))
            deliver(store, box, words, now=lambda at=now: at)
    assert box.got == []
    for hours in (19, 20):
        with Store.open(path) as store:
            deliver(store, box, words, now=lambda at=START + timedelta(hours=hours): at)
    (title,) = box.titles("mail")
    assert title == "Digest: 5 changes"


def test_an_empty_digest_proves_the_silence_if_asked_to(tmp_path: Path) -> None:
    """`even_if_quiet`: one line with what was looked at; without it nothing."""
    for even_if_quiet in (True, False):
        box = Box()
        with Store.open(tmp_path / f"{even_if_quiet}.db") as store:
            words = wording(mail=TargetPolicy("0 7 * * *", even_if_quiet=even_if_quiet))
            deliver(store, box, words, now=lambda: START)
            commit(store, START + timedelta(hours=1))
            deliver(store, box, words, now=lambda: START + timedelta(hours=30))
        assert [title[:24] for title in box.titles("mail")] == (["Watcher: all quiet since"] if even_if_quiet else [])
    assert "0 sites checked in 1 polls" in "".join(body for _, _, body in box.got) or not box.got


def test_quiet_hours_are_kept_and_end(tmp_path: Path) -> None:
    """At night what is critical; in the morning the rest, in one message."""
    box, night = Box(), START.replace(hour=16)  # 23:00 in Jakarta
    words = wording(mail=TargetPolicy(quiet=Quiet(time(22), time(6))))
    with Store.open(tmp_path / "w.db") as store:
        for number, severity in enumerate(("info", "critical", "info")):
            commit(store, night + timedelta(minutes=number), replace(BASE, id=str(number)), severity=severity)
            deliver(store, box, words, now=lambda: night + timedelta(minutes=5))
        assert [title[:2] for title in box.titles("mail")] == ["‼ "]
        deliver(store, box, words, now=lambda: night + timedelta(hours=7))
    assert len(box.titles("mail")) == 2 and "(and 1 more · w)" in box.titles("mail")[1]


def test_a_template_that_fails_is_told_to_ops_once_and_the_alert_goes(tmp_path: Path) -> None:
    """The built-in words go out; ops hears of the template, with its name, once a day."""
    box = Box()
    words = wording(jinja2.DictLoader({"change.txt.j2": "{{ 1 / 0 }}"}))
    with Store.open(tmp_path / "w.db") as store:
        for number in range(3):
            at = START + timedelta(hours=number)
            commit(store, at, replace(BASE, id=str(number)))
            report = deliver(store, box, words, now=lambda at=at: at)
            assert len(report.problems) == 1 and "division by zero" in report.problems[0]
    assert len(box.titles("mail")) == 3 and all("strip ratio" in title for title in box.titles("mail"))
    assert box.titles("desk") == ["Watcher: a message template failed"]


def test_a_history_in_the_database_becomes_a_sparkline(tmp_path: Path) -> None:
    """A metric that moved before is drawn, oldest first, under every slug the mine had."""
    with Store.open(tmp_path / "w.db") as store:
        steps = [(10.5, 11.0), (11.0, 11.5), (11.5, 12.3)]
        for number, (old, new) in enumerate(steps):
            one = replace(BASE, id=str(number), old=old, new=new, at=START + timedelta(days=number))
            commit(store, one.at, one)
        assert store.series(one) == (10.5, 11.0, 11.5, 12.3)
        assert store.series(replace(one, at=START)) == (10.5, 11.0)
        assert store.series(replace(one, metric="other", new=None)) == ()


def test_a_mail_shows_its_picture_inline_and_carries_the_table(mail: tuple[str, Mail]) -> None:
    """A real SMTP server gets HTML that names an inline PNG, and the rest of a long list as CSV."""
    url, box = mail
    courier = Courier({"mail": url})
    assert courier.attaches("mail")
    changes = [replace(BASE, id=f"{n:012}", slug=f"m{n}") for n in range(30)]
    frame = {"attach": True, "series": {changes[0].id: (1.0, 2.0, 3.0)}}
    message = told(*changes, format="html", frame=frame)
    courier.send("mail", message.title, message.body, message.format, message.attachments)
    (got,) = box.received
    parts = {part.get_content_type(): part for part in got.walk()}
    assert "cid:spark-" in parts["text/html"].get_content() and "text/plain" in parts
    assert parts["image/png"]["Content-ID"] is not None
    assert parts["text/csv"].get_filename() == "changes.csv"
