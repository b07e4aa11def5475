"""A rule: which changes are told to whom (DESIGN section 5, `rules`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from watcher.model import EMPTY, Severity
from watcher.rules.conditions import When


@dataclass(frozen=True, slots=True)
class Rule:
    """`on` holds kinds, metrics or globs of either; `where` maps a field of a change to the globs it may match.

    A rule without `to` is refused by the configuration. `template` names a file of the templates folder
    without its ending; None means the built-in one for the change's kind. Within `cooldown` after it told of a site
    the rule does not tell of it again.
    """

    name: str
    on: tuple[str, ...]
    to: tuple[str, ...]
    where: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: EMPTY)
    when: When = field(default_factory=When)
    severity: Severity = "info"
    template: str | None = None
    enabled: bool = True
    cooldown: timedelta | None = None


#: What `where` may name: fields of a change; `company` stands for the company's slug or name.
WHERE_FIELDS = (
    "watch",
    "kind",
    "slug",
    "name",
    "company",
    "company_slug",
    "company_name",
    "commodity_type",
    "province",
    "city",
    "year",
    "metric",
    "unit",
    "nature",
    "suspect",
)
