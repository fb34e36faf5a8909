"""Bodies of plain-language search."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from models.search.sentence import MAX_SENTENCE
from web.requests.fields import END
from web.validation import Body


class SearchRequest(Body, frozen=True):
    """``sentence``: Korean, as somebody says it: 친구 생일 선물 5만원 이하 분홍색으로."""

    sentence: Annotated[str, Meta(min_length=1, max_length=MAX_SENTENCE, pattern=r"\S(?:.|\n)*" + END, extra={"code": "blank"})]
    limit: Annotated[int, Meta(ge=1, le=100)] = 20
