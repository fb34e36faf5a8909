"""Whoever has done something to a product is answered once lists show it; what no list shows waits for none."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.web.answering import Page
from tests.unit.web.documents import PRODUCT_IMAGE, STORE
from tests.unit.web.test_catalog import FORM, PATH, admin, seller


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", PATH, FORM, 201),
        ("PATCH", "/products/product-1", {"version": 3, "price": 1}, 200),
        ("POST", "/products/product-1/duplicate", None, 201),
        ("PUT", f"/stores/{STORE}/subscription-product",
         {"name": "달마다", "summary": "s", "price": 1, "thumbnail": PRODUCT_IMAGE}, 200),
        ("DELETE", "/admin/products/product-1", {"reason": "도용"}, 200),
    ],
)  # fmt: skip
async def test_what_was_done_to_a_product_is_answered_once_lists_show_it(
    shop: Page, method: str, path: str, body: Any, status: int
) -> None:
    who = admin if path.startswith("/admin") else seller
    assert (await shop.call(method, path, body, who(shop)))[0] == status
    ((_, key, _),) = shop.sent
    assert shop.known.awaited == [(key, 1)]
    shop.known.lists_show = False
    assert (await shop.call(method, path, body, who(shop)))[:2] == (202, {"status": "pending"})
    # Nobody can tell: so it is not said that they do.
    shop.known.lists_show, shop.known.lists_away = True, True
    assert (await shop.call(method, path, body, who(shop)))[0] == 202


async def test_what_no_list_of_products_shows_does_not_wait_for_them(shop: Page) -> None:
    shop.known.lists_show = False
    for method, path, body, who in (
        ("PUT", "/admin/tags/8", {"name_ko": "생일", "name_en": "birthday"}, admin(shop)),
        ("PUT", "/reviews/review-1/reply", {"text": "감사합니다"}, seller(shop)),
        ("PUT", "/products/product-1/restock-alert", None, shop.desk.headers()),
    ):
        assert (await shop.call(method, path, body, who))[0] in (200, 409)
    assert shop.known.awaited == []
