"""The little Markdown that destination pages need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; nothing at all where there are no rows."""
    lines = [_line(row) for row in rows]
    return "\n".join([_line(head), _line(["---"] * len(head)), *lines]) if lines else ""


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def code(value: object) -> str:
    """Inline code; backticks within (JMESPath's literals) are fenced by two."""
    text = str(value)
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def section(title: str, *blocks: str) -> str:
    """A headed section of its blocks; nothing where all are empty."""
    filled = [block for block in blocks if block]
    return "\n\n".join([f"## {title}", *filled]) if filled else ""
