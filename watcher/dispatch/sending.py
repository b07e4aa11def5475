"""Messages to their target: in order, each marked after it was sent, with longer and longer waits while it fails."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from watcher.dispatch.carrier import Carrier, DeliveryReport, Wording
from watcher.errors import DeliveryError
from watcher.model import Notice
from watcher.retries import STUBBORN, Retries, Trouble
from watcher.store import Store, WaitingMessage


async def send_waiting(
    store: Store,
    carrier: Carrier,
    target: str,
    wording: Wording,
    report: DeliveryReport,
    *,
    now: Callable[[], datetime],
    patient: bool,
    chance: Callable[[], float],
) -> None:
    """Send what waits for one target, until it is all sent or the target fails.

    A message that fails again and again while the next one is taken is set aside, so that it holds up no other.
    """
    retries = Retries(give_up_after=wording.policy(target).give_up_after)
    trouble = store.outbox.trouble(target)
    if patient and trouble is not None and trouble.next_attempt_at > now():
        return
    doubted: WaitingMessage | None = None
    for message in store.outbox.waiting(target):
        if patient and message.next_attempt_at is not None and message.next_attempt_at > now():
            continue
        error = await _attempt(store, carrier, message)
        at = now()
        if error is None:
            store.outbox.mark_sent(message.id, at)
            report.sent += 1
            _recovered(store, target, wording, report, trouble, at)
            trouble = None
            if doubted is not None:
                store.outbox.set_aside(doubted.id, at + retries.wait(doubted.attempts, chance()))
                doubted = None
            continue
        _failed(store, message, error, retries, wording, report, at, chance())
        if message.next_attempt_at is not None:
            continue
        if doubted is None and message.attempts + 1 >= STUBBORN:
            doubted = message
            continue
        break
    else:
        if doubted is None:
            return
    _troubled(store, target, report.failed.get(target, ""), retries, wording, trouble, now(), chance())


async def _attempt(store: Store, carrier: Carrier, message: WaitingMessage) -> str | None:
    """Why a message was not taken; None if it was."""
    # A target may refuse the files alone; a message that failed again and again goes without them.
    files = store.outbox.attachments(message.id) if message.attempts < STUBBORN else ()
    try:
        carrier.format_of(message.target)
        await _beside(
            lambda: carrier.send(message.target, message.title, message.body, message.format, files),
        )
    except DeliveryError as error:
        return str(error)
    return None


def _failed(
    store: Store,
    message: WaitingMessage,
    error: str,
    retries: Retries,
    wording: Wording,
    report: DeliveryReport,
    now: datetime,
    chance: float,
) -> None:
    target, attempts = message.target, message.attempts + 1
    report.failed[target] = error
    again = now + retries.wait(attempts, chance) if message.next_attempt_at is not None else None
    dead = retries.given_up(attempts, message.first_attempt_at or now, now)
    store.outbox.mark_failed(message.id, now, error, again=again, dead=dead)
    if dead:
        report.dead[target] = report.dead.get(target, 0) + 1
        text = (
            f"What {target} has not taken for {retries.give_up_after.total_seconds() / 86_400:g} days is given up, "
            f"first “{message.title}”. Last error: {error} `watcher outbox list --dead` shows it all, "
            "`watcher outbox retry` tries again."
        )
        notice = Notice("delivery.dead", f"messages to {target} are given up", text, "critical")
        _tell(store, notice, wording, now, target)


def _troubled(
    store: Store,
    target: str,
    error: str,
    retries: Retries,
    wording: Wording,
    trouble: Trouble | None,
    now: datetime,
    chance: float,
) -> None:
    failures = trouble.failures + 1 if trouble is not None else 1
    since = trouble.since if trouble is not None else now
    told = trouble is not None and trouble.told
    after = Trouble(target, since, failures, now + retries.wait(failures, chance), error, told)
    if after.worth_telling(now):
        text = (
            f"{target} has taken no message since {since.astimezone(wording.timezone):%Y-%m-%d %H:%M %Z}: {error} "
            "Its messages wait, in order, and are tried again and again."
        )
        _tell(store, Notice("target.failing", f"{target} takes no messages", text, "critical"), wording, now, target)
        after = Trouble(target, since, failures, after.next_attempt_at, error, told=True)
    store.outbox.set_trouble(after)


def _recovered(
    store: Store, target: str, wording: Wording, report: DeliveryReport, trouble: Trouble | None, now: datetime
) -> None:
    report.failed.pop(target, None)
    if trouble is None:
        return
    store.outbox.end_trouble(target)
    if trouble.told:
        text = (
            f"It failed {trouble.failures} times since {trouble.since.astimezone(wording.timezone):%Y-%m-%d %H:%M %Z}. "
            "What waited for it goes out now."
        )
        notice = Notice("target.recovered", f"{target} takes messages again", text, "info")
        _tell(store, notice, wording, now, target)


def _tell(store: Store, notice: Notice, wording: Wording, now: datetime, about: str) -> None:
    """Queue a notice about a target for the others: those of `ops`, or whoever is left."""
    others = tuple(name for name in wording.ops if name != about)
    store.outbox.notify(notice, others or tuple(name for name in wording.policies if name != about), now)


async def _beside(work: Callable[[], None]) -> None:
    """Run what blocks beside the loop, in a thread that dies with the process: a hung send delays no exit."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def settle(error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def run() -> None:
        error: BaseException | None = None
        try:
            work()
        except BaseException as raised:  # handed to whoever awaits
            error = raised
        with suppress(RuntimeError):  # the loop may have ended meanwhile
            loop.call_soon_threadsafe(settle, error)

    threading.Thread(target=run, daemon=True, name="watcher-send").start()
    await done
