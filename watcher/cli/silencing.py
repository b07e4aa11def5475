"""silence add, list, expire: what is not to be told for a while, set at run time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from watcher.cli import clock, console, session

if TYPE_CHECKING:
    from watcher.config import Settings

app = typer.Typer(
    help="What is not to be told for a while: add, list, expire.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command("add")
def add(
    context: typer.Context,
    matcher: Annotated[
        list[str], typer.Argument(metavar="FIELD=GLOB...", help="company=pt-*, metric=reserves.*, rule=…, severity=…")
    ],
    reason: Annotated[str, typer.Option(help="Why; shown where something was silenced.")],
    duration: Annotated[str | None, typer.Option("--for", help="For so long: 90m, 12h, 7d.")] = None,
    until: Annotated[str | None, typer.Option(help="Or until a date or an instant.")] = None,
) -> None:
    """Silence what matches every FIELD=GLOB; limits that are still broken when it ends are told then."""
    from watcher.rules import Silence
    from watcher.store import Store

    settings = session.settings_of(context.obj)
    now = clock.now()
    silence = Silence(_matcher(matcher), _end(settings, now, duration, until), " ".join(reason.split()))
    with Store.open_beside(settings.database) as store:
        number = store.add_silence(silence, now)
    console.say(f"Silence {number} is on until {_when(settings, silence.until)}: {silence.words}")


@app.command("list")
def list_all(
    context: typer.Context,
    all: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """The silences that are on, those of rules.yaml too."""
    settings = session.settings_of(context.obj)
    now = clock.now()
    with session.reader(settings) as store:
        found = [one for one in (*settings.silences, *store.silences()) if all or now < one.until]
    if json:
        console.write_json([session.as_json(silence) for silence in found])
    elif not found:
        console.say("No silence is on.")
    else:
        rows = [(one.id or "file", one.words, _when(settings, one.until), one.reason) for one in found]
        console.table("", ("number", "what", "until", "reason"), rows)


@app.command("expire")
def expire(context: typer.Context, number: Annotated[int, typer.Argument(help="As `silence list` shows it.")]) -> None:
    """End a silence now."""
    from watcher.errors import ConfigError
    from watcher.store import Store

    settings = session.settings_of(context.obj)
    with Store.open_beside(settings.database) as store:
        if not store.expire_silence(number, clock.now()):
            raise ConfigError(
                f"No silence {number} is on.",
                "`watcher silence list` shows them; one that stands in the file ends there.",
            )
    console.say(f"Silence {number} has ended.")


def _matcher(words: list[str]) -> dict[str, tuple[str, ...]]:
    from watcher.config import near
    from watcher.errors import ConfigError
    from watcher.rules import MATCHER_FIELDS

    found: dict[str, tuple[str, ...]] = {}
    for word in words:
        field, equals, globs = word.partition("=")
        if not equals or not globs:
            raise ConfigError(f"{word!r} is no matcher.", "FIELD=GLOB is expected, such as company=pt-berau-coal.")
        if field not in MATCHER_FIELDS:
            raise ConfigError(
                f"There is no field {field!r}{near(field, MATCHER_FIELDS) or '.'}",
                f"Known: {', '.join(MATCHER_FIELDS)}.",
            )
        for one in globs.split("|"):
            _check(field, one)
        found[field] = (*found.get(field, ()), *globs.split("|"))
    return found


def _check(field: str, glob: str) -> None:
    """Refuse what a field can never be, where that is known."""
    from fnmatch import fnmatchcase

    from watcher.config import near
    from watcher.errors import ConfigError
    from watcher.model import KINDS, NATURES, SEVERITIES

    known: tuple[str, ...] = {"severity": SEVERITIES, "kind": KINDS, "nature": NATURES}.get(field, ())
    if known and not any(fnmatchcase(one, glob.casefold()) for one in known):
        raise ConfigError(f"No {field} is {glob!r}{near(glob, known) or '.'}", f"Known: {', '.join(known)}.")


def _end(settings: Settings, now: datetime, duration: str | None, until: str | None) -> datetime:
    from watcher.errors import ConfigError

    if (duration is None) == (until is None):
        raise ConfigError("Say how long: --for 7d, or --until 2026-12-01.")
    if duration is not None:
        length = session.duration(duration)
        if length is None:
            raise ConfigError(f"--for {duration!r} is no duration; 90m, 12h or 7d is expected.")
        return now + length
    try:
        at = datetime.fromisoformat(until or "")
    except ValueError:
        raise ConfigError(f"--until {until!r} is no date; 2026-12-01 or 2026-12-01T18:00 is expected.") from None
    at = at if at.tzinfo else at.replace(tzinfo=settings.timezone)
    if at <= now:
        raise ConfigError(f"--until {until!r} has passed.")
    return at.astimezone(UTC)


def _when(settings: Settings, at: Any) -> str:
    return str(at.astimezone(settings.timezone).strftime("%Y-%m-%d %H:%M %Z"))
