"""A day of the marketplace: florists get their flowers, buyers come one after the other, and in the end the books are audited."""

from __future__ import annotations

import asyncio
import random
import sys
import uuid

from deploy.demo.board import Board
from deploy.demo.client import Person, Shop, Unexpected
from deploy.demo.seed import seed, seller
from deploy.demo.shop import FLORISTS, SCARCE
from deploy.demo.stories import NAMES, SPECIAL, Buyer, Story, pays
from models.actor import id_of
from topics.client import Client

LOW, DELIVERY = 300, 1_000
"""A florist with fewer stems than this of a flower gets so many more."""


async def live(shop: Shop, client: Client, board: Board, buyers: int, number: int, pause: float) -> int:
    """``buyers`` come, ``pause`` seconds apart on average, and like what ``number`` makes them like.

    Answers how many stories went astray. Raises Unexpected if there is no marketplace to begin with.
    """
    writes = await seed(shop, client)
    board.note(f"{writes} things were missing and are there now" if writes else "everything that is for sale is there")
    if restocked := sum(await asyncio.gather(*(_restock(shop, at) for at in range(len(FLORISTS))))):
        board.note(f"{restocked} deliveries came from the flower market")
    draw, run = random.Random(number), uuid.uuid4().hex
    stories: list[tuple[str, Story]] = [SPECIAL[at] if at < len(SPECIAL) else ("pays", pays) for at in range(buyers)]
    visits = []
    for at, (title, story) in enumerate(stories):
        name = NAMES[at % len(NAMES)]
        buyer = Buyer(shop, board, board.row(name, title), Person(id_of("demo", run, str(at))), random.Random(f"{number}/{at}"))
        visits.append(asyncio.create_task(_visit(buyer, story)))
        await asyncio.sleep(draw.expovariate(1 / pause) if pause else 0)
    return sum(not good for good in await asyncio.gather(*visits))


async def _visit(buyer: Buyer, story: Story) -> bool:
    """Let the story happen; True if it ended as it should."""
    watching = asyncio.create_task(buyer.watch())
    try:
        how = await story(buyer)
    except (Unexpected, TimeoutError) as error:
        buyer.board.end(buyer.row, f"went astray: {error or type(error).__name__}", good=False)
        return False
    else:
        buyer.board.end(buyer.row, how)
        return True
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _restock(shop: Shop, at: int) -> int:
    """The florist takes a delivery of what runs low; what is scarce stays scarce. Answers the number of flowers."""
    florist = FLORISTS[at]
    rare = {flower for one in florist.products if one.word == SCARCE for flower in one.flowers if flower in florist.stems}
    path = f"/stores/{florist.store_id}/stock"
    items = (await shop.call(seller(florist), "GET", path)).expect(200).body["items"]
    sold = florist.stock.keys() - rare
    low = [one["flower_id"] for one in items if one["on_hand"] - one["held"] < LOW and one["flower_id"] in sold]
    for flower in low:
        body = {"delta": DELIVERY, "cause": "delivery"}
        (await shop.call(seller(florist), "PATCH", f"{path}/{flower}", body)).expect(200)
    return len(low)


async def audit() -> tuple[bool, str]:
    """The auditor's verdict, and what it said."""
    argv = (sys.executable, "-m", "agents.commands", "audit")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*argv, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe)
    try:
        said, complaint = (text.decode(errors="replace").strip() for text in await process.communicate())
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    return process.returncode == 0, "\n".join(text for text in (said, complaint if process.returncode else "") if text)
