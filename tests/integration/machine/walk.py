"""The README's walk as a script."""

from __future__ import annotations

import re

from deploy.local.layout import ROOT


def walk() -> str:
    """Every block of shell in the README's chapter, one after the other. Raises ValueError if there is none."""
    chapter = re.search(r"<!-- walk:.*?-->(.*?)<!-- end of walk -->", (ROOT / "README.md").read_text(), re.DOTALL)
    blocks = re.findall(r"^```sh\n(.*?)^```$", chapter.group(1), re.DOTALL | re.MULTILINE) if chapter else []
    if not blocks:
        raise ValueError("the README has no walk")
    return "\n".join(blocks)
