"""``GET /events``: what happens to the caller, as it happens."""

from __future__ import annotations

import asyncio
import contextlib
import time

from aiohttp import web

from web.call import Call
from web.problems import Problem
from web.sse import Away, Hub, Stream, TooMany, after, good_id

LOOK = 2.0
"""Seconds until it is noticed that a client has gone: its place is free for the window that it opens next, which a 429 would leave
deaf for good, as browsers do not ask again after one."""
WRITE = 30.0
"""Seconds that a client may take to accept a frame."""


async def stream(call: Call) -> web.StreamResponse:
    """``GET /events``: notices and orders of the caller, live, as server-sent events.

    ``Last-Event-ID`` (or ``last_event_id``) goes on after that event without gap or repeat; an event ``reset`` says that more was
    missed than is kept. A comment every 15 s shows that the stream is alive. It ends with the token, and with
    its session.
    """
    last = call.request.headers.get("Last-Event-ID", "") or call.query("last_event_id", 40)
    if last and not good_id(last):
        raise Problem(400, "bad_parameter", {"name": "Last-Event-ID"})
    hub: Hub | None = call.shared.live
    if hub is None or call.shared.stopping.is_set():
        raise Problem(503, "unavailable", headers={"Retry-After": "1"})
    try:
        opened, frames, sent = await hub.open(call.caller.account, last)
    except TooMany:
        raise Problem(429, "too_many_streams", {"most": call.shared.settings.sse_streams}, headers={"Retry-After": "15"}) from None
    except Away:
        raise Problem(503, "unavailable", headers={"Retry-After": "1"}) from None
    response = web.StreamResponse(
        headers={**call.headers(), "Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
    )
    ended = call.shared.ended
    try:
        with ended.watching(call.caller, lambda: opened.push(None)) if ended is not None else contextlib.nullcontext():
            # It was looked at before there was a place; what has ended since was said to nobody.
            if ended is not None and ended.why_not(call.caller) == "session_ended":
                return response
            await response.prepare(call.request)
            await _write(response, b"retry: 1000\n\n" + b"".join(frames))
            await _follow(call, hub, opened, response, sent)
    except (ConnectionError, TimeoutError):
        pass
    finally:
        await hub.close(opened)
    return response


async def _follow(call: Call, hub: Hub, opened: Stream, response: web.StreamResponse, sent: str) -> None:
    heartbeat = call.shared.settings.sse_heartbeat
    beats = time.monotonic() + heartbeat
    while not call.shared.stopping.is_set():
        left, beat = call.caller.until - time.time(), beats - time.monotonic()
        transport = call.request.transport
        if left <= 0 or transport is None or transport.is_closing():
            return
        if beat <= 0:
            await _write(response, b":\n\n")
            await hub.refresh(opened)
            beats = time.monotonic() + heartbeat
            continue
        try:
            async with asyncio.timeout(min(beat, left, LOOK)):
                entry = await opened.queue.get()
        except TimeoutError:
            continue
        if entry is None:
            return
        if after(entry[0], sent):
            sent = entry[0]
            await _write(response, entry[1])


async def _write(response: web.StreamResponse, data: bytes) -> None:
    async with asyncio.timeout(WRITE):
        await response.write(data)
