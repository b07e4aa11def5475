"""Words to systemd: a datagram to `$NOTIFY_SOCKET` (sd_notify(3)). Outside systemd they go nowhere."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from contextlib import suppress


class Notifier:
    """Tells systemd how the service is.

    Attributes:
        watchdog: how often systemd wants a sign of life, in seconds; None if it does not.
    """

    def __init__(self, environ: Mapping[str, str], process: int) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        if self._address.startswith("@"):
            self._address = "\0" + self._address[1:]
        mine = environ.get("WATCHDOG_PID", str(process)) == str(process)
        every = environ.get("WATCHDOG_USEC", "")
        self.watchdog = int(every) / 1e6 if mine and every.isdigit() and int(every) > 0 else None

    def ready(self) -> None:
        self._say("READY=1")

    def reloading(self) -> None:
        self._say(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        self._say("STOPPING=1")

    def alive(self) -> None:
        self._say("WATCHDOG=1")

    def status(self, words: str) -> None:
        self._say(f"STATUS={' '.join(words.split())}")

    def _say(self, text: str) -> None:
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.sendto(text.encode(), self._address)
