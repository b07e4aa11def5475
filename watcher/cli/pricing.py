"""What the configuration costs, in words and tables: for check and status; and plan, which fits it to a budget."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from watcher.cli import console, session

if TYPE_CHECKING:
    from watcher.config import Settings
    from watcher.plan import Bill, Filter, Line, Planned, Proposal
    from watcher.store import ListSize


class Known:
    """What the database knows of the lists: how long each is, and which sites a watch has. Empty without one."""

    def __init__(self, settings: Settings) -> None:
        from watcher.errors import StoreError
        from watcher.store import Store

        self.sizes: Mapping[str, ListSize] = {}
        self.sites: Mapping[str, frozenset[str]] = {}
        if not settings.database.exists():
            return
        try:
            with Store.open_readonly(settings.database) as store:
                self.sizes = store.shelf.list_sizes()
                self.sites = {
                    name: slugs for name, slugs in store.shelf.watched_sites().items() if name in settings.watches
                }
        except StoreError as error:
            console.warn(str(error))

    def rows(self, filter: Filter) -> int | None:
        """How many rows a filter's list has; None where nobody has looked."""
        from watcher.store import filter_key

        size = self.sizes.get(filter_key(filter))
        return size.rows if size is not None else None


def bill_of(settings: Settings) -> Bill:
    """What the configuration costs, by what the database knows."""
    from watcher import plan

    known = Known(settings)
    return plan.bill(session.thrift_of(settings), known.rows, known.sites)


def say_bill(settings: Settings) -> None:
    """The watches with their prices, what they cost together, and whether that fits the limits."""
    bill = bill_of(settings)
    rows = [_row(settings, line) for line in bill.lines]
    columns = ("watch", "looks", "filter", "details", "sites", "per poll", "per day", "per month", "first poll")
    console.table("Watches", columns, rows)
    if any(line.guessed for line in bill.lines):
        console.say("~ guessed: before the first poll a list is taken for the whole known table, 156 sites.")
    console.say(summary(bill))
    for line in bill.lines:
        if line.read_from:
            console.say(f"{line.name} is read out of the list of {line.read_from} when both are due.")
    if bill.apart > bill.lists:
        saved = f"{bill.apart - bill.lists:,.0f} credits a day"
        console.say(f"Sharing lists saves {saved}; `api: {{share_lists: false}}` switches it off.")
    for warning in warnings(settings, bill):
        console.warn(f"Warning: {warning}")


def summary(bill: Bill) -> str:
    """What all watches cost together, in a sentence."""
    return (
        f"Together about {bill.day:,.0f} credits a day ({bill.lists:,.0f} for lists, {bill.details:,.0f} for details), "
        f"{bill.month:,.0f} a month; the first poll of all takes {bill.first:,}."
    )


def warnings(settings: Settings, bill: Bill) -> list[str]:
    """Where the configuration costs more than `api.credits` allows."""
    limits = settings.credits
    found = []
    for name, limit, cost in (("day", limits.per_day, bill.day), ("month", limits.per_month, bill.month)):
        if limit is None or cost <= limit:
            continue
        what = "details get older than they say"
        if bill.lists * (1 if name == "day" else bill.month / bill.day) > limit:
            what = "there are no details, and lists are not always read"
        found.append(
            f"a {name} costs about {cost:,.0f} credits, api.credits.per_{name} is {limit:,}: {what}. "
            f"`watcher plan --budget {limit}/{name}` proposes what fits."
        )
    return found


def _row(settings: Settings, line: Line) -> tuple[object, ...]:
    watch = settings.watches[line.name]
    looks = f"every {words(watch.every)}" if watch.every else f"cron {watch.cron}"
    filters = ", ".join(f"{key}={value}" for key, value in watch.filter.items()) or "all sites"
    ages = "never" if watch.details is None else words(watch.details)
    guess = "~" if line.guessed else ""
    sites = f"{guess}{line.sites}" if line.sites is not None else "?"
    per_poll = f"{guess}{line.pages} + details" if watch.details is not None else f"{guess}{line.pages}"
    prices = (f"{guess}{price:,.0f}" for price in (line.day, line.day * 30, line.first))
    return (line.name, looks, filters, ages, sites, per_poll, *prices)


def words(length: timedelta) -> str:
    """A duration as rules.yaml writes it."""
    seconds = length.total_seconds()
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds % size == 0 and seconds >= size:
            return f"{seconds / size:g}{unit}"
    return f"{seconds:g}s"


