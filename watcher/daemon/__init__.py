"""The service: polls when they are due, deliveries beside them, signals, and a word to systemd.

`service` starts, reloads and stops it all · `poller` what is due, and what its failures mean · `deliverer` one loop per
target · `timers` the scheduler, clocks that jump · `systemd` sd_notify · `journal` log lines.
"""

from watcher.daemon.journal import start_logging
from watcher.daemon.service import Service
from watcher.daemon.systemd import Notifier

__all__ = ["Notifier", "Service", "start_logging"]
