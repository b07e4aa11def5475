"""Messages say it all in the first line, and upstream text is harmless in every format."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.histories import START
from watcher.delivery import built_in
from watcher.messages import Format, Frame, Message, compose, headline, metric, number, percent
from watcher.messages.sparkline import picture, sparkline
from watcher.model import Alert, Change, Crossing, Notice

FORMATS: tuple[Format, ...] = ("markdown", "html", "text")
BASE = Change(
    id="c0ffee123456", at=START, watch="coal", kind="metric.changed", slug="sangkulirang", name="Sangkulirang",
    company_slug="pt-batu", company_name="PT Batu", commodity_type="Coal", year=2024, metric="strip_ratio",
    unit="bcm/t", old=10.5, new=12.3, delta=1.8, percent=17.142857, nature="revised", province="Kalimantan Timur",
    city="Berau", latitude=1.25, longitude=117.5,
)  # fmt: skip


def told(
    *changes: Change | Crossing, format: Format = "text", severity: Any = "info", user: Any = None, **more: Any
) -> Message:
    alerts = [Alert("rule", severity, ("desk",), change, more.get("template")) for change in changes]
    frame = Frame(("coal",), START, format, ZoneInfo("Asia/Jakarta"), **more.get("frame", {}))
    return compose(user, built_in(), alerts, more.get("notices", ()), frame)


def test_one_change_is_told_in_the_title() -> None:
    """The first line says it all."""
    assert told(BASE, severity="warning").title == "⚠ Sangkulirang: strip ratio 10.5 → 12.3 bcm/t (+17 %)"


@pytest.mark.parametrize("format", FORMATS)
def test_a_line_has_everything(format: Format) -> None:
    """Name, company, old → new, unit, difference, percentage, nature, year, and the id."""
    body = re.sub("<[^>]+>", "", told(BASE, format=format).body)
    moved = "10.5 → 12.3 bcm/t +17 %" if format == "html" else "10.5 → 12.3 bcm/t (+1.8 bcm/t, +17 %)"
    for words in ("Sangkulirang", "PT Batu", moved, "revised, 2024", "c0ffee123456"):
        assert words in body, words
    assert "13:00 WIB" in body


def test_a_mail_is_a_table_that_reads_in_light_and_dark() -> None:
    """Rows with a heading each, figures to the right in digits of one width, and no colour but on words."""
    body = told(BASE, CROSSED, format="html").body
    assert body.count("<tr") == body.count("</tr>") == 3 and body.count('<th scope="row"') == 1
    assert "text-align:right;font-variant-numeric:tabular-nums" in body and 'scope="colgroup"' in body
    assert "background" not in body and "color:#000" not in body and 'content="light dark"' in body


@pytest.mark.parametrize("format", FORMATS)
def test_marks_of_doubt_and_places(format: Format) -> None:
    """Suspicion, correction, the reason of a leave, and a map link are shown."""
    doubt = replace(BASE, suspect="a negative figure")
    fixed = replace(BASE, corrects="a record in which …")
    left = replace(BASE, kind="site.left", detail="its production is now 4", old=None, new=None, metric=None)
    body = told(doubt, fixed, left, format=format).body
    assert "suspect: a negative figure" in body.replace("SUSPECT", "suspect") and "corrects a record" in body
    assert "its production is now 4" in body and "mlat=1.250000" in body


def test_many_changes_are_cut_and_counted() -> None:
    """More than twenty: the rest is a count, and the title counts them all."""
    changes = [replace(BASE, id=f"{n:012}", slug=f"m{n}", name=f"M{n}") for n in range(57)]
    message = told(*changes)
    assert (
        message.title == "57 changes · coal"
        and "and 37 more" in message.body
        and message.body.count("strip ratio") == 20
    )


def test_changes_are_grouped_by_company_worst_first() -> None:
    """A company's name stands once above its sites' changes; what is worst comes first."""
    other = replace(BASE, slug="other", name="Other", company_slug="pt-other", company_name="PT Other", id="1")
    alerts = [
        Alert("r", "info", ("d",), other),
        Alert("r", "info", ("d",), replace(BASE, metric="reserves.total", id="2")),
        Alert("r", "critical", ("d",), BASE),
    ]
    body = compose(None, built_in(), alerts, (), Frame(("w",), START, "text", ZoneInfo("UTC"))).body
    assert body.index("PT Batu") < body.index("PT Other") and body.count("PT Batu") == 1
    assert body.index("strip ratio") < body.index("total reserves") < body.index("PT Other")


def test_notices_are_told_to_ops() -> None:
    """The watcher's own news has its title in the subject."""
    message = told(notices=[Notice("hold.started", "coal: held", "Why.")])
    assert message.title == "Watcher: coal: held" and "Why." in message.body


