"""kill -9 at random instants, over a changing source and targets that fail: nothing lost, nothing false (DESIGN 1)."""

from __future__ import annotations

import copy
import random
import re
import sqlite3
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from soak.servers import Answer, Sink, Table, Taken, sink, source, truthful
from soak.truth import History, changes_in, judge
from soak.zygote import Zygote
from watcher.sandbox import fictional_sites
from watcher.store import Store

TARGETS = ("desk", "mail", "team")
#: So many mines are edited again and again; a message lists twenty lines, so that what piles up stays readable.
_HOT = 9


@dataclass
class Upstream:
    """The source: its table, what is true of it, and who hears of each request."""

    chance: random.Random
    table: Table = field(default_factory=list)
    history: History = field(default_factory=History)
    asked: int = 0
    edits: int = 0

    def __post_init__(self) -> None:
        self.table = [row for row in fictional_sites() if row["commodity_type"] == "Coal" and row["production_volume"]]
        slugs = Counter(row["slug"] for row in self.table)
        self.hot = [row["slug"] for row in self.table if slugs[row["slug"]] == 1][:_HOT]
        for row in self.table:
            if row["slug"] in self.hot:
                row["overburden_removal_volume"] = None
                self.history.note(row["slug"], "production_volume", row["production_volume"])

    def edit(self) -> None:
        """Change something for good."""
        table = copy.deepcopy(self.table)
        for slug in self.chance.sample(self.hot, self.chance.randint(1, 3)):
            row = next(row for row in table if row["slug"] == slug)
            row["production_volume"] = round(self.chance.uniform(5, 40), 4)
            self.history.note(slug, "production_volume", row["production_volume"])
            self.edits += 1
        if self.chance.random() < 0.03:
            slug = f"new-mine-{self.edits}"
            new = table[0] | {"name": f"New Mine {self.edits}", "slug": slug, "company_slug": f"pt-{slug}"}
            table.append(new | {"company_name": f"PT {slug}", "project_name": None})
            self.history.events.append(("site.added", slug))
            self.edits += 1
        self.table = table


