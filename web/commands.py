"""Send a command, wait as long as the client likes, and say what came of it: in one place for every write (design §6)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from models.actor import Command
from topics.answers import Answer
from web import idempotency, prefer
from web.call import Call
from web.problems import Problem
from web.reads import ReadsAway

CHECK_AFTER = 0.3
"""Seconds without a report after which the read model itself is asked: on a retry the report was long ago."""
STRANGER = 5.0
"""Seconds that whoever is not signed in waits at least: there is no 202 for them, whose address they could not ask."""
LOOK = 5.0
"""Seconds that a row has to say whether it knows a command."""
PENDING = {"status": "pending"}
CATALOG: Mapping[str, tuple[str, ...]] = {"review": ("reviews",), "reference": ("reference",), "waiting": ("restock",)}
"""Read models of the catalogue's parts; a product's own is ``products``."""
LISTS = "lists"
"""Among the read models of a command: the lists of the process ``search``, which reports nothing and is asked."""
EMPTY: Mapping[str, Any] = {}


def models_of(domain: str, part: str, said: Mapping[str, Any] = EMPTY) -> tuple[str, ...]:
    """The read models that a client reads after a command, by what the command was about and what was answered (``said``)."""
    if domain == "orders":
        return ("orders",)
    if domain == "catalog" and "image_id" in said:
        return ("images",)
    if domain == "inventory":
        return ("stock",) if part.startswith("changes/") else ("coupons",)
    if domain == "accounts":
        # What strangers and admins send is remembered in a part of its own, and shows nothing, or says itself what it shows.
        return () if part else ("accounts",)
    if domain == "stores":
        # What was deleted is not named any more; each of the two says also of the other's that it has passed them.
        kinds = {"store_id": ("stores",), "question_id": ("questions",), "notice_id": ("notices",)}
        return next((models for name, models in kinds.items() if name in said), ("questions", "notices"))
    if domain == "catalog":
        return CATALOG.get(part.partition("/")[0], ("products", LISTS))
    return {"carts": ("carts",)}.get(domain, ())


async def submit(
    call: Call,
    domain: str,
    key: str,
    message: Command,
    *,
    command: str,
    body: bytes,
    status: int = 200,
    extra: dict[str, Any] | None = None,
    models: tuple[str, ...] | None = None,
    unless: Awaitable[None] | None = None,
) -> web.Response:
    """Send ``message`` to ``key`` and answer: ``status`` with what came of it, 202 with where to look, or ``Problem``.

    ``body``: the client's own words. ``extra``: laid over the actor's answer. ``models``: what the client reads next, where it is
    not what ``models_of`` says. ``unless``: raises the ``Problem`` that keeps the web from sending, by what it sees now; a command
    that was sent before is answered as it was then. Nobody's command that takes too long is ``Problem`` 503. Raises ``Unavailable``
    (503): the broker did not acknowledge.
    """
    wait = prefer.seconds(call.request.headers.get("Prefer", ""))
    if call.signed_in is None:
        wait = max(wait, STRANGER)
    deadline = asyncio.get_running_loop().time() + wait
    if unless is not None:
        try:
            await unless
        except Problem:
            part, words = message.remembered_in(), idempotency.fingerprint(body)
            if (before := await told_before(call, domain, key, command, words, part)) is None:
                raise
            return await conclude(call, before, domain, key, command, part, deadline, status, extra, models)
    answer = await call.shared.client.ask(
        domain,
        key,
        message,
        id=command,
        wait=wait,
        fingerprint=idempotency.fingerprint(body),
        traceparent=call.traceparent,
    )
    return await conclude(call, answer, domain, key, command, message.remembered_in(), deadline, status, extra, models)


async def told_before(call: Call, domain: str, key: str, command: str, fingerprint: str, part: str = "") -> Answer | None:
    """What ``key`` has said to ``command`` already, ``status`` 0: nothing yet; ``None``: it does not know it.

    ``fingerprint``: of the client's words. Raises ``Problem``: 422 where it had other words, 503 where no answer came.
    """
    answer = await call.shared.client.inquire(domain, key, command, LOOK, part)
    if answer is None:
        raise Problem(503, "unavailable", headers={"Retry-After": "1"})
    if answer.code == "command_unknown":
        return None
    if answer.fingerprint != fingerprint:
        raise Problem(422, "idempotency_key_reused")
    return answer


async def conclude(
    call: Call,
    answer: Answer | None,
    domain: str,
    key: str,
    command: str,
    part: str,
    deadline: float,
    status: int = 200,
    extra: dict[str, Any] | None = None,
    models: tuple[str, ...] | None = None,
) -> web.Response:
    """The response to an answer, once the read models have caught up with it; 202 if that takes longer than ``deadline``.

    A command that changed nothing is waited for too, as what the client has changed just before may be on its way; but then it is
    done: there may be nothing of the row's last event in these read models, ever. Raises ``Problem``: the refusal; 503 instead of
    202 where nobody is signed in.
    """
    if answer is not None and answer.status >= 400:
        raise Problem(answer.status, answer.code, answer.body)
    if answer is not None and answer.status:
        wanted = models_of(domain, part, answer.body) if models is None else models
        if await shown(call, domain, answer.key, answer.seq, part, deadline, wanted) or answer.unchanged:
            return call.answer({**answer.body, **(extra or {})}, status)
    if call.signed_in is None:
        # Sent again with the same key, it is the same command, and answered as soon as it is done.
        raise Problem(503, "unavailable", headers={"Retry-After": "1"})
    return call.answer(PENDING, 202, {"Location": address(call, domain, key, command, part), "Retry-After": "1"})


async def shown(
    call: Call, domain: str, key: str, seq: int, part: str, deadline: float, models: tuple[str, ...] | None = None
) -> bool:
    """True once every read model that the client reads next has event ``seq`` of ``key``; False at ``deadline`` (loop's clock)."""
    client, loop = call.shared.client, asyncio.get_running_loop()
    for model in models_of(domain, part) if models is None else models:
        left = deadline - loop.time()
        if model == LISTS:
            if not await _listed(call, key, seq, max(left, 0.0)):
                return False
            continue
        if await client.projected(model, key, seq, min(CHECK_AFTER, left)):
            continue
        if await _has(call, model, domain, key, seq, part):
            continue
        if not await client.projected(model, key, seq, deadline - loop.time()):
            return False
    return True


async def _listed(call: Call, product_id: str, seq: int, wait: float) -> bool:
    try:
        return await call.shared.reads.listed(product_id, seq, wait)
    except ReadsAway:
        return False


async def _has(call: Call, model: str, domain: str, key: str, seq: int, part: str) -> bool:
    """Does the read model itself show what came of the command? Its report is only said once, perhaps to another process."""
    reads = call.shared.reads
    kind, _, name = part.partition("/")
    found: Mapping[str, Any] | None = None
    try:
        match domain, kind:
            case "orders", _:
                found = await reads.order(key)
            case "accounts", _ if model != "accounts":
                # Sessions, what has ended, the audit log: only their report tells.
                return False
            case "accounts", _:
                found = await reads.account_of_row(key)
                # A registration is no account yet.
                return found is None or int(found["seq"]) >= seq
            case "stores", _:
                return await reads.shelved(key) >= seq
            case "catalog", "review":
                found = await reads.review(key)
            case "catalog", "reference":
                found = {"seq": await reads.reference_seq()}
            case "catalog", "waiting":
                found = await reads.restock_alert(name, key)
            case "catalog", _ if model == "images":
                found = (await reads.images([key])).get(key)
            case "catalog", _:
                found = await reads.product(key)
            case "carts", _:
                found = await reads.cart(key)
            case "inventory", "changes":
                found = next((one for one in await reads.stock(key) if one["flower_id"] == name), None)
            case "inventory", "coupon":
                found = await reads.coupon(name)
                return found is not None and int(found["last"]) >= seq
            case "inventory", "claims":
                return any(one["seq"] >= seq for one in await reads.my_coupons(name))
            case "inventory", "issued":
                coupon_id, _, buyer = name.partition("/")
                return any(one["coupon_id"] == coupon_id for one in await reads.my_coupons(buyer))
    except ReadsAway:
        return False
    return found is not None and int(found.get("seq", 0)) >= seq


def address(call: Call, domain: str, key: str, command: str, part: str) -> str:
    """Where the outcome of a command can be read: signed for the sender, so nobody else's row can be asked about."""
    query = {"sig": idempotency.sign(call.shared.secret, "command", call.caller.account, domain, key, command, part)}
    if part:
        query["part"] = part
    return f"/api/v1/commands/{domain}/{key}/{command}?{urlencode(query)}"
