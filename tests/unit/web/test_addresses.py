"""The address book over HTTP: what is sent, answered and refused, without a broker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from models.accounts.address_messages import AddAddress, ChangeAddress, Place, RemoveAddress
from models.orders.messages import PlaceOrder
from tests.unit.web.answering import Page, page
from tests.unit.web.documents import order_body

ME, ROW = f"{'0' * 32}-1", "0" * 32
HOME = {"recipient": "이봄", "phone": "010-9876-5432", "zipcode": "04780", "road": "연무장길 33", "detail": "2층"}


async def sent(shop: Page, method: str, path: str, body: Any, key: str = "") -> Any:
    """The one message that came of the request, with its row; ``None``: nothing was sent."""
    await shop.call(method, path, body, shop.desk.headers(ME, key=key))
    return shop.sent.pop() if shop.sent else None


async def test_an_address_goes_to_the_callers_own_row_in_one_form(tmp_path: Path) -> None:
    async with page(tmp_path) as shop:
        domain, row, message = await sent(shop, "POST", "/me/addresses", HOME, "once-and-again")
        assert isinstance(message, AddAddress)
        assert (domain, row, message.account) == ("accounts", ROW, ME)
        assert message.place == Place(**{**HOME, "phone": "+821098765432"})
        again = await sent(shop, "POST", "/me/addresses", HOME, "once-and-again")
        assert again[2].address_id == message.address_id, "the same key makes the same address"


async def test_a_change_says_only_what_is_given(tmp_path: Path) -> None:
    async with page(tmp_path) as shop:
        _, row, message = await sent(shop, "PATCH", "/me/addresses/a-1", {"phone": "02-312-3456", "detail": ""})
        assert isinstance(message, ChangeAddress)
        assert (row, message.address_id) == (ROW, "a-1")
        said = (message.recipient, message.phone, message.zipcode, message.road, message.detail)
        assert said == (None, "+8223123456", None, None, "")
        _, row, gone = await sent(shop, "DELETE", "/me/addresses/a-1", {})
        assert isinstance(gone, RemoveAddress)
        assert (row, gone.account, gone.address_id) == (ROW, ME, "a-1")


@pytest.mark.parametrize(
    ("method", "path", "body", "wrong"),
    [
        (
            "POST", "/me/addresses", {"recipient": " ", "phone": "1", "zipcode": "123", "road": "", "detail": "x" * 101},
            {"/recipient", "/phone", "/zipcode", "/road", "/detail"},
        ),
        ("POST", "/me/addresses", {**HOME, "phone": "99999999999"}, {"/phone"}),
        ("POST", "/me/addresses", {**HOME, "recipient": "꽃" * 21, "used_at": 1}, {"/recipient", "/used_at"}),
        ("PATCH", "/me/addresses/a-1", {}, {""}),
        ("PATCH", "/me/addresses/a-1", {"phone": "99999999999", "zipcode": "1"}, {"/phone", "/zipcode"}),
    ],
)  # fmt: skip
async def test_every_bad_field_is_named_and_nothing_sent(
    tmp_path: Path, method: str, path: str, body: dict[str, Any], wrong: set[str]
) -> None:
    async with page(tmp_path) as shop:
        status, said, _ = await shop.call(method, path, body, shop.desk.headers(ME))
        assert (status, said["code"], shop.sent) == (422, "validation_failed", [])
        assert {one["pointer"] for one in said["errors"]} <= wrong
        assert said["errors"]


async def test_the_book_is_the_callers_own(tmp_path: Path) -> None:
    shown = {"address_id": "a-1", "used_at": 7, **HOME, "phone": "+821098765432"}
    async with page(tmp_path) as shop:
        shop.known.addresses_[ME] = [shown]
        status, said, _ = await shop.call("GET", "/me/addresses", headers=shop.desk.headers(ME))
        assert (status, said) == (200, {"items": [shown]})
        _, others, _ = await shop.call("GET", "/me/addresses", headers=shop.desk.headers(f"{'1' * 32}-1"))
        assert others == {"items": []}


@pytest.mark.parametrize("kept", [True, False])
async def test_an_order_says_whether_its_address_is_kept(tmp_path: Path, kept: bool) -> None:
    async with page(tmp_path) as shop:
        body = {**order_body(), **({"address_kept": True} if kept else {})}
        _, _, message = await sent(shop, "POST", "/orders", body)
        assert isinstance(message, PlaceOrder)
        assert message.address_kept is kept