@pytest.mark.parametrize(
    ("name", "words"),
    [("reserves.proven", "proven reserves"), ("limonite.reserves.total", "limonite total reserves"),
     ("reserves.au_grade", "reserves Au grade"), ("production_volume", "production"), ("odd_key", "odd key")],
)  # fmt: skip
def test_metrics_in_words(name: str, words: str) -> None:
    """Names of metrics are said as a person says them."""
    assert metric(name) == words


def test_numbers_in_words() -> None:
    """Six digits, thousands apart, no trailing zeros; percentages with a sign."""
    assert [number(n) for n in (258.0, 1234567.0, 12.30, 0.1 + 0.2, None, -3.5)] == [
        "258", "1,234,567", "12.3", "0.3", "none", "−3.5",
    ]  # fmt: skip
    assert [percent(p) for p in (17.14, -4.5, 0.04, -100)] == ["+17 %", "−4.5 %", "+0 %", "−100 %"]


NASTY = (
    "<script>alert(1)</script> <!channel> *x* _y_ `z` [a](http://evil.example) www.evil.example @here "
    "\n- item\u202e\u200b # h | t"
)


@pytest.mark.parametrize("format", FORMATS)
def test_upstream_text_is_harmless(format: Format) -> None:
    """Markup, mentions, links, newlines and hidden characters of upstream do nothing."""
    nasty = replace(
        BASE, name=NASTY + "x" * 10_000, company_name=NASTY, province=NASTY, kind="site.moved", old=NASTY, new=NASTY
    )
    at_limit = replace(CROSSED, name=NASTY + "x" * 10_000, company_name=NASTY, detail=NASTY, suspect=NASTY, change=None)
    message = told(nasty, replace(nasty, id="2"), replace(at_limit, metric=NASTY), format=format)
    body, title = message.body, message.title
    assert "\n" not in title and len(title) <= 200 and "<" not in title
    assert "<script" not in body and "<!channel" not in body and "\n- item" not in body
    assert not re.search("[\u202a-\u202e\u200b]", body + title) and len(body) < 12_000
    assert "http://evil" not in body + title and "www.evil" not in body
    if format == "markdown":
        assert "*x*" not in body and "`z`" not in body and "](http://evil" not in body and "@here" not in body


texts = st.text(max_size=30) | st.sampled_from([NASTY, "\ud800", "{{ 7 * 7 }}", "{% raw %}"])


@given(
    texts, texts, texts, st.sampled_from(FORMATS), st.sampled_from(["site.added", "owner.changed", "metric.changed"])
)
def test_any_text_renders(name: str, company: str, extra: str, format: Format, kind: Any) -> None:
    """Whatever upstream writes, the message is rendered, and no markup of theirs survives."""
    message = told(
        replace(BASE, kind=kind, name=name, company_name=company, suspect=extra, detail=extra), format=format
    )
    assert "<script" not in message.body and "<!channel" not in message.body and "49" not in name + message.title
    (message.title + message.body).encode()


def test_a_user_template_overrides_one_file() -> None:
    """One file of the user's folder replaces the built-in one of that name; the others stay."""
    own = jinja2.DictLoader({"change.txt.j2": "MINE {{ change.slug }} {{ change.name }}"})
    assert "- MINE sangkulirang" in told(BASE, user=own).body


def test_a_rule_names_its_template() -> None:
    """`template: brief` writes the lines of its alerts."""
    own = jinja2.DictLoader({"brief.txt.j2": "brief: {{ kind }}"})
    assert "- brief: strip ratio" in told(BASE, user=own, template="brief").body


@pytest.mark.parametrize("format", FORMATS)
def test_new_sites_have_a_template_of_their_own(format: Format) -> None:
    """`template: new_sites` writes a new mine in one line, in every format."""
    new = replace(BASE, kind="site.added", metric="production_volume", old=None, new=3.4, unit="Mt")
    body = told(new, format=format, template="new_sites").body
    assert "production 3.4 Mt" in body and "Berau, Kalimantan Timur" in body and "new site" not in body