@dataclass
class Trigger:
    """Kills the daemon when an event comes for the n-th time in its life, a little later if it is told so."""

    event: str = ""
    countdown: int = 0
    delay: float = 0.0
    fired: threading.Event = field(default_factory=threading.Event)

    def __call__(self, event: str) -> None:
        if event == self.event and self.countdown > 0:
            self.countdown -= 1
            if self.countdown == 0:
                time.sleep(self.delay)
                self.fired.set()
                time.sleep(0.02)  # it is dead before it is answered


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of it."""

    kills: int
    edits: int
    polls: int
    messages: int
    in_flight: int
    answered_500: int
    repeated: int
    unexplained: int
    lost: tuple[str, ...]
    false: tuple[str, ...]
    tracebacks: int
    integrity: str
    seconds: float

    @property
    def good(self) -> bool:
        return not (self.lost or self.false or self.unexplained or self.tracebacks) and self.integrity == "ok"


def _instants(chance: random.Random) -> tuple[Trigger, float]:
    """When a life ends: at an event, or after some seconds; the commit of a poll comes just after its last request."""
    kind = chance.choices(["time", "source", "asked", "taken", "answered"], [35, 25, 12, 14, 14])[0]
    if kind == "time":
        return Trigger(), chance.uniform(0.02, 0.9)
    if kind == "source":
        return Trigger(
            chance.choice(["list", "told"]), chance.randint(1, 4), chance.choice([0, chance.uniform(0, 0.08)])
        ), 1.3
    return Trigger(kind, chance.choice([1, 1, 2, 3]), chance.choice([0, chance.uniform(0, 0.02)])), 1.3


def run(folder: Path, kills: int, *, seed: int = 1, progress: bool = False) -> Figures:
    """Kill the daemon so often, then let it run calmly, and compare."""
    began, chance = time.monotonic(), random.Random(seed)
    upstream, trigger = Upstream(chance), Trigger()

    def answer(path: str, query: dict[str, str]) -> Answer:
        trigger("list")
        given = truthful(upstream.table, path, query)
        upstream.asked += 1
        trigger("told")
        return given

    with source(answer) as base_url, sink() as webhook, closing(Zygote()) as zygote:
        webhook.chance = random.Random(seed + 1).random
        webhook.hook = lambda event: trigger(event)  # noqa: PLW0108  (it is replaced)
        env = _write_rules(folder, base_url, webhook)
        database, log = folder / "watcher.db", folder / "log"
        _baseline(zygote, folder, env, log, database)
        webhook.failing, in_flight = 0.3, 0
        for life in range(1, kills + 1):
            webhook.life = life
            if chance.random() < 0.6:
                upstream.edit()
            if chance.random() < 0.3:
                _try_again(database)
            trigger, patience = _instants(chance)
            process = zygote.start(["run"], folder, env, log)
            trigger.fired.wait(patience)
            zygote.kill(process)
            in_flight += _in_flight(database, webhook, life)
            if progress and life % 50 == 0:
                print(f"{life} kills, {len(webhook.taken)} messages, {time.monotonic() - began:.0f} s", flush=True)
        webhook.failing, trigger, webhook.life = 0.0, Trigger(), kills + 1
        _calm(zygote, folder, env, log, database)
        return _figures(folder, upstream, webhook, kills, in_flight, time.monotonic() - began)


def _write_rules(folder: Path, base_url: str, webhook: Sink) -> dict[str, str]:
    targets = ", ".join(f"{name}: '{webhook.url(name)}'" for name in TARGETS)
    (folder / "rules.yaml").write_text(
        f"version: 1\napi: {{base_url: '{base_url}', key: sandbox, requests_per_second: 1000}}\n"
        f"database: watcher.db\ntargets: {{{targets}}}\nops: [mail]\nwatches:\n"
        "  coal: {filter: {commodity_type: Coal}, every: 1s, details: 24h}\n"
        f"rules:\n  - {{name: everything, on: '*', to: [{', '.join(TARGETS)}]}}\n"
    )
    return {"PATH": "/usr/bin:/bin", "HOME": str(folder)}


def _baseline(zygote: Zygote, folder: Path, env: dict[str, str], log: Path, database: Path) -> None:
    process = zygote.start(["poll"], folder, env, log)
    if zygote.wait(process) != 0:
        raise RuntimeError(log.read_text())


def _try_again(database: Path) -> None:
    """What `watcher outbox retry` does: the waits are over."""
    with Store.open(database) as store:
        store.revive([message.id for message in store.waiting()])


def _in_flight(database: Path, webhook: Sink, life: int) -> int:
    """How many messages of a life were taken, and not marked as sent: one per target at most."""
    while webhook.busy:
        time.sleep(0.002)  # what was asked before the kill is taken after it
    last: dict[str, Taken] = {}
    for one in webhook.taken:
        if one.life == life and one.answered == 200:
            last[one.target] = one
    count = 0
    for one in last.values():
        count += _unsent(database, one)
    return count


def _unsent(database: Path, taken: Taken) -> bool:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as conn:
        waiting = conn.execute("select body from messages where sent_at is null and target = ?", (taken.target,))
        return any(taken.text.strip() == body.strip() for (body,) in waiting)


def _calm(zygote: Zygote, folder: Path, env: dict[str, str], log: Path, database: Path) -> None:
    """Poll a last time, send what waits, and stop as systemd would."""
    _try_again(database)
    process = zygote.start(["run"], folder, env, log)
    deadline = time.monotonic() + 120
    time.sleep(3)
    while time.monotonic() < deadline:
        with Store.open_readonly(database) as store:
            if not store.waiting() and not store.untold():
                break
        time.sleep(0.2)
    import os
    import signal

    os.kill(process, signal.SIGTERM)
    zygote.wait(process)


def _figures(folder: Path, upstream: Upstream, webhook: Sink, kills: int, in_flight: int, seconds: float) -> Figures:
    database = folder / "watcher.db"
    changes = changes_in(database)
    lost: list[str] = []
    false: list[str] = []
    for target in TARGETS:
        told = {id for one in webhook.taken if one.target == target for id in one.ids}
        verdict = judge(upstream.history, told, changes)
        lost += [f"{target}: {what}" for what in verdict.lost]
        false += [f"{target}: {what}" for what in verdict.false]
    news = [one for one in webhook.taken if one.ids]
    repeated = len(news) - len({(one.target, one.ids) for one in news})
    answered_500 = sum(one.answered == 500 for one in news)
    with closing(sqlite3.connect(database)) as conn:
        polls = conn.execute("select count(*) from polls").fetchone()[0]
        integrity = conn.execute("pragma integrity_check").fetchone()[0]
    # A change stands in one message per target: told twice, the whole message was.
    unexplained = max(0, repeated - answered_500 - in_flight)
    split = len({(one.target, one.ids) for one in news}) - len({(one.target, one.ids[0]) for one in news})
    log = (folder / "log").read_text()
    tracebacks = len(re.findall(r"Traceback|Error:", log))
    return Figures(
        kills=kills,
        edits=upstream.edits,
        polls=polls,
        messages=len(news),
        in_flight=in_flight,
        answered_500=answered_500,
        repeated=repeated,
        unexplained=unexplained + split,
        lost=tuple(lost),
        false=tuple(false),
        tracebacks=tracebacks,
        integrity=integrity,
        seconds=seconds,
    )


if __name__ == "__main__":
    import sys
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        print(run(Path(place), int(sys.argv[1]), seed=int(sys.argv[2]), progress=True))
