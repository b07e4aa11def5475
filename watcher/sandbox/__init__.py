"""A stand-in for the Sectors API's two mining-sites endpoints, with fictional sites. It knows nothing of Watcher.

`world` what is served and what was called · `server` the endpoints over HTTP · `script` what happens day by day.
"""

from watcher.sandbox.script import Day, days
from watcher.sandbox.server import Served, create_app, run_forever, serve
from watcher.sandbox.world import World, fictional_sites, load_states

__all__ = ["Day", "Served", "World", "create_app", "days", "fictional_sites", "load_states", "run_forever", "serve"]
