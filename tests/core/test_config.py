"""rules.yaml: what is right is used, what is wrong is told, all at once, with its place (DESIGN section 5)."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta
from pathlib import Path

import pytest

from watcher.config import File, Settings, load, require_key, write_starter
from watcher.errors import ConfigError
from watcher.judge import JudgementPolicy
from watcher.rules import Bound

GOOD = """\
version: 1
api: {key: "${KEY}", timeout: 10s}
targets:
  desk: ${DESK:-json://localhost}
watches:
  coal:
    filter: {commodity_type: coal, province: Kalimantan Timur, min_production: 1.5}
    every: 15m
    details: never
rules:
  - name: falls
    on: production_volume
    where: {company: pt-*, year: 2024}
    when: {falls_by: 10%, below: 40}
    to: desk
    severity: critical
judgement: {hold: {lost_sites: 30%, confirm_after: 2d}}
"""


def read(tmp_path: Path, text: str, **environ: str) -> Settings:
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    return load(path, {"KEY": "k", **environ})


def mistakes(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    return [f"{m.line}:{m.column}: {m.text}" for m in caught.value.mistakes]


def test_a_good_file_is_used_as_written(tmp_path: Path) -> None:
    """Variables, defaults, durations, percentages, words and lists come out as they were meant."""
    settings = read(tmp_path, GOOD)
    watch, (rule,) = settings.watches["coal"], settings.rules
    assert settings.api_key == "k" and settings.targets == {"desk": "json://localhost"}
    assert watch.filter == {"commodity_type": "coal", "province": "Kalimantan Timur", "min_production": 1.5}
    assert (watch.every, watch.details) == (timedelta(minutes=15), None)
    assert rule.on == ("production_volume",) and rule.where == {"company": ("pt-*",), "year": ("2024",)}
    assert rule.when.falls_by == Bound(10, percent=True) and rule.when.below == 40 and rule.severity == "critical"
    assert settings.judgement.hold.lost_sites == 30 and settings.judgement.hold.confirm_after == timedelta(days=2)
    assert settings.judgement.removal.confirm_after == timedelta(hours=24)


def test_every_threshold_of_judgement_can_be_set(tmp_path: Path) -> None:
    """The section as docs/judgement.md writes it is the default, and every value in it is used."""
    page = (Path(__file__).parents[2] / "docs" / "judgement.md").read_text("utf-8")
    section = page.split("```yaml\n")[1].split("```")[0]
    bare = GOOD.split("judgement:", maxsplit=1)[0]
    assert read(tmp_path, bare + section).judgement == read(tmp_path, bare).judgement == JudgementPolicy()
    other = re.sub(r": (\d+)", lambda value: f": {int(value[1]) + 1}", section)
    changed = dataclasses.asdict(read(tmp_path, bare + other).judgement)
    for part, values in dataclasses.asdict(JudgementPolicy()).items():
        assert not changed[part].items() & values.items(), part


def test_no_secret_is_in_the_repr(tmp_path: Path) -> None:
    """Neither key nor URLs are shown when settings are."""
    shown = repr(read(tmp_path, GOOD, KEY="hidden-key", DESK="json://hidden-host"))
    assert "hidden" not in shown


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ("version: 1", "version: 2", "1:10: expected 1, not 2"),
        ("version: 1\n", "", "1:1: the key `version` is missing here"),
        ("    on: production", "    onn: production", "12:5: unknown key `onn`; did you mean `on`?"),
        ("to: desk", "to: [desk, dekc]", "15:16: unknown target `dekc`; known: desk; did you mean `desk`?"),
        ("every: 15m", "cron: 99 * * * *", "8:11: this is no cron string"),
        ("every: 15m", "every: soon", "8:12: a duration such as"),
        ("every: 15m", "every: 5s", "8:12: at least 1m"),
        ("Kalimantan Timur", "Kalimantan Timor", "did you mean `Kalimantan Timur`?"),
        (
            "on: production_volume",
            "on: site.aded",
            "12:9: unknown kind or metric `site.aded`; did you mean `site.added`?",
        ),
        ("on: production_volume", "on: [strip_ratio, prodution_volume]", "did you mean `production_volume`?"),
        ("falls_by: 10%", "falls_by: -10%", "14:22: a number or a percentage"),
        ("critical", "hot", "16:15: expected 'info', 'warning' or 'critical', not 'hot'"),
        ("commodity_type: coal", "commodity_type: coil", "did you mean `Coal`?"),
        ("commodity_type: coal", "order_by: year", "unknown filter `order_by`"),
        ("company: pt-*", "compny: pt-*", "unknown field `compny`; did you mean `company`?"),
        ("${KEY}", "${NOT_SET_ANYWHERE}", "2:12: the variable NOT_SET_ANYWHERE is not set"),
        ("lost_sites: 30%", "lost_sites: 30", "17:32: a percentage such as 20% is expected"),
        ("name: falls", "name: falls\n    template: nowhere", "there is no template `nowhere`"),
        (
            "name: falls",
            "name: falls\n    cooldown: soon",
            "12:15: a duration such as",
        ),
        (
            "desk: ${DESK:-json://localhost}",
            "desk: {url: 'json://x', digest: '0 7 * *'}",
            "this is no cron string",
        ),
        ("timeout: 10s", "credits: {per_week: 5}", "unknown key `per_week`"),
        ("timeout: 10s", "credits: {per_day: 0}", "a number of 1 or more is expected"),
        ("version: 1", "version: 1\nheartbeat: x", "2:12: a URL that starts with https://"),
        ("version: 1", "version: 1\ntimezone: Asia/Jakart", "unknown time zone"),
        ("version: 1", "version: 1\nversion: 1", "2:1: `version` stands here twice (first in line 1)"),
        ("version: 1", "version: [1", "this is not valid YAML"),
        ("json://localhost", "localhost", "4:9: an apprise URL"),
        ("timeout: 10s", "base_url: http://example.com", "2:32: https:// is expected"),
    ],
)
def test_a_mistake_has_its_place_and_remedy(tmp_path: Path, old: str, new: str, mistake: str) -> None:
    """Line and column, what was expected, and a near match."""
    assert old in GOOD
    found = mistakes(tmp_path, GOOD.replace(old, new, 1))
    assert any(mistake in text for text in found), found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('{key: "${KEY}", timeout: 10s}', "hidden-secret"),
        ('key: "${KEY}"', "key: [hidden-secret]"),
        ("desk: ${DESK:-json://localhost}", "desk: {slack://hidden-secret: 1}"),
        ("to: desk", "to: slack://hidden-secret"),
        ("to: desk", "to: ${SECRET}"),
        ("  desk: ${DESK:-json://localhost}", "  desk: hidden-secret"),
    ],
)
def test_a_secret_in_the_wrong_place_is_not_shown(tmp_path: Path, old: str, new: str) -> None:
    """A mistake never quotes what may be a key or a URL."""
    assert old in GOOD
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, GOOD.replace(old, new, 1), SECRET="hidden-secret")
    assert "hidden-secret" not in str(caught.value) + "".join(map(str, caught.value.mistakes))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("below: 40", "below: .nan"),
        ("below: 40", "below: .inf"),
        ("below: 40", f"below: {'9' * 400}"),
        ("every: 15m", f"every: {'9' * 14}d"),
        ("timeout: 10s", "timeout: 0s"),
        ("version: 1", "version: true"),
        ("on: production_volume", "on: sites.*"),
        ("on: production_volume", "on: reserves"),
    ],
)
def test_values_that_mean_nothing_are_refused(tmp_path: Path, old: str, new: str) -> None:
    """No number, no time, no such thing: a mistake with a place, never a traceback."""
    assert len(mistakes(tmp_path, GOOD.replace(old, new, 1))) == 1


@pytest.mark.parametrize("word", ["coking_index", "sulphur content", "ash.total", "bauxite.*", "reserves.odd_key"])
def test_a_metric_that_only_the_api_invents_may_be_named(tmp_path: Path, word: str) -> None:
    """A key that nobody knows yet becomes a metric, which rules and limits may name as it is."""
    lists = f"watchlists: {{x: {{to: desk, companies: [pt-a], limits: {{'{word}': {{above: 1}}}}}}}}\n"
    settings = read(tmp_path, GOOD.replace("on: production_volume", f"on: '{word}'") + lists)
    assert settings.rules[0].on == (word,) and word in settings.watchlists[0].limits


def test_a_key_of_digits_is_a_key(tmp_path: Path) -> None:
    """An unquoted variable of digits stays text where text is meant; a key with a line break is refused."""
    text = GOOD.replace('api: {key: "${KEY}", timeout: 10s}', "api:\n  key: ${KEY}")
    assert read(tmp_path, text, KEY="987654").api_key == "987654"
    with pytest.raises(ConfigError, match="characters"):
        require_key(read(tmp_path, text, KEY="one\ntwo"))


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """Mistakes of shape do not hide mistakes of meaning."""
    text = GOOD.replace("every: 15m", "every: soon").replace("to: desk", "to: dekc").replace("critical", "hot")
    assert len(mistakes(tmp_path, text)) == 3


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a list\n", "just words\n", "{]", "&a [*a]", "\t- x"])
def test_any_file_is_answered(tmp_path: Path, text: str) -> None:
    """Whatever the file holds, the answer is a ConfigError."""
    with pytest.raises(ConfigError):
        read(tmp_path, text)


def test_binary_and_missing_files(tmp_path: Path) -> None:
    """No UTF-8, no file, a folder: one sentence each."""
    (tmp_path / "rules.yaml").write_bytes(b"\xff\xfe\x00")
    for path, words in (
        (tmp_path / "rules.yaml", "UTF-8"),
        (tmp_path / "none", "watcher init"),
        (tmp_path, "cannot be read"),
    ):
        with pytest.raises(ConfigError, match=words):
            load(path, {})


def test_env_file_and_key_file(tmp_path: Path) -> None:
    """`.env` beside the file is read, what is set wins; systemd's credential is the key by default."""
    (tmp_path / ".env").write_text("# c\nexport KEY='from file'\nDESK=\"json://there\" \n")
    path = tmp_path / "rules.yaml"
    path.write_text(GOOD)
    assert load(path, {}).api_key == "from file" and load(path, {}).targets["desk"] == "json://there"
    assert load(path, {"KEY": "set"}).api_key == "set"
    (tmp_path / "sectors-api-key").write_text("from systemd\n")
    path.write_text(GOOD.replace('key: "${KEY}", ', ""))
    assert load(path, {"CREDENTIALS_DIRECTORY": str(tmp_path)}).api_key == "from systemd"
    with pytest.raises(ConfigError, match="no API key"):
        require_key(load(path, {}))


def test_the_database_has_its_place(tmp_path: Path) -> None:
    """As given, beside the file; else systemd's state directory."""
    assert read(tmp_path, GOOD + "database: x.db\n").database == tmp_path / "x.db"
    assert read(tmp_path, GOOD, STATE_DIRECTORY="/var/lib/watcher").database == Path("/var/lib/watcher/watcher.db")


def test_readable_secrets_are_warned_of(tmp_path: Path) -> None:
    """A literal key in a file that all can read is worth a warning, not an error."""
    assert read(tmp_path, GOOD).warnings == ()
    (tmp_path / "rules.yaml").chmod(0o644)
    assert "chmod 600" in read(tmp_path, GOOD.replace("${KEY}", "literal")).warnings[0]


def test_the_starter_and_the_example_are_valid(tmp_path: Path) -> None:
    """What `init` writes is accepted as it is, and so is the repository's example; both are the same."""
    rules, env = write_starter(tmp_path / "new")
    assert load(rules, {}).rules and env.name == ".env.example"
    assert (Path(__file__).parents[2] / "rules.yaml").read_text() == rules.read_text()
    with pytest.raises(ConfigError, match="there already"):
        write_starter(tmp_path / "new")


def test_every_key_is_described() -> None:
    """The JSON Schema has a description for each key."""
    schema = File.model_json_schema()
    for part in (schema, *schema["$defs"].values()):
        for name, about in part["properties"].items():
            assert about.get("description") or "$ref" in about, name
