"""Fields that lie encrypted: AES-256-GCM, bound to whose they are."""

from __future__ import annotations

import base64
import hashlib
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12


class Vault:
    """``key``: any text; the same text opens what it has sealed."""

    def __init__(self, key: str) -> None:
        self._cipher = AESGCM(hashlib.sha256(b"blooming-blooms field\x1f" + key.encode()).digest())

    def seal(self, text: str, whose: str) -> str:
        """``text``, to be opened only as that of ``whose`` (a row key)."""
        nonce = secrets.token_bytes(NONCE)
        return base64.urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, text.encode(), whose.encode())).decode()

    def open(self, sealed: str, whose: str) -> str:
        """The text. Raises ``ValueError``: it was sealed with another key, or for somebody else."""
        raw = base64.urlsafe_b64decode(sealed)
        try:
            return self._cipher.decrypt(raw[:NONCE], raw[NONCE:], whose.encode()).decode()
        except InvalidTag:
            raise ValueError("sealed with another key, or for somebody else") from None
