"""What a buyer is told as it happens, by server-sent events."""

from __future__ import annotations

import asyncio

import pytest

from tests.chaos.checkout import Wish, body_of
from tests.chaos.public import Live, Public, Told, buyer
from tests.e2e.shop import ask, bought, eventually, paid, placed, rosary, tulip_house

UP_TO_PAYMENT = {
    # The gateway and the florists work side by side: whoever is last opens the payment.
    ("OrderPlaced", "StoreHeld", "StoreHeld", "PaymentAwaited"),
    ("OrderPlaced", "StoreHeld", "PaymentPrepared", "StoreHeld", "PaymentAwaited"),
    ("OrderPlaced", "PaymentPrepared", "StoreHeld", "StoreHeld", "PaymentAwaited"),
}


def of_order(told: list[Told]) -> list[tuple[str, int]]:
    """(Kind, seq) of what the order itself has said."""
    return [(one.kind, one.data["seq"]) for one in told if one.data["domain"] == "orders"]


@pytest.mark.spec("order W-18", "order W-37")
async def test_every_step_is_told_once_and_in_order(public: Public, word: str) -> None:
    roses, tulips = await asyncio.gather(rosary(public, word), tulip_house(public, word))
    who = buyer(word)
    wishes = (Wish(roses, {roses.products[0].product_id: 1}), Wish(tulips, {tulips.products[0].product_id: 1}))
    async with public.live(who) as live, public.live(buyer(word, "stranger")) as strangers:
        order_id = (await paid(public, who, await placed(public, who, *wishes)))["order_id"]
        await live.until("OrderConfirmed", order_id)
        await live.until("DeliveryCreated", number=2)
        kinds = tuple(kind for kind, _ in of_order(live.told))
        assert kinds[:-2] in UP_TO_PAYMENT
        assert kinds[-2:] == ("CaptureRequested", "OrderConfirmed")
        assert [seq for _, seq in of_order(live.told)] == list(range(1, len(kinds) + 1))
        told = list(live.told)
        assert strangers.told == []
    timeline = (await ask(public, who, "GET", f"/orders/{order_id}/timeline")).body["items"]
    assert [(one["event"], one["seq"]) for one in timeline] == of_order(told)
    others = sorted(one.kind for one in told if one.data["domain"] != "orders")
    assert others == ["DeliveryCreated", "DeliveryCreated"]
    confirmed = next(one.data for one in told if one.kind == "OrderConfirmed")
    assert (confirmed["key"], confirmed["captured"]) == (order_id, 55_500)
    # Who comes back is told what he missed, from wherever he was, without gap or repeat.
    for index, one in enumerate(told):
        async with public.live(who, last=one.id) as again:
            rest = told[index + 1 :]
            if rest:
                await again.until(rest[-1].kind, number=sum(each.kind == rest[-1].kind for each in rest))
            else:
                await asyncio.sleep(0.3)
            assert again.told == rest


async def test_a_stream_that_breaks_off_in_mid_order_goes_on(public: Public, word: str) -> None:
    roses, who = await rosary(public, word), buyer(word)
    async with public.live(who) as live:
        order = await placed(public, who, Wish(roses, {roses.products[0].product_id: 1}))
        await live.until("PaymentAwaited", order["order_id"])
        before = list(live.told)
    await paid(public, who, order)
    async with public.live(who, last=before[-1].id) as live:
        await live.until("OrderConfirmed", order["order_id"])
        after = list(live.told)
    kinds = [kind for kind, _ in of_order(before + after)]
    assert [seq for _, seq in of_order(before + after)] == list(range(1, len(kinds) + 1))
    assert kinds[-2:] == ["CaptureRequested", "OrderConfirmed"]
    assert len({one.id for one in before + after}) == len(before) + len(after)


@pytest.mark.spec("product W18")
async def test_two_windows_are_told_the_same_and_a_sixth_is_refused(public: Public, word: str) -> None:
    roses, who = await rosary(public, word), buyer(word)
    async with public.live(who) as first, public.live(who) as second, public.live(who), public.live(who), public.live(who):
        answer = await ask(public, who, "GET", "/events")
        assert (answer.status, answer.body["code"]) == (429, "too_many_streams")
        order = await bought(public, who, Wish(roses, {roses.products[0].product_id: 1}))
        for live in (first, second):
            await live.until("OrderConfirmed", order["order_id"])
            await live.until("DeliveryCreated")

        async def same() -> bool:
            return first.told == second.told

        await eventually(same, True)
        assert len(first.told) >= 6


@pytest.mark.spec("product W17")
async def test_clients_of_two_web_processes_are_told_the_same(public: Public, hasty: Public, word: str) -> None:
    """What happens is in no process's memory alone: whichever a client has come to, it hears all of it."""
    roses, who = await rosary(public, word), buyer(word)
    async with public.live(who) as here, hasty.live(who) as there:
        order = await bought(public, who, Wish(roses, {roses.products[0].product_id: 1}))
        for live in (here, there):
            await live.until("OrderConfirmed", order["order_id"])
            await live.until("DeliveryCreated")
        assert here.told == there.told
        told = list(here.told)
    kinds = [kind for kind, _ in of_order(told)]
    assert [seq for _, seq in of_order(told)] == list(range(1, len(kinds) + 1))
    assert (kinds[0], kinds[-2:]) == ("OrderPlaced", ["CaptureRequested", "OrderConfirmed"])
    # Who was at one goes on at the other where he was.
    async with hasty.live(who, last=told[0].id) as again:
        await again.until(told[-1].kind, told[-1].data["key"])
        assert again.told == told[1:]


@pytest.mark.spec("product W21")
async def test_a_refusal_is_told_with_its_reason(public: Public, word: str) -> None:
    roses, who = await rosary(public, word, roses=5), buyer(word)
    bouquet = roses.products[0].product_id
    async with public.live(who) as live:
        answer = await ask(public, who, "POST", "/orders", body_of(Wish(roses, {bouquet: 1})))
        assert answer.status == 409
        order_id = answer.body["details"]["order_id"]
        await live.until("OrderCancelled", order_id)
        told = _last(live).data
    assert (told["reason"], told["store_id"], told["product_id"], told["flower_id"]) == (
        "out_of_stock", roses.store_id, bouquet, "rose",
    )  # fmt: skip


def _last(live: Live) -> Told:
    return [one for one in live.told if one.kind == "OrderCancelled"][-1]
