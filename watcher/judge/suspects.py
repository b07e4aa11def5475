"""Where a record contradicts itself: reasons in words, held only against the change that brought them (DESIGN 3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from watcher import units
from watcher.geography import in_indonesia
from watcher.judge.policy import SuspectPolicy
from watcher.model import Change, Record, Value

_PRODUCTION, _OVERBURDEN, _STRIP = "production_volume", "overburden_removal_volume", "strip_ratio"
_DEFAULT = SuspectPolicy()


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One thing in a record that cannot be true: what kind, which metrics it concerns, and the reason in words."""

    kind: str
    metrics: frozenset[str]
    reason: str


def contradictions(record: Record, policy: SuspectPolicy = _DEFAULT) -> dict[str, Contradiction]:
    """All of a record's contradictions by kind."""
    return {found.kind: found for found in _contradictions(record, policy)}


def doubt(record: Record, metric: str, policy: SuspectPolicy = _DEFAULT) -> str:
    """Why a metric of a record is not to be believed, in words; empty where nothing contradicts it."""
    return "; ".join(found.reason for found in contradictions(record, policy).values() if metric in found.metrics)


def _contradictions(record: Record, policy: SuspectPolicy) -> Iterator[Contradiction]:
    amounts = {name: value.amount for name, value in record.metrics.items()}
    for name, amount in amounts.items():
        if amount < 0:
            yield Contradiction(f"negative {name}", frozenset({name}), "a negative figure")
    ratio, overburden, production = amounts.get(_STRIP), amounts.get(_OVERBURDEN), _in_millions(record)
    if ratio is not None and overburden is not None and ratio == overburden != 0:
        involved = frozenset({_STRIP, _OVERBURDEN})
        yield Contradiction("slip", involved, "the strip ratio equals the overburden volume")
    elif ratio is not None and overburden is not None and production is not None and production > 0 < overburden:
        implied = overburden / production
        if 100 * abs(ratio - implied) > policy.strip_ratio * implied:
            yield Contradiction(
                "ratio",
                frozenset({_STRIP, _OVERBURDEN, _PRODUCTION}),
                f"the strip ratio {ratio:g} is not overburden ÷ production ({implied:.3g})",
            )
    yield from _sums(record.metrics, policy)
    place = (record.latitude, record.longitude)
    if place[0] is not None and place[1] is not None and not in_indonesia(place[0], place[1]):
        yield Contradiction("place", frozenset({"location"}), "the coordinates lie outside Indonesia")


def _in_millions(record: Record) -> float | None:
    """A record's production in the millions of tonnes that go with its overburden; None where that is not known."""
    value = record.metrics.get(_PRODUCTION)
    if value is None or value.unit is None:
        return value.amount if value is not None else None
    scale = units.factor(value.unit, "Mt")
    return value.amount * scale if scale is not None else None


def _in(unit: str | None, value: Value | None) -> float | None:
    """A value's amount in another unit, or as it stands where one of the two is not known."""
    if value is None:
        return None
    return value.amount * ((units.factor(value.unit, unit) if value.unit and unit else None) or 1.0)


def _sums(metrics: Mapping[str, Value], policy: SuspectPolicy) -> Iterator[Contradiction]:
    for name, value in metrics.items():
        if not name.endswith("reserves.total"):
            continue
        prefix, total = name.removesuffix("total"), value.amount
        proven, probable = (_in(value.unit, metrics.get(f"{prefix}{part}")) for part in ("proven", "probable"))
        if proven is None or probable is None:
            continue
        if abs(proven + probable - total) > max(policy.sums * abs(total) / 100, 0.15):
            yield Contradiction(
                f"sum {prefix}",
                frozenset({name, f"{prefix}proven", f"{prefix}probable"}),
                f"proven + probable reserves ({proven + probable:g}) are not the total ({total:g})",
            )


def mark(change: Change, old: Record | None, new: Record, policy: SuspectPolicy = _DEFAULT) -> Change:
    """`change` with its suspicion in words, if what it brought contradicts the record; or with what it corrects.

    Args:
        old: the record before, None for a record that is new.
        new: the record that the change led to.
    """
    concerned = _concerned(change)
    if not concerned:
        return change
    now, before = contradictions(new, policy), contradictions(old, policy) if old is not None else {}
    brought = [
        found.reason
        for kind, found in now.items()
        if kind not in before
        and found.metrics & concerned
        and not (old is None and kind.startswith(("sum", "ratio")))
        and (old is None or _answers_for(change.metric, found, policy, wrong=new, right=old))
    ]
    mended = [
        found.reason
        for kind, found in before.items()
        if kind not in now
        and change.new is not None
        and found.metrics & concerned
        and not _others(found, now)
        and (old is None or _answers_for(change.metric, found, policy, wrong=old, right=new))
    ]
    if change.kind == "metric.changed" and not mended and not change.suspect:
        brought += _jump(change, policy)
    # A figure whose unit is in doubt contradicts its record by that alone.
    reasons = [change.suspect] if change.suspect else brought
    corrects = "" if brought else "; ".join(f"a record in which {reason}" for reason in _worded(mended))
    return replace(change, suspect="; ".join(reasons), corrects=corrects)


def _answers_for(
    metric: str | None, found: Contradiction, policy: SuspectPolicy, *, wrong: Record, right: Record
) -> bool:
    """Whether of several figures that moved at once it is this one that makes a record wrong, or puts it right.

    It is, if with it alone as on the right side the contradiction is gone; if that is so for none of them, all are.
    """
    moved = {name for name in found.metrics if wrong.metrics.get(name) != right.metrics.get(name)}
    alone = {name for name in moved if not _others(found, contradictions(_with(wrong, name, right), policy))}
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


def _jump(change: Change, policy: SuspectPolicy) -> list[str]:
    old, new = change.old, change.new
    if not isinstance(old, float) or not isinstance(new, float) or old == 0 or new == 0:
        return []
    times = new / old
    if times >= policy.jump:
        return [f"a jump to {_rounded(times)} times the former figure"]
    if 0 < times <= 1 / policy.jump:
        return [f"a fall to 1/{_rounded(1 / times)} of the former figure"]
    return []


def _rounded(times: float) -> str:
    """Three digits, without an exponent: 1,000 and 24.8."""
    return f"{float(f'{times:.3g}'):,.12g}"
