"""What admins do about people: applications, suspensions, and the log of what was done (auth 35, 46)."""

from __future__ import annotations

from aiohttp import web

from models.accounts.common_messages import Once
from models.accounts.messages import RestoreAccount, SuspendAccount
from models.accounts.seller_messages import DenySeller, PermitSeller
from web.call import Call
from web.commands import submit
from web.people import row_of
from web.problems import Problem
from web.requests.accounts import Denial, Restoration, Suspension
from web.requests.fields import NoBody
from web.validation import Parser

_nothing, _denial, _suspension, _restoration = Parser(NoBody), Parser(Denial), Parser(Suspension), Parser(Restoration)
SELLER_STATUSES = ("PENDING", "PERMITTED", "DENIED", "SUSPENDED")
BUYER_STATUSES = ("ACTIVE", "SUSPENDED", "WITHDRAWN")
MODELS, ENDING = ("accounts", "audit"), ("accounts", "audit", "ended")
"""What shows an act. ``ENDING``: of one that ends sessions, whose tokens count no more once it is answered."""
_COMMON = ("account", "provider", "status", "suspended", "joined_at", "since", "name", "email", "phone", "notes")
_SELLER = (*_COMMON, "reason", "business_number", "document")


async def sellers(call: Call) -> web.Response:
    """``GET /admin/sellers?status=&limit=&cursor=``: applications and sellers, newest first, with their number."""
    return await _listed(call, "seller", SELLER_STATUSES, _SELLER)


async def buyers(call: Call) -> web.Response:
    """``GET /admin/buyers?status=&limit=&cursor=``: buyers, newest first, with their number."""
    return await _listed(call, "buyer", BUYER_STATUSES, _COMMON)


async def _listed(call: Call, kind: str, statuses: tuple[str, ...], fields: tuple[str, ...]) -> web.Response:
    status = call.one_of("status", "", *statuses)
    found, cursor, total = await call.shared.reads.accounts(kind, status, *call.page())
    items = [{name: one[name] for name in fields} for one in found]
    for item in items:
        if item.get("document"):
            # Good for some minutes, and for whoever holds it: only this answer, which nobody stores, has it.
            item["document_url"] = await call.shared.links.document(item["document"])
    return call.answer({"items": items, "next": cursor, "total": total})


async def permit(call: Call) -> web.Response:
    """``POST /admin/sellers/{account}/permit``: let an applicant sell."""
    command, account = call.command_id(), call.params["account"]
    await call.parsed(_nothing)
    return await _act(call, PermitSeller(once=command, account=account, by=call.caller.account), command)


async def deny(call: Call) -> web.Response:
    """``POST /admin/sellers/{account}/deny``: with a reason, which the applicant is told."""
    command, account = call.command_id(), call.params["account"]
    wish = await call.parsed(_denial)
    message = DenySeller(once=command, account=account, by=call.caller.account, reason=wish.reason, note=wish.note)
    return await _act(call, message, command, ENDING)


async def suspend(call: Call) -> web.Response:
    """``POST /admin/accounts/{account}/suspend``: a buyer, a seller or another admin, whose sessions end."""
    command, account = call.command_id(), call.params["account"]
    wish = await call.parsed(_suspension)
    message = SuspendAccount(once=command, account=account, by=call.caller.account, reason=wish.reason, note=wish.note)
    return await _act(call, message, command, ENDING)


async def restore(call: Call) -> web.Response:
    """``POST /admin/accounts/{account}/restore``: a suspended account."""
    command, account = call.command_id(), call.params["account"]
    wish = await call.parsed(_restoration)
    return await _act(call, RestoreAccount(once=command, account=account, by=call.caller.account, note=wish.note), command)


async def _act(call: Call, message: Once, command: str, models: tuple[str, ...] = MODELS) -> web.Response:
    row = row_of(call.params["account"])
    if not row:
        raise Problem(404, "account_gone")
    return await submit(call, "accounts", row, message, command=command, body=await call.body(), models=models)


async def audit(call: Call) -> web.Response:
    """``GET /admin/audit?by=&subject=&limit=&cursor=``: every act of admins and operators, newest first (auth 46).

    ``note``: what was written about it; it goes with the account, store, product or review.
    """
    reads = call.shared.reads
    found, cursor = await reads.audit(call.query("by", 64), call.query("subject", 64), *call.page())
    return call.answer({"items": found, "next": cursor})
