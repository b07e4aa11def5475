"""Which calls are due, and what they cost: every one is a credit (DESIGN section 1; API contract, billing).

`details` which details a poll asks for · `rotation` whose turn it is by age · `reuse` answers that another watch has
had · `lists` own lists, or a wider one filtered here · `watches` what is planned with · `budget` what may be spent
now · `pricing` what a configuration costs · `proposal` what would fit a budget.
"""

from watcher.plan.budget import Ahead, Limits, Spent, for_details, for_list, left
from watcher.plan.details import PROBES, details_due, doubted_details, recovered
from watcher.plan.lists import Filter, Reading, covers, readings, worth_asking
from watcher.plan.pricing import MONTH, Bill, Line, bill, detail_period
from watcher.plan.proposal import Proposal, propose
from watcher.plan.reuse import Answer, marks, reusable
from watcher.plan.rotation import turn
from watcher.plan.watches import PAGE, UNKNOWN, Planned, Thrift, forecast, pages

__all__ = [
    "MONTH",
    "PAGE",
    "PROBES",
    "UNKNOWN",
    "Ahead",
    "Answer",
    "Bill",
    "Filter",
    "Limits",
    "Line",
    "Planned",
    "Proposal",
    "Reading",
    "Spent",
    "Thrift",
    "bill",
    "covers",
    "detail_period",
    "details_due",
    "doubted_details",
    "for_details",
    "for_list",
    "forecast",
    "left",
    "marks",
    "pages",
    "propose",
    "readings",
    "recovered",
    "reusable",
    "turn",
    "worth_asking",
]
