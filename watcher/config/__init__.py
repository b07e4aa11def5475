"""rules.yaml ↔ settings: `document` reads, `schema` checks the shape, `meaning` the names, `load` puts it together."""

from watcher.config.load import environment, find, load
from watcher.config.names import is_known, near
from watcher.config.reach import ops_targets
from watcher.config.schema import File
from watcher.config.serving import address
from watcher.config.settings import Http, Settings, Watch, masked, require_key
from watcher.config.starter_files import write_starter

__all__ = [
    "File",
    "Http",
    "Settings",
    "Watch",
    "address",
    "environment",
    "find",
    "is_known",
    "load",
    "masked",
    "near",
    "ops_targets",
    "require_key",
    "write_starter",
]
