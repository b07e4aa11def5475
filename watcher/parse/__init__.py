"""From the API's JSON to records: `observation` reads a sweep, `rows` a row, `reserves` its block, `words` a key."""

from watcher.parse.observation import Observation, fingerprints, observe

__all__ = ["Observation", "fingerprints", "observe"]
