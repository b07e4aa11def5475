"""The list that every migration adds itself to."""

from sqlite_utils.migrations import Migrations

migrations = Migrations("watcher")
