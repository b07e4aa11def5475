"""What watchlists remember between polls: repeats, silences, edits of the file, several watches, several names."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.core.histories import START, site, sweep
from tests.core.test_watchlists import DAY, PIT, hear, ratio, ratios, watchlist
from watcher.model import Crossing, Memory
from watcher.pipeline import WatchSettings, decide
from watcher.rules import Bound, Limit, Rule, Silence, Watchlist

HIGH = Limit(above=11)


def test_a_list_that_is_removed_and_added_again_has_a_first_look() -> None:
    """What is broken when a list comes back is told, also what broke meanwhile; so is a company, a site, `enabled`."""
    one = watchlist(HIGH)
    without = Watchlist("core", ("desk",), {"pt-other": {}}, {"strip_ratio": HIGH})
    for away in ((), (replace(one, enabled=False),), (without,)):
        first = hear(*ratios(12, 10), lists=[one])
        gone = hear(*ratios(12), lists=away, memory=first.memory, start=START + 2 * DAY)
        assert not any(key.slug == "pit" for key in gone.memory.standing.levels)
        back = hear(*ratios(12, 12), lists=[one], memory=gone.memory, start=START + 3 * DAY)
        assert (first.said, gone.said, back.said) == ([["already 12"], []], [[]], [["already 12"], []])


def test_a_silence_over_the_first_look_is_told_as_such() -> None:
    """What was broken from the start is told after the silence without a figure before; it is recorded once."""
    silence = Silence({"company": (PIT,)}, START + 2.5 * DAY, "quiet")
    heard = hear(*ratios(12, 12, 13, 13, 13), lists=[watchlist(HIGH)], silences=[silence])
    assert [len(poll) for poll in heard.polls] == [1, 0, 0, 1, 0]
    told = heard.polls[3][0].about
    assert isinstance(told, Crossing) and (told.old, told.new, told.delta) == (None, 13, None)


def test_a_repeat_that_is_silenced_waits_for_the_next() -> None:
    """A silence over a repeat records it once, not at every poll."""
    silence = Silence({"rule": ("*",), "metric": ("strip_ratio",)}, START + 50 * DAY, "quiet")
    heard = hear(*ratios(*(12,) * 2), lists=[watchlist(HIGH, repeat=2 * DAY)])
    later = hear(*ratios(*(12,) * 4), lists=[watchlist(HIGH, repeat=2 * DAY)], memory=heard.memory,
                 start=START + 2 * DAY, silences=[replace(silence, matcher={"metric": ("strip_ratio",)})])  # fmt: skip
    assert [len(poll) for poll in later.polls] == [1, 0, 1, 0] and later.said == [[]] * 4


def test_what_nobody_was_told_of_needs_no_end() -> None:
    """A limit that was crossed and is back before the silence over it ended is not resolved: nobody knows of it."""
    silence = Silence({"company": (PIT,)}, START + 1.5 * DAY, "quiet")
    heard = hear(*ratios(10, 12, 10, 12), lists=[watchlist(HIGH, resolve=True)], silences=[silence])
    assert heard.said == [[], [], [], ["crossed 12"]]


def test_a_silence_on_a_former_name_still_holds() -> None:
    """A company that is renamed stays silenced, for rules and lists."""
    silence = Silence({"company": (PIT,)}, START + 9 * DAY, "quiet")
    table = [site(f"pit-{n}") for n in range(3)]
    renamed = [row | {"company_slug": f"{PIT}-tbk", "company_name": "PT Batu Sejahtera Tbk"} for row in table]
    risen = [row | {"strip_ratio": 12.0, "overburden_removal_volume": 120.0} for row in renamed]
    rule = Rule("all", ("strip_ratio",), ("desk",))
    heard = hear(table, renamed, risen, lists=[watchlist(HIGH)], rules=[rule], silences=[silence])
    assert len(heard.polls[2]) == 6 and all(alert.silenced == "quiet" for alert in heard.polls[2])


def test_both_names_of_a_renamed_company_may_stand_in_the_file() -> None:
    """Its figures are told once; the limits under its present name stand in place of those under the former one."""
    former = [site("pit")]
    renamed = [row | {"company_slug": f"{PIT}-tbk", "company_name": "PT Batu Sejahtera Tbk"} for row in former]
    companies = {f"{PIT}-tbk": {"strip_ratio": HIGH}, PIT: {"strip_ratio": Limit(above=9)}}
    tables = [[row | {"strip_ratio": 12.0, "overburden_removal_volume": 120.0} for row in renamed]]
    for names in (companies, dict(reversed(companies.items()))):
        heard = hear(former, renamed, *tables, lists=[Watchlist("core", ("desk",), names)])
        assert heard.said == [[], [], ["crossed 12"]] and heard.one().limit == "above 11"


def test_a_renamed_company_is_one_while_watches_disagree() -> None:
    """A sum counts the sites that another watch still knows under the former name."""
    before, after = [site("a"), site("c")], [site("a"), site("c")]
    after = [row | {"company_slug": f"{PIT}-tbk", "company_name": "PT Batu Sejahtera Tbk"} for row in after]
    settings = WatchSettings("x")
    other = decide(sweep([site("b")], Memory("x"), settings, START), Memory("x"), settings, START).memory.snapshot
    assert other is not None
    fallen = [row | {"production_volume": 4.0, "overburden_removal_volume": 32.0} for row in after]
    one = watchlist(Limit(below=29), "production_volume", per="company", resolve=True)
    heard = hear(before, after, fallen, others=other.records, lists=[one])
    assert heard.said == [[], [], ["crossed 18"]]
    assert heard.one().slug == f"{PIT}-tbk" and heard.one().detail == "over 3 sites"


def test_a_watch_with_older_details_changes_no_state() -> None:
    """A poll compares what it brought itself: what it saw before another watch saw something newer says nothing."""
    block = {"total_reserves_Mt": 50.0}
    listed = watchlist(Limit(below=48), "reserves.total", resolve=True)
    slow = WatchSettings("slow", details=timedelta(days=9), watchlists=(listed,))
    memory = Memory("slow")
    first = decide(sweep([site("pit", resources_reserves=block)], memory, slow, START), memory, slow, START).memory
    quick = hear(
        [site("pit", resources_reserves=block)], [site("pit", resources_reserves={"total_reserves_Mt": 45.0})],
        lists=[listed], memory=replace(Memory("all"), standing=first.standing), start=START + DAY,
    )  # fmt: skip
    assert quick.said == [[], ["crossed 45"]]
    # The slow watch sees another production, and still has the old reserves.
    memory = replace(first, standing=quick.memory.standing)
    now = START + 3 * DAY
    seen = sweep([site("pit", production_volume=11.0, resources_reserves=block)], memory, slow, now)
    outcome = decide(replace(seen, details={}), memory, slow, now)
    assert outcome.alerts == () and [change.metric for change in outcome.changes] == ["production_volume"]


def test_a_site_that_leaves_one_watch_is_still_followed_in_another() -> None:
    """Its limits keep their state: nothing is told twice."""
    settings = WatchSettings("x")
    high = ratio(12)
    other = decide(sweep(high, Memory("x"), settings, START), Memory("x"), settings, START).memory.snapshot
    assert other is not None
    rest = [site("far", company_slug="pt-far")]
    tables = [[*high, *rest], rest, rest, rest]
    heard = hear(*tables, others=other.records, lists=[watchlist(HIGH)])
    assert heard.said == [["already 12"], [], [], []]


def test_limits_of_many_digits_are_told_apart_and_whole() -> None:
    """1,234,567 is not 1,234,568: an edit of the last digit is an edit, and the words have every digit."""
    limit = Limit(below=1_234_567.0)
    assert limit.words("below") == "below 1,234,567" and Limit(above=0.125).words("above") == "above 0.125"
    assert limit.signature("below") != Limit(below=1_234_568.0).signature("below")


def test_movements_within_a_time_are_told_anew_when_they_happen_anew() -> None:
    """A second rise, long after the first, is another crossing; while the first lasts it is said once."""
    limit = Limit(rises_by=Bound(2), since=timedelta(days=3))
    values = (10, 12, 12, 12, 12, 12, 14, 14.5)
    heard = hear(*ratios(*values), lists=[watchlist(limit)])
    assert heard.said == [[], ["moved 12"], [], [], [], [], ["moved 14"], []]


def test_movements_against_the_year_before_last_and_end() -> None:
    """Said again after `repeat`, told when back, and told anew for another year."""
    limit = Limit(falls_by=Bound(20, percent=True), since="last_year")

    def table(*volumes: float) -> list[dict[str, object]]:
        rows = [(2022 + n, volume) for n, volume in enumerate(volumes)]
        return [site("pit", year=year, production_volume=v, overburden_removal_volume=8 * v) for year, v in rows]

    one = watchlist(limit, "production_volume", repeat=2 * DAY, resolve=True)
    heard = hear(
        table(10, 9), table(10, 7), table(10, 7), table(10, 7), table(10, 9), table(10, 7), table(10, 7, 5), lists=[one]
    )
    assert heard.said == [[], ["moved 7"], [], ["still 7"], ["resolved 9"], ["moved 7"], ["moved 5"]]


def test_who_is_told_of_a_figure_by_one_limit_has_been_told_of_it() -> None:
    """A movement counts from the figure that people were last told, by whichever limit of the list."""
    limit = Limit(above=11, rises_by=Bound(20, percent=True))
    heard = hear(*ratios(10, 11.5, 12.5, 13.9), lists=[watchlist(limit)])
    assert heard.said == [[], ["crossed 11.5"], [], ["moved 13.9"]]
