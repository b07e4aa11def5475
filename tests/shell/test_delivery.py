"""Delivery through apprise to real servers on loopback; no secret in any error."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.controller import Controller

from tests.cli.conftest import Sink, sink
from tests.core.histories import START
from tests.core.test_messages import BASE, told
from watcher.delivery import Courier, built_in
from watcher.dispatch import Wording, deliver
from watcher.errors import DeliveryError
from watcher.model import Alert, Memory, Outcome, Snapshot
from watcher.store import Store

__all__ = ["sink"]


class Mail:
    """Keeps what arrives."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.received.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return "250 OK"


@pytest.fixture
def mail() -> Iterator[tuple[str, Mail]]:
    handler = Mail()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield f"mailto://127.0.0.1:{port}/?from=watcher@example.com&to=desk@example.com&mode=insecure", handler
    controller.stop()


def test_a_mail_is_html_with_a_plain_alternative(mail: tuple[str, Mail]) -> None:
    """The mail has a table, a plain-text alternative, and the first line as its subject."""
    url, box = mail
    courier = Courier({"mail": url})
    message = told(BASE, format=courier.format_of("mail"))
    courier.send("mail", message.title, message.body, message.format)
    (got,) = box.received
    html, plain = got.get_body(("html",)), got.get_body(("plain",))
    assert html is not None and "<table" in html.get_content() and "12.3 bcm/t" in html.get_content()
    assert plain is not None and "10.5 → 12.3 bcm/t +17 %" in plain.get_content()
    assert got["Subject"] == "Sangkulirang: strip ratio 10.5 → 12.3 bcm/t (+17 %)"


def test_slack_gets_its_own_markdown(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack's payload has bold names and no bare mention."""
    from apprise.plugins.slack import NotifySlack

    monkeypatch.setattr(NotifySlack, "webhook_url", sink.url.replace("json://", "http://"))
    courier = Courier({"desk": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#mining"})
    message = told(BASE, format=courier.format_of("desk"))
    assert message.format == "markdown"
    courier.send("desk", message.title, message.body, message.format)
    assert "*Sangkulirang*" in json.dumps(sink.received[0], ensure_ascii=False)


@pytest.mark.parametrize("url", ["json://127.0.0.1:9/hidden-token", "nonsense://hidden-token", "slack://hidden-token"])
def test_a_failure_shows_no_secret(url: str) -> None:
    """A refused connection and an unknown URL are sentences without the URL."""
    with pytest.raises(DeliveryError) as caught:
        Courier({"desk": url}).send("desk", "t", "b", "text")
    assert str(caught.value).startswith("desk: ") and "hidden-token" not in str(caught.value)


def test_one_dead_target_delays_no_other(sink: Sink, tmp_path: Path) -> None:
    """The live target gets its message; the dead one's waits with its reason; a removed target's is parked."""
    courier = Courier({"dead": "json://127.0.0.1:9/x", "live": sink.url})
    wording = Wording(None, built_in(), ZoneInfo("UTC"))
    with Store.open(tmp_path / "w.db") as store:
        before = store.memory("w", START)
        memory = Memory("w", filter={}, snapshot=Snapshot(START, ()))
        alerts = (Alert("r", "info", ("dead", "live", "removed"), BASE),)
        outcome = Outcome("accepted", START, memory, (BASE,), alerts)
        store.commit("w", outcome, before=before, list_calls=1, detail_calls=0)
        report = asyncio.run(deliver(store, courier, wording, now=lambda: START))
        assert report.sent == 1 and list(report.failed) == ["dead"] and report.parked == {"removed": 1}
        assert len(sink.received) == 1
        again = asyncio.run(deliver(store, courier, wording, now=lambda: START))
        assert again.sent == 0 and [m.attempts for m in store.outbox.waiting("dead")] == [2]
