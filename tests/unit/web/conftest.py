"""What several modules of the web's tests start with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.unit.web.answering import Page, page
from tests.unit.web.images import Served, serving


@pytest_asyncio.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    """A web whose catalog decides by itself."""
    async with serving(tmp_path) as one:
        yield one


@pytest_asyncio.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Page]:
    """A web whose actors agree to everything."""
    async with page(tmp_path) as made:
        yield made
