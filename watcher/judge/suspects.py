"""Where a record contradicts itself: reasons in words, held only against the change that brought them (DESIGN 3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from watcher.geography import in_indonesia
from watcher.model import Change, Record

_PRODUCTION, _OVERBURDEN, _STRIP = "production_volume", "overburden_removal_volume", "strip_ratio"


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One thing in a record that cannot be true: what kind, which metrics it concerns, and the reason in words."""

    kind: str
    metrics: frozenset[str]
    reason: str


def contradictions(record: Record) -> dict[str, Contradiction]:
    """All of a record's contradictions by kind."""
    return {found.kind: found for found in _contradictions(record)}


def doubt(record: Record, metric: str) -> str:
    """Why a metric of a record is not to be believed, in words; empty where nothing contradicts it."""
    return "; ".join(found.reason for found in contradictions(record).values() if metric in found.metrics)


def _contradictions(record: Record) -> Iterator[Contradiction]:
    amounts = {name: value.amount for name, value in record.metrics.items()}
    for name, amount in amounts.items():
        if amount < 0:
            yield Contradiction(f"negative {name}", frozenset({name}), "a negative figure")
    ratio, overburden, production = amounts.get(_STRIP), amounts.get(_OVERBURDEN), amounts.get(_PRODUCTION)
    if ratio is not None and overburden is not None and ratio == overburden != 0:
        involved = frozenset({_STRIP, _OVERBURDEN})
        yield Contradiction("slip", involved, "the strip ratio equals the overburden volume")
    elif ratio is not None and overburden is not None and production is not None and production > 0 < overburden:
        implied = overburden / production
        if abs(ratio - implied) > 0.5 * implied:
            yield Contradiction(
                "ratio",
                frozenset({_STRIP, _OVERBURDEN, _PRODUCTION}),
                f"the strip ratio {ratio:g} is not overburden ÷ production ({implied:.3g})",
            )
    yield from _sums(amounts)
    place = (record.latitude, record.longitude)
    if place[0] is not None and place[1] is not None and not in_indonesia(place[0], place[1]):
        yield Contradiction("place", frozenset({"location"}), "the coordinates lie outside Indonesia")


def _sums(amounts: dict[str, float]) -> Iterator[Contradiction]:
    for name, total in amounts.items():
        if not name.endswith("reserves.total"):
            continue
        prefix = name.removesuffix("total")
        proven, probable = amounts.get(f"{prefix}proven"), amounts.get(f"{prefix}probable")
        if proven is None or probable is None:
            continue
        if abs(proven + probable - total) > max(0.01 * abs(total), 0.15):
            yield Contradiction(
                f"sum {prefix}",
                frozenset({name, f"{prefix}proven", f"{prefix}probable"}),
                f"proven + probable reserves ({proven + probable:g}) are not the total ({total:g})",
            )


def mark(change: Change, old: Record | None, new: Record) -> Change:
    """`change` with its suspicion in words, if what it brought contradicts the record; or with what it corrects.

    Args:
        old: the record before, None for a record that is new.
        new: the record that the change led to.
    """
    concerned = _concerned(change)
    if not concerned:
        return change
    now, before = contradictions(new), contradictions(old) if old is not None else {}
    brought = [
        found.reason
        for kind, found in now.items()
        if kind not in before
        and found.metrics & concerned
        and not (old is None and kind.startswith(("sum", "ratio")))
        and (old is None or _answers_for(change.metric, found, wrong=new, right=old))
    ]
    mended = [
        found.reason
        for kind, found in before.items()
        if kind not in now
        and change.new is not None
        and found.metrics & concerned
        and not _others(found, now)
        and (old is None or _answers_for(change.metric, found, wrong=old, right=new))
    ]
    if change.kind == "metric.changed" and not mended and not change.suspect:
        brought += _jump(change)
    reasons = [change.suspect] if change.suspect else []
    reasons += brought
    corrects = "" if brought else "; ".join(f"a record in which {reason}" for reason in _worded(mended))
    return replace(change, suspect="; ".join(reasons), corrects=corrects)


def _answers_for(metric: str | None, found: Contradiction, *, wrong: Record, right: Record) -> bool:
    """Whether of several figures that moved at once it is this one that makes a record wrong, or puts it right.

    It is, if with it alone as on the right side the contradiction is gone; if that is so for none of them, all are.
    """
    moved = {name for name in found.metrics if wrong.metrics.get(name) != right.metrics.get(name)}
    alone = {name for name in moved if not _others(found, contradictions(_with(wrong, name, right)))}
    return not alone or metric not in moved or metric in alone


def _with(record: Record, metric: str, other: Record) -> Record:
    """`record` with the figure that `other` has for `metric`."""
    metrics = {name: value for name, value in record.metrics.items() if name != metric}
    if metric in other.metrics:
        metrics[metric] = other.metrics[metric]
    return replace(record, metrics=metrics)


def _others(found: Contradiction, now: dict[str, Contradiction]) -> bool:
    """Whether the same metrics contradict each other in another way now: then nothing is corrected."""
    return any(other.metrics & found.metrics for other in now.values())


def _worded(reasons: list[str]) -> list[str]:
    return [
        reason.replace("equals", "equalled").replace(" is not ", " was not ").replace(" are not ", " were not ")
        if not reason.startswith("a negative")
        else "a figure was negative"
        for reason in (reason.replace("coordinates lie", "coordinates lay") for reason in reasons)
    ]


def _concerned(change: Change) -> frozenset[str]:
    if change.kind == "metric.changed":
        return frozenset({change.metric or ""})
    if change.kind == "site.moved":
        return frozenset({"location"})
    if change.kind in {"site.added", "site.entered", "report.added"}:
        return frozenset({_PRODUCTION, _OVERBURDEN, _STRIP, "location"})
    return frozenset()


def _jump(change: Change) -> list[str]:
    old, new = change.old, change.new
    if not isinstance(old, float) or not isinstance(new, float) or old == 0 or new == 0:
        return []
    times = new / old
    if times >= 10:
        return [f"a jump to {_rounded(times)} times the former figure"]
    if 0 < times <= 0.1:
        return [f"a fall to 1/{_rounded(1 / times)} of the former figure"]
    return []


def _rounded(times: float) -> str:
    """Three digits, without an exponent: 1,000 and 24.8."""
    return f"{float(f'{times:.3g}'):,.12g}"
