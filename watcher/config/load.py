"""rules.yaml → Settings, or every mistake in it at once with its place."""

from __future__ import annotations

import copy
import stat
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from watcher.config import document as yaml_document
from watcher.config import meaning, names, schema, serving
from watcher.config.document import Document
from watcher.config.settings import Settings, Watch, database_path
from watcher.config.shapes import expected, fits
from watcher.errors import ConfigError
from watcher.judge import (
    HoldPolicy,
    JudgementPolicy,
    MovePolicy,
    RemovalPolicy,
    RenamePolicy,
    RevertPolicy,
    SuspectPolicy,
)
from watcher.plan import Limits
from watcher.routing import TargetPolicy
from watcher.rules import Limit, Rule, Silence, Since, Watchlist, When


def find(option: Path | None, environ: Mapping[str, str], folder: Path) -> Path:
    """The configuration's path: `--config`, `$WATCHER_CONFIG`, `./rules.yaml`, in that order."""
    if option is not None:
        return option
    return Path(environ["WATCHER_CONFIG"]) if environ.get("WATCHER_CONFIG") else folder / "rules.yaml"


def environment(path: Path, environ: Mapping[str, str]) -> Mapping[str, str]:
    """The environment, completed with `.env` beside the file and systemd's credential; what is really set wins."""
    found = _env_file(path.parent / ".env")
    if environ.get("CREDENTIALS_DIRECTORY"):
        found |= _env_file(Path(environ["CREDENTIALS_DIRECTORY"]) / "targets.env")
    return {**found, **environ}