@pytest.mark.parametrize(
    "broken", ["{{ nothing.here }}", "{% if %}", "{{ ''.__class__.__mro__ }}", "{{ change.slug.x() }}"]
)
def test_a_broken_template_falls_back(broken: str) -> None:
    """The alert still goes, in the built-in words; what was wrong is returned."""
    message = told(BASE, user=jinja2.DictLoader({"change.txt.j2": broken}))
    assert "strip ratio 10.5" in message.body and len(message.problems) == 1


def test_the_shipped_templates_are_documented() -> None:
    """Every shipped template starts with a comment on its variables."""
    folder = Path(__file__).parents[2] / "templates"
    assert all(path.read_text().startswith("{#-") for path in folder.glob("*.j2"))


CROSSED = Crossing(
    id="feed00000001", at=START, watch="coal", watchlist="core", transition="crossed", per="site", slug="sangkulirang",
    metric="strip_ratio", limit="above 11", name="Sangkulirang", company_slug="pt-batu", company_name="PT Batu",
    commodity_type="Coal", year=2024, unit="bcm/t", old=10.5, new=12.3, delta=1.8, percent=17.142857, change=BASE.id,
)  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({}, "Sangkulirang: strip ratio 10.5 → 12.3 bcm/t (+17 %), above your 11"),
        (
            {"transition": "already", "old": None, "percent": None},
            "Sangkulirang: strip ratio 12.3 bcm/t, above your 11",
        ),
        (
            {"transition": "still", "old": None, "percent": None, "since": "since 2026-02-01"},
            "Sangkulirang: strip ratio 12.3 bcm/t, still above your 11 (since 2026-02-01)",
        ),
        (
            {"transition": "resolved", "old": 12.3, "new": 9.4, "percent": -23.6, "limit": "above 11 (clear 9.5)"},
            "Sangkulirang: strip ratio 12.3 → 9.4 bcm/t (−24 %), no longer above your 11",
        ),
        (
            {"transition": "unknown", "old": 12.3, "new": None, "percent": None, "since": "beyond its limit"},
            "Sangkulirang: strip ratio no longer given (it was 12.3 bcm/t), was above your 11",
        ),
        (
            {"transition": "unknown", "old": 9.3, "new": None, "percent": None, "since": "within its limit"},
            "Sangkulirang: strip ratio no longer given (it was 9.3 bcm/t), your limit: above 11",
        ),
        (
            {"transition": "still", "old": 10.0, "limit": "risen by 20 %", "since": "against the year before"},
            "strip ratio 10 → 12.3 bcm/t (+17 %), still risen by your 20 % (against the year before)",
        ),
        (
            {"transition": "moved", "limit": "risen by 15 %", "since": "since you were last told"},
            "Sangkulirang: strip ratio 10.5 → 12.3 bcm/t (+17 %), risen by your 15 % or more",
        ),
        (
            {"transition": "moved", "limit": "risen by 15 %", "since": "against the year before"},
            "Sangkulirang: strip ratio 10.5 → 12.3 bcm/t (+17 %), risen by your 15 % or more against the year before",
        ),
        (
            {"per": "company", "metric": "reserve_life", "name": "PT Batu", "unit": "years", "limit": "below 13"},
            "PT Batu: reserve life 10.5 → 12.3 years (+17 %), below your 13",
        ),
        ({"suspect": "a negative figure"}, "10.5 → 12.3 bcm/t (+17 %), above your 11 (suspect)"),
    ],
)
def test_a_crossing_says_it_all_in_the_first_line(fields: dict[str, Any], line: str) -> None:
    """Whose figure, what it is, and what that means for the limit."""
    assert headline(replace(CROSSED, **fields)).endswith(line)
    assert told(replace(CROSSED, **fields), severity="warning").title.startswith("⚠ ")


@pytest.mark.parametrize("format", FORMATS)
def test_a_crossing_speaks_for_its_change(format: Format) -> None:
    """The change that led to a crossing has no line of its own; its id is shown, so that it can be explained."""
    message = told(CROSSED, BASE, format=format)
    assert message.body.count("12.3 bcm/t") == 1 and BASE.id in message.body
    assert "above your 11" in message.body and "core" in message.body


