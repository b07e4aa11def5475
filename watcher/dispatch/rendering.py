"""What is due by now, frozen as messages; what waits for a digest or the end of quiet hours goes on waiting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from watcher.dispatch.carrier import Carrier, DeliveryReport, Wording
from watcher.dispatch.quiet import quiet
from watcher.errors import DeliveryError
from watcher.messages import Attachment
from watcher.model import Notice
from watcher.routing import Bundle, Untold, bundles, digest_due
from watcher.store import Store


def render(store: Store, carrier: Carrier, wording: Wording, report: DeliveryReport, now: datetime) -> None:
    """Freeze as messages what is due by now, for every target. What that itself brings up for `ops` goes along."""
    _render(store, carrier, wording, report, now)
    if report.problems and wording.ops:
        _render(store, carrier, wording, report, now)


def _render(store: Store, carrier: Carrier, wording: Wording, report: DeliveryReport, now: datetime) -> None:
    untold = store.outbox.untold()
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
    last = store.outbox.last_digest(target) if policy.digest is not None else None
    if policy.digest is not None and last is None:
        store.outbox.set_digest(target, now)
        last = now
    due = bundles(untold, policy, wording.timezone, now, last)
    digested = last is not None and digest_due(policy, wording.timezone, now, last)
    if digested and last is not None and policy.even_if_quiet and not any(bundle.since for bundle in due):
        said = quiet(store.vital_signs(last), last, now, wording.timezone)
        due.append(Bundle((), now, (Untold(0, 0, "", now, said),)))
    for bundle in due:
        told = bundle.since or (last if not bundle.watches else None)
        along = _along(target, told, carrier, wording, now) if digested and policy.attach_report else ()
        _freeze(bundle, target, store, carrier, wording, report, now, along, ends_digest=digested and bundle is due[-1])
    if digested and not due:
        store.outbox.set_digest(target, now)


def _along(
    target: str, since: datetime | None, carrier: Carrier, wording: Wording, now: datetime
) -> tuple[Attachment, ...]:
    """The report that a digest takes along, since the one before it."""
    if since is None or wording.report is None or not carrier.attaches(target):
        return ()
    return (wording.report(now, since),)


def _freeze(
    bundle: Bundle,
    target: str,
    store: Store,
    carrier: Carrier,
    wording: Wording,
    report: DeliveryReport,
    now: datetime,
    along: Sequence[Attachment],
    *,
    ends_digest: bool,
) -> None:
    series = {alert.about.id: store.series(alert.about) for alert in bundle.alerts[:_CHARTED]}
    message = wording.message(bundle, carrier.format_of(target), attach=carrier.attaches(target), series=series)
    message = replace(message, attachments=(*message.attachments, *along))
    store.outbox.freeze(target, bundle.untold, message, now, ends_digest=ends_digest)
    for problem in message.problems:
        report.problems.append(problem)
        text = f"{problem}. The built-in template was used instead, and the alert went out."
        store.outbox.notify(Notice("template.failed", "a message template failed", text, watch=None), wording.ops, now)


#: So many alerts of a message at most get their history drawn: no more are listed.
_CHARTED = 60