def _env_file(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    found: dict[str, str] = {}
    for line in lines:
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and name.strip() and not name.lstrip().startswith("#"):
            found[name.strip()] = _env_value(value.strip())
    return found


def _env_value(value: str) -> str:
    """What stands right of the `=`: quoted, or up to a comment."""
    end = value.find(value[0], 1) if value[:1] in {"'", '"'} else -1
    return value[1:end] if end > 0 else value.partition(" #")[0].strip()


def load(path: Path, environ: Mapping[str, str]) -> Settings:
    """Read and check the configuration.

    Raises:
        ConfigError: with every mistake that was found, each with file, line and column.
    """
    text = text_of(path)
    environ = environment(path, environ)
    document = yaml_document.read(text, str(path), environ)
    if document.mistakes and document.data is None:
        raise _broken(document)
    if not isinstance(document.data, dict):
        document.mistake((), "the file is empty; `watcher init` writes a starter")
        raise _broken(document)
    file = _validated(document)
    if file is not None:
        meaning.check(document, file)
        if file.http is not None:
            serving.check(document, file.http)
        if file.templates is not None and not (path.parent / Path(file.templates).expanduser()).is_dir():
            document.mistake(("templates",), f"there is no folder {file.templates}")
    if document.mistakes or file is None:
        raise _broken(document)
    return _settings(path, file, document, environ)


def text_of(path: Path) -> str:
    """What stands in a configuration.

    Raises:
        ConfigError: it is missing, cannot be read, or is no text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(
            f"There is no configuration at {path}.", "Run `watcher init` for a starter, or name one with --config."
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text.", "Save it as UTF-8.") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None


def _broken(document: Document) -> ConfigError:
    mistakes = sorted(set(document.mistakes), key=lambda m: (m.line, m.column, m.text))
    count = f"{len(mistakes)} mistakes" if len(mistakes) > 1 else "a mistake"
    return ConfigError(f"{document.file} has {count}; nothing was polled or sent.", mistakes=mistakes)


def _validated(document: Document) -> schema.File | None:
    """The file's model. Parts of the wrong shape are noted and left out, so that the rest is checked all the same."""
    data = copy.deepcopy(document.data)
    for _ in range(_LAYERS):
        try:
            return schema.File.model_validate(data)
        except ValidationError as error:
            for one in error.errors(include_url=False):
                _explain(document, one)
            for one in error.errors(include_url=False):
                _leave_out(data, one["loc"])
    return None


#: Leaving a part out can only uncover so many others.
_LAYERS = 6
_PLACEHOLDERS: dict[str, Any] = {
    "version": 1,
    "on": "site.*",
    "name": "?",
    "watches": {"?": {}},
    "url": "?://",
    "companies": {"?": {}},
    "matcher": {"rule": "?"},
    "until": "2099-01-01",
    "reason": "?",
}


def _leave_out(data: Any, path: tuple[str | int, ...]) -> None:
    around = data
    for step in path[:-1]:
        try:
            around = around[step]
        except (KeyError, IndexError, TypeError):
            return
    last = path[-1] if path else None
    if isinstance(around, dict) and isinstance(last, str):
        around.pop(last, None)
        if last in _PLACEHOLDERS:
            around[last] = _PLACEHOLDERS[last]
        elif last == "to":
            around[last] = list(data["targets"]) if data.get("targets") else ["?"]
    elif isinstance(around, list) and isinstance(last, int) and last < len(around):
        around[last] = {"name": f"?{last}", "on": "site.*", "to": "?"} if path[0] == "rules" and len(path) == 2 else "?"


def _explain(document: Document, error: Mapping[str, Any]) -> None:
    path: tuple[str | int, ...] = error["loc"]
    kind = error["type"]
    if kind in {"missing", "too_short"} and document.wrong_within(path):
        return  # it is there, and was left out for a mistake of its own
    if kind == "extra_forbidden":
        known = _keys_of(path[:-1])
        document.mistake(path, f"unknown key `{path[-1]}`{names.near(str(path[-1]), known)}", key=True)
    elif kind == "missing":
        document.mistake(path[:-1], f"the key `{path[-1]}` is missing here", key=bool(path[:-1]))
    elif kind == "value_error":
        document.mistake(path, str(error["ctx"]["error"]))
    elif kind == "literal_error":
        document.mistake(path, f"expected {error['ctx']['expected']}{_shown(path, error['input'])}")
    elif kind == "string_too_short" and error["ctx"]["min_length"] > 1:
        document.mistake(path, f"at least {error['ctx']['min_length']} characters are expected")
    elif kind == "too_short":
        document.mistake(path, "at least one is expected")
    elif text := expected(error):
        document.mistake(path, f"{text}{_shown(path, error['input'])}")
    else:
        said = error["msg"].replace("Input should be", "expected").replace("a valid ", "a ")
        document.mistake(path, f"{said[0].lower()}{said[1:]}{_shown(path, error['input'])}")


def _shown(path: tuple[str | int, ...], value: object) -> str:
    if path[:1] in {("api",), ("targets",), ("heartbeat",), ("http",)}:
        return ""  # it may be a secret in the wrong place
    return f", not {value!r}" if isinstance(value, int | float) or (isinstance(value, str) and len(value) < 30) else ""


def _keys_of(path: tuple[str | int, ...]) -> list[str]:
    """The keys that may stand at a path."""
    for pattern, model in _MODELS.items():
        if fits(pattern, path):
            return list(model.model_fields)
    return []


_MODELS: dict[tuple[str, ...], type[BaseModel]] = {
    (): schema.File,
    ("api",): schema.Api,
    ("api", "credits"): schema.Credits,
    ("targets", "*"): schema.TargetUrl,
    ("watches", "*"): schema.Watch,
    ("rules", "*"): schema.Rule,
    ("rules", "*", "when"): schema.When,
    ("watchlists", "*"): schema.Watchlist,
    ("watchlists", "*", "limits", "*"): schema.Limit,
    ("watchlists", "*", "companies", "*", "*"): schema.Limit,
    ("silences", "*"): schema.Silence,
    ("judgement",): schema.Judgement,
    ("judgement", "hold"): schema.Hold,
    ("judgement", "removal"): schema.Removal,
    ("http",): schema.Http,
    ("judgement", "renames"): schema.Renames,
    ("judgement", "moves"): schema.Moves,
    ("judgement", "reverts"): schema.Reverts,
    ("judgement", "suspects"): schema.Suspects,
}


def _judgement(part: schema.Judgement) -> JudgementPolicy:
    return JudgementPolicy(
        HoldPolicy(**part.hold.model_dump()),
        RemovalPolicy(**part.removal.model_dump()),
        RenamePolicy(**part.renames.model_dump()),
        MovePolicy(**part.moves.model_dump()),
        RevertPolicy(**part.reverts.model_dump()),
        SuspectPolicy(**part.suspects.model_dump()),
    )


def _settings(path: Path, file: schema.File, document: Document, environ: Mapping[str, str]) -> Settings:
    rules = tuple(
        Rule(
            name=rule.name,
            on=rule.on,
            to=rule.to,
            where=rule.where,
            when=When(**{name: getattr(rule.when, name) for name in schema.When.model_fields}),
            severity=rule.severity,
            template=rule.template,
            enabled=rule.enabled,
            cooldown=rule.cooldown,
        )
        for rule in file.rules
    )
    default_every = timedelta(hours=1)
    return Settings(
        path=path,
        api_key=_key(path, file.api, document, environ),
        base_url=file.api.base_url,
        concurrency=file.api.concurrency,
        requests_per_second=file.api.requests_per_second,
        timeout=file.api.timeout,
        database=database_path(file.database, path.parent, environ),
        targets={name: target.url for name, target in file.targets.items()},
        ops=tuple(file.ops),
        timezone=ZoneInfo(file.timezone),
        templates=path.parent / Path(file.templates).expanduser() if file.templates else None,
        watches={
            name: Watch(name, w.filter, w.every or (None if w.cron else default_every), w.cron, w.details, w.priority)
            for name, w in file.watches.items()
        },
        rules=rules,
        judgement=_judgement(file.judgement),
        watchlists=tuple(_watchlist(name, one) for name, one in file.watchlists.items()),
        silences=tuple(
            Silence(one.matcher, _in_zone(one.until, ZoneInfo(file.timezone)), one.reason) for one in file.silences
        ),
        policies={
            name: TargetPolicy(t.digest, t.quiet, t.min_severity, t.even_if_quiet, t.give_up_after, t.attach_report)
            for name, t in file.targets.items()
        },
        tell_after=file.api.tell_after,
        heartbeat=(file.heartbeat or "").strip() or None,
        warnings=_warnings(path, file, document),
        credits=Limits(file.api.credits.per_day, file.api.credits.per_month),
        share_lists=file.api.share_lists,
        http=serving.settings(file.http),
    )


def _watchlist(name: str, one: schema.Watchlist) -> Watchlist:
    def limits(given: Mapping[str, schema.Limit]) -> dict[str, Limit]:
        return {metric: _limit(limit, one.since) for metric, limit in given.items()}

    return Watchlist(
        name=name,
        to=one.to,
        companies={company: limits(own) for company, own in one.companies.items()},
        limits=limits(one.limits),
        severity=one.severity,
        per=one.per,
        repeat=one.repeat,
        resolve=one.resolve,
        enabled=one.enabled,
    )


def _limit(limit: schema.Limit, since: Since | None) -> Limit:
    said = {name: getattr(limit, name) for name in schema.Limit.model_fields}
    return Limit(**{**said, "since": limit.since or since or "last_told"})


def _in_zone(at: datetime, zone: ZoneInfo) -> datetime:
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def _key(path: Path, api: schema.Api, document: Document, environ: Mapping[str, str]) -> str | None:
    if api.key:
        return api.key.strip()
    file = path.parent / Path(api.key_file).expanduser() if api.key_file else None
    if file is None and environ.get("CREDENTIALS_DIRECTORY"):
        credential = Path(environ["CREDENTIALS_DIRECTORY"]) / "sectors-api-key"
        file = credential if credential.exists() else None
    if file is None:
        return None
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        document.mistake(("api", "key_file"), f"the key file {file} cannot be read")
        raise _broken(document) from None


def _warnings(path: Path, file: schema.File, document: Document) -> tuple[str, ...]:
    """World-readable secrets are worth a word; they are no error."""
    secret: list[tuple[str, ...]] = [("api", "key")] if file.api.key else []
    secret += [("targets", name) for name in file.targets]
    secret += [("heartbeat",)] if file.heartbeat else []
    secret += [("http", "token")] if file.http is not None and file.http.token else []
    literal = [p for p in secret if p not in document.substituted and (*p, "url") not in document.substituted]
    found = []
    if literal and path.stat().st_mode & stat.S_IROTH:
        found.append(f"{path} can be read by everyone and holds secrets; `chmod 600 {path}`, or put them in .env.")
    beside = path.parent / ".env"
    if beside.is_file() and beside.stat().st_mode & stat.S_IROTH:
        found.append(f"{beside} can be read by everyone and may hold secrets; `chmod 600 {beside}`.")
    return tuple(found)
