"""Credits at work: who pays for a call, what is shared between watches, and when the API is left alone.

`purse` pays before each call, within the limits · `lists` reads each list once · `pantry` details that another watch
has had · `cupboard` answers with an ETag · `quota` the pause while the API's own quota is gone · `errand` these
together, for the watches that are due at once.
"""

from watcher.credits.cupboard import Cupboard
from watcher.credits.errand import Errand
from watcher.credits.purse import Meter, Purse
from watcher.credits.quota import is_quota, paused

__all__ = ["Cupboard", "Errand", "Meter", "Purse", "is_quota", "paused"]
