"""A place of its own for every test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local.stack import Stack
from tests.integration.kernel.place import Place


@pytest.fixture
async def place(stack: Stack, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    """An installation of the toy; ``@pytest.mark.parametrize("place", [{…}], indirect=True)`` gives changelog settings."""
    made = Place(stack.env(), tmp_path)
    await made.open(getattr(request, "param", {}), ("toy", "tills", "books"))
    yield made
    await made.close()
