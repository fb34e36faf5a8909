"""What a question to the process ``search`` may say."""

from __future__ import annotations

import msgspec
import pytest

from models.search.filters import Filters
from models.search.wire import Question


def test_who_says_nothing_asks_for_everybody_s_list_and_a_seller_s_is_one_store_s() -> None:
    assert msgspec.json.decode(b"{}", type=Question).scope == "public"
    assert msgspec.json.decode(msgspec.json.encode(Question(Filters(store="s"), scope="seller")), type=Question).scope == "seller"
    for bad in (b'{"scope":"seller"}', b'{"scope":"seller","filters":{"status":"SALE"}}', b'{"scope":"all"}', b'{"scope":null}'):
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(bad, type=Question)
