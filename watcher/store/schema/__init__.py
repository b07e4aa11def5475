"""The tables, as users' own tools see them: names as in DESIGN, instants in ISO-8601 UTC (DESIGN section 7).

One file per group of tables; what a release has once written is never changed, only followed by another migration.
"""

# The order in which they are imported is the order in which they are applied.
from watcher.store.schema import first_release  # isort: skip
from watcher.store.schema import watchlists  # isort: skip
from watcher.store.schema import delivery  # isort: skip
from watcher.store.schema import thrift  # isort: skip
from watcher.store.schema.migrations import migrations

__all__ = ["delivery", "first_release", "known", "migrations", "thrift", "watchlists"]


def known() -> frozenset[str]:
    """The names of all migrations of this version; a database with others comes from a newer one."""
    return frozenset(migration.name for migration in migrations._migrations)
