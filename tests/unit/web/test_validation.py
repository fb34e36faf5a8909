"""Bodies: every bad field is named, and the slow look agrees with the decoder."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.web.documents import order_body
from web.requests.accounts import PasswordReset, ProfileChange, SellerApplication
from web.requests.catalog import ProductForm
from web.requests.inventory import CouponRequest, StockRequest
from web.requests.orders import OrderRequest
from web.requests.phones import e164
from web.requests.stores import StoreSave
from web.texts import FIELDS
from web.validation import Body, FieldError, Invalid, Malformed, Parser

KINDS: tuple[tuple[type[Body], dict[str, Any]], ...] = (
    (OrderRequest, order_body()),
    (
        CouponRequest,
        {"name": "봄", "limit": 100, "discount": 1000, "min_amount": 5000, "starts": "2026-03-01", "ends": "2026-03-31"},
    ),
    (StockRequest, {"delta": -3}),
    (StoreSave, {"name": "봄꽃집", "delivery_fee": 3000, "free_from": 50000, "cut_off": "17:30"}),
    (
        ProductForm,
        {
            "name": "장미",
            "summary": "봄",
            "price": 1000,
            "category": "1",
            "flowers": {"1": 3},
            "representative": "1",
            "thumbnail": "image-1",
        },
    ),
)


def errors(kind: type[Body], body: Any) -> list[tuple[str, str]]:
    """(pointer, code) of every error."""
    try:
        Parser(kind).parse(msgspec.json.encode(body))
    except Invalid as invalid:
        return [(error.pointer, error.code) for error in invalid.errors]
    return []


@pytest.mark.parametrize(("kind", "good"), KINDS, ids=lambda value: getattr(value, "__name__", ""))
def test_good_bodies_pass(kind: type[Body], good: dict[str, Any]) -> None:
    assert errors(kind, good) == []


@pytest.mark.spec("order W-3", "order W-45")
def test_every_bad_field_is_named() -> None:
    bad = order_body(device="tv")
    bad["stores"][0].update(store_id="", kind="pickup", making_day="2026-02-30", price=1)
    bad["stores"][0]["lines"] = [{"product_id": 5, "quantity": 0}, {"quantity": 1.5}, {"product_id": "p", "quantity": 1000}]
    bad["orderer"] = {"name": " 김", "phone": "010-1234", "email": "a@b"}
    bad["address"].update(recipient="꽃" * 21, zipcode="1234", detail=None)
    del bad["address"]["road"], bad["expected_total"]
    assert errors(OrderRequest, bad) == [
        ("/stores/0/store_id", "id"),
        ("/stores/0/lines/0/product_id", "type"),
        ("/stores/0/lines/0/quantity", "too_small"),
        ("/stores/0/lines/1/product_id", "required"),
        ("/stores/0/lines/1/quantity", "type"),
        ("/stores/0/lines/2/quantity", "too_large"),
        ("/stores/0/kind", "not_one_of"),
        ("/stores/0/making_day", "date"),
        ("/stores/0/price", "unknown_field"),
        ("/orderer/name", "blank"),
        ("/orderer/phone", "phone"),
        ("/orderer/email", "email"),
        ("/address/recipient", "too_long"),
        ("/address/zipcode", "zipcode"),
        ("/address/road", "required"),
        ("/address/detail", "type"),
        ("/expected_total", "required"),
        ("/device", "not_one_of"),
    ]


@pytest.mark.spec("order W-1", "order W-2", "frontend D-08")
@pytest.mark.parametrize("name", ["couponAmount", "total", "delivery_fee", "discount"])
def test_no_amount_of_the_client_but_what_it_saw_is_taken(name: str) -> None:
    assert errors(OrderRequest, order_body(**{name: 1})) == [(f"/{name}", "unknown_field")]


def test_conflicts_between_good_fields() -> None:
    body = order_body()
    body["stores"] = [
        {"store_id": "s", "lines": [{"product_id": "p", "quantity": 600}, {"product_id": "p", "quantity": 400}]},
        {"store_id": "s", "lines": [{"product_id": f"p{n}", "quantity": 1} for n in range(50)]},
    ]
    assert errors(OrderRequest, body) == [
        ("/stores/1/store_id", "duplicate"),
        ("/stores", "too_many_lines"),
        ("/stores/0/lines/1/quantity", "too_large"),
    ]
    coupon = {"name": "봄", "limit": 1, "discount": 5000, "min_amount": 5000, "starts": "2026-03-02", "ends": "2026-03-01"}
    assert errors(CouponRequest, coupon) == [("/discount", "not_below"), ("/ends", "not_before")]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, [("/delta", "required")]),
        ({"delta": 0}, [("/delta", "zero")]),
        ({"delta": 1, "version": 1}, [("/version", "not_with")]),
        ({"on_hand": 1}, [("/version", "required")]),
        ({"version": 1}, [("/on_hand", "required")]),
        ({"on_hand": -1, "version": 1}, [("/on_hand", "too_small")]),
        ({"on_hand": 0, "version": 0}, []),
    ],
)
def test_stock_is_a_delta_or_a_figure_against_a_version(body: dict[str, Any], found: list[tuple[str, str]]) -> None:
    assert errors(StockRequest, body) == found


@pytest.mark.parametrize(
    "text",
    [
        "01012345678\n", "\n01012345678", "０１０１２３４５６７８", "", "12", "010-1234", "010--1234-5678", "99999999999",
        "+821012", "+8201012345678901", "82 10 1234 5678 ext 9", "꽃집",
    ],
)  # fmt: skip
def test_what_is_no_telephone_number_is_named(text: str) -> None:
    body = order_body()
    body["orderer"]["phone"] = body["address"]["phone"] = text
    assert errors(OrderRequest, body) == [("/orderer/phone", "phone"), ("/address/phone", "phone")]


@pytest.mark.parametrize("text", ["01012345678", "010-1234-5678", "010 1234 5678", "+821012345678", "+82 10-1234-5678"])
def test_a_phone_is_written_as_people_do(text: str) -> None:
    body = order_body()
    body["orderer"]["phone"] = body["address"]["phone"] = text
    assert errors(OrderRequest, body) == []


@pytest.mark.spec("frontend D-32")
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("꽃", ""), ("아델라이데 폰 하늘", ""), ("꽃" * 20, ""), ("꽃" * 21, "too_long"), ("", "blank"), (" ", "blank"),
        ("\u3000꽃님", "blank"), ("꽃님 ", "blank"), ("꽃님\n", "blank"),
    ],
)  # fmt: skip
def test_a_name_is_as_long_as_a_profiles_and_not_blank(name: str, code: str) -> None:
    body = order_body()
    body["orderer"]["name"] = body["address"]["recipient"] = name
    assert errors(OrderRequest, body) == ([("/orderer/name", code), ("/address/recipient", code)] if code else [])
    seller = {
        "email": "a@x.kr", "ticket": "t", "password": "password1", "name": name, "business_number": "220-81-62517", "document": "d",
    }  # fmt: skip
    for kind, form in ((SellerApplication, seller), (ProfileChange, {"name": name})):
        assert errors(kind, form) == ([("/name", code)] if code else [])


@pytest.mark.spec("frontend D-32")
@pytest.mark.parametrize(
    ("password", "found"),
    [("password1", []), ("p1", ["too_short"]), ("password", ["password_weak"]), ("12345678", ["password_weak"])],
)
def test_a_password_is_as_its_message_says(password: str, found: list[str]) -> None:
    assert errors(PasswordReset, {"email": "a@x.kr", "code": "123456", "password": password}) == [
        ("/password", one) for one in found
    ]


@pytest.mark.spec("frontend D-32")
@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("a.b-c_d+e@x-y.co.kr", True),
        ("a..b@x.kr", False),
        (".a@x.kr", False),
        ("a@x", False),
        ("a@x.kr ", False),
        ("한글@x.kr", False),
        ("a" * 60 + "-" * 2 + "@x.kr", False),
    ],
)
def test_email(text: str, good: bool) -> None:
    body = order_body()
    body["orderer"]["email"] = text
    assert (errors(OrderRequest, body) == []) is good


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 5000])
def test_what_is_no_json_is_malformed(body: bytes) -> None:
    with pytest.raises((Malformed, Invalid)):
        Parser(OrderRequest).parse(body)


def test_errors_of_one_answer_are_bounded() -> None:
    body = order_body()
    body["stores"][0]["lines"] = [{} for _ in range(200)]
    assert len(errors(OrderRequest, body)) == 100


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    if isinstance(value, dict):
        for name, item in value.items():
            found += _places(item, (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found += _places(item, (*path, index))
    return found


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 2**40), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8),
    st.just([]), st.just({}), st.just("2026-13-01"), st.just("01012345678"), st.just(1.0), st.just("x" * 600),
)  # fmt: skip


@given(st.sampled_from(KINDS), st.data(), JUNK)
def test_whatever_the_decoder_refuses_has_names(case: tuple[type[Body], dict[str, Any]], data: st.DataObject, junk: Any) -> None:
    kind, good = case
    body: Any = copy.deepcopy(good)
    path = data.draw(st.sampled_from(_places(body)))
    if not path:
        body = junk
    else:
        inside = body
        for step in path[:-1]:
            inside = inside[step]
        inside[path[-1]] = junk
    raw = msgspec.json.encode(body)
    parser = Parser(kind)
    try:
        parser._decode(raw)
        refused = False
    except msgspec.ValidationError:
        refused = True
    found = list(parser._walk(raw))
    if refused:
        assert found
        assert FieldError("", "invalid") not in found
    else:
        # What is left then are conflicts between fields, which the walk names at the same places.
        assert sorted(errors(kind, body)) == sorted((error.pointer, error.code) for error in found)
    assert {error.code for error in found} <= set(FIELDS)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("02-312-3456", "+8223123456"), ("010 1234 5678", "+821012345678"), ("+82 10-1234-5678", "+821012345678"),
        ("031-200-3000", "+82312003000"), ("070-7123-4567", "+827071234567"), ("1588-1588", "+8215881588"), ("12", ""),
        ("꽃집", ""), ("", ""), ("010-1234-5678 ext. 7", ""), ("010" * 20, ""), ("010-5985-1234", "+821059851234"),
        ("+821059851234", "+821059851234"), ("+82 010-1234-5678", "+821012345678"),
        ("+12015550123", "+12015550123"),
    ],
)  # fmt: skip
def test_telephone_numbers(text: str, number: str) -> None:
    assert e164(text) == number
