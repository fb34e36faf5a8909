"""``python -m web.tokens``: the keys of access tokens, and tokens for a machine that plays.

``rotate`` changes the signing key. In production it wants what the web itself wants of the web's own settings, since all that it
makes are files that the web reads; and no more than that, since a key that got out has to go whatever else is wrong. ``keys`` makes
what is missing of the signing key and the web's secret, ``make --role buyer --account …`` prints a token: both refuse to run in
production, where keys are given and tokens come from sign-in.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from models.actor import id_of
from web.keys import Signer, ensure_keys, rotate
from web.settings import read

__all__ = ["ensure_keys", "make"]
DAY = 86_400
"""Seconds."""


def make(token_key: Path, account: str, role: str, stores: tuple[str, ...] = (), lifetime: int = DAY, session: str = "") -> str:
    """A token for ``account``, valid for ``lifetime`` seconds. Raises ``OSError`` if the key is missing."""
    return Signer(token_key).sign(account, role, stores, session, lifetime)


@click.group()
def main() -> None:
    """Keys of access tokens, and tokens for a machine that plays."""


def _play_only() -> None:
    if read().production:
        raise click.ClickException("refused: BB_ENV=production (keys are given there, and sign-in gives tokens)")


@main.command("keys")
def keys_command() -> None:
    """Make what is missing of the signing key and the web's secret."""
    _play_only()
    settings = read()
    ensure_keys(settings.token_key, settings.web_secret)


@main.command("rotate")
def rotate_command() -> None:
    """Sign with a new key from now on; what the old one has signed counts until it runs out."""
    settings = read()
    if settings.production and (found := settings.unfit()):
        raise click.ClickException("BB_ENV=production, but " + "; ".join(found))
    kid, gone = rotate(settings.token_key, time.time())
    sys.stdout.write(f"signing with {kid}" + (f"; no longer taken: {', '.join(gone)}" if gone else "") + "\n")


@main.command("make")
@click.option("--role", type=click.Choice(["buyer", "seller", "admin"]), required=True)
@click.option("--account", default="", help="account id; without it one is made from --name")
@click.option("--name", default="", help="any word that stands for a person")
@click.option("--store", "stores", multiple=True, help="a store that the seller runs; may be repeated")
@click.option("--hours", type=click.IntRange(1, 24 * 30), default=24)
def make_command(role: str, account: str, name: str, stores: tuple[str, ...], hours: int) -> None:
    """Print a token."""
    _play_only()
    if not account and not name:
        raise click.UsageError("--account or --name is needed")
    settings = read()
    ensure_keys(settings.token_key, settings.web_secret)
    sys.stdout.write(make(settings.token_key, account or id_of("account", name), role, stores, hours * 3600) + "\n")


if __name__ == "__main__":
    main()
