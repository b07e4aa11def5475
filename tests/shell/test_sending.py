"""Delivery that fails: waits, order, isolation, dead letters, and what the operator hears of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.core.histories import START
from tests.core.test_messages import BASE
from tests.shell.test_dispatch import commit
from watcher.delivery import built_in
from watcher.dispatch import DeliveryReport, Wording, deliver
from watcher.errors import DeliveryError
from watcher.messages import Attachment, Format
from watcher.retries import Retries
from watcher.routing import TargetPolicy
from watcher.store import Store


@dataclass
class Post:
    """A carrier whose targets refuse as they are told to: a target's name, or the first word of a title."""

    names: tuple[str, ...] = ("desk", "mail")
    refused: set[str] = field(default_factory=set)
    got: list[tuple[str, str]] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    tries: int = 0

    def format_of(self, name: str) -> Format:
        return "text"

    def attaches(self, name: str) -> bool:
        return True

    def send(self, name: str, title: str, body: str, format: Format, attachments: Sequence[Attachment] = ()) -> None:
        self.tries += 1
        self.files.append(len(attachments))
        if name in self.refused or title.partition(":")[0] in self.refused:
            raise DeliveryError(f"{name}: no.")
        self.got.append((name, title))

    def titles(self, name: str) -> list[str]:
        return [title for target, title in self.got if target == name]


def words(**policies: TargetPolicy) -> Wording:
    both = {"desk": TargetPolicy(), "mail": TargetPolicy()}
    return Wording(None, built_in(), ZoneInfo("UTC"), both | policies, ("desk",))


@dataclass
class Clock:
    """A service that delivers once a second of a clock of its own."""

    store: Store
    post: Post
    wording: Wording
    now: datetime = START

    def run(self, seconds: int, step: int = 1) -> DeliveryReport:
        report = DeliveryReport()
        for _ in range(0, seconds, step):
            self.now += timedelta(seconds=step)
            at: Callable[[], datetime] = lambda: self.now  # noqa: E731
            report = asyncio.run(deliver(self.store, self.post, self.wording, now=at, patient=True, chance=lambda: 1.0))
        return report


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(Store.open(tmp_path / "w.db"), Post(), words())


def news(clock: Clock, *names: str, to: tuple[str, ...] = ("mail",)) -> None:
    for name in names:
        commit(clock.store, clock.now, replace(BASE, id=name, slug=name, name=name), to=to)


@given(failures=some.integers(1, 1000), chance=some.floats(0, 1))
def test_waits_grow_from_ten_seconds_to_an_hour(failures: int, chance: float) -> None:
    """Every wait is between ten seconds and an hour, and the longest is reached."""
    wait = Retries().wait(failures, chance)
    assert timedelta(seconds=10) <= wait <= timedelta(hours=1)
    assert failures < 10 or wait >= timedelta(minutes=45)


def test_a_dead_target_delays_no_other_and_keeps_its_order(clock: Clock) -> None:
    """One target is down for two hours: the other gets its news at once, the first gets all of it later, in order."""
    clock.post.refused = {"mail"}
    news(clock, "one", "two", "three", to=("desk", "mail"))
    clock.run(1)
    assert len(clock.post.titles("desk")) == 3
    clock.run(7200, step=60)
    assert clock.post.titles("mail") == []
    clock.post.refused = set()
    clock.run(3600, step=60)
    assert [title.split(":")[0] for title in clock.post.titles("mail")] == ["one", "two", "three"]


def test_a_failing_target_is_tried_less_and_less(clock: Clock) -> None:
    """Ten seconds, then twenty, then forty: some thirty tries in a day, not thousands."""
    clock.post.refused = {"mail"}
    news(clock, "one")
    clock.run(75)
    assert clock.post.tries == 4
    clock.run(86_400, step=60)
    assert clock.post.tries < 40


