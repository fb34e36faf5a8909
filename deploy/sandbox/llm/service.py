"""``POST /v1/chat/completions``: decode strictly, let the fault have its turn, answer what is written down for the sentence."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec
from aiohttp import web
from msgspec import Meta

from deploy.sandbox.llm.golden import golden

PATH = "/v1/chat/completions"
_REMEMBERED = 200
"""Calls that can be asked for afterwards."""


class LlmFault(StrEnum):
    """What goes wrong with every call, until another fault is put."""

    NONE = "none"
    SLOW = "slow"
    """The answer comes after ``delay_ms``."""
    ERROR = "error"
    """500."""
    LIMIT = "limit"
    """429: the quota is used up."""
    FILTER = "filter"
    """400: a content filter takes offence at the sentence."""
    GARBAGE = "garbage"
    """A completion whose content is no JSON."""
    BROKEN = "broken"
    """200 with a body that is no completion."""
    CUT = "cut"
    """The content ends in the middle, ``finish_reason`` length."""
    REFUSAL = "refusal"
    UNKNOWN_ID = "unknown_id"
    """A flower that is not on the list."""
    ECHO = "echo"
    """The system message, word by word, as an injection asks for it."""


class LlmPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``PUT /sandbox/llm``."""

    fault: LlmFault = LlmFault.NONE
    delay_ms: Annotated[int, Meta(ge=0, le=60_000)] = 3_000


class Message(msgspec.Struct, frozen=True):
    role: Literal["system", "user", "assistant", "developer"]
    content: str


class JsonSchema(msgspec.Struct, frozen=True):
    name: Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
    schema: dict[str, Any]
    strict: bool = False


class ResponseFormat(msgspec.Struct, frozen=True):
    type: Literal["json_schema"]
    json_schema: JsonSchema


class ChatRequest(msgspec.Struct, frozen=True):
    """What the contract asks for, as far as we use it."""

    model: str
    messages: Annotated[list[Message], Meta(min_length=1)]
    response_format: ResponseFormat | None = None


_decode = msgspec.json.Decoder(ChatRequest).decode
_decode_plan = msgspec.json.Decoder(LlmPlan).decode
_encode = msgspec.json.Encoder().encode


class Llm:
    """The provider. ``heard``: the last calls' messages, oldest first."""

    def __init__(self) -> None:
        self.plan = LlmPlan()
        self.heard: deque[list[Message]] = deque(maxlen=_REMEMBERED)
        self._answers = {one.sentence: one.answer for one in golden()}

    async def call(self, request: web.BaseRequest) -> web.Response:
        """A completion."""
        if not request.headers.get("Authorization", "").startswith("Bearer "):
            return _error(401, "invalid_request_error", "You didn't provide an API key.")
        try:
            asked = _decode(await request.read())
        except msgspec.DecodeError as error:
            return _error(400, "invalid_request_error", str(error))
        if asked.response_format is not None and (loose := _loose(asked.response_format.json_schema)):
            return _error(400, "invalid_request_error", f"Invalid schema for response_format: {loose}")
        self.heard.append(asked.messages)
        plan = self.plan
        match plan.fault:
            case LlmFault.SLOW:
                await asyncio.sleep(plan.delay_ms / 1000)
            case LlmFault.ERROR:
                return _error(500, "server_error", "The server had an error while processing your request.")
            case LlmFault.LIMIT:
                return _error(429, "insufficient_quota", "You exceeded your current quota.")
            case LlmFault.FILTER:
                return _error(400, "invalid_request_error", "The prompt triggered the content management policy.", "content_filter")
            case LlmFault.BROKEN:
                return _reply({"message": "ok"})
        return _reply(self._completion(asked, plan.fault))

    async def put_plan(self, request: web.BaseRequest) -> web.Response:
        """``PUT /sandbox/llm`` {fault, delay_ms}."""
        try:
            self.plan = _decode_plan(await request.read())
        except msgspec.DecodeError as error:
            return _reply({"error": str(error)}, 400)
        return _reply(self.plan)

    def told(self) -> web.Response:
        """``GET /sandbox/llm``: the plan, and the messages of the last calls."""
        return _reply({"plan": self.plan, "calls": list(self.heard)})

    def _completion(self, asked: ChatRequest, fault: LlmFault) -> dict[str, Any]:
        sentence = next((one.content for one in reversed(asked.messages) if one.role == "user"), "")
        content: str | None = self._answers.get(sentence)
        finish = "stop"
        match fault:
            case LlmFault.GARBAGE:
                content = "여기 있습니다: 장미입니다!"
            case LlmFault.CUT:
                content, finish = (content or '{"flowers":[')[:12], "length"
            case LlmFault.REFUSAL:
                content = None
            case LlmFault.UNKNOWN_ID:
                content = (content or "").replace('"flowers":[', '"flowers":[{"ids":["999"],"without":false},').replace("},]", "}]")
            case LlmFault.ECHO:
                content = asked.messages[0].content
        message = {"role": "assistant", "content": content, "refusal": None if content is not None else "I can't help with that."}
        return {
            "id": f"chatcmpl-{secrets.token_hex(12)}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": asked.model,
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish}],
            "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        }


def _loose(given: JsonSchema) -> str:
    """Why a schema is not strict, as the real service refuses it: every object closed, every field required."""
    waiting: list[Any] = [given.schema] if given.strict else []
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            if one.get("type") == "object" and one.get("additionalProperties") is not False:
                return "'additionalProperties' is required to be supplied and to be false."
            if one.get("type") == "object" and set(one.get("required", ())) != set(one.get("properties", {})):
                return "'required' is required to be supplied and to be an array including every key in properties."
            waiting += one.values()
    return ""


def _reply(body: Any, status: int = 200) -> web.Response:
    return web.Response(body=_encode(body), status=status, content_type="application/json")


def _error(status: int, kind: str, message: str, code: str | None = None) -> web.Response:
    return _reply({"error": {"message": message, "type": kind, "param": None, "code": code}}, status)
