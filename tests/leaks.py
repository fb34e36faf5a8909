"""What may lie nowhere, or only where it is needed; and the look at a stack's logs that every suite ends with.

The look at the logs knows secrets and contacts by their shape, and the stack's own secrets by heart. Codes and passwords look
like any other number or word: ``tests/e2e/test_zz_leaks.py`` has written them down and looks for those.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from deploy.local.layout import Layout

SECRET: Mapping[str, re.Pattern[str]] = {
    "an access token": re.compile(r"eyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{86}"),
    "a refresh secret": re.compile(r"[0-9a-f]{32}-[0-9]+\.[0-9A-Za-z-]{36}\.[0-9A-Za-z_-]{43}"),
    "a private key": re.compile(r"BEGIN [A-Z ]*PRIVATE KEY"),
    "an Authorization header": re.compile(r"(?i)\b(bearer|basic|secret_key) [0-9A-Za-z_.=-]{20,}"),
}
PERSONAL: Mapping[str, re.Pattern[str]] = {
    "a mobile phone": re.compile(r"(?<![0-9A-Za-z-])(?:\+8210|010)[0-9]{8}(?![0-9A-Za-z])"),
    "an e-mail": re.compile(r"[0-9A-Za-z._+-]+@[0-9A-Za-z-]+\.(?:com|kr|net|org)\b"),
    "a password's hash": re.compile(r"\$argon2"),
    "a card": re.compile(r"(?<![0-9A-Za-z-])(?:[0-9]{4}-){3}[0-9]{4}(?![0-9A-Za-z-])"),
}


def found(text: str, patterns: Mapping[str, re.Pattern[str]], words: Iterable[str] = ()) -> set[str]:
    """What of it stands in ``text``, by name; never the thing itself."""
    return {name for name, pattern in patterns.items() if pattern.search(text)} | {
        f"word {number}" for number, word in enumerate(words) if word in text
    }


def own_secrets(where: Layout) -> list[str]:
    """Every secret of the stack itself, and the keys in files."""
    files = [file for file in sorted(where.secrets.rglob("*")) if file.is_file() and file.suffix != ".pub"]
    return [text for file in files for text in file.read_text().split() if len(text) >= 20]


def logs_of(where: Layout) -> dict[str, str]:
    """File -> text of all logs of the stack, those of daemons too."""
    return {file.name: text_of(file) for file in sorted(where.logs.glob("*.log*"))}


def text_of(file: Path) -> str:
    """Whatever is in it."""
    return file.read_text(errors="replace")


def none_in_logs(where: Layout) -> None:
    """Raises ``AssertionError`` with what stands in which log of the stack and may not. Of one that was reset nothing is left."""
    secrets = own_secrets(where)
    leaks = {name: sorted(what) for name, text in logs_of(where).items() if (what := found(text, {**SECRET, **PERSONAL}, secrets))}
    if leaks:
        raise AssertionError(f"{where.logs}: {leaks}")
