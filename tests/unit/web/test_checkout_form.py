"""The checkout's form takes what the profile holds, and the order keeps telephone numbers in one form."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.orders.messages import Address, Orderer, PlaceOrder
from tests.unit.web.answering import page
from tests.unit.web.documents import BUYER, account_of, order_body
from web.oauth.port import person


@pytest.mark.spec("frontend D-32")
@pytest.mark.parametrize(
    ("nickname", "phone"),
    [("꽃님", "+82 10-1234-5678"), (f" 아주  긴\n이름의 {'꽃' * 30}", "010-2345-6789"), (f"{'꽃' * 19} 님", "+1 201-555-0123")],
)
async def test_what_the_profile_shows_is_taken_by_an_order(tmp_path: Path, nickname: str, phone: str) -> None:
    who = person(nickname, "flower@example.com", phone, verified=True)
    async with page(tmp_path) as shop:
        shop.known.accounts_[BUYER] = account_of(BUYER, name=who.name, phone=who.phone, email=who.email)
        _, me, _ = await shop.call("GET", "/me", headers=shop.desk.headers())
        orderer = {name: me[name] for name in ("name", "phone", "email")}
        body = order_body(orderer=orderer)
        body["address"] |= {"recipient": me["name"], "phone": me["phone"]}
        status, said, _ = await shop.call("POST", "/orders", body, shop.desk.headers())
        assert (status, said) == (201, {})
        ((_, _, message),) = shop.sent
        assert isinstance(message, PlaceOrder)
        assert message.orderer == Orderer(name=who.name, phone=who.phone, email="flower@example.com")
        assert (message.address.recipient, message.address.phone) == (who.name, who.phone)


@pytest.mark.parametrize("phone", ["01012345678", "010-1234-5678", "+821012345678"])
async def test_a_phone_is_kept_in_e164_however_it_is_written(tmp_path: Path, phone: str) -> None:
    async with page(tmp_path) as shop:
        body = order_body()
        body["orderer"]["phone"] = phone
        body["address"] |= {"phone": phone}
        assert (await shop.call("POST", "/orders", body, shop.desk.headers()))[0] == 201
        ((_, _, message),) = shop.sent
        assert isinstance(message, PlaceOrder)
        assert message.orderer == Orderer(name="김꽃님", phone="+821012345678", email="flower@example.com")
        to = body["address"]
        assert message.address == Address(
            recipient=to["recipient"], phone="+821012345678", zipcode=to["zipcode"], road=to["road"], detail=to.get("detail", ""),
            request=to.get("request", ""),
        )  # fmt: skip


async def test_a_number_that_nobody_can_have_is_named_and_nothing_is_sent(tmp_path: Path) -> None:
    async with page(tmp_path) as shop:
        body = order_body()
        body["orderer"]["phone"] = "99999999999"
        status, said, _ = await shop.call("POST", "/orders", body, shop.desk.headers())
        assert (status, [(one["pointer"], one["code"]) for one in said["errors"]]) == (422, [("/orderer/phone", "phone")])
        assert shop.sent == []