def test_waits_survive_a_restart(tmp_path: Path) -> None:
    """A restart does not try at once what is to wait for an hour."""
    post = Post(refused={"mail"})
    with Store.open(tmp_path / "w.db") as store:
        one = Clock(store, post, words())
        news(one, "one")
        one.run(1000, step=10)
    tried = post.tries
    with Store.open(tmp_path / "w.db") as store:
        Clock(store, post, words(), one.now).run(60, step=10)
    assert post.tries == tried


def test_failing_and_recovering_is_told_on_the_other_target_once(clock: Clock) -> None:
    """After five minutes the operator's other target hears of it, once, and once when it is over."""
    clock.post.refused = {"mail"}
    news(clock, "one")
    clock.run(86_000, step=60)
    assert clock.post.titles("desk") == ["Watcher: mail takes no messages"]
    clock.post.refused = set()
    clock.run(3600, step=60)
    assert clock.post.titles("desk")[1:] == ["Watcher: mail takes messages again"]
    assert len(clock.post.titles("mail")) == 1


def test_the_operators_own_target_failing_is_told_elsewhere(clock: Clock) -> None:
    """`ops` is the very target that fails: whoever is left hears of it."""
    clock.post.refused = {"desk"}
    news(clock, "one", to=("desk",))
    clock.run(3600, step=60)
    assert clock.post.titles("mail") == ["Watcher: desk takes no messages"]


def test_a_short_failure_is_told_to_nobody(clock: Clock) -> None:
    """Two minutes of trouble delay a message and say nothing."""
    clock.post.refused = {"mail"}
    news(clock, "one")
    clock.run(120)
    clock.post.refused = set()
    clock.run(120)
    assert len(clock.post.titles("mail")) == 1 and clock.post.titles("desk") == []


def test_a_message_that_nobody_takes_holds_up_no_other(clock: Clock) -> None:
    """One message is refused for ever: after some minutes the others pass it by, and it is tried without its files."""
    clock.post.refused = {"one"}
    news(clock, "one", "two", "three")
    clock.run(900, step=5)
    assert [title.split(":")[0] for title in clock.post.titles("mail")] == ["two", "three"]
    news(clock, "four")
    clock.run(5)
    assert clock.post.titles("mail")[-1].startswith("four")
    clock.post.refused = set()
    clock.run(4000, step=60)
    assert clock.post.titles("mail")[-1].startswith("one") and clock.store.outbox.waiting() == []


def test_what_nobody_takes_for_three_days_is_given_up_and_told_once(clock: Clock) -> None:
    """Dead letters: ops hears of them once, they are kept, and can be tried again or dropped."""
    clock.post.refused = {"mail"}
    news(clock, "one", "two")
    clock.run(5 * 86_400, step=600)
    dead = clock.store.outbox.dead()
    assert [message.attempts > 20 for message in dead] == [True, True] and clock.store.outbox.waiting() == []
    assert clock.post.titles("desk").count("Watcher: messages to mail are given up") <= 2
    clock.post.refused = set()
    assert clock.store.outbox.revive([dead[0].id]) == 1 and clock.store.outbox.drop([dead[1].id], clock.now) == 1
    clock.run(2)
    assert [title.split(":")[0] for title in clock.post.titles("mail")] == ["one"]
    assert clock.store.outbox.dead() == []


def test_giving_up_is_as_late_as_the_target_says(clock: Clock) -> None:
    """`give_up_after: 1h` on a target, and never before three tries."""
    clock.wording = words(mail=TargetPolicy(give_up_after=timedelta(hours=1)))
    clock.post.refused = {"mail"}
    news(clock, "one")
    clock.run(3000, step=10)
    assert clock.store.outbox.dead() == []
    clock.run(4000, step=10)
    assert len(clock.store.outbox.dead()) == 1


def test_a_removed_target_parks_its_messages(clock: Clock) -> None:
    """What waits for a target that is gone from the file waits on, and is sent when it is back."""
    clock.post.refused = {"mail"}
    news(clock, "one")
    clock.run(1)
    clock.post.names = ("desk",)
    assert clock.run(7200, step=600).parked == {"mail": 1}
    clock.post.names, clock.post.refused = ("desk", "mail"), set()
    clock.run(1)
    assert len(clock.post.titles("mail")) == 1
