"""Who may ask, how, and what every answer carries."""

from __future__ import annotations

import base64
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from tests.web.conftest import SECRETS, Pages
from watcher import config
from watcher.errors import ConfigError
from watcher.web.guard import Guard
from watcher.web.serving import bound

TOKEN = SECRETS[3]
BASIC = base64.b64encode(f"anybody:{TOKEN}".encode()).decode()


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.7", "localhost.", "[::1", "a@127.0.0.1", ""]
)
def test_a_rebound_name_is_refused(pages: Pages, host: str) -> None:
    """On loopback, a request under any other name than loopback's is not answered."""
    answer = pages.get("/", Host=host)
    assert answer.status_code == 421 and "mining" not in answer.text and "Muara" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:8642", "localhost", "LOCALHOST:1", "[::1]:8642"])
def test_loopback_is_known_by_its_names(pages: Pages, host: str) -> None:
    """localhost and loopback's addresses are fine, with any port."""
    assert pages.get("/healthz", Host=host).status_code == 200


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("192.168.1.5:8642", True),
        ("[fd00::5]", True),
        ("pages.example", True),
        ("localhost", True),
        ("evil.example", False),
    ],
)
def test_open_to_others_names_must_be_listed(host: str, known: bool) -> None:
    """An address cannot be rebound; a name must stand in `hosts`."""
    guard = Guard(app=None, http=config.Http("0.0.0.0", 8642, TOKEN, ("pages.example",)))  # type: ignore[arg-type]
    assert guard.knows(host) is known


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_nothing_but_reading(pages: Pages, method: str) -> None:
    """Every other method is a 405."""
    answer = pages.get("/", method=method)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_head_is_reading(pages: Pages) -> None:
    """HEAD is answered as GET is."""
    assert pages.get("/", method="HEAD").status_code == 200


@pytest.mark.parametrize("path", ["/", "/nope", "/static/style.css", "/metrics", "/?bad=1", "/healthz"])
def test_every_answer_carries_the_policy(pages: Pages, path: str) -> None:
    """Nothing may be loaded or run but our own style sheet and pictures, whatever is answered."""
    headers = pages.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'; img-src 'self'; script")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer" and headers["cross-origin-resource-policy"] == "same-origin"
    assert ("max-age" in headers["cache-control"]) == path.startswith("/static")


@pytest.mark.parametrize(
    "shown", ["", "Bearer wrong", f"Basic {TOKEN}", "Basic %%%", f"Token {TOKEN}", f"Bearer {TOKEN}x"]
)
def test_without_the_token_nothing_is_told(pages: Pages, shown: str) -> None:
    """No page, no data, and of health only whether it is well; the token itself is never repeated."""
    closed = pages.with_http(token=TOKEN)
    for path in ("/", "/api/changes.json", "/metrics", "/static/style.css", "/feed.atom"):
        answer = closed.get(path, Authorization=shown)
        assert answer.status_code == 401 and answer.headers["www-authenticate"].startswith("Basic ")
        assert TOKEN not in answer.text and "Muara" not in answer.text
    assert closed.get("/healthz", Authorization=shown).json() == {"status": "ok"}


@pytest.mark.parametrize("shown", [f"Bearer {TOKEN}", f"bearer  {TOKEN}", f"Basic {BASIC}"])
def test_with_the_token_all_is_told(pages: Pages, shown: str) -> None:
    """As a bearer token, or as the password that a browser asks for."""
    assert pages.with_http(token=TOKEN).get("/", Authorization=shown).status_code == 200


def test_reading_changes_nothing(pages: Pages) -> None:
    """After every page was asked for, the database is what it was, byte for byte in its tables."""

    def dump() -> list[str]:
        with sqlite3.connect(pages.settings.database) as conn:
            return list(conn.iterdump())

    before = dump()
    for path in ("/", "/map", "/rules", "/outbox", "/sites/muara-embun", "/metrics", "/healthz", "/feed.atom"):
        pages.get(path)
    assert dump() == before


def load(tmp_path: Path, http: str) -> config.Settings:
    (tmp_path / "rules.yaml").write_text(f"version: 1\nwatches: {{all: {{}}}}\nhttp: {http}\n")
    return config.load(tmp_path / "rules.yaml", {"TOKEN": "12345678901234567890"})


@pytest.mark.parametrize(
    ("http", "told"),
    [
        ("{listen: '0.0.0.0:8642'}", "open to others"),
        ("{listen: '192.168.1.5:80'}", "open to others"),
        ("{listen: '127.0.0.1'}", "an address and a port"),
        ("{listen: '127.0.0.1:99999'}", "an address and a port"),
        ("{token: short}", "16 characters or more"),
        ("{token: 'with blanks in it, and long'}", "without blanks"),
        ("{hosts: ['https://x.example/']}", "a host name"),
        ("{port: 80}", "unknown key `port`"),
    ],
)
def test_what_is_not_safe_is_refused_in_the_file(tmp_path: Path, http: str, told: str) -> None:
    """An address open to others without a token, and every mistake of form, is told with its line; never the token."""
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, http)
    said = "; ".join(map(str, refused.value.mistakes))
    assert told in said and ":3:" in said and "with blanks" not in said


def test_where_pages_are_served(tmp_path: Path) -> None:
    """The default is loopback; a token from the environment stays text and out of every repr; absent is off."""
    assert load(tmp_path, "{}").http == config.Http("127.0.0.1", 8642)
    assert load(tmp_path, "{listen: '[::1]:80'}").http == config.Http("::1", 80)
    given = load(tmp_path, "{listen: '0.0.0.0:1', token: '${TOKEN}', hosts: [A.example]}")
    assert given.http == config.Http("0.0.0.0", 1, "12345678901234567890", ("a.example",))
    assert "1234567890" not in repr(given)
    assert load(tmp_path, "null").http is None


def test_a_port_that_is_taken_is_said() -> None:
    """The port is had before anything starts, or the error says so with a remedy."""
    with bound(config.Http("127.0.0.1", 0)) as first:
        with pytest.raises(ConfigError, match="cannot be listened on: Address already in use"):
            bound(config.Http("127.0.0.1", first.getsockname()[1]))


def test_a_page_that_fails_says_so_and_no_more(pages: Pages, caplog: pytest.LogCaptureFixture) -> None:
    """A bug is a 500 with the policy, the reason is in the log only."""
    broken = replace(pages, settings=replace(pages.settings, rules=None))  # type: ignore[arg-type]
    answer = broken.get("/rules")
    assert answer.status_code == 500 and "content-security-policy" in answer.headers
    assert "NoneType" not in answer.text and "NoneType" in caplog.text
