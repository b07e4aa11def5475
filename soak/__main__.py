"""`make soak`: everything, and a table of figures. Exit status 1 if a figure is not what it must be."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from soak import ends, faults, kills, memory


def main() -> int:
    """Run it all."""
    parser = argparse.ArgumentParser(prog="python -m soak")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=10, help="so many times 72 simulated hours")
    parser.add_argument("--polls", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    rows: list[tuple[str, str, bool]] = []
    with tempfile.TemporaryDirectory() as place:

        def folder(name: str) -> Path:
            made = Path(place) / name
            made.mkdir()
            return made

        rows += [(one.what, f"{one.seconds:.1f} s {one.said}".strip(), one.good) for one in ends.run(folder("ends"))]
        years = [faults.run(folder(f"faults-{n}"), seed=n) for n in range(asked.seed, asked.seed + asked.seeds)]
        wrong = [one for year in years for one in (*year.lost, *year.false)]
        rows.append(
            (
                f"72 simulated hours of faults, {asked.seeds} times",
                f"{sum(y.calls for y in years)} calls, {sum(y.edits for y in years)} edits, "
                f"{sum(y.told for y in years)} told, {sum(len(y.lost) for y in years)} missed, "
                f"{sum(len(y.false) for y in years)} false",
                not wrong,
            )
        )
        memoir = memory.run(folder("memory"), asked.polls)
        rows.append(
            (
                f"memory after {memoir.polls} polls, against after 100",
                f"{memoir.early} → {memoir.late} kB, {memoir.growth:+.1f} %; {memoir.messages} messages",
                memoir.good,
            )
        )
        hit = kills.run(folder("kills"), asked.kills, seed=asked.seed, progress=True)
        rows.append(
            (
                f"{hit.kills} kills",
                f"{hit.edits} edits, {hit.messages} messages taken, {len(hit.lost)} lost, {len(hit.false)} false, "
                f"{hit.repeated} repeated (in flight {hit.in_flight}, taken but answered 500 {hit.answered_500})",
                hit.good,
            )
        )
    for what, figure, good in rows:
        print(f"| {what} | {figure} | {'ok' if good else 'NOT OK'} |")
    for one in (*wrong, *hit.lost, *hit.false):
        print(one)
    return 0 if all(good for _, _, good in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
