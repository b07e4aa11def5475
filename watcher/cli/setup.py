"""init, check, schema, test-target: from nothing to a configuration that works."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import clock, console, pricing, session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watcher.config import Settings
    from watcher.judge import JudgementPolicy
    from watcher.routing import TargetPolicy
    from watcher.rules.foresight import Vocabulary


def init(folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write it.")] = Path()) -> None:
    """Write a commented starter rules.yaml and a .env.example."""
    from watcher.config import write_starter

    for path in write_starter(folder):
        console.say(f"wrote {path}")
    where = "" if folder == Path() else f"cd {folder} && "
    console.say(f"Next: {where}cp .env.example .env, put your API key and targets into it, then `watcher check`.")


def check(
    context: typer.Context,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say only what is wrong.")] = False,
) -> None:
    """Validate rules.yaml, list what it does, and price it in credits."""
    from watcher.config import masked

    settings = session.settings_of(context.obj)
    if quiet:
        return
    console.say(f"{settings.path} is valid.", style="green")
    if settings.api_key is None:
        console.warn("There is no API key yet: set SECTORS_API_KEY in the environment or in .env.")
    pricing.say_bill(settings)
    rows = [(name, masked(url), _wishes(settings.policies[name])) for name, url in settings.targets.items()]
    console.table("Targets", ("target", "URL", "how"), rows)
    _say_rules(settings)
    _say_judgement(settings.judgement)
    console.say(f"Ops news goes to: {', '.join(settings.ops) or 'nobody (set `ops:`)'}. Database: {settings.database}")
    if settings.http is not None:
        token = "with a token" if settings.http.token else "without a token"
        console.say(f"Status pages: {settings.http.host}:{settings.http.port}, {token}.")


def _wishes(policy: TargetPolicy) -> str:
    """How a target wants to be told, in words."""
    parts = (
        [f"digest {policy.digest}{', even if quiet' if policy.even_if_quiet else ''}"] if policy.digest else ["at once"]
    )
    if policy.quiet is not None:
        parts.append(f"quiet {policy.quiet.start:%H:%M}-{policy.quiet.end:%H:%M} but for critical")
    if policy.min_severity != "info":
        parts.append(f"{policy.min_severity} and worse")
    return "; ".join(parts)


def _say_judgement(judgement: JudgementPolicy) -> None:
    hold, suspects = judgement.hold, judgement.suspects
    console.say(
        f"Judgement: a snapshot is held if it loses {hold.lost_sites:g} % of its sites, or if {hold.lost_values:g} % "
        f"of a metric's values turn null or move by one same factor (at least {hold.at_least}), for up to "
        f"{pricing.words(hold.confirm_after)}; a missing site counts as removed after "
        f"{pricing.words(judgement.removal.confirm_after)}. A mine is renamed if both lie within "
        f"{judgement.renames.within:g} m, or figures or name say so; it has moved beyond {judgement.moves.beyond:g} m. "
        f"A change taken back within {pricing.words(judgement.reverts.within)} is reverted. Suspect is a strip ratio "
        f"more than {suspects.strip_ratio:g} % off overburden ÷ production, a total more than {suspects.sums:g} % off "
        f"its parts, and a jump of {suspects.jump:g} times."
    )


def _say_rules(settings: Settings) -> None:
    """What each rule and list will do, and what of them can never happen."""
    from watcher.config import is_known
    from watcher.rules import foresight

    for rule in settings.rules:
        console.say(f"Rule “{rule.name}” {foresight.describe(rule)}.")
    for watchlist in settings.watchlists:
        first, *limits = foresight.describe_list(watchlist)
        console.say(f"Watchlist “{watchlist.name}” {first}:")
        for line in limits:
            console.say(f"  {line}")
    for silence in settings.silences:
        console.say(f"Silenced until {silence.until.astimezone(settings.timezone):%Y-%m-%d %H:%M}: {silence.words}")
    data = _data(settings)
    filters = [watch.filter for watch in settings.watches.values()]
    details = any(watch.details is not None for watch in settings.watches.values())
    warnings = [*foresight.rule_warnings(settings.rules, data, filters)]
    warnings += foresight.list_warnings(settings.watchlists, data, details=details)
    used = {target for one in settings.rules if one.enabled for target in one.to} | set(settings.ops)
    used |= {target for one in settings.watchlists if one.enabled for target in one.to}
    warnings += [
        f"target “{name}” is told nothing: no rule, list or `ops` names it"
        for name in settings.targets
        if name not in used
    ]
    if data.metrics is None:
        warnings += [
            f"{who}: {word} is no figure that Watcher has a name for; it is told only if the API sends such a key"
            for who, word in _words_for_figures(settings)
            if not is_known(word)
        ]
    ended = [silence for silence in settings.silences if silence.until <= clock.now()]
    warnings += [f"the silence of {silence.words} has ended; it can go from the file" for silence in ended]
    for warning in warnings:
        console.warn(f"Warning: {warning}" + ("" if warning.endswith("?") else "."))


def _words_for_figures(settings: Settings) -> Iterator[tuple[str, str]]:
    """Who asks for which figure: rules in `on`, lists in `limits`."""
    for rule in settings.rules:
        yield from ((f"rule “{rule.name}”", word) for word in rule.on)
    for one in settings.watchlists:
        for limits in (one.limits, *one.companies.values()):
            yield from ((f"watchlist “{one.name}”", word) for word in limits)


def _data(settings: Settings) -> Vocabulary:
    """What the stored data holds; nothing before the first poll."""
    from watcher.errors import StoreError
    from watcher.rules.foresight import Vocabulary
    from watcher.store import Store

    if not settings.database.exists():
        return Vocabulary()
    try:
        with Store.open_readonly(settings.database) as store:
            return store.vocabulary()
    except StoreError:
        return Vocabulary()


def schema() -> None:
    """Print the JSON Schema of rules.yaml, for editors."""
    from watcher.config import File

    document = File.model_json_schema()
    for part in document["$defs"].values():
        for about in part["properties"].values():
            # pydantic writes a default as it keeps it (PT30S, 20.0), which is not how the file writes it.
            if isinstance(about.get("default"), str | float) and ("pattern" in about or "anyOf" in about):
                del about["default"]
    console.write_json({"$schema": "https://json-schema.org/draft/2020-12/schema", **document})


def test_target(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="A target; all of them if none is named.")] = None,
) -> None:
    """Send a test message to each target, and say what happened."""
    from watcher.delivery import Courier
    from watcher.errors import ConfigError, DeliveryError

    settings = session.settings_of(context.obj)
    if name is not None and name not in settings.targets:
        raise ConfigError(f"There is no target {name!r}; known: {', '.join(settings.targets) or 'none'}.")
    courier = Courier(settings.targets)
    failed = False
    for target in [name] if name is not None else settings.targets:
        try:
            text = f"This is how Watcher reaches “{target}”. Sent by hand from {os.uname().nodename}.\n"
            courier.send(target, "Watcher: test message", text, courier.format_of(target))
            console.say(f"{target}: sent", style="green")
        except DeliveryError as error:
            failed = True
            console.warn(f"{error}")
    raise typer.Exit(1 if failed else 0)
