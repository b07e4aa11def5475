"""outbox → render → send → mark (DESIGN section 1). Marked only after sending: a kill loses no alert."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

import jinja2

from watcher.errors import DeliveryError
from watcher.messages import Attachment, Format, Frame, Message, compose
from watcher.model import Notice
from watcher.routing import Bundle, TargetPolicy, Untold, bundles, digest_due
from watcher.store import Store, VitalSigns


class Carrier(Protocol):
    """Who sends: the courier, or the demo's mailbox."""

    @property
    def names(self) -> tuple[str, ...]: ...
    def format_of(self, name: str) -> Format: ...
    def attaches(self, name: str) -> bool: ...
    def send(
        self, name: str, title: str, body: str, format: Format, attachments: Sequence[Attachment] = ()
    ) -> None: ...


@dataclass(slots=True)
class DeliveryReport:
    """How many messages were sent, why others were not (by target), and which wait for a target that is gone.

    `problems` says which templates failed and were replaced by the built-in ones.
    """

    sent: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    parked: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Wording:
    """What messages are rendered with, and when: templates (the user's, the shipped ones), time zone, targets' wishes.

    `ops` hears of templates that fail.
    """

    own: jinja2.BaseLoader | None
    built_in: jinja2.BaseLoader
    timezone: ZoneInfo
    policies: Mapping[str, TargetPolicy] = field(default_factory=dict)
    ops: tuple[str, ...] = ()

    def policy(self, target: str) -> TargetPolicy:
        return self.policies.get(target, TargetPolicy())

    def message(
        self, bundle: Bundle, format: Format, *, attach: bool, series: Mapping[str, Sequence[float]]
    ) -> Message:
        """One bundle as one message."""
        frame = Frame(bundle.watches, bundle.at, format, self.timezone, bundle.since, attach, series)
        return compose(self.own, self.built_in, bundle.alerts, bundle.notices, frame)


def deliver(store: Store, carrier: Carrier, wording: Wording, *, now: Callable[[], datetime]) -> DeliveryReport:
    """Render what is due, then send what waits, in order per target. A target that fails delays no other."""
    report = DeliveryReport()
    render(store, carrier, wording, report, now())
    if report.problems and wording.ops:
        render(store, carrier, wording, report, now())
    for waiting in store.waiting():
        if waiting.target not in carrier.names:
            report.parked[waiting.target] = report.parked.get(waiting.target, 0) + 1
            continue
        if waiting.target in report.failed:
            continue
        try:
            files = store.attachments(waiting.id)
            carrier.send(waiting.target, waiting.title, waiting.body, waiting.format, files)
        except DeliveryError as error:
            store.mark_failed(waiting.id, now(), str(error))
            report.failed[waiting.target] = str(error)
        else:
            store.mark_sent(waiting.id, now())
            report.sent += 1
    return report


def render(store: Store, carrier: Carrier, wording: Wording, report: DeliveryReport, now: datetime) -> None:
    """Freeze as messages what is due by now; what waits for a digest or the end of quiet hours goes on waiting."""
    untold = store.untold()
    for target in dict.fromkeys((*untold, *wording.policies)):
        if target not in carrier.names:
            bundled = {one.poll for one in untold.get(target, ())}
            if bundled:
                report.parked[target] = report.parked.get(target, 0) + len(bundled)
            continue
        try:
            _render_for(target, untold.get(target, []), store, carrier, wording, report, now)
        except DeliveryError as error:
            report.failed[target] = str(error)


def _render_for(
    target: str,
    untold: Sequence[Untold],
    store: Store,
    carrier: Carrier,
    wording: Wording,
    report: DeliveryReport,
    now: datetime,
) -> None:
    policy = wording.policy(target)
    last = store.last_digest(target) if policy.digest is not None else None
    if policy.digest is not None and last is None:
        store.set_digest(target, now)
        last = now
    due = bundles(untold, policy, wording.timezone, now, last)
    digested = last is not None and digest_due(policy, wording.timezone, now, last)
    if digested and last is not None and policy.even_if_quiet and not any(bundle.since for bundle in due):
        said = quiet(store.vital_signs(last), last, now, wording.timezone)
        due.append(Bundle((), now, (Untold(0, 0, "", now, said),)))
    for bundle in due:
        _freeze(bundle, target, store, carrier, wording, report, now)
    if digested:
        store.set_digest(target, now)


def _freeze(
    bundle: Bundle,
    target: str,
    store: Store,
    carrier: Carrier,
    wording: Wording,
    report: DeliveryReport,
    now: datetime,
) -> None:
    series = {alert.about.id: store.series(alert.about) for alert in bundle.alerts[:_CHARTED]}
    message = wording.message(bundle, carrier.format_of(target), attach=carrier.attaches(target), series=series)
    store.freeze(target, bundle.untold, message, now)
    for problem in message.problems:
        report.problems.append(problem)
        text = f"{problem}. The built-in template was used instead, and the alert went out."
        store.notify(Notice("template.failed", "a message template failed", text, watch=None), wording.ops, now)


#: So many alerts of a message at most get their history drawn: no more are listed.
_CHARTED = 60


def quiet(signs: VitalSigns, since: datetime, now: datetime, zone: ZoneInfo) -> Notice:
    """The line that proves the silence of an empty digest."""
    failed = f", {signs.failed} failed" if signs.failed else ""
    age = f"{(now - signs.oldest_detail).total_seconds() / 3600:.0f} h" if signs.oldest_detail else "none"
    held = f"held: {', '.join(signs.held)}" if signs.held else "nothing held"
    text = (
        f"{signs.sites} sites checked in {signs.polls} polls{failed}; {signs.values:,} values known, the oldest detail "
        f"is {age} old; {held}; {signs.credits:,} credits spent."
    )
    return Notice("digest.quiet", f"all quiet since {since.astimezone(zone):%Y-%m-%d %H:%M}", text, severity="info")
