"""Values ↔ columns: instants as ISO-8601 UTC, metrics as JSON `{name: [amount, unit, stated]}`."""

from __future__ import annotations

import json
import zlib
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from watcher.model import Change, Crossing, Record, Value

RECORD_COLUMNS = (
    *("slug", "commodity_type", "year", "name", "project_name", "company_slug", "company_name", "province", "city"),
    *("latitude", "longitude", "metrics", "attributes", "detailed", "unread"),
)
CHANGE_COLUMNS = tuple(field.name for field in fields(Change))

Row = tuple[Any, ...]


def instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def to_instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def record_row(record: Record) -> Row:
    metrics = {name: [v.amount, v.unit, int(v.stated)] for name, v in sorted(record.metrics.items())}
    return (
        *(getattr(record, name) for name in RECORD_COLUMNS[:11]),
        json.dumps(metrics, ensure_ascii=False, separators=(",", ":")),
        json.dumps(dict(sorted(record.attributes.items())), ensure_ascii=False, separators=(",", ":")),
        int(record.detailed),
        json.dumps(sorted(record.unread)) if record.unread else "[]",
    )


def to_record(row: Row) -> Record:
    said: dict[str, Any] = dict(zip(RECORD_COLUMNS, row, strict=True))
    figures = json.loads(said["metrics"]).items()
    said["metrics"] = {name: Value(amount, unit, bool(stated)) for name, (amount, unit, stated) in figures}
    said["attributes"] = json.loads(said["attributes"])
    said["detailed"] = bool(said["detailed"])
    said["unread"] = frozenset(json.loads(said["unread"]))
    return Record(**said)


def change_row(change: Change) -> Row:
    return tuple(instant(change.at) if name == "at" else getattr(change, name) for name in CHANGE_COLUMNS)


def to_change(row: Row) -> Change:
    said = dict(zip(CHANGE_COLUMNS, row, strict=True))
    said["at"] = to_instant(said["at"])
    for name in ("old", "new"):
        if isinstance(said[name], int):
            said[name] = float(said[name])
    return Change(**said)


def crossing_json(crossing: Crossing) -> str:
    said = {field.name: getattr(crossing, field.name) for field in fields(Crossing)}
    return json.dumps({"crossing": {**said, "at": instant(crossing.at)}}, ensure_ascii=False)


def change_json(change: Change) -> str:
    """A change that is in no row of its own: a derived figure."""
    return json.dumps({"change": dict(zip(CHANGE_COLUMNS, change_row(change), strict=True))}, ensure_ascii=False)


def to_about(text: str) -> Change | Crossing:
    """A crossing or a derived change, from its JSON."""
    said = json.loads(text)
    if "crossing" in said:
        return Crossing(**{**said["crossing"], "at": to_instant(said["crossing"]["at"])})
    return to_change(tuple(said["change"][name] for name in CHANGE_COLUMNS))


def packed(records: tuple[Record, ...]) -> bytes:
    """Records, compressed: a held candidate."""
    return zlib.compress(json.dumps([record_row(record) for record in records]).encode())


def unpacked(blob: bytes) -> tuple[Record, ...]:
    return tuple(to_record(tuple(row)) for row in json.loads(zlib.decompress(blob)))
