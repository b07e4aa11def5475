"""`make bench`: every claim of docs/performance.md, measured side by side, written into it, and drawn.

`--quick` leaves out what takes minutes (15,600 sites through webchanges, 1,000 polls) and writes nothing.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import judging, records

ROOT = Path(__file__).parents[1]
PEERS = ROOT / "benchmarks" / ".peers"
PAGE = ROOT / "docs" / "performance.md"
#: Not in our own dependencies: they are measured, or draw, in a venv of their own.
PACKAGES = ("webchanges", "csv-diff", "deepdiff", "matplotlib")


@dataclass(frozen=True, slots=True)
class Took:
    """What one run of a process took: seconds by the clock, and megabytes at its peak."""

    seconds: float
    megabytes: float


@dataclass(slots=True)
class Results:
    """Rows of the page's tables, by table, and the points of the plots."""

    tables: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)
    points: dict[str, dict[str, list[tuple[float, float]]]] = field(default_factory=dict)

    def row(self, table: str, *cells: str) -> None:
        self.tables.setdefault(table, []).append(cells)
        say("  " + " | ".join(cells))

    def point(self, plot: str, line: str, x: float, y: float) -> None:
        self.points.setdefault(plot, {}).setdefault(line, []).append((x, y))


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def run(command: Sequence[str], folder: Path, *, limit: float | None = None) -> Took | None:
    """Run a process to its end, or None if it takes longer than `limit` seconds.

    Bytecode is kept as an installed program keeps it: where it may not be written beside the code, elsewhere.
    """
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(PEERS / "bytecode")}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    begun = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if limit is not None:
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return Took(time.perf_counter() - begun, used.ru_maxrss / 1024)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    took = Took(time.perf_counter() - begun, usage.ru_maxrss / 1024)
    if process.returncode != 0:
        raise SystemExit(f"{command} failed with {process.returncode}")
    return took


def best(runs: Sequence[Took | None]) -> Took:
    """The run that was disturbed least."""
    done = [one for one in runs if one is not None]
    return min(done, key=lambda took: took.seconds)


@contextmanager
def upstream(count: int) -> Iterator[str]:
    """The loopback API in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.upstream", str(count)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(server.stdout.readline())}/v2"
    finally:
        server.terminate()
        server.wait()


def peers() -> Path:
    """The peers' Python, in a venv that is made once."""
    python = PEERS / "bin" / "python"
    if not (PEERS / "ready").exists():
        say(f"Making {PEERS} for {', '.join(PACKAGES)} …")
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        (PEERS / "ready").touch()
    return python


def our_rules(folder: Path, base: str) -> None:
    path = folder / "rules.yaml"
    path.write_text(
        f"version: 1\napi: {{key: bench, base_url: '{base}', requests_per_second: 1000, concurrency: 4}}\n"
        "database: w.db\ntargets: {desk: 'json://127.0.0.1:9/x'}\nwatches: {all: {every: 1h, details: 24h}}\n"
        "rules: [{name: everything, on: '*', to: desk}]\n"
    )
    path.chmod(0o600)


def their_jobs(folder: Path, base: str, count: int) -> None:
    urls = [f"{base}/mining/sites/?limit=30&offset={offset}" for offset in range(0, count, 30)]
    urls += [f"{base}/mining/sites/mine-{n}/" for n in range(count)]
    (folder / "jobs.yaml").write_text("\n---\n".join(f"url: {url}" for url in urls) + "\n")
    (folder / "config.yaml").write_text("report: {}\n")


WATCHER = (sys.executable, "-m", "watcher")


def polls(results: Results, python: Path, count: int, times: int, limit: float | None) -> None:
    """First and quiet polls, whole processes, beside the floor and webchanges, run in turns."""
    say(f"Polls of {count:,} sites …")
    webchanges = [str(python.parent / "webchanges"), "--jobs", "jobs.yaml", "--config", "config.yaml"]
    with upstream(count) as base, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        our_rules(folder, base)
        their_jobs(folder, base, count)
        took: dict[str, list[Took | None]] = {key: [] for key in ("floor", "list", "first", "quiet", "theirs", "again")}
        for _ in range(times):
            for old in folder.glob("*.db*"):
                old.unlink()
            took["floor"].append(run([sys.executable, "-m", "benchmarks.floor", base, str(count), "all"], folder))
            took["first"].append(run([*WATCHER, "poll"], folder))
            took["list"].append(run([sys.executable, "-m", "benchmarks.floor", base, str(count), "list"], folder))
            took["quiet"].append(run([*WATCHER, "poll"], folder))
            if limit is None or limit > 0:
                took["theirs"].append(run([*webchanges, "--database", "theirs.db"], folder, limit=limit))
                if took["theirs"][-1] is not None:
                    took["again"].append(run([*webchanges, "--database", "theirs.db"], folder, limit=limit))
    for poll, ours, floor, theirs in (("first", "first", "floor", "theirs"), ("quiet", "quiet", "list", "again")):
        mine, least = best(took[ours]), best(took[floor])
        done = [one for one in took[theirs] if one is not None]
        other = best(done) if done else None
        results.row(
            "polls", f"{poll} poll of {count:,} sites", f"{mine.seconds:.2f} s", f"{least.seconds:.2f} s",
            f"{mine.seconds / least.seconds:.1f} ×", f"{other.seconds:.2f} s" if other else f"over {limit:.0f} s",
            f"{other.seconds / mine.seconds:.1f} × as fast" if other else "", f"{mine.megabytes:.0f} MB",
        )  # fmt: skip
        results.point(f"{poll} poll, whole process (s)", "watcher", count, mine.seconds)
        results.point(f"{poll} poll, whole process (s)", "bare httpx", count, least.seconds)
        if other:
            results.point(f"{poll} poll, whole process (s)", "webchanges", count, other.seconds)


