"""A company renamed is one change, not one per site (DESIGN section 3, `company.renamed`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from watcher.judge.names import same_company
from watcher.model import Change, Record


def renamed_companies(pairs: Iterable[tuple[Record, Record]], records: Iterable[Record]) -> dict[str, str]:
    """Old company slug → new one, where the name is the same less its legal form and no site stays under the old slug.

    A site that went to quite another company at the same time has another owner; the others' company is still renamed.

    Args:
        pairs: every record that stayed, old and new.
        records: all records of the new snapshot; a company that still has sites under its old slug is not renamed.
    """
    still = {record.company_slug for record in records}
    moves: dict[str, set[str]] = defaultdict(set)
    for old, new in pairs:
        if old.company_slug and new.company_slug and old.company_slug != new.company_slug:
            alike = same_company(old.company_slug, new.company_slug) or same_company(old.company_name, new.company_name)
            if alike:
                moves[old.company_slug].add(new.company_slug)
    return {old: next(iter(new)) for old, new in moves.items() if len(new) == 1 and old not in still}


def fold(
    changes: Sequence[Change], renamed: dict[str, str], former: dict[str, str], before: Mapping[str, str]
) -> list[Change]:
    """`changes` with one `company.renamed` in place of the `owner.changed` of each of its sites.

    Args:
        renamed: old company slug → new one.
        former: site slug → the company slug it had before.
        before: old company slug → new one, of the renamings told earlier. A site that was away then only follows now.
    """
    sites: dict[str, set[str]] = defaultdict(set)
    for change in changes:
        if change.kind == "owner.changed" and _of(change, renamed, former):
            sites[former[change.slug]].add(change.slug)
    told: set[str] = set()
    folded = []
    for change in changes:
        if change.kind == "owner.changed" and _of(change, before, former):
            continue
        if change.kind != "owner.changed" or not _of(change, renamed, former):
            folded.append(change)
            continue
        old = former[change.slug]
        if old in told:
            continue
        told.add(old)
        count = len(sites[old])
        folded.append(
            replace(
                change,
                kind="company.renamed",
                slug=renamed[old],
                name=change.company_name,
                old_slug=old,
                commodity_type=None,
                year=None,
                province=None,
                city=None,
                latitude=None,
                longitude=None,
                detail=f"{count} site{'s' if count != 1 else ''}; slug {old} → {renamed[old]}",
            )
        )
    return folded


def _of(change: Change, renamed: Mapping[str, str], former: dict[str, str]) -> bool:
    return renamed.get(former.get(change.slug, "")) == change.company_slug
