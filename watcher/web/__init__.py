"""The status pages: what happened, what is watched, what is broken; a map, a feed, metrics. Read-only, no JavaScript.

`app` addresses → answers · `guard` who may ask · `query` what is asked for · `pages/` what each page shows ·
`templates/`, `static/` how it looks · `render` one into the other · `drawing/` charts and map as SVG · `feed`, `sheet`,
`metrics` for machines · `health` whether polls happen · `pulse` what the daemon says of itself · `report` all of it in
one file · `serving` the server.
"""

from watcher.web.app import application
from watcher.web.pulse import Pulse
from watcher.web.report import report_attachment, report_html
from watcher.web.serving import Host

__all__ = ["Host", "Pulse", "application", "report_attachment", "report_html"]
