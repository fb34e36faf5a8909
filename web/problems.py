"""Refusals as RFC 9457 ``application/problem+json``: a stable code, and words in the reader's language (order W-46)."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import web

from web.texts import BY_STATUS, FIELDS, PROBLEMS, Language
from web.validation import FieldError

MEDIA_TYPE = "application/problem+json"
_encode = msgspec.json.Encoder().encode


class Problem(Exception):
    """Ends a request. ``code`` is stable and public; ``details`` are ids, codes and amounts, never personal data."""

    def __init__(
        self,
        status: int,
        code: str,
        details: Mapping[str, Any] | None = None,
        *,
        errors: list[FieldError] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status, self.code = status, code
        self.details, self.errors, self.headers = details or {}, errors or [], headers or {}

    def response(self, language: Language, headers: Mapping[str, str]) -> web.Response:
        """The answer, with ``headers`` and the problem's own."""
        body = _encode(document(self, language))
        return web.Response(
            body=body,
            status=self.status,
            headers={**headers, **self.headers, "Content-Type": MEDIA_TYPE, "Content-Language": language},
        )


class _Blanks(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


def document(problem: Problem, language: Language) -> dict[str, Any]:
    """The problem's JSON object: equal for equal refusals, so that a retry gets the same bytes."""
    text = PROBLEMS.get(problem.code) or BY_STATUS.get(problem.status) or BY_STATUS[500 if problem.status >= 500 else 400]
    title = text.ko if language == "ko" else text.en
    detail = (text.ko_detail if language == "ko" else text.en_detail).format_map(_Blanks(_named(problem.details)))
    said: dict[str, Any] = {
        "type": f"urn:blooming-blooms:problem:{problem.code}",
        "title": title,
        "status": problem.status,
        "code": problem.code,
    }
    if detail:
        said["detail"] = detail
    if problem.details:
        said["details"] = problem.details
    if problem.errors:
        said["errors"] = [_field(error, language) for error in problem.errors]
    return said


def _named(details: Mapping[str, Any]) -> dict[str, Any]:
    """What a text may name: the refusal's details and those of the first of its problems."""
    problems = details.get("problems")
    return {**problems[0], **details} if isinstance(problems, (list, tuple)) and problems else dict(details)


def _field(error: FieldError, language: Language) -> dict[str, str]:
    korean, english = FIELDS.get(error.code) or FIELDS["invalid"]
    words = (korean if language == "ko" else english).format(bound=error.bound)
    return {"pointer": error.pointer, "code": error.code, "detail": words}


@functools.lru_cache(512)
def language(accepted: str) -> Language:
    """Korean, unless ``Accept-Language`` puts English before it."""
    best: dict[str, float] = {}
    for position, part in enumerate(accepted.lower().split(",")[:20]):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        name = tag.split("-")[0].strip()
        if name in ("ko", "en", "*") and name not in best:
            best[name] = weight - position * 1e-6
    return "en" if best.get("en", 0.0) > best.get("ko", best.get("*", 0.0)) else "ko"