def starts(results: Results) -> None:
    """How long commands take that do next to nothing."""
    say("Starting …")
    with upstream(1) as base, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        our_rules(folder, base)
        run([*WATCHER, "poll"], folder)
        for what, command in (
            ("python -c pass", (sys.executable, "-c", "pass")),
            ("watcher --help", (*WATCHER, "--help")),
            ("watcher changes", (*WATCHER, "changes")),
            ("watcher poll (one site)", (*WATCHER, "poll")),
        ):
            took = best([run(command, folder) for _ in range(7)])
            results.row("starts", f"`{what}`", f"{took.seconds * 1000:.0f} ms")


def growth(results: Results, count: int) -> None:
    """What the database grows by, over quiet polls an hour apart."""
    say(f"Growth over {count:,} quiet polls …")
    for sites in (156, 1_560):
        per_poll, days = records.growth(sites, count)
        text = f"{per_poll:.0f} bytes"
        results.row("growth", f"{count:,} quiet polls of {sites:,} sites, an hour apart ({days:.0f} days)", text)


def judged(results: Results, python: Path, counts: Sequence[int]) -> None:
    """Diff, judge and rules, beside writing the same records and beside two that compare rows."""
    for count in counts:
        say(f"Deciding about {count:,} records × 100 rules …")
        done = json.loads(
            subprocess.run(
                [sys.executable, "-m", "benchmarks.records", str(count)], cwd=ROOT, check=True, capture_output=True,
                text=True,
            ).stdout
        )  # fmt: skip
        seconds, write, megabytes = done["decide"], done["write"], done["megabytes"]
        theirs = records.theirs(python, count)
        results.row(
            "records", f"{count:,}", f"{seconds:.2f} s", f"{write:.2f} s", f"{seconds / write:.1f} ×",
            *(f"{one:.2f} s" if one is not None else f"over {records.PATIENCE:.0f} s" for one in theirs),
            f"{megabytes:.0f} MB",
        )  # fmt: skip
        results.point("diff + judge + 100 rules (s)", "watcher", count, seconds)
        results.point("diff + judge + 100 rules (s)", "sqlite3 writing them", count, write)
        for line, one in zip(("csv-diff", "deepdiff"), theirs, strict=True):
            if one is not None:
                results.point("diff + judge + 100 rules (s)", line, count, one)


def pure(results: Results) -> None:
    """Decisions without processes and files, each beside its peer."""
    say("Deciding …")
    for line in judging.lines():
        results.row(
            "pure", line.what, f"{line.ours * 1e3:,.1f} ms", line.peer, f"{line.theirs * 1e3:,.1f} ms",
            f"{line.ours / line.theirs:.2f}",
        )  # fmt: skip


HEADS = {
    "polls": ("", "watcher", "bare httpx", "of the floor", "webchanges", "", "peak"),
    "records": ("records", "watcher", "sqlite3 writes them", "of writing", "csv-diff", "deepdiff", "watcher's peak"),
    "pure": ("", "watcher", "peer", "peer's", "ratio"),
    "growth": ("", "per poll"),
    "starts": ("command", "time"),
}


def write(results: Results, python: Path) -> None:
    """Put the tables into the page, between their marks, and draw the plots."""
    page = PAGE.read_text("utf-8")
    for name, rows in results.tables.items():
        begin, end = f"<!-- {name}: made by make bench -->", f"<!-- end of {name} -->"
        head = HEADS[name]
        lines = [head, tuple("---" if n == 0 else "--:" for n in range(len(head))), *rows]
        table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
        before, after = page.split(begin, 1)[0], page.split(end, 1)[1]
        page = f"{before}{begin}\n{table}\n{end}{after}"
    PAGE.write_text(page, "utf-8")
    data = PEERS / "points.json"
    data.write_text(json.dumps(results.points))
    picture = ROOT / "docs" / "pictures" / "scaling.png"
    subprocess.run([str(python), str(ROOT / "benchmarks" / "draw.py"), str(data), str(picture)], check=True)
    say(f"Written: {PAGE.relative_to(ROOT)}, {picture.relative_to(ROOT)}")


def main() -> None:
    """Measure everything."""
    quick = "--quick" in sys.argv
    python = peers()
    results = Results()
    polls(results, python, 156, 2 if quick else 5, None)
    if not quick:
        polls(results, python, 1_560, 2, 300)
        polls(results, python, 15_600, 1, float(os.environ.get("BENCH_PATIENCE", "1200")))
    judged(results, python, (1_000, 10_000) if quick else (1_000, 10_000, 100_000))
    pure(results)
    starts(results)
    growth(results, 100 if quick else 1_000)
    if not quick:
        write(results, python)


if __name__ == "__main__":
    main()
