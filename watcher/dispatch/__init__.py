"""outbox → render → send → mark (DESIGN section 1). Marked only after sending: a kill loses no alert.

`carrier` who sends, and what is said of it · `rendering` what is due, frozen as messages · `sending` messages to their
targets, each by its own clock · `quiet` the line that proves a silence.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import datetime

from watcher.dispatch.carrier import Carrier, DeliveryReport, Wording
from watcher.dispatch.rendering import render
from watcher.dispatch.sending import send_waiting
from watcher.store import Store

__all__ = ["Carrier", "DeliveryReport", "Wording", "deliver", "render", "send_waiting"]


async def deliver(
    store: Store,
    carrier: Carrier,
    wording: Wording,
    *,
    now: Callable[[], datetime],
    patient: bool = False,
    chance: Callable[[], float] = random.random,
) -> DeliveryReport:
    """Render what is due, then send what waits: in order per target, all targets at the same time.

    Args:
        patient: keep to the waits after failures; else everything that waits is tried now.
    """
    report = DeliveryReport()
    render(store, carrier, wording, report, now())
    for message in store.outbox.waiting():
        if message.target not in carrier.names:
            report.parked[message.target] = report.parked.get(message.target, 0) + 1
    await asyncio.gather(
        *(
            send_waiting(store, carrier, target, wording, report, now=now, patient=patient, chance=chance)
            for target in carrier.names
        )
    )
    return report
