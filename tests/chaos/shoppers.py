"""A crowd of buyers, each with a will of its own that a seed decides, who retry what fails as good clients do."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.chaos import habits
from tests.chaos.checkout import Wish, body_of, claim
from tests.chaos.florists import FERN, ORCHID, ROSE, TULIP, Florist, Product, open_store
from tests.chaos.habits import PATIENCE, Allow
from tests.chaos.public import PAUSE, GaveUp, Person, Public, Told, buyer

CONCURRENT = 16
FINAL = ("CONFIRMED", "CANCELLED")
INTENTS = {"pay": 60, "pay, then cancel a part": 15, "abandon": 8, "cancel": 7, "gateway cancel": 5, "gateway fail": 5}
"""What a buyer is about to do, with its weight."""


@dataclass
class Checkout:
    """One buyer's one checkout, and what became of it as the buyer saw it. Times: seconds since the epoch; 0: never.

    ``by_cart``: out of the cart; ``looks``: after a look around; ``rating``: what the buyer will give it (half stars; 0: nothing).
    """

    who: Person
    intent: str
    wishes: tuple[Wish, ...]
    followed: bool
    by_cart: bool = False
    looks: bool = False
    rating: int = 0
    began: float = 0.0
    order_id: str = ""
    deadline: float = 0.0
    accepted: float = 0.0
    """The shop took the order (201, or 200 after a 202)."""
    paid: float = 0.0
    """The shop took the buyer back from the gateway, after the buyer had pressed pay."""
    ended: float = 0.0
    outcome: str = ""
    """CONFIRMED, CANCELLED, the code of a refusal, or what the buyer gave up at."""
    reason: str = ""
    told: list[Told] = field(default_factory=list)
    claimed: list[str] = field(default_factory=list)
    review_id: str = ""


async def two_florists(public: Public, *words: str) -> tuple[Florist, Florist]:
    """Two florists with far more stems and coupons than the crowd can take."""
    rich = {"limit": 100_000, "discount": 3_000, "min_amount": 10_000}
    first, second = await asyncio.gather(
        open_store(
            public,
            *words,
            "roses",
            name="장미집",
            products=[
                Product("bouquet", "장미 다발", 30_000, {ROSE: 10, FERN: 3}),
                Product("pot", "난 화분", 12_000, {ORCHID: 1}, tax_free=True),
            ],
            stock={ROSE: 1_000_000, FERN: 1_000_000, ORCHID: 1_000_000},
            coupons=[rich],
        ),
        open_store(
            public,
            *words,
            "tulips",
            name="튤립집",
            delivery_fee=2_500,
            free_from=50_000,
            products=[Product("bunch", "튤립 다발", 20_000, {TULIP: 5})],
            stock={TULIP: 1_000_000},
            coupons=[rich],
        ),
    )
    return first, second


class Crowd:
    """``CONCURRENT`` buyers at a time, one checkout each and then the next, from ``start`` to ``finish``."""

    def __init__(
        self,
        public: Public,
        florists: Sequence[Florist],
        word: str,
        *,
        account: str,
        abandon: bool = True,
        look: bool = True,
        allow: Allow | None = None,
    ) -> None:
        """``word`` names seed and blow: with it every buyer's will is decided. ``account`` makes accounts of this run's own.

        ``look`` False: nobody looks around. ``allow``: how a right to review comes, without which nobody reviews.
        """
        self._look, self._allow = look, allow
        self.public, self.florists, self.word, self.account = public, tuple(florists), word, account
        self._intents = {one: weight for one, weight in INTENTS.items() if abandon or one != "abandon"}
        self.checkouts: list[Checkout] = []
        self._stopping = asyncio.Event()
        self._workers: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Let them in."""
        self._workers = [asyncio.create_task(self._shop(number)) for number in range(CONCURRENT)]

    async def finish(self) -> None:
        """Let nobody in any more, and wait until everybody has got what he wanted, or given up."""
        self._stopping.set()
        await asyncio.gather(*self._workers)

    def checkout(self, number: int, turn: int) -> tuple[Checkout, random.Random]:
        """What buyer ``number`` wants at his ``turn``, and the chance that decides the rest of it; the word tells both."""
        words = (self.word, str(number), str(turn))
        chance = random.Random("/".join(words))
        made = Checkout(buyer(self.account, *words), self._intent(chance), self._wishes(chance), followed=number < 4)
        made.by_cart, made.looks = chance.random() < 0.4, chance.random() < 0.3 and self._look
        made.rating = chance.randint(1, 10) if chance.random() < 0.3 else 0
        return made, chance

    async def _shop(self, number: int) -> None:
        turn = 0
        while not self._stopping.is_set():
            checkout, chance = self.checkout(number, turn)
            self.checkouts.append(checkout)
            following = asyncio.create_task(follow(self.public, checkout)) if checkout.followed else None
            try:
                await self._check_out(checkout, chance)
            except GaveUp as error:
                checkout.outcome = f"gave up: {error}"
            checkout.ended = time.time()
            if following is not None:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)
            turn += 1

    def _intent(self, chance: random.Random) -> str:
        return chance.choices(list(self._intents), weights=list(self._intents.values()))[0]

    def _wishes(self, chance: random.Random) -> tuple[Wish, ...]:
        florists = self.florists if chance.random() < 0.7 else (chance.choice(self.florists),)
        with_coupon = chance.random() < 0.5
        wishes = []
        for florist in florists:
            products = chance.sample(florist.products, chance.randint(1, len(florist.products)))
            pieces = {product.product_id: chance.randint(1, 3) for product in products}
            wishes.append(Wish(florist, pieces, next(iter(florist.coupons)) if with_coupon else ""))
        return tuple(wishes)

    # -- one checkout ----------------------------------------------------------------------------------------------------------

    async def _check_out(self, checkout: Checkout, chance: random.Random) -> None:
        checkout.began = time.time()
        if checkout.looks:
            await habits.look_around(self.public, checkout.wishes[0], chance)
        if checkout.by_cart:
            await habits.fill_cart(self.public, checkout.who, checkout.wishes)
        for wish in checkout.wishes:
            if wish.coupon_id:
                status = await claim_patiently(self.public, checkout.who, wish)
                if status not in (200, 201):
                    raise GaveUp(f"a claim of a coupon that nobody can exhaust was answered {status}")
                checkout.claimed.append(wish.coupon_id)
        body = body_of(*checkout.wishes, method="cart" if checkout.by_cart else "direct")
        answer = await self.public.patiently(checkout.who, "POST", "/orders", body, key=f"order-{self.word}", patience=PATIENCE)
        if answer.status not in (200, 201):
            checkout.outcome = str(answer.body.get("code", answer.status))
            checkout.order_id = str(answer.body.get("details", {}).get("order_id", ""))
            return
        order = answer.body
        checkout.order_id, checkout.deadline, checkout.accepted = order["order_id"], order["deadline"] / 1000, time.time()
        await asyncio.sleep(chance.random() * 0.3)
        await self._go_on(checkout, order)

    async def _go_on(self, checkout: Checkout, order: dict[str, Any]) -> None:
        match checkout.intent:
            case "abandon":
                checkout.outcome = "abandoned"
                return
            case "cancel":
                path = f"/orders/{checkout.order_id}/cancel"
                await self.public.patiently(checkout.who, "POST", path, {}, key=f"cancel-{self.word}", patience=PATIENCE)
            case "gateway cancel" | "gateway fail":
                await self._by_gateway(order, checkout.intent.removeprefix("gateway "))
            case _:
                if await self._by_gateway(order, "pay"):
                    checkout.paid = time.time()
        shown = await self._until_final(checkout)
        if checkout.outcome == "CONFIRMED" and checkout.intent == "pay, then cancel a part":
            part = shown["stores"][0]["store_order_id"]
            path = f"/orders/{checkout.order_id}/stores/{part}/cancel"
            answer = await self.public.patiently(checkout.who, "POST", path, {}, key=f"part-{self.word}", patience=PATIENCE)
            if answer.status != 200:
                raise GaveUp(f"the cancel of a part was answered {answer.status} {answer.body}")
        if checkout.outcome == "CONFIRMED" and checkout.rating and self._allow is not None:
            checkout.review_id = await habits.review(self.public, self._allow, checkout.who, shown, checkout.rating)

    async def _by_gateway(self, order: dict[str, Any], verb: str) -> bool:
        """Press a button of the gateway's page and come back. False if the gateway's page is closed: the time is over there."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                back = await self.public.press(order["redirects"]["pc"], verb)
                break
            except (aiohttp.ClientError, TimeoutError) as error:
                if time.monotonic() > deadline:
                    raise GaveUp(f"the gateway's page: {type(error).__name__}") from error
                await asyncio.sleep(PAUSE)
            except GaveUp as error:
                if any(status in str(error) for status in ("409", "410")):
                    return False
                raise
        answer = await self.public.patiently(None, "GET", back, patience=PATIENCE)
        if answer.status != 303:
            raise GaveUp(f"the callback was answered {answer.status}")
        return True

    async def _until_final(self, checkout: Checkout) -> dict[str, Any]:
        """Look at the order until it has ended, as a buyer at his screen does."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            answer = await self.public.patiently(checkout.who, "GET", f"/orders/{checkout.order_id}", patience=PATIENCE)
            # A read model that lags behind may not have the order yet.
            if answer.status == 200 and answer.body["status"] in FINAL:
                checkout.outcome, checkout.reason = answer.body["status"], answer.body.get("reason", "")
                shown: dict[str, Any] = answer.body
                return shown
            await asyncio.sleep(PAUSE)
        raise GaveUp(f"order {checkout.order_id} did not end within {PATIENCE:g} s")


async def claim_patiently(public: Public, who: Person, wish: Wish) -> int:
    """The status of a claim, with the crowd's patience. Raises GaveUp."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return (await claim(public, who, wish)).status
        except GaveUp:
            if time.monotonic() > deadline:
                raise


async def follow(public: Public, checkout: Checkout) -> None:
    """The buyer's live stream, opened again from the last id whenever it breaks off; for ever."""
    # The oldest id there is: a stream that opens late misses nothing.
    last = "0-1"
    while True:
        try:
            async with public.live(checkout.who, last, patience=PATIENCE) as live:
                taken = 0
                while not live.ended:
                    await asyncio.sleep(0.05)
                    checkout.told += live.told[taken:]
                    taken = len(live.told)
                checkout.told += live.told[taken:]
                last = next((one.id for one in reversed(checkout.told) if one.id), last)
        except GaveUp:
            continue
