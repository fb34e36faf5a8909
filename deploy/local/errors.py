"""What goes wrong with a stack, in words for the person who typed the command."""

from __future__ import annotations

from pathlib import Path

TAIL = 15
"""Lines of a log that are shown with an error."""


class StackError(Exception):
    """Something did not work: what, why, and what to do."""

    def __init__(self, what: str, why: str = "", do: str = "") -> None:
        """``why`` may have several lines."""
        super().__init__("\n".join(part for part in (what, why, f"What to do: {do}" if do else "") if part))


def tail(file: Path, lines: int = TAIL) -> str:
    """The last ``lines`` of a log, indented; empty if there is no such file."""
    if not file.exists():
        return ""
    text = file.read_bytes()[-20_000:].decode(errors="replace")
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])
