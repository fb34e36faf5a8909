"""A zombie that nothing holds back, and the broker's own cleaner: nothing that it wrote survives (design §5.10)."""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from agents.runtime.rows import LEDGER, at_of, row_key
from models.actor import DAY
from tests.integration.kernel.place import PARTITIONS, Place, Worker, until
from tests.integration.kernel.toy import Empty, Pay
from topics.partitions import partition_of

KEY, TRAY = "till-1", "tray"
BROKER = "1"
"""Its ``node.id``."""
NUMBER = partition_of(KEY, PARTITIONS)
SHORT = {"BB_SESSION_TIMEOUT": "6"}
ROLLING = {"segment.ms": "1000", "min.cleanable.dirty.ratio": "0.01"}
"""Settings of a changelog whose segments are small; the cleaner takes all but the last."""
KEPT = {**ROLLING, "min.compaction.lag.ms": str(DAY)}
CLEANING = 170
"""Seconds until the cleaner must have been there on a busy machine."""


async def pay(place: Place, amount: int = 1, box: str = "coins") -> None:
    await place.say("tills", KEY, Pay(amount=amount, book="book", box=box))


async def let_the_cleaner_in(place: Place) -> None:
    """From now on it may take what is a moment old."""
    configs = {"cleanup.policy": "compact", **ROLLING, "min.compaction.lag.ms": "0"}
    await configure(place, ConfigResource(ConfigResourceType.TOPIC, f"{place.prefix}.tills.changelog", configs=configs))


async def configure(place: Place, resource: ConfigResource) -> None:
    """Replace the settings of a topic or the broker while it runs."""
    admin = AIOKafkaAdminClient(bootstrap_servers=place.kafka)
    await admin.start()
    try:
        await admin.alter_configs([resource])
    finally:
        await admin.close()


@pytest.fixture
async def hasty_cleaner(place: Place) -> AsyncIterator[None]:
    """The broker's cleaner looks every half second, and not every 15."""
    await configure(place, ConfigResource(ConfigResourceType.BROKER, BROKER, configs={"log.cleaner.backoff.ms": "500"}))
    yield
    await configure(place, ConfigResource(ConfigResourceType.BROKER, BROKER, configs={}))


async def zombie(place: Place) -> tuple[Worker, int]:
    """A worker that stands still with a turn decided and not written, and the offset of the turn's input."""
    first = await place.started("w0", **SHORT)
    for number in range(10):
        await pay(place, number + 1)
    await until(place.done)
    await until(place.finished)
    first.kill(signal.SIGTERM)
    at = (await place.ledger("tills", NUMBER)).at + 1
    made = await place.started("w0", BB_TOY_ZOMBIE="1", **SHORT)
    await pay(place, 100, TRAY)

    async def stands() -> bool:
        return made.stands_still()

    await until(stands, what="the zombie stands still")
    return made, at


async def written(place: Place) -> list[int]:
    """Offsets of the zombie's records: those behind a ledger that is older than one before it."""
    newest, late, found = -1, False, []
    for record in await place.log("tills", "changelog", NUMBER):
        if record.key == LEDGER:
            late = at_of(record.value) < newest
            newest = max(newest, at_of(record.value))
        if late:
            found.append(record.offset)
    return found


@pytest.mark.timeout(600)
@pytest.mark.parametrize("place", [KEPT], indirect=True)
@pytest.mark.parametrize("owner", ["lives", "is dead"])
@pytest.mark.usefixtures("hasty_cleaner")
async def test_nothing_of_an_unguarded_zombie_survives_the_cleaner(place: Place, owner: str) -> None:
    late, at = await zombie(place)
    successor = await place.started("w1", **SHORT)
    await until(place.done)
    await place.say("tills", KEY, Empty(box=TRAY))
    await pay(place, 1_000)
    await until(place.done)
    await until(place.finished)
    if owner == "is dead":
        successor.kill()

    late.kill(signal.SIGCONT)
    # It finds rows of inputs that it has never seen.
    assert await late.ended() == 75
    assert len(late.said("replaced")) == 1
    log = {record.offset: record for record in await place.log("tills", "changelog", NUMBER)}
    stale = await written(place)
    assert {log[offset].key for offset in stale} == {LEDGER, KEY.encode(), row_key(KEY, TRAY)}
    assert {at_of(log[offset].value) for offset in stale} == {at}
    # Its rows are the last of their keys: who took them for the newest would bring the tray back and lose a payment.
    last = await place.last("tills", NUMBER)
    assert {last[log[offset].key].offset for offset in stale} == set(stale)

    if owner == "is dead":
        successor = await place.started("w2")
        assert [line["rows"] for line in successor.said("changelog_overwritten")] == [3]
    await pay(place, 10_000)
    await place.audit()
    assert len(successor.said("foreign_rows")) == (1 if owner == "lives" else 0)

    await let_the_cleaner_in(place)

    async def cleaned() -> bool:
        # A segment ends with the next record that comes.
        await pay(place)
        await asyncio.sleep(1)
        left = {record.offset for record in await place.log("tills", "changelog", NUMBER)}
        return not left & set(stale)

    await until(cleaned, CLEANING, "the cleaner has been there")
    await place.audit()
    successor.kill()
    # Under the name of whoever was there last, so that nobody waits until that one's session has ended.
    before, name = ("w1", "w2") if owner == "is dead" else ("w0", "w1")
    cold = await place.started(name, BB_DATA_DIR=str(place.folder / "cold"))
    await pay(place, 100_000)
    await place.audit()
    assert cold.said("changelog_overwritten") == []
    assert KEY not in await place.states("tills", TRAY)
    # A worker that starts on the folder of before the zombie is no worse off.
    cold.kill()
    old = place.folder / "old"
    shutil.copytree(place.folder / "tables" / before, old / name)
    await place.started(name, BB_DATA_DIR=str(old))
    await pay(place)
    await place.audit()
