"""outbox: what waits to be delivered, what was given up, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from watcher.cli import clock, console, session

if TYPE_CHECKING:
    from watcher.config import Settings
    from watcher.store import Store, WaitingMessage

app = typer.Typer(help="What waits to be delivered, what was given up: list, retry, drop.", no_args_is_help=False)

Json = Annotated[bool, typer.Option("--json", help="One JSON document.")]
Ids = Annotated[list[int] | None, typer.Argument(metavar="[ID]...", help="As `watcher outbox list` shows them.")]
OfTarget = Annotated[str | None, typer.Option("--target", help="All messages to this target.")]


@app.callback(invoke_without_command=True)
def outbox(context: typer.Context) -> None:
    """What waits to be delivered, what was given up: list (the default), retry, drop."""
    if context.invoked_subcommand is None:
        show(context)


@app.command("list")
def show(
    context: typer.Context,
    dead: Annotated[bool, typer.Option("--dead", help="Only what was given up.")] = False,
    json: Json = False,
) -> None:
    """List what waits, in order per target, and what was given up."""
    settings = session.settings_of(context.obj)
    with session.reader(settings) as store:
        waiting = [] if dead else store.outbox.waiting()
        given_up = store.outbox.dead()
        troubles = {trouble.target: trouble for trouble in store.outbox.troubles()}
        held_back = {target: len(untold) for target, untold in store.outbox.untold().items()}
    rows = [
        *((message, _state(message, settings)) for message in waiting),
        *((message, "given up") for message in given_up),
    ]
    if json:
        console.write_json(
            {
                "messages": [_document(message, state) for message, state in rows],
                "targets": [session.as_json(trouble) for trouble in troubles.values()],
                "held_back": held_back,
            }
        )
        return
    if rows:
        console.table(
            "",
            ("id", "target", "message", "since", "tries", "state", "last error"),
            [(m.id, m.target, m.title, _when(settings, m.created_at), m.attempts, s, m.last_error) for m, s in rows],
        )
    else:
        console.say("Nothing was given up." if dead else "No message is waiting, and none was given up.")
    for trouble in troubles.values() if not dead else ():
        console.say(
            f"{trouble.target} has failed {trouble.failures} times since {_when(settings, trouble.since)}; next try "
            f"{_when(settings, trouble.next_attempt_at)} (or at the next `watcher poll`)",
            "yellow",
        )
    for target, count in held_back.items() if not dead else ():
        console.say(f"{count} for {target} not put into a message yet{_why(settings, target)}")


def _state(message: WaitingMessage, settings: Settings) -> str:
    if message.target not in settings.targets:
        return "parked: its target is not in rules.yaml"
    if message.next_attempt_at is not None:
        return f"set aside, next try {_when(settings, message.next_attempt_at)}"
    return "waiting"


def _why(settings: Settings, target: str) -> str:
    if target not in settings.targets:
        return ": it is not in rules.yaml"
    policy = settings.policies[target]
    if policy.digest is not None:
        return f": its digest comes at {policy.digest}"
    return ": its quiet hours are on" if policy.quiet is not None else " at the next poll"


def _document(message: WaitingMessage, state: str) -> dict[str, Any]:
    shown = session.as_json(message)
    return {"state": state, **{name: shown[name] for name in shown if name != "body"}}


def _when(settings: Settings, at: Any) -> str:
    return f"{at.astimezone(settings.timezone):%Y-%m-%d %H:%M}"


@app.command("retry")
def retry(context: typer.Context, ids: Ids = None, target: OfTarget = None) -> None:
    """Try messages again now, also those given up: by id, by --target, or all that were given up."""
    with _beside(context) as store:
        chosen = _chosen(store, ids, target, default=store.outbox.dead())
        count = store.outbox.revive(chosen)
    console.say(
        _done(count, "is tried again", "are tried again") + " by the daemon at once, or at the next `watcher poll`."
    )


@app.command("drop")
def drop(context: typer.Context, ids: Ids = None, target: OfTarget = None) -> None:
    """Deliver messages no more: by id or by --target. What they told stays in the history."""
    from watcher.errors import ConfigError

    if not ids and target is None:
        raise ConfigError("Which messages?", "Name ids (`watcher outbox list` shows them), or a --target.")
    with _beside(context) as store:
        count = store.outbox.drop(_chosen(store, ids, target, default=()), clock.now())
    console.say(_done(count, "is dropped", "are dropped") + "; `watcher changes` still shows what they told.")


def _beside(context: typer.Context) -> Store:
    from watcher.store import Store

    return Store.open_beside(session.settings_of(context.obj).database)


def _chosen(
    store: Store, ids: Sequence[int] | None, target: str | None, *, default: Sequence[WaitingMessage]
) -> list[int]:
    """The ids of the messages that are meant.

    Raises:
        ConfigError: an id is of none that waits or was given up.
    """
    from watcher.errors import ConfigError

    there = {message.id: message for message in (*store.outbox.waiting(), *store.outbox.dead())}
    unknown = [str(one) for one in ids or () if one not in there]
    if unknown:
        raise ConfigError(f"No message {', '.join(unknown)} is waiting.", "`watcher outbox list` shows what is.")
    if ids or target is not None:
        return [m.id for m in there.values() if m.id in (ids or ()) or m.target == target]
    return [message.id for message in default]


def _done(count: int, one: str, several: str) -> str:
    return f"{count} message {one}" if count == 1 else f"{count or 'No'} messages {several}"
