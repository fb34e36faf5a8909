"""Zombies, hand-over, holes, folders, and a domain that moves to another worker (design §5.9 to §5.11)."""

from __future__ import annotations

import os
import signal
import time

import pytest

from agents.runtime.rows import LEDGER, Ledger, Row, pack_ledger, pack_row
from tests.integration.kernel.place import PARTITIONS, Place, until
from tests.integration.kernel.toy import Pay
from topics.partitions import partition_of


async def pay(place: Place, payments: int = 40) -> None:
    for number in range(payments):
        await place.say("tills", f"till-{number % 5}", Pay(amount=number + 1, book=f"book-{number % 3}"))


async def test_a_worker_that_stood_still_past_its_session_ends_itself(place: Place) -> None:
    short = {"BB_SESSION_TIMEOUT": "6"}
    zombie = await place.started("w0", **short)
    await pay(place)
    zombie.kill(signal.SIGSTOP)
    successor = await place.started("w1", **short)
    await pay(place)
    await until(place.done)
    zombie.kill(signal.SIGCONT)
    assert await zombie.ended() == 75
    await pay(place)
    await place.audit()
    assert successor.process.poll() is None


async def test_a_row_that_a_zombie_wrote_late_is_written_again(place: Place) -> None:
    worker = await place.started()
    await pay(place)
    await until(place.done)
    await _write_late(place, "till-1")
    await pay(place)
    await place.audit()
    assert len(worker.said("foreign_rows")) == 1


async def test_a_worker_that_dies_while_it_writes_rows_again(place: Place) -> None:
    worker = await place.started(BB_KILL_AT="rows written again:1")
    await pay(place)
    await until(place.done)
    await _write_late(place, "till-1")
    await pay(place)
    assert await worker.ended() == -9
    await place.started()
    await place.audit()


async def test_a_row_that_a_zombie_wrote_while_nobody_was_there_is_written_again(place: Place) -> None:
    worker = await place.started()
    await pay(place)
    await until(place.done)
    worker.kill()
    await _write_late(place, "till-1")
    again = await place.started()
    await place.audit()
    assert len(again.said("changelog_overwritten")) == 1


async def test_who_finds_rows_newer_than_its_own_ends_itself(place: Place) -> None:
    worker = await place.started()
    await pay(place)
    await until(place.done)
    number = partition_of("till-1", PARTITIONS)
    at = (await place.ledger("tills", number)).at
    # A successor that handled one input more; its ledger is the newest, so the zombie's row of that input is not.
    await place.raw("tills", b"nobody", pack_row(Row(), 0, at + 1_000, 0), number, "changelog")
    await place.say("tills", "till-1", Pay(amount=5, book="b"))
    assert await worker.ended() == 75


async def _write_late(place: Place, key: str) -> None:
    """A zombie's batch: an old ledger, and an old row of ``key``."""
    number = partition_of(key, PARTITIONS)
    await place.raw("tills", LEDGER, pack_ledger(Ledger(0)), number, "changelog")
    await place.raw("tills", key.encode(), pack_row(Row(), 0, 0, 0), number, "changelog")


@pytest.mark.parametrize("lost", ["1", "last"])
async def test_a_record_lost_below_the_kernel_is_read_again(place: Place, lost: str) -> None:
    await pay(place)
    worker = await place.started(BB_TOY_LOSE=lost)
    await place.audit()
    assert len(worker.said("inputs_missing")) >= 1
    assert await worker.metric("bb_input_holes_total") >= 1


async def test_a_domain_moves_to_another_worker_without_its_data(place: Place) -> None:
    both = await place.started("w0")
    await pay(place)
    await until(place.done)
    both.kill(signal.SIGTERM)
    await place.started("w1", BB_TOY_APP="tills", BB_TOY_DOMAINS="tills")
    await place.started("w2", BB_TOY_APP="books", BB_TOY_DOMAINS="books")
    await pay(place)
    await until(place.done)
    for worker in place.workers:
        if worker.process.poll() is None:
            worker.kill(signal.SIGTERM)
    # And back.
    await place.started("w0")
    await pay(place)
    await place.audit()


async def test_a_folder_older_than_tombstones_are_kept_is_thrown_away_and_a_younger_one_is_not(place: Place) -> None:
    worker = await place.started()
    await pay(place)
    await until(place.done)
    worker.kill()
    young = await place.started()
    assert young.said("table_folder_discarded") == []
    young.kill()
    old = time.time() - 90_000
    for file in (place.folder / "tables").rglob("*"):
        os.utime(file, (old, old))
    aged = await place.started()
    assert len(aged.said("table_folder_discarded")) == 2 * PARTITIONS
    await pay(place)
    await place.audit()