def plan(
    context: typer.Context,
    budget: Annotated[
        str | None, typer.Option(help="200/day or 5000/month; by default what `api.credits` allows.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Propose the intervals and ages of details that fit a budget of credits; changes nothing."""
    from watcher.plan import propose

    settings = session.settings_of(context.obj)
    credits = _budget(budget, settings)
    known = Known(settings)
    proposal = propose(session.thrift_of(settings), credits, known.rows, known.sites)
    if json:
        console.write_json(_document(proposal, settings))
    else:
        _say_proposal(proposal, settings)
    raise typer.Exit(0 if proposal.fits else 1)


def _budget(text: str | None, settings: Settings) -> float:
    """Credits per day."""
    from watcher.errors import ConfigError
    from watcher.plan import MONTH

    limits = settings.credits
    if text is None:
        per_day = [limits.per_day] if limits.per_day is not None else []
        per_day += [limits.per_month / MONTH] if limits.per_month is not None else []  # type: ignore[list-item]
        if not per_day:
            raise ConfigError("Say the budget: --budget 200/day, or `api: {credits: {per_day: 200}}`.")
        return min(per_day)
    said = re.fullmatch(r"(\d{1,9})\s*/\s*(day|month|d|m)", text.strip().replace(",", ""))
    if said is None or int(said.group(1)) == 0:
        raise ConfigError(f"--budget {text!r} is no budget; 200/day or 5000/month is expected.")
    return int(said.group(1)) / (1 if said.group(2).startswith("d") else MONTH)


def _say_proposal(proposal: Proposal, settings: Settings) -> None:
    bill = proposal.bill
    rows = []
    for planned, line in zip(proposal.thrift.watches, bill.lines, strict=True):
        own = settings.watches[planned.name]
        looks = words(planned.timing.every) if planned.timing.every else f"cron {planned.timing.cron}"
        was = words(own.every) if own.every else f"cron {own.cron}"
        rows.append(
            (
                planned.name,
                looks if looks == was else f"{looks} (now {was})",
                _changed(_age(planned.details), _age(own.details)),
                *_latencies(planned),
                f"{line.lists:,.0f}",
                f"{line.details:,.0f}",
                f"{line.day:,.0f}",
            )
        )
    columns = ("watch", "every", "details", "list news within", "detail news within", "lists", "asked", "credits")
    console.table(f"For {proposal.budget:,.0f} credits a day", columns, rows)
    console.say(summary(bill))
    if not proposal.fits:
        console.warn("That is the least these watches cost, and more than the budget: take one out, or raise it.")
    elif not proposal.changed:
        console.say(f"rules.yaml fits as it is, with {proposal.budget - bill.day:,.0f} credits a day to spare.")
    else:
        console.say("To take it over, change these keys in rules.yaml (a watch keeps its filter and the rest):")
        for planned in proposal.thrift.watches:
            if planned.name in proposal.changed:
                when = f"every: {words(planned.timing.every)}, " if planned.timing.every else ""
                console.say(f"  {planned.name}: {{{when}details: {_age(planned.details)}}}")


def _changed(new: str, old: str) -> str:
    return new if new == old else f"{new} (now {old})"


def _age(details: timedelta | None) -> str:
    return "never" if details is None else words(details)


def _about(length: timedelta) -> str:
    """A duration, rounded up to the hour where it is longer than one."""
    hours = length / timedelta(hours=1)
    if hours < 1:
        return words(length)
    return f"{math.ceil(hours)}h" if hours < 48 else f"{math.ceil(hours / 24 * 10) / 10:g}d"


def _latencies(planned: Planned) -> tuple[str, str]:
    """How long news may take to be seen: what the list shows, and what only details show."""
    from watcher.plan import detail_period

    gap = planned.timing.longest_gap()
    period = detail_period(planned)
    return _about(gap), "never" if period is None else _about(max(gap, period))


def _document(proposal: Proposal, settings: Settings) -> dict[str, Any]:
    watches = []
    for planned, line in zip(proposal.thrift.watches, proposal.bill.lines, strict=True):
        latency = _latencies(planned)
        watches.append(
            {
                "watch": planned.name,
                "every": words(planned.timing.every) if planned.timing.every else None,
                "cron": planned.timing.cron,
                "details": _age(planned.details),
                "changed": planned.name in proposal.changed,
                "list_latency": latency[0],
                "detail_latency": latency[1],
                "lists_per_day": round(line.lists, 2),
                "details_per_day": round(line.details, 2),
                "credits_per_day": round(line.day, 2),
            }
        )
    return {
        "budget_per_day": round(proposal.budget, 2),
        "fits": proposal.fits,
        "credits_per_day": round(proposal.bill.day, 2),
        "credits_per_month": round(proposal.bill.month, 2),
        "first_poll": proposal.bill.first,
        "timezone": settings.timezone.key,
        "watches": watches,
    }
