"""A metric's history in one glance: as block characters for chat, as a small picture for e-mail."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

_BLOCKS = "▁▂▃▄▅▆▇█"
#: A history shorter than this shows nothing that the line does not say already.
SHORTEST = 3
_LONGEST = 24

_WIDTH, _GAP, _HEIGHT = 5, 1, 20
_GREY, _DARK = (150, 158, 168), (194, 87, 26)


def sparkline(values: Sequence[float]) -> str:
    """Block characters, one per value, the lowest at the bottom: `▁▃▅█`; empty for less than three values."""
    return "".join(_BLOCKS[level] for level in _levels(values, len(_BLOCKS)))


def picture(values: Sequence[float]) -> bytes:
    """The same as a PNG of bars, the last one in another colour; empty for less than three values.

    Transparent behind the bars, so that it looks right on white and on black.
    """
    levels = _levels(values, _HEIGHT)
    if not levels:
        return b""
    rows = []
    for line in range(_HEIGHT):
        pixels = bytearray()
        for number, level in enumerate(levels):
            colour = _DARK if number == len(levels) - 1 else _GREY
            inked = _HEIGHT - line <= level + 1
            pixels += bytes((*colour, 255 if inked else 0)) * _WIDTH + bytes(4) * _GAP
        rows.append(b"\0" + bytes(pixels))
    size = struct.pack(">IIBBBBB", len(levels) * (_WIDTH + _GAP), _HEIGHT, 8, 6, 0, 0, 0)
    body = _chunk(b"IHDR", size) + _chunk(b"IDAT", zlib.compress(b"".join(rows))) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def _levels(values: Sequence[float], steps: int) -> list[int]:
    shown = list(values)[-_LONGEST:]
    if len(shown) < SHORTEST:
        return []
    low, high = min(shown), max(shown)
    if high == low:
        return [steps // 2] * len(shown)
    return [round((value - low) / (high - low) * (steps - 1)) for value in shown]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
