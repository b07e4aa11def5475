"""Which vanished slug is which new one: the same mine under another name (DESIGN section 3, `site.renamed`)."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping

from watcher.geography import metres_apart
from watcher.judge.names import Likeness, alike, same_company
from watcher.judge.policy import RenamePolicy
from watcher.model import Record

Site = tuple[Record, ...]

#: So many more new mines than vanished ones are a batch: among them somebody without rivals is no sign any more.
_BATCH = 5


def renames(gone: Iterable[Record], fresh: Iterable[Record], policy: RenamePolicy) -> dict[str, str]:
    """Old slug → new slug for the mines that were renamed. Two look-alikes are never guessed between.

    A pair must have the same company, commodity and year; and nearly the same place, or the same figures, or the
    same name in other words, or no rival at all, unless a batch of new mines comes in.
    """
    olds, news = _sites(gone), _sites(fresh)
    batch = len(news) - len(olds) >= _BATCH
    fits = {
        (old, new): _evidence(olds[old], news[new], policy)
        for old in olds
        for new in news
        if _may_be_one(olds[old], news[new])
    }
    found: dict[str, str] = {}
    while True:
        open_fits = {
            pair: evidence for pair, evidence in fits.items() if pair[0] not in found and pair[1] not in found.values()
        }
        best = [pair for pair in open_fits if _best_for_both(pair, open_fits)]
        sure = {old: new for old, new in best if open_fits[old, new] or not batch}
        if not sure:
            return found
        found |= sure


def _sites(records: Iterable[Record]) -> dict[str, Site]:
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        groups[record.slug].append(record)
    return {slug: tuple(group) for slug, group in groups.items()}


def _may_be_one(old: Site, new: Site) -> bool:
    company = any(
        a.company_slug == b.company_slug
        or same_company(a.company_slug, b.company_slug)
        or same_company(a.company_name, b.company_name)
        for a in old
        for b in new
    )
    return company and bool({(r.commodity_type, r.year) for r in old} & {(r.commodity_type, r.year) for r in new})


def _evidence(old: Site, new: Site, policy: RenamePolicy) -> int | None:
    """Two points each for place, figures and name, one for a word in common; None where they cannot be one mine."""
    apart = metres_apart(_point(old), _point(new))
    figures = _same_figures(old, new)
    likeness = [alike(a.name, b.name) for a in old for b in new if a.name and b.name]
    near = apart is not None and apart <= policy.within
    points = 2 * near + 2 * (figures is True)
    numbered = bool(likeness) and max(likeness) is Likeness.SIBLINGS
    same = Likeness.SAME in likeness
    against = numbered or figures is False or (apart is not None and not near)
    if points == 0 and against and not same:
        return None
    return points + 2 * same + (Likeness.AKIN in likeness)


def _best_for_both(pair: tuple[str, str], fits: Mapping[tuple[str, str], int | None]) -> bool:
    """Whether a pair has more to speak for it than any other pair that shares one of its slugs."""
    mine = fits[pair]
    if mine is None:
        return False
    rivals = [
        evidence
        for other, evidence in fits.items()
        if other != pair and (other[0] == pair[0] or other[1] == pair[1]) and evidence is not None
    ]
    return all(mine > evidence for evidence in rivals)


def _point(site: Site) -> tuple[float | None, float | None]:
    return next(((r.latitude, r.longitude) for r in site if r.latitude is not None), (None, None))


def _same_figures(old: Site, new: Site) -> bool | None:
    """True if every figure that both have is the same, False if one differs, None if they share none."""
    before = {(r.commodity_type, r.year): r.metrics for r in old}
    shared = [
        (before[key][name].amount, value.amount)
        for r in new
        if (key := (r.commodity_type, r.year)) in before
        for name, value in r.metrics.items()
        if name in before[key]
    ]
    if not shared:
        return None
    return all(math.isclose(one, other, rel_tol=1e-6) for one, other in shared)
