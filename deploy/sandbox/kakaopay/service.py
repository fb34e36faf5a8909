"""KakaoPay's calls and the buyer's page over HTTP: decode, let the faults have their turn, apply a pure rule, commit, answer."""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
import socket
import struct
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from deploy.sandbox.books import Books
from deploy.sandbox.faults import Call, Fault, Faults, Rule, marks_in
from deploy.sandbox.kakaopay import answers, page, payment, wire
from deploy.sandbox.kakaopay.payment import Payment, Refused

_log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode
_decode_ready = msgspec.json.Decoder(wire.ReadyRequest).decode
_decode_approve = msgspec.json.Decoder(wire.ApproveRequest).decode
_decode_order = msgspec.json.Decoder(wire.OrderRequest).decode
_decode_cancel = msgspec.json.Decoder(wire.CancelRequest).decode
_JSON = "application/json"
_REMEMBERED = 1_000
"""Calls that can be asked for afterwards."""

Act = Callable[[int], Any]
"""Does the call as of ``now`` (ms) on the books, and gives the body of its answer. Raises Refused."""

ActOn = Callable[[Payment, int], Any]
"""The same for a payment that exists."""


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def new_id(letter: str) -> str:
    """20 characters, the first one ``letter``: T for a tid, A for an aid."""
    return letter + secrets.token_hex(10)[:19]


def _reply(body: Any, status: int = 200) -> web.Response:
    return web.Response(body=_encode(body), status=status, content_type=_JSON)


def _error(status: int, code: int, message: str) -> web.Response:
    return _reply(wire.Error(code, message), status)


def _drop(request: web.BaseRequest, *, reset: bool) -> web.Response:
    """Ends the connection without an answer: by FIN, or by RST if ``reset``. aiohttp discards the response that it is handed."""
    transport = request.transport
    if transport is not None:
        sock = transport.get_extra_info("socket")
        if reset and sock is not None:
            # A linger of 0 seconds makes the kernel send RST instead of FIN.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response(status=500)


class Heard(msgspec.Struct, frozen=True):
    """A call that came in with the right key. ``traceparent``: its trace context as it was sent, ``""``: none."""

    call: str
    traceparent: str


