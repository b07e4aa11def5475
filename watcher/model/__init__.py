"""The values that the rooms hand to each other: frozen dataclasses, no behaviour but their own."""

from watcher.model.changes import (
    KINDS,
    NATURES,
    SEVERITIES,
    Alert,
    Change,
    Kind,
    Nature,
    Notice,
    Severity,
)
from watcher.model.memory import Absent, AbsentState, DetailSeen, Hold, Memory, Outcome, Verdict
from watcher.model.records import EMPTY, LIST_METRICS, Detail, Record, Snapshot, Sweep, Value, in_order

__all__ = [
    "EMPTY",
    "KINDS",
    "LIST_METRICS",
    "NATURES",
    "SEVERITIES",
    "Absent",
    "AbsentState",
    "Alert",
    "Change",
    "Detail",
    "DetailSeen",
    "Hold",
    "Kind",
    "Memory",
    "Nature",
    "Notice",
    "Outcome",
    "Record",
    "Severity",
    "Snapshot",
    "Sweep",
    "Value",
    "Verdict",
    "in_order",
]
