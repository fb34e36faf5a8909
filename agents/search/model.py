"""The language model behind plain-language search: one chat completion, bound by a JSON schema (product W34, W35)."""

from __future__ import annotations

import hashlib
from typing import Any, Protocol

import msgspec
import openai
from openai import AsyncOpenAI

from models.search.answer import NAME, BadAnswer, instructions, schema
from models.search.vocabulary import Names

NO_KEY = "none"
MOST_TOKENS = 400
"""Of an answer; the schema's object takes about 100."""


class ModelAway(Exception):
    """The model did not answer, or not in time, or takes no more calls."""


class Model(Protocol):
    """A port with two adapters: this module's and the tests'."""

    async def complete(self, sentence: str, names: Names, seconds: float) -> str:
        """The text of the model's answer to ``sentence``. Raises ``ModelAway``, and ``BadAnswer`` where it declines."""


class OpenAI:
    """Any service with OpenAI's contract."""

    def __init__(self, url: str, key: str, model: str) -> None:
        """``url``: its base, such as ``https://api.openai.com/v1``; ``key`` "": the sandbox wants none, but the client insists."""
        # A retry would spend the budget twice.
        self._client = AsyncOpenAI(base_url=url, api_key=key or NO_KEY, max_retries=0)
        self._model = model

    async def complete(self, sentence: str, names: Names, seconds: float) -> str:
        format_: Any = {"type": "json_schema", "json_schema": {"name": NAME, "strict": True, "schema": schema(names)}}
        try:
            answer = await self._client.chat.completions.create(
                model=self._model,
                messages=[
                    {"role": "system", "content": instructions(names)},
                    {"role": "user", "content": sentence},
                ],
                response_format=format_,
                temperature=0,
                max_completion_tokens=MOST_TOKENS,
                timeout=seconds,
            )
        except (openai.APIResponseValidationError, openai.BadRequestError) as error:
            # A 400 judges this sentence (a content filter, say): the model is there, for everybody else's.
            raise BadAnswer(type(error).__name__) from error
        except (openai.APIError, ValueError) as error:
            raise ModelAway(type(error).__name__) from error
        return said(answer)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.close()


def said(answer: Any) -> str:
    """The text of a completion. Raises ``BadAnswer`` for a refusal, an answer that was cut off, or none at all."""
    try:
        choice = answer.choices[0]
        content, finish = choice.message.content, choice.finish_reason
    except (AttributeError, IndexError, TypeError):
        raise BadAnswer("not a completion") from None
    if getattr(choice.message, "refusal", None) or finish != "stop" or not isinstance(content, str):
        raise BadAnswer(f"no answer: {finish}")
    return content


def version(names: Names) -> str:
    """Tells answers to one set of instructions and ids from those to another."""
    told = msgspec.json.encode([instructions(names), schema(names)])
    return hashlib.blake2b(told, digest_size=8).hexdigest()
