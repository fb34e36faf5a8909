"""A worker's stop ends in time, whatever Faust still waits for."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import faust
import pytest

from agents.runtime import worker
from tests.unit.runtime.offline import Offline, offline, until


@pytest.mark.parametrize(("reason", "code"), [(None, 0), (ValueError("why"), 1)])
async def test_a_stop_that_faust_never_finishes_ends_with_what_came_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: Exception | None, code: int
) -> None:
    codes: list[int] = []

    async def never(app: faust.App) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(os, "_exit", codes.append)
    monkeypatch.setattr(worker, "STOP", 0.05)
    monkeypatch.setattr(faust.App, "stop", never)
    async with offline(tmp_path, monkeypatch) as place:
        crashed(place, reason)
        stopping = asyncio.create_task(place.app.stop())
        await asyncio.sleep(0)
        assert codes == []
        await until(lambda: codes == [code])
        stopping.cancel()


def crashed(place: Offline, reason: Exception | None) -> None:
    """A service of Faust's has failed."""
    place.app._crash_reason = reason
