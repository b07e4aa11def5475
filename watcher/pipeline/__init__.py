"""The decision, floor above its rooms. Read `decide` first: it is the sentence that the other files spell out.

`settings` what it depends on · `decide` the sentence · `snapshot` parse, completed ·
`glimpse` a part of the details, judged for the whole · `step` which record is which ·
`changes` what changed · `telling` who is told of it · `notices` what the operator hears ·
`urgency` which details come first.
"""

from watcher.pipeline.decide import conclude, decide, due, due_again
from watcher.pipeline.settings import WatchSettings
from watcher.pipeline.telling import list_verdicts, verdicts

__all__ = ["WatchSettings", "conclude", "decide", "due", "due_again", "list_verdicts", "verdicts"]
