"""From the API's JSON to records: `observation` reads a sweep, `rows` a row, `reserves` its block, `words` a key."""

from watcher.parse.observation import (
    DetailRead,
    Listing,
    Observation,
    join,
    listing_of,
    observe,
    read_detail,
    read_list,
    undetailed,
)

__all__ = [
    "DetailRead",
    "Listing",
    "Observation",
    "join",
    "listing_of",
    "observe",
    "read_detail",
    "read_list",
    "undetailed",
]
