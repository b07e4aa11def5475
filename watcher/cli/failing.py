"""tell-ops: what systemd starts when a unit of ours has failed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import console

if TYPE_CHECKING:
    from collections.abc import Mapping


def tell_ops(
    context: typer.Context,
    unit: Annotated[str, typer.Argument(help="The systemd unit that failed, such as watcher.service.")],
) -> None:
    """Tell `ops`, directly, that a systemd unit failed: watcher-failure@.service does so.

    Needs neither the database nor a valid rules.yaml, for either may be why: only the `ops` targets must be readable.
    """
    from watcher import config
    from watcher.delivery import Courier
    from watcher.errors import ConfigError, DeliveryError

    path = config.find(context.obj, os.environ, Path.cwd())
    targets = config.ops_targets(path, os.environ)
    if not targets:
        raise ConfigError(f"No target of `ops` can be read from {path}; nobody was told.", "`watcher check` says more.")
    host = os.uname().nodename
    text = f"{_result(os.environ)} `journalctl -u {unit} -n 50` on {host} says more; `systemctl restart {unit}` "
    text += "starts it again. Until then nothing is watched.\n"
    if os.environ.get("MONITOR_EXIT_STATUS") == "2":
        text += _mistakes(path)
    courier, failed = Courier(targets), False
    for target in targets:
        try:
            courier.send(target, f"Watcher: {unit} failed on {host}", text, courier.format_of(target))
            console.say(f"{target}: told that {unit} failed")
        except DeliveryError as error:
            failed = True
            console.warn(str(error))
    raise typer.Exit(1 if failed else 0)


def _result(environ: Mapping[str, str]) -> str:
    """What systemd said of the end (systemd.exec(5), `$MONITOR_…`)."""
    result, status = environ.get("MONITOR_SERVICE_RESULT", ""), environ.get("MONITOR_EXIT_STATUS", "")
    if result == "exit-code":
        return f"It ended with status {status}."
    known = {
        "start-limit-hit": "It failed again and again, and is not started any more.",
        "watchdog": "It hung.",
        "timeout": "It did not start or end in time.",
        "oom-kill": "The machine was out of memory.",
        "signal": f"It was ended by the signal {status}.",
        "core-dump": f"It was ended by the signal {status}.",
    }
    return known.get(result, "It failed.")


def _mistakes(path: Path) -> str:
    """What is wrong with the file, if that is why."""
    from watcher import config
    from watcher.errors import ConfigError

    try:
        config.load(path, os.environ)
    except ConfigError as error:
        return "\n".join(map(str, (error.message, *error.mistakes))) + "\n"
    return ""