class KakaoPay:
    """The provider. ``calls`` and ``press`` are what the server dispatches to; ``heard``: the last calls, oldest first."""

    def __init__(self, books: Books, faults: Faults, secret: str, public_url: str = "") -> None:
        self._books, self._faults, self._public_url = books, faults, public_url
        self._key = f"SECRET_KEY {secret}".encode()
        self._session: aiohttp.ClientSession | None = None
        self._background: set[asyncio.Task[None]] = set()
        self.heard: deque[Heard] = deque(maxlen=_REMEMBERED)
        prefix = "/online/v1/payment"
        self.calls: dict[str, Callable[[web.BaseRequest], Awaitable[web.Response]]] = {
            f"{prefix}/ready": self.ready,
            f"{prefix}/approve": self.approve,
            f"{prefix}/order": self.order,
            f"{prefix}/cancel": self.cancel,
        }

    async def call(self, request: web.BaseRequest) -> web.Response:
        """One call of a merchant's server; every refusal becomes {error_code, error_message}."""
        if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), self._key):
            return _error(401, payment.BAD_KEY, "wrong secret key")
        self.heard.append(Heard(request.raw_path.rpartition("/")[2], request.headers.get("traceparent", "")))
        try:
            return await self.calls[request.raw_path](request)
        except Refused as no:
            # A refusal may rest on what another request has written but not committed yet.
            await self._books.committed()
            return _error(no.status, no.code, no.message)
        except msgspec.DecodeError as error:
            return _error(400, payment.BAD_PARAMETER, str(error))

    async def ready(self, request: web.BaseRequest) -> web.Response:
        """``POST …/ready`` (spec/kakaopay.md): a tid and the buyer's URLs."""
        asked = _decode_ready(await request.read())
        try:
            marks = marks_in(asked.item_name, str(asked.custom_json or ""))
        except ValueError as error:
            raise Refused(payment.BAD_PARAMETER, str(error)) from None

        def act(now: int) -> Any:
            opened = payment.opened(asked, new_id("T"), marks, now)
            self._books.add(opened)
            return answers.ready(opened, self._base(request))

        return await self._perform(request, Call.READY, asked.partner_order_id, marks, act)

    async def approve(self, request: web.BaseRequest) -> web.Response:
        """``POST …/approve``: takes the money."""
        asked = _decode_approve(await request.read())

        def act(found: Payment, now: int) -> Any:
            moved = payment.approved(found, asked, new_id("A"), now)
            self._books.put(moved.payment)
            return answers.approved(moved)

        return await self._perform_on(request, Call.APPROVE, asked.cid, asked.tid, act)

    async def order(self, request: web.BaseRequest) -> web.Response:
        """``POST …/order``: where the payment stands."""
        asked = _decode_order(await request.read())
        return await self._perform_on(request, Call.ORDER, asked.cid, asked.tid, lambda found, now: answers.order(found))

    async def cancel(self, request: web.BaseRequest) -> web.Response:
        """``POST …/cancel``: gives money back."""
        asked = _decode_cancel(await request.read())

        def act(found: Payment, now: int) -> Any:
            moved = payment.cancelled(found, asked, new_id("A"), now)
            self._books.put(moved.payment)
            return answers.cancelled(moved)

        return await self._perform_on(request, Call.CANCEL, asked.cid, asked.tid, act)

    async def press(self, request: web.BaseRequest, tid: str, verb: str) -> web.Response:
        """What the buyer's browser does: see the page (pc, mobile, app), or press pay, cancel or fail (302 back to the shop)."""
        try:
            found = self._books.find(tid)
            if found is None:
                raise Refused(payment.UNKNOWN_TID, "없는 결제입니다.", 404)
            if verb == "pay":
                return await self._pay(found)
            if verb in ("cancel", "fail"):
                quits = verb == "cancel"
                self._books.put(payment.left_by_buyer(found, payment.QUIT_PAYMENT if quits else payment.FAIL_PAYMENT))
                await self._books.committed()
                return _redirect(found.cancel_url if quits else found.fail_url)
            if found.approved_at:
                return _html(page.message_page("이미 결제가 끝났습니다."))
            # Only asked whether pay could be pressed now; the token is thrown away.
            payment.authenticated(found, "unused", now_ms())
            return _html(page.payment_page(found, verb))
        except Refused as no:
            await self._books.committed()
            words = {payment.EXPIRED: "결제 시간이 지났습니다.", payment.CLOSED: "이미 취소되었거나 실패한 결제입니다.",
                     payment.ALREADY_APPROVED: "이미 결제가 끝났습니다."}  # fmt: skip
            return _html(page.message_page(words.get(no.code, no.message)), no.status)

    async def close(self) -> None:
        """Ends the calls that the sandbox itself makes."""
        for task in self._background:
            task.cancel()
        if self._session is not None:
            await self._session.close()

    async def _pay(self, found: Payment) -> web.Response:
        paid = payment.authenticated(found, secrets.token_hex(10), now_ms())
        if paid is not found:
            self._books.put(paid)
        hits = self._faults.draw(Call.PAY, paid.order_id, paid.marks)
        await self._books.committed()
        url = f"{paid.approval_url}{'&' if '?' in paid.approval_url else '?'}pg_token={paid.token}"
        for rule in hits:
            if rule.fault is Fault.DELAY:
                await asyncio.sleep(rule.delay_ms / 1000)
            elif rule.fault is Fault.DOUBLE_CALLBACK:
                task = asyncio.create_task(self._call_back(url))
                self._background.add(task)
                task.add_done_callback(self._background.discard)
        return _redirect(url)

    async def _call_back(self, url: str) -> None:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))
        try:
            async with self._session.get(url, allow_redirects=False) as answer:
                await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            # The shop may be away; a second callback is a nuisance to play, not a promise. The URL holds a token: not logged.
            _log.info("second callback failed: %s", type(error).__name__)

    async def _perform_on(self, request: web.BaseRequest, call: Call, cid: str, tid: str, act: ActOn) -> web.Response:
        """As ``_perform``, for a call that names a tid."""
        found = self._find(cid, tid)
        hits = self._faults.draw(call, found.order_id, found.marks)
        if hits:
            # A delay gives others time to change the payment, so it is looked up again when its turn comes.
            return await self._perform_badly(request, hits, lambda now: act(self._find(cid, tid), now))
        body = act(found, now_ms())
        await self._books.committed()
        return _reply(body)

    async def _perform(self, request: web.BaseRequest, call: Call, order_id: str, marks: str, act: Act) -> web.Response:
        """Does the call, with the faults that strike it; answers only what is in the books."""
        hits = self._faults.draw(call, order_id, marks)
        if hits:
            return await self._perform_badly(request, hits, act)
        body = act(now_ms())
        await self._books.committed()
        return _reply(body)

    async def _perform_badly(self, request: web.BaseRequest, hits: tuple[Rule, ...], act: Act) -> web.Response:
        faults = {rule.fault for rule in hits}
        delay = sum(rule.delay_ms for rule in hits if rule.fault is Fault.DELAY)
        if delay:
            await asyncio.sleep(delay / 1000)
        if Fault.RESET in faults:
            return _drop(request, reset=True)
        if Fault.ERROR_BEFORE in faults:
            return _error(500, payment.INTERNAL, "sandbox: error before")
        body = act(now_ms() + (payment.TID_LIFE + 1 if Fault.EXPIRED in faults else 0))
        await self._books.committed()
        if Fault.LOST_ANSWER in faults:
            return _drop(request, reset=False)
        if Fault.ERROR_AFTER in faults:
            return _error(500, payment.INTERNAL, "sandbox: error after")
        return _reply(body)

    def _find(self, cid: str, tid: str) -> Payment:
        found = self._books.find(tid)
        if found is None or found.cid != cid:
            raise Refused(payment.UNKNOWN_TID, "unknown tid")
        return found

    def _base(self, request: web.BaseRequest) -> str:
        return self._public_url or f"http://{request.host}"


def _redirect(url: str) -> web.Response:
    return web.Response(status=302, headers={"Location": url, "Cache-Control": "no-store"})


def _html(text: str, status: int = 200) -> web.Response:
    headers = {"Content-Security-Policy": page.CSP, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return web.Response(text=text, status=status, content_type="text/html", headers=headers)
