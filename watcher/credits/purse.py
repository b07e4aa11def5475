"""Pays for each call before it is made, from the ledger that all processes share; says what a poll may spend."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from watcher import plan
from watcher.errors import BudgetSpent
from watcher.model import Notice
from watcher.plan import Filter, Spent, Thrift
from watcher.store import Ledger

#: The operator hears when so many percent of a period's credits are spent, and when there are none left.
TOLD_AT = 80


@dataclass(slots=True)
class Meter:
    """Counts the calls of one poll that were paid, as they happen.

    `book` pays for one (`list` or `detail`) and returns what gives the credit back.
    """

    book: Callable[[str], Callable[[], None]]
    lists: int = 0
    details: int = 0

    def __call__(self, call: str) -> Callable[[], None]:
        give_back = self.book(call)
        self._count(call, 1)

        def back() -> None:
            give_back()
            self._count(call, -1)

        return back

    def _count(self, call: str, number: int) -> None:
        if call == "list":
            self.lists += number
        else:
            self.details += number

    @property
    def credits(self) -> int:
        return self.lists + self.details


class Purse:
    """What may be spent, and the booking of it. Without a ledger nothing is booked (a dry run without limits)."""

    def __init__(
        self,
        ledger: Ledger | None,
        thrift: Thrift,
        rows: Callable[[Filter], int | None],
        *,
        zone: ZoneInfo,
        now: Callable[[], datetime],
    ) -> None:
        self._ledger, self._thrift, self._rows, self._zone, self._now = ledger, thrift, rows, zone, now
        self._refused: set[str] = set()
        self._forecast: tuple[object, tuple[float, float]] | None = None

    @property
    def limited(self) -> bool:
        return bool(self._thrift.limits) and self._ledger is not None

    def payer(self, watch: str) -> Callable[[str], Callable[[], None]]:
        """Pays for a watch's calls. Raises BudgetSpent where a limit forbids the next one."""

        def pay(call: str) -> Callable[[], None]:
            ledger = self._ledger
            if ledger is None:
                return lambda: None
            day = self._day()
            if not ledger.pay(day, watch, call, self._thrift.limits):
                raise self._spent_up()
            return lambda: ledger.give_back(day, watch, call)

        return pay

    def check_list(self, watch: str, filter: Filter, taken: frozenset[str] = frozenset()) -> None:
        """Raise BudgetSpent unless a watch's list may be read: what matters more, and is still to come, is set aside.

        Args:
            taken: the watches that are served by the same list.
        """
        if not self.limited or self._ledger is None:
            return
        calls, spent = plan.pages(self._rows(filter)), self._spent()
        if plan.for_list(self._thrift.limits, spent, calls, self._all_ahead()):
            return  # there is enough for all
        ranked = self._thrift.ranked()
        place = next((n for n, one in enumerate(ranked) if one.name == watch), len(ranked))
        above = [one for one in ranked[:place] if one.name not in taken]
        day, month = (sum(self._ahead(above, end).values()) for end in self._ends())
        if not plan.for_list(self._thrift.limits, spent, calls, (day, month)):
            raise self._spent_up(calls)

    def details(self, pending: int = 0) -> tuple[int, int] | None:
        """How many details may be asked for now: at most, and of those that only have their turn. None: no limit.

        Args:
            pending: calls of lists that are due now and not read yet; they come first, as do those still to come.
        """
        if not self.limited:
            return None
        polls = sum(one.timing.per_day() for one in self._thrift.watches if one.details is not None)
        day, month = (
            plan.Ahead(lists + pending, polls * ((end - self._now()) / timedelta(days=1)))
            for lists, end in zip(self._all_ahead(), self._ends(), strict=True)
        )
        return plan.for_details(self._thrift.limits, self._spent(), day, month)

    def news(self) -> Iterable[tuple[str, Notice]]:
        """What the operator hears of the limits, each under a name that is told once."""
        if not self.limited:
            return
        day, spent, limits = self._day(), self._spent(), self._thrift.limits
        for period, name, limit, used in (
            ("day", f"{day:%Y-%m-%d}", limits.per_day, spent.day),
            ("month", f"{day:%Y-%m}", limits.per_month, spent.month),
        ):
            if limit is None:
                continue
            if used * 100 >= limit * TOLD_AT:
                yield f"credits.{period}:{name}:{TOLD_AT}", _short(period, name, used, limit)
            if used >= limit or period in self._refused:
                until = self._ends()[period == "month"].astimezone(self._zone)
                yield f"credits.{period}:{name}:100", _gone(period, name, used, limit, until)

    def _day(self) -> date:
        return self._now().astimezone(self._zone).date()

    def _spent(self) -> Spent:
        return self._ledger.spent(self._day()) if self._ledger is not None else Spent()

    def _ends(self) -> tuple[datetime, datetime]:
        """When the day and the month end."""
        day = self._day()
        following = (day + timedelta(days=1), (day.replace(day=28) + timedelta(days=4)).replace(day=1))
        tomorrow, month = (datetime.combine(one, time(), self._zone) for one in following)
        return tomorrow, month

    def _all_ahead(self) -> tuple[float, float]:
        """The list calls still to come, of all watches, up to the end of the day and of the month."""
        known = self._known()
        if self._forecast is None or self._forecast[0] != known:
            day, month = (sum(self._ahead(self._thrift.ranked(), end).values()) for end in self._ends())
            self._forecast = (known, (day, month))
        return self._forecast[1]

    def _known(self) -> object:
        """What a forecast depends on that may change during an errand: the day, and how long the lists are."""
        return self._day(), tuple(self._rows(watch.filter) for watch in self._thrift.watches)

    def _ahead(self, watches: Iterable[plan.Planned], end: datetime) -> Mapping[str, float]:
        now = self._now()
        last = end - timedelta(microseconds=1)
        return plan.forecast(watches, self._rows, now, last, share=self._thrift.share_lists)

    def _spent_up(self, calls: int = 1) -> BudgetSpent:
        """The error that says which limit is reached, and until when."""
        limits, spent, ends = self._thrift.limits, self._spent(), self._ends()
        month = limits.per_month is not None and spent.month + calls > limits.per_month
        day = limits.per_day is not None and spent.day + calls > limits.per_day
        if not month and not day:
            day = limits.per_day is not None
            self._refused.add("day" if day else "month")
            set_aside = "The credits that are left are set aside for watches of greater priority"
            return BudgetSpent(f"{set_aside}: nothing was asked.", "`watcher plan` proposes what fits the budget.")
        period, limit, used, end = (
            ("month", limits.per_month, spent.month, ends[1]) if month else ("day", limits.per_day, spent.day, ends[0])
        )
        self._refused.add(period)
        again = end.astimezone(self._zone)
        return BudgetSpent(
            f"The credits of this {period} are spent ({used} of {limit}): the API is not asked before "
            f"{again:%Y-%m-%d %H:%M} ({self._zone.key}).",
            f"`watcher plan` proposes what fits; `api.credits.per_{period}` is the limit.",
            end,
        )


def _short(period: str, name: str, used: int, limit: int) -> Notice:
    return Notice(
        "credits.short",
        f"{TOLD_AT} % of the credits of {name} are spent",
        f"{used:,} of {limit:,} (api.credits.per_{period}) are spent. Should they run short, details get older first, "
        "then watches of lower priority are polled no more. `watcher plan` proposes what fits the budget.",
    )


def _gone(period: str, name: str, used: int, limit: int, until: datetime) -> Notice:
    return Notice(
        "credits.spent",
        f"the credits of {name} are spent",
        f"{used:,} of {limit:,} (api.credits.per_{period}) are spent; what is left, if anything, does not pay for the "
        f"next list, or is set aside. The limit is never exceeded; it is renewed at {until:%Y-%m-%d %H:%M}. Changes "
        "in between are compared as usual at the next poll.",
        severity="critical",
    )
