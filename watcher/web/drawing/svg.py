"""SVG elements, with everything in them escaped."""

from __future__ import annotations

from markupsafe import Markup, escape

from watcher.messages.words import tame

Child = Markup | str | None


def element(name: str, *children: Child, **attributes: str | float | None) -> Markup:
    """`<name attribute="…">children</name>`. `class_` is `class`, `_` becomes `-`; None is left out.

    Text is cleaned of invisible characters and escaped; Markup passes as it is.
    """
    said = "".join(
        f' {key.removesuffix("_").replace("_", "-")}="{escape(_text(key, value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(child if isinstance(child, Markup) else escape(tame(child, 300)) for child in children if child)
    return Markup(f"<{name}{said}>{inner}</{name}>" if inner else f"<{name}{said}/>")  # noqa: S704  (escaped here)


def _text(key: str, value: str | float) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return tame(value, 300) if key == "aria_label" and isinstance(value, str) else str(value)


def picture(width: float, height: float, label: str, *children: Child, class_: str = "", box: str = "") -> Markup:
    """A whole picture with a name for those who cannot see it."""
    box = box or f"0 0 {width:g} {height:g}"
    return element("svg", *children, viewBox=box, role="img", aria_label=label, class_=class_ or None)
