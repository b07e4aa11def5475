"""Sending through apprise: one target at a time, with every outcome in our words and no secret in any of them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from watcher.errors import DeliveryError

if TYPE_CHECKING:
    from apprise import Apprise

    from watcher.messages import Attachment, Format


class Courier:
    """Delivers to the targets of a configuration, name → apprise URL. URLs are secrets: they are never shown."""

    def __init__(self, targets: Mapping[str, str]) -> None:
        self._targets = dict(targets)
        self._loaded: dict[str, Apprise] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._targets)

    def format_of(self, name: str) -> Format:
        """The format that a target shows best.

        Raises:
            DeliveryError: the target's URL is none that apprise knows.
        """
        formats: Any = self._service(name)[0].notify_format
        first = formats[0] if isinstance(formats, tuple | list) else formats
        return {"markdown": "markdown", "html": "html"}.get(str(getattr(first, "value", first)), "text")  # type: ignore[return-value]

    def attaches(self, name: str) -> bool:
        """Whether a target takes files.

        Raises:
            DeliveryError: the target's URL is none that apprise knows.
        """
        return bool(self._service(name)[0].attachment_support)

    def send(self, name: str, title: str, body: str, format: Format, attachments: Sequence[Attachment] = ()) -> None:
        """Send one message to one target.

        Raises:
            DeliveryError: it was not taken; the reason holds no secret.
        """
        service = self._service(name)
        try:
            result = service.notify(
                body=body, title=title, body_format=format, attach=_files(attachments) if attachments else None
            )
        except TypeError as error:
            raise DeliveryError(f"{name}: the message was not accepted by apprise.") from error
        if not result:
            raise DeliveryError(f"{name}: {self._reason(result, name)}.")

    def _service(self, name: str) -> Apprise:
        if name not in self._loaded:
            import apprise

            _quieten()
            service = apprise.Apprise()
            if name not in self._targets or not service.add(self._targets[name]):
                raise DeliveryError(
                    f"{name}: apprise cannot read this URL: its scheme, or a part such as an address in it, is wrong.",
                    "Check the target in rules.yaml and .env; `watcher test-target` tries it.",
                )
            if hasattr(service[0], "inline"):
                # E-mail shows an attached picture where the message's HTML names it.
                service[0].inline = True
            self._loaded[name] = service
        return self._loaded[name]

    def _reason(self, result: Any, name: str) -> str:
        """What the service said of the failure, less anything that stands in the target's URL."""
        said = [str(getattr(entry, "message", entry)) for entry in (result.logs() if hasattr(result, "logs") else ())]
        text = next((line for line in reversed(said) if line), "") or "it did not take the message"
        for secret in _parts(self._targets[name]):
            text = text.replace(secret, "…")
        return " ".join(text.split())[:200].rstrip(".")


def _files(attachments: Sequence[Attachment]) -> Any:
    import apprise
    from apprise.attachment.memory import AttachMemory

    files = apprise.AppriseAttachment()
    for one in attachments:
        files.add(AttachMemory(content=one.content, name=one.name, mimetype=one.mimetype))  # type: ignore[no-untyped-call]
    return files


def _parts(url: str) -> list[str]:
    """The pieces of a URL that must not be shown, the longest first."""
    rest = url.partition("://")[2]
    pieces = {rest}
    for separator in "/?&=@:":
        pieces |= {part for piece in list(pieces) for part in piece.split(separator)}
    return sorted((piece for piece in pieces if len(piece) > 3), key=len, reverse=True)


def _quieten() -> None:
    # At DEBUG these write whole requests, webhook paths included; their warnings we tell ourselves.
    for name in ("apprise", "urllib3", "requests"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)
        logger.propagate = False
        logger.addHandler(logging.NullHandler())
