"""From one snapshot to the next: which record is which, who was renamed, who is back, who is gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from watcher import diff, judge, parse
from watcher.model import Absent, Memory, Record, ordered


@dataclass(frozen=True, slots=True)
class Step:
    """Two accepted record sets, paired. `renamed` maps old slug → new slug; `back` pairs returned absents."""

    pairs: tuple[tuple[Record, Record], ...]
    gone: tuple[Record, ...]
    fresh: tuple[Record, ...]
    back: tuple[tuple[Absent, Record], ...]
    renamed: Mapping[str, str]
    lost: frozenset[str]
    present: frozenset[str]

    @property
    def versions(self) -> tuple[tuple[Record, Record], ...]:
        """Every record that was known, as it was and as it is: those that stayed and those that are back."""
        return (*self.pairs, *((entry.record, new) for entry, new in self.back))

    def keeping_details(self, slugs: frozenset[str]) -> Step:
        """The same, as if the details of `slugs` had not been asked for: what only they say is as it was."""

        def kept(old: Record, new: Record) -> Record:
            return diff.carry(old, parse.undetailed(new)) if new.slug in slugs and old.detailed else new

        return replace(
            self,
            pairs=tuple((old, kept(old, new)) for old, new in self.pairs),
            back=tuple((entry, kept(entry.record, new)) for entry, new in self.back),
        )

    @property
    def records(self) -> tuple[Record, ...]:
        """The new snapshot's records, in its order."""
        return ordered((*(new for _, new in self.versions), *self.fresh))

    @classmethod
    def between(
        cls,
        memory: Memory,
        before: tuple[Record, ...],
        after: tuple[Record, ...],
        kept: frozenset[str],
        policy: judge.JudgementPolicy,
    ) -> Step:
        match = diff.match(before, after)
        present = frozenset(record.slug for record in after)
        known = {record.slug for record in before} | {entry.record.slug for entry in memory.absent}
        missing = [e.record for e in memory.absent if e.state == "missing" and e.record.slug not in present]
        vanished = [record for record in match.gone if record.slug not in present]
        newcomers = [record for record in match.fresh if record.slug not in known]
        renamed = {} if kept else judge.renames((*vanished, *missing), newcomers, policy.renames)
        pairs, fresh = list(match.pairs), list(match.fresh)
        if renamed:
            olds = [replace(r, slug=renamed[r.slug]) for r in (*vanished, *missing) if r.slug in renamed]
            again = diff.match(olds, [record for record in fresh if record.slug in renamed.values()])
            pairs += [(old, diff.carry(old, new)) for old, new in again.pairs]
            fresh = [record for record in fresh if record.slug not in renamed.values()] + list(again.fresh)
        returned = diff.match((e.record for e in memory.absent if e.record.slug not in renamed), fresh)
        entries = {id(entry.record): entry for entry in memory.absent}
        return cls(
            pairs=tuple(pairs),
            gone=tuple(record for record in match.gone if record.slug not in renamed),
            fresh=returned.fresh,
            back=tuple((entries[id(old)], new) for old, new in returned.pairs),
            renamed=renamed,
            lost=frozenset(record.slug for record in vanished) - renamed.keys(),
            present=present,
        )
