"""Bodies as they travel: nothing that is packed is taken, let alone unpacked."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from pathlib import Path

import msgspec
import pytest
from aiohttp.http_parser import HttpRequestParserPy

from tests.unit.web.desk import Desk
from tests.unit.web.documents import order_body
from tests.unit.web.serving import serving


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


PLAIN = msgspec.json.encode(order_body())


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("gzip", PLAIN), ("gzip", gzip.compress(PLAIN)), ("GZIP", gzip.compress(bytes(10_000_000))),
        ("deflate", zlib.compress(PLAIN)), ("deflate", PLAIN), ("br", PLAIN), ("zstd", PLAIN),
        ("identity, gzip", PLAIN), ("rot13", PLAIN), ("", PLAIN),
    ],
)  # fmt: skip
async def test_a_body_that_is_packed_is_refused_and_never_unpacked(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, encoding: str, data: bytes
) -> None:
    unpacked: list[str] = []
    monkeypatch.setattr("aiohttp.http_parser.ZLibDecompressor", lambda *_, **__: unpacked.append(encoding))
    headers = {
        "Content-Type": "application/json",
        "Content-Encoding": encoding,
        "Idempotency-Key": "a-good-key",
        "Authorization": f"Bearer {desk.token()}",
    }
    async with serving(desk) as served:
        for path in ("/orders", "/auth/seller"):
            async with served.http.post(f"{served.url}/api/v1{path}", headers=headers, data=data) as answer:
                said = await answer.json(content_type=None)
                assert (answer.status, said["code"]) == (415, "encoded_body")
        assert served.sent == []
        # What nobody reads is thrown away as it came.
        async with served.http.get(f"{served.url}/api/v1/products", headers=headers, data=data) as answer:
            assert answer.status == 200
    assert unpacked == []


async def test_a_body_may_say_that_it_is_not_packed(desk: Desk) -> None:
    async with serving(desk) as served:
        said = await served.ask(
            "POST",
            "/orders",
            {"Content-Encoding": "Identity", "Idempotency-Key": "a-good-key", "Authorization": f"Bearer {desk.token()}"},
            order_body(),
        )
        assert said.code != "encoded_body"
        assert said.status != 415


async def test_a_body_whose_parts_are_none_is_malformed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """By aiohttp's reader in Python; the one in C waits until the body is too late."""
    monkeypatch.setattr("aiohttp.web_protocol.HttpRequestParser", HttpRequestParserPy)
    async with serving(desk) as served:
        host, port = served.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        head = (
            "POST /api/v1/auth/seller HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        writer.write(head.encode() + b"2\r\n{}\r\n")
        await writer.drain()
        await asyncio.sleep(0.1)
        writer.write(b"zz\r\nnonsense\r\n")
        answer = await asyncio.wait_for(reader.read(), 5)
        assert answer.startswith(b"HTTP/1.1 400 "), answer[:200]
        assert b'"malformed_request"' in answer
        writer.close()
