"""Is it news? `policy` is what a user may set about it."""

from watcher.judge.policy import HoldPolicy, JudgementPolicy, RemovalPolicy

__all__ = ["HoldPolicy", "JudgementPolicy", "RemovalPolicy"]
