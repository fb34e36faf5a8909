"""Probes: is what listens on a port ready to work? Each answers at once, with True or the reason why not."""

from __future__ import annotations

import http.client
import socket
import struct
from collections.abc import Callable

from deploy.local.programs import Ready
from models.settings import LOOPBACK

TIMEOUT = 1.0


def _tcp(ready: Ready) -> str:
    with socket.create_connection((LOOPBACK, ready.port), TIMEOUT):
        return ""


def _redis(ready: Ready) -> str:
    with socket.create_connection((LOOPBACK, ready.port), TIMEOUT) as connection:
        connection.sendall(b"PING\r\n")
        answer = connection.recv(64)
    return "" if answer == b"+PONG\r\n" else answer.decode(errors="replace").strip() or "closed the connection"


def _mysql(ready: Ready) -> str:
    with socket.create_connection((LOOPBACK, ready.port), TIMEOUT) as connection:
        greeting = connection.recv(64)
    # Four bytes of header, then the protocol's version; 0xff there is an error.
    return "" if greeting[4:5] == b"\x0a" else "sends no greeting"


def _kafka(ready: Ready) -> str:
    """Metadata v1 of no topic: a broker that is registered names itself, one that still starts names nobody."""
    client = b"ready"
    body = struct.pack(">hhih", 3, 1, 1, len(client)) + client + struct.pack(">i", 0)
    with socket.create_connection((LOOPBACK, ready.port), TIMEOUT) as connection:
        connection.sendall(struct.pack(">i", len(body)) + body)
        answer = b""
        while len(answer) < 12:
            part = connection.recv(4096)
            if not part:
                return "closes the connection"
            answer += part
    brokers = struct.unpack(">i", answer[8:12])[0]
    return "" if brokers >= 1 else "is not registered yet"


def _http(ready: Ready) -> str:
    """Any answer will do: DynamoDB Local calls an unsigned request a bad one."""
    _status(ready)
    return ""


def _ok(ready: Ready) -> str:
    status, body = _status(ready)
    return "" if status == 200 else f"answers {status} {body}"


def _status(ready: Ready) -> tuple[int, str]:
    connection = http.client.HTTPConnection(LOOPBACK, ready.port, timeout=TIMEOUT)
    try:
        connection.request("GET", ready.path or "/")
        response = connection.getresponse()
        return response.status, response.read(300).decode(errors="replace")
    finally:
        connection.close()


PROBES: dict[str, Callable[[Ready], str]] = {
    "tcp": _tcp,
    "redis": _redis,
    "mysql": _mysql,
    "kafka": _kafka,
    "http": _http,
    "ok": _ok,
}


def taken(port: int) -> bool:
    """Does anything listen on ``port``, whatever it is?"""
    try:
        with socket.create_connection((LOOPBACK, port), TIMEOUT):
            return True
    except OSError:
        return False


def why_not(ready: Ready) -> str:
    """Why it is not ready; empty if it is."""
    try:
        return PROBES[ready.kind](ready)
    except (OSError, http.client.HTTPException) as error:
        return f"port {ready.port}: {str(error) or type(error).__name__}"
