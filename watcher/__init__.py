"""Watcher: change-monitoring alerts for Indonesia's mining sites. The house, floor by floor (DESIGN section 8):

shell    `cli`       words to the user
         `daemon`    schedule, signals, systemd
         `wiring`    from settings to what the jobs take
         `web`       pages, feed, metrics and report over the store; read-only
jobs     `poll`      api → decide → commit
         `dispatch`  outbox → render → send → mark
         `backtest`  history → decide
credits  `credits`   who pays for a call, and what watches share
I/O      `api`       the Sectors API → Sweep
         `store`     schema, history, outbox
         `delivery`  apprise
         `config`    rules.yaml ↔ settings
pure     `pipeline`  decide: parse ─► diff ─► judge ─► rules
pure     `parse` · `plan` · `diff` · `judge` · `rules` · `messages` · `filters` · `routing`
pure     `derived`   figures computed from others · `schedule` when things are due · `retries` when again
values   `model` · `errors` · `units` · `geography` · `addresses` · `plain` values as JSON · `moments` times in words
apart    `sandbox`   a stand-in for the API; knows nothing of us

An import only ever goes down. Read `model`, `pipeline`, `poll`, then any room.
"""

__version__ = "0.1.0"
