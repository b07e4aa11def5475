"""The outbox of an open database: what is to be told, and how its telling goes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database

from watcher.messages import Attachment, Message
from watcher.model import Notice
from watcher.retries import Trouble
from watcher.routing import Untold
from watcher.store import queue, troubles
from watcher.store.connect import in_our_words
from watcher.store.queue import WaitingMessage


class Outbox:
    """Every method that writes is one transaction; sqlite's errors come out as StoreError."""

    def __init__(self, path: Path, db: Database) -> None:
        self._path, self._db = path, db

    def untold(self) -> dict[str, list[Untold]]:
        """What is in no message yet, by target, in order."""
        with in_our_words(self._path):
            return queue.untold(self._db.conn)

    def freeze(
        self, target: str, untold: Sequence[Untold], message: Message, at: datetime, *, ends_digest: bool = False
    ) -> int:
        """Write the message that tells `untold`; with it the target's digest is dealt with, if it `ends_digest`.

        Returns its id.
        """
        with in_our_words(self._path), self._db.atomic():
            if ends_digest:
                queue.set_digest(self._db.conn, target, at)
            return queue.freeze(self._db.conn, target, untold, message, at)

    def attachments(self, message: int) -> tuple[Attachment, ...]:
        """What goes along with a message."""
        with in_our_words(self._path):
            return queue.attachments(self._db.conn, message)

    def last_digest(self, target: str) -> datetime | None:
        """When a target's last digest was due and dealt with."""
        with in_our_words(self._path):
            return queue.last_digest(self._db.conn, target)

    def set_digest(self, target: str, at: datetime) -> None:
        """A target's digest has been dealt with."""
        with in_our_words(self._path), self._db.atomic():
            queue.set_digest(self._db.conn, target, at)

    def notify(self, notice: Notice, targets: Iterable[str], at: datetime) -> bool:
        """Queue a notice that no poll brings, unless the same one was queued within a day. False if it was."""
        with in_our_words(self._path), self._db.atomic():
            return queue.notify(self._db.conn, notice, targets, at)

    def waiting(self, target: str | None = None) -> list[WaitingMessage]:
        """Messages that were not delivered yet and not given up, the oldest first."""
        with in_our_words(self._path):
            return queue.waiting(self._db.conn, target)

    def dead(self, target: str | None = None) -> list[WaitingMessage]:
        """Messages that were given up, the oldest first."""
        with in_our_words(self._path):
            return queue.waiting(self._db.conn, target, dead=True)

    def mark_sent(self, message: int, at: datetime) -> None:
        """A message has been delivered."""
        with in_our_words(self._path), self._db.atomic():
            queue.mark_sent(self._db.conn, message, at)

    def mark_failed(
        self, message: int, at: datetime, error: str, *, again: datetime | None = None, dead: bool = False
    ) -> None:
        """A message could not be delivered; it stays, to be tried again, unless it is given up as `dead`.

        Args:
            again: when, for a message that was set aside; others keep to their target's waits.
        """
        with in_our_words(self._path), self._db.atomic():
            queue.mark_failed(self._db.conn, message, at, error, again=again, dead=dead)

    def set_aside(self, message: int, again: datetime) -> None:
        """A message that its target refuses while it takes others: it is tried by its own clock from now on."""
        with in_our_words(self._path), self._db.atomic():
            queue.set_aside(self._db.conn, message, again)

    def revive(self, messages: Iterable[int]) -> int:
        """Let messages be tried again at once, also those that were given up. Returns how many there were."""
        with in_our_words(self._path), self._db.atomic():
            return queue.revive(self._db.conn, messages)

    def drop(self, messages: Iterable[int], at: datetime) -> int:
        """Messages that need not be delivered any more. Returns how many there were."""
        with in_our_words(self._path), self._db.atomic():
            return queue.drop(self._db.conn, messages, at)

    def trouble(self, target: str) -> Trouble | None:
        """How a target fails; None if it does not."""
        with in_our_words(self._path):
            return next(iter(troubles.targets(self._db.conn, target)), None)

    def troubles(self) -> list[Trouble]:
        """The targets that fail."""
        with in_our_words(self._path):
            return troubles.targets(self._db.conn)

    def set_trouble(self, trouble: Trouble) -> None:
        """A target fails, or goes on failing."""
        with in_our_words(self._path), self._db.atomic():
            troubles.set_target(self._db.conn, trouble)

    def end_trouble(self, target: str) -> None:
        """A target takes messages again."""
        with in_our_words(self._path), self._db.atomic():
            troubles.end_target(self._db.conn, target)
