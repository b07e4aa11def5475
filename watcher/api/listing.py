"""A list is complete or it is nothing: its pages are checked against each other (API contract, `pagination`)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Self

from watcher.api.answers import TryAgain
from watcher.api.together import together
from watcher.errors import SweepIncomplete

_PAGE = 30


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its rows, how many rows the list has in all, and the offset that it says it starts at."""

    rows: tuple[object, ...]
    total: int
    offset: int | None
    has_next: bool | None

    @classmethod
    def read(cls, document: Any) -> Self:
        """A list answer.

        Raises:
            TryAgain: it has not the shape of one.
        """
        rows = document.get("results") if isinstance(document, dict) else None
        paging = document.get("pagination") if isinstance(document, dict) else None
        if not isinstance(rows, list) or not isinstance(paging, dict):
            raise TryAgain("its answer is not a list of sites")
        total = _whole(paging.get("total_count"))
        if total is None:
            raise TryAgain("its list does not say how long it is")
        more = paging.get("has_next")
        return cls(tuple(rows), total, _whole(paging.get("offset")), more if isinstance(more, bool) else None)


def _whole(raw: object) -> int | None:
    if isinstance(raw, str) and raw.strip().isdigit():
        raw = int(raw)
    return raw if isinstance(raw, int) and not isinstance(raw, bool) and raw >= 0 else None


#: Each try asks for another order, so that ties, and rows that are alike, do not fall on the same pages again.
_ORDERS = ("year", "production_volume", "strip_ratio")

Fetch = Callable[[int, str], Coroutine[Any, Any, Page]]


async def gather(page: Fetch) -> tuple[object, ...]:
    """All rows of a list, given a function that fetches the page at an offset in an order (`order_by`).

    A list that moves while it is read is read again, up to three times in all. Rows may be gathered over the tries,
    until they are as many distinct ones as the list says it has. A whole reading with rows that say no site, or that
    come twice word for word, is believed once another is the same, or if none is better.

    Raises:
        SweepIncomplete: the pages still do not add up.
    """
    known: dict[str, object] = {}
    odd: tuple[object, ...] | None = None
    why = ""
    for order in _ORDERS:
        try:
            readings, total = await _once(page, order)
        except _Contradiction as contradiction:
            why = str(contradiction)
            continue
        rows = [row for one in readings for row in one.rows]
        counts = Counter(map(_text, rows))
        if len(rows) == total and not _torn(readings):
            if len(counts) == total and all(map(_named, rows)):
                return tuple(rows)
            if odd is not None and Counter(map(_text, odd)) == counts:
                return odd
            odd = tuple(rows)
            continue
        why = f"{len(counts)} different rows came, the list says it has {total}"
        # A row that changed between the tries is one row: the newer replaces the older of the same identity.
        fresh = {_identity(row) for row in rows}
        known = {text: row for text, row in known.items() if text in counts or _identity(row) not in fresh}
        known |= {_text(row): row for row in rows}
        if len(known) == total:
            return tuple(known.values())
    if odd is not None:
        return odd
    raise SweepIncomplete(
        f"The list of sites does not add up, three times over: {why}.",
        "Nothing was changed; the next poll tries again.",
    )


class _Contradiction(Exception):
    """Two pages of one reading contradict each other."""


async def _once(page: Fetch, order: str) -> tuple[Sequence[Page], int]:
    """One reading of the list, page by page at the offsets that the first page's length gives."""
    first = await page(0, order)
    _check(first, first.total, 0)
    step = len(first.rows)
    if step == 0 and first.total > 0:
        raise _Contradiction(f"an empty first page, though the list says it has {first.total} rows")
    pages: Sequence[Page] = ()
    if 0 < step < first.total:
        offsets = range(step, first.total, step)
        pages = await together(*(page(offset, order) for offset in offsets))
        for offset, one in zip(offsets, pages, strict=True):
            _check(one, first.total, offset)
    if (first, *pages)[-1].has_next is True:
        raise _Contradiction(f"the list says it has {first.total} rows, and that more follow the last of them")
    return (first, *pages), first.total


def _check(one: Page, total: int, offset: int) -> None:
    if one.total != total:
        raise _Contradiction(f"the number of rows changed from {total} to {one.total} while they were read")
    if one.offset is not None and one.offset != offset:
        raise _Contradiction(f"the page at offset {offset} says it starts at {one.offset}")
    if len(one.rows) > max(_PAGE, total):
        raise _Contradiction(f"a page of {len(one.rows)} rows was sent, 30 were asked for")


def _torn(pages: Sequence[Page]) -> bool:
    """Whether a row came on two pages: then another was passed over. Rows alike on one page are rows of their own."""
    seen: set[str] = set()
    for one in pages:
        texts = set(map(_text, one.rows))
        if texts & seen:
            return True
        seen |= texts
    return False


def _text(row: object) -> str:
    return json.dumps(row, sort_keys=True)


def _named(row: object) -> bool:
    return isinstance(row, dict) and bool(row.get("slug"))


def _identity(row: object) -> str:
    if not isinstance(row, dict):
        return _text(row)
    return _text([row.get(name) for name in ("slug", "commodity_type", "year", "company_slug", "project_name")])
