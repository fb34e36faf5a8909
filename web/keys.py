"""The keys behind access tokens: one that signs, and every one whose tokens are still taken.

The signing key lies in the file ``BB_TOKEN_KEY``; public keys in the folder ``<that file>s``, each as ``<kid>.pub``. A ``kid`` is
made of the key itself, so a name can never stand for another key. ``python -m web.tokens rotate`` changes over without a restart:
the new public key is published, and every process has had time to see it, before anything is signed with its private half; the old
one stays until its tokens are gone.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

ALGORITHM, ISSUER = "EdDSA", "blooming-blooms"
ACCESS = 600
"""Seconds that a token of a sign-in lives at most."""
OVERLAP = 3600.0
"""Seconds for which the key before the last change is still taken: longer than any token of a sign-in lives."""
LOOK = 1.0
"""Seconds between two looks at the folder, at most one for each token that is not known yet."""
SEEN = 0.5
"""Seconds beyond ``LOOK`` that a new public key lies there before it is used: somebody may have looked just before it came."""


def kid_of(key: Ed25519PublicKey) -> str:
    """The name of ``key``: the first 16 hexadecimal digits of the SHA-256 of its 32 bytes."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def folder_of(token_key: Path) -> Path:
    """Where the public keys lie that are taken, beside the signing key's file."""
    return token_key.with_name(f"{token_key.name}s")


class Ring:
    """The public keys that are taken, read anew whenever the folder changes."""

    def __init__(self, folder: Path) -> None:
        """Raises ``OSError``: there is no such folder; ``ValueError``: a file in it holds no Ed25519 public key."""
        self._folder = folder
        self._changed, self._looked = folder.stat().st_mtime_ns, time.monotonic()
        self._keys = _public_keys(folder)
        if not self._keys:
            raise ValueError(f"no public key lies in {folder}")

    def key(self, kid: str) -> Ed25519PublicKey | None:
        """The key called ``kid``; ``None``: it is not, or no longer, taken."""
        return self._keys.get(kid)

    def refreshed(self) -> bool:
        """Look at the folder, unless that was done just now; True if its keys are others than before."""
        now = time.monotonic()
        if now - self._looked < LOOK:
            return False
        self._looked = now
        try:
            changed = self._folder.stat().st_mtime_ns
            if changed == self._changed:
                return False
            keys = _public_keys(self._folder)
        except (OSError, ValueError):
            # Somebody is just changing it: what is known counts on, and the next look sees the rest.
            return False
        before, self._keys, self._changed = self._keys, keys, changed
        return before.keys() != keys.keys()


class Signer:
    """Signs access tokens with the key that the file holds now."""

    def __init__(self, token_key: Path, lifetime: int = ACCESS) -> None:
        """``lifetime``: seconds that a token lives, at most ``ACCESS``."""
        self.lifetime = min(lifetime, ACCESS)
        self._file, self._changed = token_key, -1
        self._key: Ed25519PrivateKey
        self._kid = ""

    def access(self, account: str, role: str, stores: tuple[str, ...], session: str) -> tuple[str, int]:
        """A token of the session and the seconds that it lives. ``account``: with its generation. Raises ``OSError``."""
        return self.sign(account, role, stores, session, self.lifetime), self.lifetime

    def sign(self, account: str, role: str, stores: tuple[str, ...], session: str, lifetime: int) -> str:
        """Any token. Raises ``OSError``: the key's file is missing; ``ValueError``: it holds no Ed25519 key."""
        changed = self._file.stat().st_mtime_ns
        if changed != self._changed:
            self._key = private_key(self._file)
            self._kid, self._changed = kid_of(self._key.public_key()), changed
        # With its milliseconds: a sign-in right after "end all sessions" must not look older than that.
        now = round(time.time(), 3)
        claims: dict[str, object] = {
            "iss": ISSUER, "sub": account, "role": role, "stores": list(stores), "iat": now, "exp": int(now) + lifetime,
        }  # fmt: skip
        if session:
            claims["sid"] = session
        return jwt.encode(claims, self._key, algorithm=ALGORITHM, headers={"kid": self._kid})


def private_key(file: Path) -> Ed25519PrivateKey:
    """The key in ``file``. Raises ``OSError``, ``ValueError``."""
    key = load_pem_private_key(file.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{file} holds no Ed25519 key")
    return key


def ensure_keys(token_key: Path, secret: Path) -> None:
    """Make the signing key, its public half and the web's secret where they are missing; files that only the owner reads.

    Safe to be called by several processes at once: who comes second keeps what is there. Raises ``OSError``.
    """
    token_key.parent.mkdir(parents=True, exist_ok=True)
    secret.parent.mkdir(parents=True, exist_ok=True)
    if not token_key.exists():
        write_once(token_key, _private_pem(Ed25519PrivateKey.generate()))
    publish(token_key, private_key(token_key).public_key())
    if not secret.exists():
        write_once(secret, secrets.token_hex(32).encode())


def publish(token_key: Path, key: Ed25519PublicKey) -> None:
    """Let tokens that ``key`` verifies be taken."""
    folder = folder_of(token_key)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / f"{kid_of(key)}.pub"
    if not file.exists():
        write_once(file, key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def rotate(token_key: Path, now: float) -> tuple[str, list[str]]:
    """Change over to a new key: its kid, and those that are no longer taken. ``now``: seconds since the epoch.

    Takes ``LOOK`` + ``SEEN`` seconds; running processes follow by themselves. Keys whose successor is older than ``OVERLAP`` go;
    the one before the last stays. Raises ``OSError``, ``ValueError``.
    """
    before = kid_of(private_key(token_key).public_key())
    key = Ed25519PrivateKey.generate()
    publish(token_key, key.public_key())
    # Every process takes the new key at its next look, which an unknown kid causes, but only ``LOOK`` after the one before.
    time.sleep(LOOK + SEEN)
    draft = token_key.with_name(f"{token_key.name}.{os.getpid()}")
    _write_new(draft, _private_pem(key))
    draft.rename(token_key)
    kid = kid_of(key.public_key())
    os.utime(folder_of(token_key) / f"{before}.pub", (now, now))
    gone = []
    for file in sorted(folder_of(token_key).glob("*.pub")):
        # A key's file bears the time at which it was superseded.
        if file.stem not in (kid, before) and file.stat().st_mtime < now - OVERLAP:
            file.unlink()
            gone.append(file.stem)
    return kid, gone


def write_once(path: Path, content: bytes) -> None:
    """Write ``path`` whole or, if somebody was faster, not at all."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    _write_new(draft, content)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _write_new(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _private_pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _public_keys(folder: Path) -> Mapping[str, Ed25519PublicKey]:
    found = {}
    for file in folder.glob("*.pub"):
        try:
            key = load_pem_public_key(file.read_bytes())
        except UnsupportedAlgorithm as error:
            raise ValueError(f"{file}: {error}") from error
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError(f"{file} holds no Ed25519 public key")
        found[kid_of(key)] = key
    return found
