"""Laws are checked whatever the machine is busy with: an example has no deadline."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("watcher", deadline=None)
settings.load_profile("watcher")
