"""What these rules would have sent over a history: the same pure core, no network, nothing sent (DESIGN section 6).

`history` where states come from · `replay` polls them at each watch's own interval · `report` what came of it.
"""

from watcher.backtest.history import FileHistory, History, StoredHistory
from watcher.backtest.replay import WatchPlan, replay
from watcher.backtest.report import Held, Report, Sent, WatchRun

__all__ = ["FileHistory", "Held", "History", "Report", "Sent", "StoredHistory", "WatchPlan", "WatchRun", "replay"]
