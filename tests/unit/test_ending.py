"""A cancellation that a driver has lost is said again."""

from __future__ import annotations

import asyncio

from topics.ending import end


async def deaf(heard: list[int]) -> None:
    """Goes on after the first cancellation, as ``asyncio.wait_for`` may let it before Python 3.12."""
    while True:
        try:
            await asyncio.sleep(3_600)
        except asyncio.CancelledError:
            heard.append(1)
            if len(heard) > 1:
                raise


async def test_whoever_did_not_hear_it_is_told_again_and_the_others_once() -> None:
    heard: list[int] = []
    loops = [asyncio.create_task(deaf(heard)), asyncio.create_task(asyncio.sleep(3_600))]
    await asyncio.sleep(0)
    async with asyncio.timeout(60):
        await end(*loops)
    assert all(loop.cancelled() for loop in loops)
    assert len(heard) == 2


async def test_what_a_task_ended_with_is_not_raised() -> None:
    async def broken() -> None:
        raise ValueError

    await end()
    await end(asyncio.create_task(broken()), asyncio.create_task(asyncio.sleep(0)))
