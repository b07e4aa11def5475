"""Changes as an Atom feed (RFC 4287): the same change has the same id for ever."""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from watcher.messages import headline
from watcher.messages.words import moment, movement, nature, place, tame
from watcher.model import Change
from watcher.web.query import Query
from watcher.web.render import url

_ATOM = "http://www.w3.org/2005/Atom"
#: The namespace of our ids; any UUID will do, as long as it never changes.
_IDS = uuid.UUID("0c6b8a52-2f0e-5d6f-9f0f-6c1b7a4d3e21")


def atom(changes: Iterable[Change], base: str, query: Query, zone: ZoneInfo, begun: datetime) -> bytes:
    """The feed of `changes`, newest first.

    Args:
        base: the address of the pages, without a slash at the end.
        query: what was asked for; it is part of the feed's own id.
        begun: when the history begins: the date of a feed without a change.
    """
    found = list({change.id: change for change in changes}.values())
    ET.register_namespace("", _ATOM)
    root = ET.Element(f"{{{_ATOM}}}feed")
    asked = query.href("/feed.atom")
    _add(root, "title", "Watcher: changes at Indonesia's mining sites")
    _add(root, "id", uuid.uuid5(_IDS, f"feed {asked}").urn)
    _add(root, "updated", max((change.at for change in found), default=begun).isoformat())
    _add(_add(root, "author"), "name", "Watcher")
    _add(root, "link", rel="self", type="application/atom+xml", href=f"{base}{asked}")
    _add(root, "link", rel="alternate", type="text/html", href=f"{base}{query.href('/')}")
    for change in found:
        _entry(root, change, base, zone)
    text: str = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}'.encode()


def _entry(root: ET.Element, change: Change, base: str, zone: ZoneInfo) -> None:
    entry = _add(root, "entry")
    _add(entry, "title", tame(headline(change), 300))
    _add(entry, "id", uuid.uuid5(_IDS, f"change {change.id}").urn)
    _add(entry, "updated", change.at.isoformat())
    _add(entry, "published", change.at.isoformat())
    room = "companies" if change.kind == "company.renamed" else "sites"
    _add(entry, "link", rel="alternate", type="text/html", href=f"{base}{url(change.slug, room)}#change-{change.id}")
    _add(entry, "category", term=change.kind)
    if change.commodity_type:
        _add(entry, "category", term=tame(change.commodity_type))
    _add(entry, "summary", _summary(change, zone), type="text")


def _summary(change: Change, zone: ZoneInfo) -> str:
    """What the title leaves out."""
    parts = (
        movement(change),
        nature(change),
        f"suspect: {change.suspect}" if change.suspect else "",
        f"corrects: {change.corrects}" if change.corrects else "",
        change.detail,
        tame(change.company_name or change.company_slug or ""),
        tame(place(change)),
        f"{moment(change.at, zone)}, watch {change.watch}",
    )
    return " · ".join(tame(part, 600) for part in parts if part)


def _add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
    child = ET.SubElement(parent, f"{{{_ATOM}}}{name}", attributes)
    child.text = text or None
    return child
