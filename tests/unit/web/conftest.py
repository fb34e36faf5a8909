"""What several modules of the web's tests start with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.unit.web.images import Served, serving


@pytest_asyncio.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    """A web whose catalog decides by itself."""
    async with serving(tmp_path) as one:
        yield one