def test_a_crossing_speaks_for_no_more_than_its_change() -> None:
    """Other changes keep their lines, also that of one site in a company's sum; a louder rule makes the line louder."""
    moved = replace(BASE, id="2", kind="site.renamed", metric=None, old="A", new="B")
    assert "renamed A → B" in told(CROSSED, moved).body.replace("renamed, ", "renamed ")
    company = replace(CROSSED, per="company", slug="pt-batu", name="PT Batu")
    assert told(company, BASE).body.count("10.5 → 12.3 bcm/t") == 2
    life = replace(CROSSED, metric="reserve_life", unit="years")
    assert "strip ratio" in told(life, BASE).body
    alerts = [Alert("list", "warning", ("d",), CROSSED), Alert("rule", "critical", ("d",), BASE)]
    message = compose(None, built_in(), alerts, (), Frame(("w",), START, "text", ZoneInfo("UTC")))
    assert message.title == "‼ Sangkulirang: strip ratio 10.5 → 12.3 bcm/t (+17 %), above your 11"


def test_computed_figures_have_four_digits() -> None:
    """A ratio that is computed is not said to the sixth digit; what the API said is said as it was."""
    life = replace(BASE, metric="reserve_life", unit="years", old=20.16279, new=22.81579, delta=2.653, percent=13.16)
    assert headline(life) == "Sangkulirang: reserve life 20.16 → 22.82 years (+13 %)"
    assert headline(replace(CROSSED, metric="reserve_life", unit="years", old=None, new=9.898876)).endswith(
        "9.899 years, above your 11"
    )
    assert "5.60361 bcm/t" in headline(replace(CROSSED, old=None, new=5.60361))
    assert "5.604 bcm/t" in headline(replace(CROSSED, old=None, new=5.60361, per="company"))
    assert "205.625 → 129.525 Mt" in headline(
        replace(BASE, metric="reserves.total", unit="Mt", old=205.625, new=129.525)
    )


@pytest.mark.parametrize("format", FORMATS)
def test_a_history_is_drawn(format: Format) -> None:
    """Block characters in chat, a picture of its own in a mail that takes files; two figures are no history."""
    series = {"series": {BASE.id: (8.0, 9.0, 10.5, 12.3)}}
    assert ("▁▃▅█" in told(BASE, format=format, frame=series).body) is (format != "text")
    assert "█" not in told(BASE, format=format, frame={"series": {BASE.id: (10.5, 12.3)}}).body
    message = told(BASE, format=format, frame={**series, "attach": True})
    if format == "html":
        (picture,) = message.attachments
        assert picture.inline and f'src="cid:{picture.name}"' in message.body
        assert picture.content.startswith(b"\x89PNG") and len(picture.content) < 1000
    else:
        assert message.attachments == ()


def test_the_rest_of_a_long_list_goes_along() -> None:
    """Where the target takes files, all of a long list is attached as CSV, and no cell is a formula."""
    changes = [replace(BASE, id=f"{n:012}", slug=f"m{n}", name="=cmd()") for n in range(57)]
    message = told(*changes, CROSSED, frame={"attach": True})
    (table,) = message.attachments
    rows = list(csv.DictReader(table.content.decode("utf-8-sig").splitlines()))
    assert len(rows) == 58 and {row["kind"] for row in rows} == {"metric.changed", "limit.crossed"}
    assert rows[0]["name"] == "'=cmd()" and "and 38 more, in the attached file" in message.body
    assert told(*changes).attachments == ()


@pytest.mark.parametrize("format", FORMATS)
def test_a_digest_has_a_summary_on_top(format: Format) -> None:
    """How many of what at how many companies, and since when."""
    other = replace(BASE, id="2", company_slug="pt-b", kind="site.added", metric=None, old=None, new=None)
    message = told(BASE, other, CROSSED, format=format, frame={"since": START})
    assert message.title.startswith("Digest: 1 new site, 1 limit crossed") or "1 limit crossed" in message.title
    summary = message.body.replace("<strong>", "").replace("</strong>", "")
    assert "at 2 companies, since 2026-03-02 13:00 WIB" in summary


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32), max_size=40))
def test_any_history_can_be_drawn(values: list[float]) -> None:
    """As many blocks as figures, 24 at most, the highest at the top."""
    line = sparkline(values)
    assert len(line) == (min(24, len(values)) if len(values) >= 3 else 0)
    assert bool(picture(values)) is bool(line)
    shown = values[-24:]
    if line and max(shown) > min(shown):
        assert line[shown.index(max(shown))] == "█" and line[shown.index(min(shown))] == "▁"
