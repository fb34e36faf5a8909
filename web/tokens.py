"""``python -m web.tokens``: keys and tokens for a machine that plays; both commands refuse to run in production.

``keys`` makes what is missing of the signing key and the web's secret. ``make --role buyer --account …`` prints a token.
"""

from __future__ import annotations

import os
import secrets
import sys
import time
from pathlib import Path

import click
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from models.actor import id_of
from web.auth import ALGORITHM, ISSUER, public_file
from web.settings import read

DAY = 86_400
"""Seconds."""


def ensure_keys(token_key: Path, secret: Path) -> None:
    """Make the signing key, its public half and the web's secret where they are missing; files that only the owner reads.

    Safe to be called by several processes at once: who comes second keeps what is there. Raises ``OSError``.
    """
    token_key.parent.mkdir(parents=True, exist_ok=True)
    secret.parent.mkdir(parents=True, exist_ok=True)
    if not token_key.exists():
        private = Ed25519PrivateKey.generate()
        _write_once(token_key, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    if not public_file(token_key).exists():
        public = _load(token_key).public_key()
        _write_once(public_file(token_key), public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    if not secret.exists():
        _write_once(secret, secrets.token_hex(32).encode())


def make(token_key: Path, account: str, role: str, stores: tuple[str, ...] = (), lifetime: int = DAY) -> str:
    """A token for ``account``, valid for ``lifetime`` seconds. Raises ``OSError`` if the key is missing."""
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": account, "role": role, "stores": list(stores), "iat": now, "exp": now + lifetime}
    return jwt.encode(claims, _load(token_key), algorithm=ALGORITHM)


def _load(token_key: Path) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(token_key.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise click.ClickException(f"{token_key} holds no Ed25519 key")
    return key


def _write_once(path: Path, content: bytes) -> None:
    """Write ``path`` whole or, if somebody was faster, not at all."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


@click.group()
def main() -> None:
    """Keys and tokens for a machine that plays."""
    if os.environ.get("BB_ENV") == "production":
        raise click.ClickException("refused: BB_ENV=production (sign-in gives tokens there)")


@main.command("keys")
def keys_command() -> None:
    """Make what is missing of the signing key and the web's secret."""
    settings = read()
    ensure_keys(settings.token_key, settings.web_secret)


@main.command("make")
@click.option("--role", type=click.Choice(["buyer", "seller", "admin"]), required=True)
@click.option("--account", default="", help="account id; without it one is made from --name")
@click.option("--name", default="", help="any word that stands for a person")
@click.option("--store", "stores", multiple=True, help="a store that the seller runs; may be repeated")
@click.option("--hours", type=click.IntRange(1, 24 * 30), default=24)
def make_command(role: str, account: str, name: str, stores: tuple[str, ...], hours: int) -> None:
    """Print a token."""
    if not account and not name:
        raise click.UsageError("--account or --name is needed")
    settings = read()
    ensure_keys(settings.token_key, settings.web_secret)
    sys.stdout.write(make(settings.token_key, account or id_of("account", name), role, stores, hours * 3600) + "\n")


if __name__ == "__main__":
    main()
