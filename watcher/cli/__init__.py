"""Words to the user. What is heavy is imported by the command that needs it, so that `--help` is instant.

`setup` init, check, schema, test-target · `polling` poll, accept · `pricing` plan · `serving` run · `reading` status,
changes, site · `explaining` explain · `backtesting` backtest · `silencing` silence · `mailing` outbox · `keeping`
backup · `failing` tell-ops · `watching` web, report · `wording` templates · `trying` demo, sandbox · `session` what
they share · `console` how it is said · `clock` what time it is.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from watcher import __version__
from watcher.cli import (
    backtesting,
    explaining,
    failing,
    keeping,
    mailing,
    polling,
    pricing,
    reading,
    serving,
    setup,
    silencing,
    trying,
    watching,
    wording,
)
from watcher.errors import WatcherError

app = typer.Typer(
    name="watcher",
    help="Tells you what really changed at Indonesia's mining sites, and nothing else.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    epilog=(
        "Begin with: watcher demo. Then: watcher init, watcher check, watcher poll, watcher run. "
        "Exit status: 0 done; 1 the work failed; 2 wrong usage or configuration; 3 done, but a snapshot is held."
    ),
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"watcher {__version__}")
        raise typer.Exit


@app.callback()
def start(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="The rules.yaml; else $WATCHER_CONFIG, else ./rules.yaml.")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Tells you what really changed at Indonesia's mining sites, and nothing else."""
    context.obj = config


app.command("demo")(trying.demo)
app.command("init")(setup.init)
app.command("check")(setup.check)
app.command("plan")(pricing.plan)
app.command("poll")(polling.poll)
app.command("run")(serving.run)
app.command("backtest")(backtesting.backtest)
app.command("accept")(polling.accept)
app.command("status")(reading.status)
app.command("changes")(reading.changes)
app.command("site")(reading.site)
app.command("explain")(explaining.explain)
app.command("web")(watching.web)
app.command("report")(watching.report)
app.add_typer(silencing.app, name="silence")
app.add_typer(wording.app, name="templates")
app.add_typer(mailing.app, name="outbox")
app.command("backup")(keeping.backup)
app.command("test-target")(setup.test_target)
app.command("tell-ops")(failing.tell_ops)
app.command("schema")(setup.schema)
app.command("sandbox")(trying.sandbox)


def _keep_only(arguments: list[str]) -> None:
    """Forget all commands but the one that is named: typer takes each apart before it runs one, for a tenth of a poll.

    Whatever is not plainly `watcher [--config FILE] COMMAND …` keeps them all.
    """
    rest = arguments[2:] if arguments[:1] in (["-c"], ["--config"]) else arguments
    known = {one.name for one in app.registered_commands} | {one.name for one in app.registered_groups}
    if rest and rest[0] in known:
        app.registered_commands = [one for one in app.registered_commands if one.name == rest[0]]
        app.registered_groups = [one for one in app.registered_groups if one.name == rest[0]]


def main() -> None:
    """Run the command line. Exit status: 0 done; 1 the work failed; 2 wrong usage or configuration; 3 held."""
    # Thousands of records are made and kept: the collector, looking at them over and over, takes a third of a poll.
    gc.set_threshold(50_000, 20, 100)
    gc.enable()
    _keep_only(sys.argv[1:])
    try:
        app()
    except WatcherError as error:
        from watcher.cli.console import explain

        explain(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output went away (`watcher changes | head`): that is no error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
