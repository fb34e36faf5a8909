"""Refusals of the request itself, whatever it is about."""

from __future__ import annotations

from web.texts.text import Text

PROBLEMS: dict[str, Text] = {
    "validation_failed": Text(
        "입력값을 확인해 주세요", "Please check what you entered",
        "errors 항목에 잘못된 값이 모두 적혀 있습니다. 아무것도 바뀌지 않았습니다.",
        "Every value that is wrong is listed in errors. Nothing has been changed.",
    ),
    "malformed_json": Text(
        "요청을 읽을 수 없습니다", "The request cannot be read",
        "본문이 올바른 JSON이 아닙니다.", "The body is not valid JSON.",
    ),
    "malformed_request": Text("요청을 읽을 수 없습니다", "The request cannot be read"),
    "not_json": Text(
        "지원하지 않는 형식입니다", "Unsupported media type",
        "application/json으로 보내 주세요.", "Please send application/json.",
    ),
    "encoded_body": Text(
        "압축된 본문은 받지 않습니다", "Encoded bodies are not accepted",
        "Content-Encoding 없이 보내 주세요.", "Please send it without Content-Encoding.",
    ),
    "body_too_large": Text(
        "요청이 너무 큽니다", "The request is too large",
        "본문은 64 KiB까지 보낼 수 있습니다.", "A body may have up to 64 KiB.",
    ),
    "request_timeout": Text("요청이 너무 느립니다", "The request took too long to arrive"),
    "idempotency_key_required": Text(
        "Idempotency-Key가 필요합니다", "Idempotency-Key is required",
        "8자에서 255자의 Idempotency-Key 헤더를 보내 주세요.", "Please send an Idempotency-Key header of 8 to 255 characters.",
    ),
    "idempotency_key_reused": Text(
        "이미 다른 요청에 쓰인 키입니다", "The key was used for another request",
        "같은 Idempotency-Key로 다른 내용을 보낼 수 없습니다.", "The same Idempotency-Key came with other contents.",
    ),
    "unauthenticated": Text("로그인이 필요합니다", "Please sign in", "유효한 토큰이 없습니다.", "There is no valid token."),
    "forbidden": Text("권한이 없습니다", "You may not do this"),
    "not_found": Text("찾을 수 없습니다", "Not found"),
    "method_not_allowed": Text("허용되지 않는 방법입니다", "Method not allowed"),
    "bad_cursor": Text("잘못된 페이지 위치입니다", "The cursor is not valid"),
    "bad_parameter": Text("주소의 값이 잘못되었습니다", "A value in the address is not valid", "{name}", "{name}"),
    "too_many_streams": Text(
        "열린 연결이 너무 많습니다", "Too many open streams",
        "다른 창을 닫고 다시 시도해 주세요.", "Please close another window and try again.",
    ),
    "too_many_requests": Text(
        "요청이 너무 많습니다", "Too many requests",
        "{after}초 후에 다시 시도해 주세요.", "Please try again in {after} seconds.",
    ),
    "target_too_long": Text("주소가 너무 깁니다", "The address is too long"),
    "cross_site": Text("다른 사이트에서 온 요청입니다", "The request comes from another site"),
    "session_ended": Text(
        "로그인이 끝났습니다", "The session has ended", "다시 로그인해 주세요.", "Please sign in again.",
    ),
    "unavailable": Text(
        "잠시 후 다시 시도해 주세요", "Please try again shortly",
        "같은 Idempotency-Key로 다시 보내도 한 번만 처리됩니다.",
        "Sent again with the same Idempotency-Key, it is still done only once.",
    ),
    "internal_error": Text("처리하지 못했습니다", "Something went wrong on our side"),
    "command_unknown": Text("알 수 없는 요청입니다", "This request is not known"),
}  # fmt: skip
