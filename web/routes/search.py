"""Lists of products and plain-language search, out of the process ``search``."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from aiohttp import web

from models.search.filters import PARAMETERS, BadFilter, Filters, parsed
from models.search.wire import Question, Sentence
from web import pictures
from web.call import Call
from web.problems import Problem
from web.reads import ReadsAway
from web.requests.search import SearchRequest
from web.routes.public import PUBLIC
from web.validation import Parser

LIST = (*PARAMETERS, "facets")
"""Parameters of ``GET /products`` beside those of a page."""
_search = Parser(SearchRequest)
_card = msgspec.json.Decoder().decode


async def products(call: Call) -> web.Response:
    """``GET /products``: products by text, kinds, price, store and status, in one of nine orders; the newest first by default.

    category, tag, flower and color may come several times and must all hold: ``1,2`` is either, ``-11`` is not. What is on sale
    goes before what is not; products of suspended stores are left out.
    """
    question = Question(_filters(call), *call.page(), _flag(call, "facets"))
    found = await call.shared.reads.found(question)
    page: dict[str, Any] = {"items": await _cards(call, found.items), "next": found.next, "total": found.total}
    if found.facets is not None:
        page["facets"] = found.facets
    return call.answer(page, headers=PUBLIC)


async def main_page(call: Call) -> web.Response:
    """``GET /main``: rows of four: the best sold, the newest, the best rated."""
    main = await call.shared.reads.main_page()
    cards = iter(await _cards(call, [card for row in main.rows for card in row.items]))
    rows = [{"name": row.name, "items": [next(cards) for _ in row.items]} for row in main.rows]
    return call.answer({"rows": rows}, headers=PUBLIC)


async def search(call: Call) -> web.Response:
    """``POST /search``: a Korean sentence, answered with the filters that it was understood as and a first page (product W35).

    Further pages and changed filters are asked of ``GET /products``.
    """
    wish = await call.parsed(_search)
    understood = await call.shared.reads.understood(Sentence(wish.sentence, visitor(call), wish.limit))
    return call.answer({**msgspec.structs.asdict(understood), "items": await _cards(call, understood.items)})


def visitor(call: Call) -> str:
    """Whose model calls are counted: the account or the address, as a pseudonym of this installation."""
    caller = call.signed_in
    who = f"account:{caller.account}" if caller is not None else f"address:{call.address}"
    return hashlib.blake2b(who.encode(), key=call.shared.secret[:64], digest_size=16).hexdigest()


def _filters(call: Call) -> Filters:
    said = call.request.query
    try:
        return parsed({name: said.getall(name) for name in PARAMETERS if name in said})
    except BadFilter as error:
        raise Problem(400, "bad_parameter", {"name": error.name}) from None


def _flag(call: Call, name: str) -> bool:
    value = call.query(name, 1)
    if value not in ("", "0", "1"):
        raise Problem(400, "bad_parameter", {"name": name})
    return value == "1"


async def _cards(call: Call, items: Sequence[msgspec.Raw]) -> Sequence[Mapping[str, Any]]:
    """Cards with addresses of their pictures; without pictures where nobody can say where they are."""
    cards: list[dict[str, Any]] = [_card(one) for one in items]
    try:
        return await pictures.dressed(call, cards, "thumbnail")
    except ReadsAway:
        return [{**card, "thumbnail": "" if pictures.is_id(card["thumbnail"]) else card["thumbnail"]} for card in cards]
