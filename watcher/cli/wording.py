"""templates list, show, copy: the words of messages, and how to have one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import console, session

if TYPE_CHECKING:
    from watcher.config import Settings

app = typer.Typer(
    help="The templates of messages: list, show, copy.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command("list")
def list_all(context: typer.Context) -> None:
    """Every template, and whether yours or the built-in one is used."""
    from watcher.delivery import shipped

    settings = session.settings_of(context.obj)
    own = {path.name for path in settings.templates.glob("*.j2")} if settings.templates is not None else set()
    built_in = {path.name for path in shipped().glob("*.j2")}
    rows = [(name, "yours" if name in own else "built-in", _about(name)) for name in sorted(own | built_in)]
    console.table("", ("template", "used", "what it writes"), rows)
    console.say("`watcher templates show NAME` prints one with its variables; `copy NAME` puts it into your folder.")


@app.command("show")
def show(context: typer.Context, name: Annotated[str, typer.Argument(help="Such as change.md.j2.")]) -> None:
    """Print a template as it is used; its first comment lists the variables."""
    settings = session.settings_of(context.obj)
    console.say(_find(settings, name).read_text("utf-8").rstrip("\n"))


@app.command("copy")
def copy(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Such as change.md.j2.")],
    to: Annotated[str | None, typer.Option(help="Under another name, for a rule's `template:`.")] = None,
) -> None:
    """Copy a built-in template into the folder that `templates:` names, to be changed there."""
    from watcher.errors import ConfigError

    settings = session.settings_of(context.obj)
    if settings.templates is None:
        raise ConfigError("rules.yaml names no folder for templates.", "Add `templates: ./templates`, and make it.")
    source = _find(settings, name, built_in=True)
    suffix = "." + source.name.partition(".")[2]
    target = settings.templates / (source.name if to is None else f"{to.removesuffix(suffix)}{suffix}")
    if target.exists():
        raise ConfigError(f"{target} is there already, and is left as it is.")
    try:
        target.write_text(source.read_text("utf-8"), "utf-8")
    except OSError as error:
        raise ConfigError(f"{target} cannot be written: {error.strerror}.") from None
    console.say(f"wrote {target}; `watcher poll --dry-run` shows what it makes of the next changes.")


def _find(settings: Settings, name: str, *, built_in: bool = False) -> Path:
    from watcher.config import near
    from watcher.delivery import shipped
    from watcher.errors import ConfigError

    folders = [shipped()] if built_in or settings.templates is None else [settings.templates, shipped()]
    for folder in folders:
        for path in sorted(folder.glob("*.j2")):
            if name in {path.name, path.name.removesuffix(".j2")}:
                return path
    known = sorted({path.name for folder in folders for path in folder.glob("*.j2")})
    raise ConfigError(f"There is no template {name!r}{near(name, known) or '.'}", f"Known: {', '.join(known)}.")


def _about(name: str) -> str:
    what, _, suffix = name.removesuffix(".j2").partition(".")
    form = {"md": "chat (Markdown)", "html": "e-mail (HTML)", "txt": "plain text"}.get(suffix, suffix)
    said = {
        "message": "the frame of a message",
        "change": "a line about a change",
        "crossing": "a line about a limit",
        "new_sites": "a line about a new site, for `template: new_sites`",
    }
    return f"{said.get(what, 'a line')}, {form}"
