"""The load generator of the bare saga, a process of its own like ``load`` and spoken to in the same way.

``outstanding`` sagas at once (closed loop); or, with ``flood``, as many one-step messages as the broker takes, of which each makes
one event: what a core of a worker can carry. A flood is done when every partition has answered a question asked after it.
"""

from __future__ import annotations

import asyncio
import sys
import time
import uuid
from collections import Counter
from pathlib import Path

import msgspec
import uvloop
from aiokafka import AIOKafkaProducer

from models import settings
from models.actor import id_of
from tests.bench.load import Outcome, go, tell
from tests.bench.saga import Add, Begin
from topics.catalogue import topic
from topics.client import Client
from topics.envelope import encode, seal
from topics.partitions import partition_of

STORES = 64
WAIT = 60.0
AT_ONCE = 200
"""Messages of a flood in one record batch."""


class SagaPlan(msgspec.Struct, frozen=True):
    """See the module's text. ``prefix``: of the worker's topics. ``flood``: messages, 0: sagas for ``seconds``."""

    prefix: str
    seconds: float
    outstanding: int = 0
    flood: int = 0


class Sagas:
    """Who begins them."""

    def __init__(self, plan: SagaPlan, client: Client, partitions: int, kafka: str) -> None:
        self.plan, self.client, self.partitions, self.kafka = plan, client, partitions, kafka
        self.stores = [id_of("bench", "saga", str(number)) for number in range(STORES)]
        self.latencies: list[float] = []
        self.failed: Counter[str] = Counter()

    async def closed(self) -> None:
        """``outstanding`` one after the other."""
        stop, numbers = time.perf_counter() + self.plan.seconds, iter(range(1 << 60))

        async def one() -> None:
            while True:
                begun, order = time.perf_counter(), str(uuid.uuid4())
                message = Begin(store=self.stores[next(numbers) % STORES], count=2)
                answer = await self.client.ask("orders", order, message, id=id_of(order, "begin"), wait=WAIT)
                now = time.perf_counter()
                if answer is not None and answer.status == 200:
                    self.latencies.append(1000 * (now - begun))
                else:
                    self.failed[f"Begin: {answer}"[:200]] += 1
                if now >= stop:
                    return

        await asyncio.gather(*(one() for _ in range(self.plan.outstanding)))

    async def flood(self) -> None:
        """Everything at once; made before the clock runs, so that the worker has the cores."""
        producer = self.producer
        for name, partition, batch in self.batches:
            await producer.send_batch(batch, name, partition=partition)
        await producer.flush()
        last = {partition_of(store, self.partitions): store for store in self.stores}
        asked = [self.client.inquire("inventory", store, str(uuid.uuid4()), WAIT) for store in last.values()]
        for answer in await asyncio.gather(*asked):
            if answer is None:
                self.failed["a partition did not answer"] += 1
        self.latencies = [0.0] * self.plan.flood

    async def prepare_flood(self) -> None:
        """The messages, encoded and in batches."""
        self.producer = AIOKafkaProducer(bootstrap_servers=self.kafka, acks="all", linger_ms=0, max_batch_size=1 << 19)
        await self.producer.start()
        name = topic(self.plan.prefix, "inventory", "inbox")
        waiting: dict[int, list[tuple[bytes, bytes]]] = {}
        for number in range(self.plan.flood):
            store = self.stores[number % STORES]
            sealed = seal("inventory", store, Add(count=1), id=str(uuid.uuid4()), source="/bench", correlation=store)
            waiting.setdefault(partition_of(store, self.partitions), []).append((store.encode(), encode(sealed)))
        self.batches = []
        while any(waiting.values()):
            for partition, records in waiting.items():
                batch = self.producer.create_batch()
                for key, value in records[:AT_ONCE]:
                    if batch.append(key=key, value=value, timestamp=None) is None:
                        raise RuntimeError("the batch is too small")
                batch.close()
                waiting[partition] = records[AT_ONCE:]
                if batch.record_count():
                    self.batches.append((name, partition, batch))


async def main(file: str) -> None:
    """See the module's text."""
    plan, common = msgspec.json.decode(Path(file).read_bytes(), type=SagaPlan), settings.read()
    client = Client(common.kafka, plan.prefix, common.partitions, common.redis_url, f"bench-{uuid.uuid4()}", timeout=20)
    await client.start()
    await client.listening.wait()
    while not client.connected:
        await asyncio.sleep(0.05)
    sagas = Sagas(plan, client, common.partitions, common.kafka)
    if plan.flood:
        await sagas.prepare_flood()
    await go()
    began, cpu = time.perf_counter(), time.process_time()
    await (sagas.flood() if plan.flood else sagas.closed())
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    outcome = Outcome(sorted(sagas.latencies), {}, dict(sagas.failed), seconds, cpu, 0)
    tell(outcome)
    await client.stop()
    if plan.flood:
        await sagas.producer.stop()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
