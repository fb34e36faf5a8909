"""``python -m web.admins``: admins are made by whoever runs the machine, as commands to their accounts (auth 3, 4).

``create --name mina`` prints a password and the second factor's address, once. ``suspend`` and ``restore`` end and give back what
an admin may do, in the name of ``operator``. In production all of them want the environment of the web processes: with another
account secret the admin would be in a row that no sign-in looks at, with another field key the second factor would open for nobody.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
import uuid
from collections.abc import Callable

import click
import pyotp

from models import settings as common
from models.accounts.common_messages import Once
from models.accounts.messages import CreateAdmin, RestoreAccount, SuspendAccount
from models.settings import NotForProduction, Settings
from topics.answers import Answer
from topics.client import Client, Unavailable
from web.people import People

WAIT = 30.0
"""Seconds that the worker has to answer."""
OPERATOR = "operator"


@click.group()
def main() -> None:
    """Admins of the marketplace."""


def _settings() -> Settings:
    settings = common.read()
    try:
        common.check_production(settings)
    except NotForProduction as error:
        raise click.ClickException(str(error)) from None
    return settings


async def _tell(settings: Settings, row: str, message: Once) -> Answer | None:
    client = Client(settings.kafka, settings.prefix, settings.partitions, settings.redis_url, f"admins-{os.getpid()}", timeout=WAIT)
    await client.start()
    try:
        async with asyncio.timeout(WAIT):
            while not client.connected:
                await asyncio.sleep(0.05)
            await client.listening.wait()
        return await client.ask("accounts", row, message, id=message.once, wait=WAIT)
    finally:
        await client.stop()


def _done(name: str, make: Callable[[People, str, str], Once]) -> None:
    """Send what ``make`` gives for (people, row, command); fail with the refusal's code."""
    settings = _settings()
    people = People(settings)
    row, command = people.row("admin", name), str(uuid.uuid4())
    try:
        answer = asyncio.run(_tell(settings, row, make(people, row, command)))
    except (Unavailable, TimeoutError) as error:
        raise click.ClickException("the broker or Redis does not answer") from error
    if answer is None:
        raise click.ClickException("no answer: is the worker 'shop' running?")
    if answer.status >= 400:
        raise click.ClickException(answer.code)


@main.command("create")
@click.option("--name", required=True, help="the login name; not case-sensitive")
def create(name: str) -> None:
    """Make an admin; password and second factor are printed once and kept nowhere."""
    password, factor = secrets.token_urlsafe(15), pyotp.random_base32()

    def make(people: People, row: str, command: str) -> Once:
        hashed = asyncio.run(people.passwords.hashed(password))
        return CreateAdmin(
            once=command, row=row, name=name.lower(), password_hash=hashed, totp=people.vault.seal(factor, row), by=OPERATOR
        )

    _done(name, make)
    address = pyotp.TOTP(factor).provisioning_uri(name=name, issuer_name="Blooming Blooms")
    sys.stdout.write(f"password: {password}\nsecond factor: {address}\n")


@main.command("suspend")
@click.option("--name", required=True)
def suspend(name: str) -> None:
    """End all sessions of an admin and let them in no more."""
    _done(name, lambda people, row, command: SuspendAccount(once=command, account=f"{row}-1", by=OPERATOR, reason="request"))


@main.command("restore")
@click.option("--name", required=True)
def restore(name: str) -> None:
    """Let a suspended admin in again."""
    _done(name, lambda people, row, command: RestoreAccount(once=command, account=f"{row}-1", by=OPERATOR))


if __name__ == "__main__":
    main()
