"""One wish, one command, however often it is sent (design §6, order W-14).

Every write carries ``Idempotency-Key``. The command's id follows from account, method, path and key; what it creates has ids that
follow from the command's. The fingerprint is of the client's own words, so that the same key with other words is noticed, while
the same words with another order of fields or other blanks are the same.
"""

from __future__ import annotations

import hashlib
import hmac

import msgspec

from models.actor import id_of

SHORTEST, LONGEST = 8, 255
"""Characters of a key."""
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder(order="deterministic").encode


def key_is_good(key: str) -> bool:
    """True for 8 to 255 visible ASCII characters, blanks inside allowed."""
    return SHORTEST <= len(key) <= LONGEST and key.isascii() and key.isprintable() and key.strip() == key


def command_id(account: str, method: str, path: str, key: str) -> str:
    """The id of the command that ``key`` stands for on this route (path without query)."""
    return id_of("command", account, method, path, key)


def created_id(command: str, what: str) -> str:
    """The id of what ``command`` creates; ``what`` tells its creations apart."""
    return id_of(command, what)


def fingerprint(body: bytes) -> str:
    """32 hexadecimal digits of the body's content; of its bytes where it is no JSON."""
    try:
        canonical = _encode(_decode(body)) if body else b""
    except (msgspec.DecodeError, RecursionError):
        canonical = body
    return hashlib.blake2b(canonical, digest_size=16).hexdigest()


def sign(secret: bytes, *parts: str) -> str:
    """43 characters that only who holds ``secret`` can make of ``parts``."""
    digest = hmac.new(secret, "\x1f".join(parts).encode(), hashlib.sha256).digest()
    return _base64url(digest)


def signed(secret: bytes, signature: str, *parts: str) -> bool:
    """True if ``signature`` is that of ``parts``; takes the same time wherever it differs."""
    return hmac.compare_digest(sign(secret, *parts).encode(), signature.encode("utf-8", "replace"))


def _base64url(raw: bytes) -> str:
    import base64

    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
