"""Run by the peers' own Python: the plots of docs/performance.md, from points measured before."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt


def draw(points: dict[str, dict[str, list[list[float]]]], picture: Path) -> None:
    """One plot beside the other, both axes logarithmic."""
    figure, plots = plt.subplots(1, len(points), figsize=(5 * len(points), 4))
    for plot, (title, lines) in zip(plots, points.items(), strict=True):
        for name, line in lines.items():
            ordered = sorted(line)
            plot.plot([x for x, _ in ordered], [y for _, y in ordered], marker="o", label=name)
        plot.set(title=title, xscale="log", yscale="log", xlabel="records" if "rules" in title else "sites")
        plot.grid(visible=True, which="both", alpha=0.25)
        plot.legend()
    figure.tight_layout()
    figure.savefig(picture, dpi=110)


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
