"""Run by the peers' own Python: csv-diff or deepdiff on two files of rows; prints the seconds that comparing took."""

from __future__ import annotations

import csv
import io
import json
import sys
import time
from pathlib import Path


def flat(row: dict[str, object]) -> dict[str, str]:
    return {name: json.dumps(value) if isinstance(value, dict | list) else str(value) for name, value in row.items()}


def csv_diff(old: list[dict[str, object]], new: list[dict[str, object]]) -> float:
    from csv_diff import compare, load_csv

    texts = []
    for rows in (old, new):
        out = io.StringIO()
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(map(flat, rows))
        texts.append(out.getvalue())
    before, after = (load_csv(io.StringIO(text), key="slug", dialect="excel") for text in texts)
    begun = time.perf_counter()
    compare(before, after)
    return time.perf_counter() - begun


def deep_diff(old: list[dict[str, object]], new: list[dict[str, object]]) -> float:
    from deepdiff import DeepDiff

    before, after = ({row["slug"]: row for row in rows} for rows in (old, new))
    begun = time.perf_counter()
    DeepDiff(before, after)
    return time.perf_counter() - begun


if __name__ == "__main__":
    folder = Path(sys.argv[2])
    pair = [json.loads((folder / f"{name}.json").read_text()) for name in ("old", "new")]
    took = (csv_diff if sys.argv[1] == "csv-diff" else deep_diff)(*pair)
    sys.stdout.write(str(took))
