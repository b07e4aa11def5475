"""The names of metrics (DESIGN section 2): a flat namespace of dotted words, and what upstream invents beside it."""

from __future__ import annotations

import re

_PLAIN = ("production_volume", "strip_ratio", "overburden_removal_volume", "calorific_value", "tonnage")
_METALS = "au|cu|ag|ni|co|fe|metal"
_STANDARD = re.compile(
    rf"(?:{'|'.join(_PLAIN)})"
    r"|(?:(?:limonite|saprolite)\.?)?(?:(?:gold|copper|silver|nickel|cobalt|iron)\.?)?"
    r"(?:(?:reserves|resources)\.?)?(?:(?:proven|probable|measured|indicated|inferred|total|tonnage)\.?)?"
    rf"(?:(?:(?:{_METALS})_)?(?:grade|contained))?"
)


def standard(name: str) -> bool:
    """Whether a metric's name is one of ours; False for one that holds words which only upstream knows."""
    return _STANDARD.fullmatch(name) is not None
