"""Whose words these are: nickname and picture, as the account has them now; of who has withdrawn there are neither (auth 33)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from web import pictures
from web.call import Call
from web.reads import Document


async def signed(call: Call, items: Sequence[Document], account: str) -> list[dict[str, Any]]:
    """``items`` with ``nickname``, ``picture`` and ``picture_urls`` of the buyer whose id each has in its field ``account``."""
    known = await call.shared.reads.authors({one[account] for one in items})
    found: list[dict[str, Any]] = []
    for one in items:
        author = known.get(one[account])
        found.append({**one, "nickname": author["name"] if author else "", "picture": author["picture"] if author else ""})
    return await pictures.dressed(call, found, "picture")
