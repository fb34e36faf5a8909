"""Stores: registered and changed by their sellers, found by everybody; and what sellers see of their orders."""

from __future__ import annotations

from aiohttp import web

from models.actor import id_of
from models.orders.state import CANCELLED, CANCELLING, PENDING, REFUNDED
from models.stores import near
from models.stores.messages import ChangeStore, RegisterStore, SaveStore
from models.stores.regions import SIDO
from web.access import runs
from web.call import Call
from web.commands import submit
from web.pictures import by_ids, check, dressed
from web.problems import Problem
from web.reads import Document, Wanted
from web.requests.stores import StoreChange, StoreRegistration, StoreSave
from web.routes import store_views
from web.routes.orders import pictured
from web.routes.public import PUBLIC
from web.validation import FieldError, Parser

_register, _change, _save = Parser(StoreRegistration), Parser(StoreChange), Parser(StoreSave)
STATUSES = (PENDING, CANCELLING, CANCELLED, REFUNDED)


def region(call: Call) -> tuple[str, str]:
    """``?sido=&gugun=``: codes, "" where they are not asked for. Raises ``Problem`` 400: unknown, or not of that sido."""
    sido, gugun = call.query("sido", 2), call.query("gugun", 5)
    if sido and sido not in SIDO:
        raise Problem(400, "bad_parameter", {"name": "sido"})
    if gugun and (not sido or gugun not in SIDO[sido].gugun):
        raise Problem(400, "bad_parameter", {"name": "gugun"})
    return sido, gugun


def degrees(call: Call, name: str, bounds: tuple[float, float]) -> float:
    """A coordinate of the address. Raises ``Problem`` 400: missing, no number, or not in Korea (store V8)."""
    try:
        value = float(call.query(name, 24))
    except ValueError:
        value = float("nan")
    if not bounds[0] <= value <= bounds[1]:
        raise Problem(400, "bad_parameter", {"name": name, "least": bounds[0], "most": bounds[1]})
    return value


async def many(call: Call) -> web.Response:
    """``GET /stores?sido=&gugun=&sort=RATE|DATE&limit=&cursor=``: stores that are open, best rated first, with their number.

    ``sido`` and ``gugun`` are codes of ``GET /regions`` (store Q1, Q10).
    """
    sido, gugun = region(call)
    wanted = Wanted(sido=sido, gugun=gugun, sort=call.one_of("sort", "RATE", "DATE"))
    items, cursor, total = await call.shared.reads.stores(wanted, *call.page())
    shown = await dressed(call, [store_views.card(one) for one in items], "thumbnail")
    return call.answer({"items": shown, "next": cursor, "total": total}, headers=PUBLIC)


async def nearby(call: Call) -> web.Response:
    """``GET /stores/nearby?lat=&lon=&level=``: open stores around a point, nearest first, with their ``distance`` in metres.

    ``level`` 1 to 5 (default 5): within 150, 250, 500, 1000, 2000 metres, both ends inclusive; at most 200 stores (store Q2).
    """
    lat, lon = degrees(call, "lat", near.LAT), degrees(call, "lon", near.LON)
    levels = {str(level): metres for level, metres in near.LEVELS.items()}
    metres = levels[call.one_of("level", *reversed(levels))]
    items = await call.shared.reads.stores_near(lat, lon, metres)
    return call.answer({"items": await dressed(call, [store_views.card(one) for one in items], "thumbnail")}, headers=PUBLIC)


async def one(call: Call) -> web.Response:
    """``GET /stores/{store_id}``: a store's page. One that is suspended says so: who has ordered there still needs its number."""
    (shown,) = await dressed(call, [store_views.page(*await _found(call))], "thumbnail")
    return call.answer(shown, headers=PUBLIC)


async def own(call: Call) -> web.Response:
    """``GET /stores/{store_id}/settings``: the store as its seller and admins see it, with its bank account (store A6)."""
    (shown,) = await dressed(call, [store_views.own(*await _found(call))], "thumbnail")
    return call.answer(shown)


async def _found(call: Call) -> tuple[Document, Document | None]:
    """The store of the route, and its subscription product if it has one. Raises ``Problem`` 404."""
    reads, store_id = call.shared.reads, call.params["store_id"]
    found = await reads.store(store_id)
    if found is None:
        raise Problem(404, "not_found")
    return found, await reads.product(id_of("subscription", store_id))


async def register(call: Call) -> web.Response:
    """``POST /stores``: the one store of a permitted seller, whose token names it before it is there (store V3)."""
    command, owner = call.command_id(), call.caller.account
    wish = by_ids(await call.parsed(_register), "thumbnail")
    store_id = id_of("store", owner)
    if not runs(call.caller, store_id):
        raise Problem(403, "forbidden")
    await check(call, [wish.thumbnail], "store")
    message = RegisterStore(owner=owner, profile=wish.profile())
    return await submit(call, "stores", store_id, message, command=command, body=await call.body(), status=201)


async def _usable(call: Call, wish: StoreChange) -> None:
    """Raises ``Problem`` 422: the picture may not be used, and the store does not have it already."""
    if wish.thumbnail:
        found = await call.shared.reads.store(call.params["store_id"])
        await check(call, [wish.thumbnail], "store", [found["thumbnail"]] if found else ())


async def change(call: Call) -> web.Response:
    """``PATCH /stores/{store_id}``: only what is given changes (store V4)."""
    command, store_id = call.command_id(), call.params["store_id"]
    wish = by_ids(await call.parsed(_change), "thumbnail")
    await _usable(call, wish)
    message = ChangeStore(by=call.caller.account, profile=wish.profile())
    call.shared.terms.stores.forget(store_id)
    return await submit(call, "stores", store_id, message, command=command, body=await call.body())


async def save(call: Call) -> web.Response:
    """``PUT /stores/{store_id}``: replace the store's policy; an admin names its owner and may create it.

    A seller's store begins with ``POST /stores``, which asks for everything; until then there is nothing to replace (404).
    """
    command, store_id = call.command_id(), call.params["store_id"]
    wish = by_ids(await call.parsed(_save), "thumbnail")
    owner, mine = wish.owner or "", call.caller.role == "seller"
    if mine and owner not in ("", call.caller.account):
        raise Problem(403, "forbidden")
    if not mine and not owner:
        raise Problem(422, "validation_failed", errors=[FieldError("/owner", "required")])
    await _usable(call, wish)
    message: ChangeStore | SaveStore = ChangeStore(by=call.caller.account, profile=wish.profile())
    if not mine:
        message = SaveStore(
            owner=owner,
            name=wish.name,
            delivery_fee=wish.delivery_fee,
            free_from=wish.free_from,
            cut_off=wish.cut_off,
            threshold=wish.threshold,
            profile=wish.profile(),
            by=call.caller.account,
        )
    call.shared.terms.stores.forget(store_id)
    return await submit(call, "stores", store_id, message, command=command, body=await call.body(), extra={"store_id": store_id})


async def orders(call: Call) -> web.Response:
    """``GET /stores/{store_id}/orders?status=&limit=&cursor=``: the store's own parts of orders only (order W-38, W-43)."""
    status = call.one_of("status", "", *STATUSES)
    items, cursor = await call.shared.reads.store_orders(call.params["store_id"], status, *call.page())
    return call.answer({"items": await pictured(call, items), "next": cursor})
