"""When what goes out: at once, with the digest, or after quiet hours (DESIGN section 5, `targets`)."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from tests.core.test_messages import BASE
from watcher.model import Alert, Notice
from watcher.routing import Bundle, TargetPolicy, Untold, bundles, digest_due, next_due
from watcher.schedule import Quiet, following, next_fire

JAKARTA = ZoneInfo("Asia/Jakarta")
NIGHT = Quiet(time(22), time(6))
MORNING = TargetPolicy(digest="0 7 * * *")


def at(text: str) -> datetime:
    """An instant of March 2026 in Jakarta: `2 07:00`."""
    day, clock = text.split()
    return datetime.fromisoformat(f"2026-03-{int(day):02}T{clock}").replace(tzinfo=JAKARTA).astimezone(ZoneInfo("UTC"))


def alert(id: int, when: str, severity: Any = "info", poll: int | None = None) -> Untold:
    return Untold(id, poll or id, "w", at(when), Alert("r", severity, ("desk",), BASE))


def notice(id: int, when: str, severity: Any = "warning") -> Untold:
    return Untold(id, id, "w", at(when), Notice("hold.started", "held", "why", severity=severity))


def ids(found: list[Bundle]) -> list[list[int]]:
    return [[one.id for one in bundle.untold] for bundle in found]


def test_without_wishes_a_poll_is_a_message() -> None:
    """One message per poll, in order, notices with the alerts of their poll."""
    waiting = [alert(2, "2 09:00", poll=2), alert(1, "2 08:00", poll=1), notice(3, "2 09:00")]
    waiting[2] = Untold(3, 2, "w", at("2 09:00"), waiting[2].about)
    assert ids(bundles(waiting, TargetPolicy(), JAKARTA, at("2 09:01"), None)) == [[1], [2, 3]]


def test_a_digest_is_one_message_at_its_time() -> None:
    """Everything since the last one, at seven; nothing before; notices do not wait for it."""
    waiting = [alert(1, "2 08:00"), alert(2, "2 20:00"), notice(3, "2 21:00")]
    assert ids(bundles(waiting, MORNING, JAKARTA, at("2 23:00"), at("2 07:00"))) == [[3]]
    found = bundles(waiting, MORNING, JAKARTA, at("3 07:00"), at("2 07:00"))
    assert ids(found) == [[3], [1, 2]] and found[1].since == at("2 07:00")


def test_a_digest_that_was_missed_comes_once() -> None:
    """After days without a run, one digest."""
    assert digest_due(MORNING, JAKARTA, at("9 12:00"), at("2 07:00"))
    assert not digest_due(MORNING, JAKARTA, at("9 12:01"), at("9 12:00"))


def test_quiet_hours_hold_back_all_but_what_is_critical() -> None:
    """At night only what is critical; in the morning the rest together, and then at once again."""
    policy = TargetPolicy(quiet=NIGHT)
    waiting = [alert(1, "2 21:00"), alert(2, "2 23:00"), alert(3, "3 02:00", "critical"), alert(4, "3 03:00")]
    assert ids(bundles(waiting, policy, JAKARTA, at("3 03:00"), None)) == [[3]]
    rest = [one for one in waiting if one.id != 3]
    assert ids(bundles(rest, policy, JAKARTA, at("3 06:00"), None)) == [[2, 4], [1]]
    assert ids(bundles([alert(5, "3 10:00")], policy, JAKARTA, at("3 10:00"), None)) == [[5]]


def test_a_digest_waits_for_the_quiet_hours_to_end() -> None:
    """A digest at five, quiet until six: at six."""
    policy = TargetPolicy(digest="0 5 * * *", quiet=NIGHT)
    assert bundles([alert(1, "2 12:00")], policy, JAKARTA, at("3 05:30"), at("2 06:00")) == []
    assert ids(bundles([alert(1, "2 12:00")], policy, JAKARTA, at("3 06:00"), at("2 06:00"))) == [[1]]
    assert next_due(policy, JAKARTA, at("3 05:30")) == at("3 06:00")


def test_quiet_hours_within_a_day() -> None:
    """12:00-14:00 covers noon, not the end itself."""
    noon = Quiet(time(12), time(14))
    assert [noon.covers(at(f"2 {clock}"), JAKARTA) for clock in ("11:59", "12:00", "13:59", "14:00")] == [
        False, True, True, False,
    ]  # fmt: skip


def test_cron_keeps_to_the_zone_through_summer_time() -> None:
    """Seven in Berlin is seven in Berlin, before and after the clocks change; intervals are plain time."""
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 3, 28, 12, tzinfo=ZoneInfo("UTC"))
    fires = [start]
    for _ in range(3):
        found = next_fire("0 7 * * *", berlin, fires[-1])
        assert found is not None
        fires.append(found)
    assert [fire.hour for fire in fires[1:]] == [5, 5, 5]  # CEST from the 29th on
    assert following(timedelta(hours=1), None, berlin, start) == start + timedelta(hours=1)
    assert next_fire("0 0 31 2 *", berlin, start) is None


@given(
    st.lists(st.tuples(st.integers(0, 47), st.sampled_from(["info", "critical"])), max_size=12),
    st.sampled_from([TargetPolicy(), MORNING, TargetPolicy(quiet=NIGHT), TargetPolicy("0 7 * * *", NIGHT)]),
)
def test_everything_goes_out_once(moments: list[tuple[int, str]], policy: TargetPolicy) -> None:
    """Law: whatever the wishes, in the end every alert has been in exactly one message."""
    waiting = [
        alert(n, f"{2 + hour // 24} {hour % 24:02}:00", severity) for n, (hour, severity) in enumerate(moments, 1)
    ]
    last, told = at("1 12:00"), []
    for hour in range(24 * 4):
        now = at("2 00:00") + timedelta(hours=hour)
        here = [one for one in waiting if one.at <= now and one.id not in told]
        for bundle in bundles(here, policy, JAKARTA, now, last):
            told += [one.id for one in bundle.untold]
        if digest_due(policy, JAKARTA, now, last):
            last = now
    assert sorted(told) == [one.id for one in waiting]
