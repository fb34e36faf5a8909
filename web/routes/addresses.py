"""A buyer's address book: to whom and where they had flowers sent. It is chosen from, so an order says the address itself."""

from __future__ import annotations

from aiohttp import web

from models.accounts.address_messages import AddAddress, ChangeAddress, Place, RemoveAddress
from web import idempotency
from web.call import Call
from web.requests.addresses import AddressEdit, AddressForm
from web.requests.fields import NoBody
from web.requests.phones import e164
from web.routes.sellers import own_row
from web.signing_in import told
from web.validation import Parser

_form, _edit, _nothing = Parser(AddressForm), Parser(AddressEdit), Parser(NoBody)


async def mine(call: Call) -> web.Response:
    """``GET /me/addresses``: all of them, at most ten, the last used first."""
    return call.answer({"items": await call.shared.reads.addresses(call.caller.account)})


async def add(call: Call) -> web.Response:
    """``POST /me/addresses``: one more; who says what stands there already is told under which id."""
    command = call.command_id()
    wish = await call.parsed(_form)
    place = Place(recipient=wish.recipient, phone=e164(wish.phone), zipcode=wish.zipcode, road=wish.road, detail=wish.detail)
    address_id = idempotency.created_id(command, "address")
    message = AddAddress(once=command, account=call.caller.account, address_id=address_id, place=place)
    answer = await told(call, own_row(call), message, command, ("accounts",), words=await call.body())
    return call.answer(answer.body, 201)


async def edit(call: Call) -> web.Response:
    """``PATCH /me/addresses/{address_id}``: only what is given changes; orders on their way keep what they said."""
    command, address_id = call.command_id(), call.params["address_id"]
    wish = await call.parsed(_edit)
    message = ChangeAddress(
        once=command,
        account=call.caller.account,
        address_id=address_id,
        recipient=wish.recipient,
        phone=None if wish.phone is None else e164(wish.phone),
        zipcode=wish.zipcode,
        road=wish.road,
        detail=wish.detail,
    )
    await told(call, own_row(call), message, command, ("accounts",), words=await call.body())
    return call.answer({"address_id": address_id})


async def remove(call: Call) -> web.Response:
    """``DELETE /me/addresses/{address_id}``: out of the book; orders keep theirs."""
    command, address_id = call.command_id(), call.params["address_id"]
    await call.parsed(_nothing)
    message = RemoveAddress(once=command, account=call.caller.account, address_id=address_id)
    await told(call, own_row(call), message, command, ("accounts",), words=await call.body())
    return call.answer({"done": True})
