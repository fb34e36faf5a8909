"""What a code means, in Korean and English, by the domain that refuses."""

from __future__ import annotations

from web.texts import accounts, carts, catalog, edge, images, inventory, orders, stores
from web.texts.fields import FIELDS
from web.texts.text import Language, Text

__all__ = ["BY_STATUS", "FIELDS", "PROBLEMS", "Language", "Text"]

PROBLEMS: dict[str, Text] = {
    **edge.PROBLEMS, **orders.PROBLEMS, **inventory.PROBLEMS, **images.PROBLEMS, **carts.PROBLEMS, **stores.PROBLEMS,
    **accounts.PROBLEMS, **catalog.PROBLEMS,
}  # fmt: skip
BY_STATUS: dict[int, Text] = {
    400: Text("잘못된 요청입니다", "Bad request"),
    401: PROBLEMS["unauthenticated"],
    403: PROBLEMS["forbidden"],
    404: PROBLEMS["not_found"],
    409: Text("지금은 할 수 없습니다", "This cannot be done now"),
    422: Text("받아들일 수 없는 내용입니다", "This cannot be accepted"),
    429: Text("요청이 너무 많습니다", "Too many requests"),
    500: PROBLEMS["internal_error"],
    503: PROBLEMS["unavailable"],
}
"""For codes that have no text of their own yet."""
