"""What operators do: ``python -m agents.commands``. Faust's own commands: ``python -m faust -A agents.apps.trade --help``.

In production, what writes wants the settings with which processes start there. What only looks, or says a word to a process of this
machine, does not: it makes nothing of a secret, and is needed most when something is wrong, be it the settings.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import aiohttp
import click
import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from faust.types import TP

from agents.runtime import letters as dead_letters
from agents.runtime.health import OPERATOR
from agents.runtime.rows import NIL, Survivors, row_key, survivors, unpack_row
from agents.runtime.table import read_range
from models import settings
from models.accounts.account import ACCOUNTS_STATE, Account
from models.settings import LOOPBACK, NotForProduction, Settings
from topics import broker
from topics.catalogue import WORKERS, topic
from topics.envelope import events_of
from topics.partitions import partition_of


@click.group()
def main() -> None:
    """Commands for the people who run Blooming Blooms."""


def _to_write() -> Settings:
    """The settings of a command that writes."""
    now = settings.read()
    try:
        settings.check_production(now)
    except NotForProduction as error:
        raise click.ClickException(str(error)) from None
    return now


# -- topics -------------------------------------------------------------------------------------------------------------------


@main.group()
def topics() -> None:
    """Topics of the catalogue."""


@topics.command("create")
def topics_create() -> None:
    """Create what is missing; refuse if a topic has another number of partitions."""
    now = _to_write()
    try:
        asyncio.run(broker.create(now.kafka, now.prefix, now.partitions, click.echo))
    except broker.TopicsDiffer as error:
        raise click.ClickException(str(error)) from error


# -- dead letters ---------------------------------------------------------------------------------------------------------------


def _letters(now: Settings) -> list[dead_letters.Letter]:
    return asyncio.run(dead_letters.letters(now.kafka, now.prefix, now.partitions))


@main.group()
def dead() -> None:
    """What could not be handled."""


@dead.command("list")
@click.option("--all", "everything", is_flag=True, help="Also those that were replayed.")
def dead_list(everything: bool) -> None:
    """One line a letter: name, inbox and offset, key, whether its aggregate waits for it, cause."""
    for letter in _letters(settings.read()):
        if everything or not letter.replayed:
            said = letter.dead
            state = "replayed" if letter.replayed else "parked" if said.parked else "dead"
            click.echo(f"{letter.name}\t{state}\t{said.topic}/{said.partition}@{said.offset}\t{said.key}\t{said.cause}")


@dead.command("show")
@click.argument("name")
def dead_show(name: str) -> None:
    """The letter NAME ("2/17") with its stack and its message."""
    letter = next((letter for letter in _letters(settings.read()) if letter.name == name), None)
    if letter is None:
        raise click.ClickException(f"there is no letter {name}")
    said = letter.dead
    click.echo(f"{said.topic}/{said.partition}@{said.offset} key {said.key} (seq {said.seq})")
    click.echo(f"{said.cause}\n{said.stack}\n{said.message}")


@dead.command("replay")
@click.argument("names", nargs=-1)
@click.option("--key", help="All letters of one aggregate that were not replayed yet, oldest first.")
def dead_replay(names: tuple[str, ...], key: str | None) -> None:
    """Send the letters NAMES, or all of an aggregate, to their inboxes again. A letter replayed twice is handled once."""
    now = _to_write()
    known = {letter.name: letter for letter in _letters(now)}
    if unknown := [name for name in names if name not in known]:
        raise click.ClickException(f"there are no letters {', '.join(unknown)}")
    chosen = [known[name] for name in names] or [one for one in known.values() if one.dead.key == key and not one.replayed]
    try:
        asyncio.run(dead_letters.replay(now.kafka, now.prefix, now.partitions, chosen))
    except dead_letters.NotReplayable as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{len(chosen)} replayed")


# -- read models ------------------------------------------------------------------------------------------------------------------


@main.group()
def read() -> None:
    """Read models."""


@read.command("rebuild")
@click.argument("name")
def read_rebuild(name: str) -> None:
    """Fold the read model NAME anew beside the live one, then switch to it."""
    # Every database's driver comes with it: a second of CPU that no other command should pay.
    from agents import rebuild as rebuilding

    now = _to_write()
    try:
        version = asyncio.run(rebuilding.rebuild(now, name, click.echo))
    except (LookupError, rebuilding.RebuildError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{name}: version {version} is live")


# -- the search index -------------------------------------------------------------------------------------------------------------


@main.group()
def search() -> None:
    """The search index of this machine."""


@search.command("rebuild")
def search_rebuild() -> None:
    """Fold the log anew beside the index that answers, then go over to the new one; the log of `search` says when it is done."""
    _tell("search", "rebuild")


# -- the auditor ------------------------------------------------------------------------------------------------------------------


@main.command()
@click.option("--grace", default=60.0, show_default=True, help="Seconds given to what crosses domains to come to rest.")
@click.option("--books", is_flag=True, help="Also compare with the sandbox gateway's own books.")
def audit(grace: float, books: bool) -> None:
    """Fold the public logs and say what does not add up, or is shown wrong.

    Ends with 0 if all invariants hold, 1 if one does not, 2 if something could not be looked at.
    """
    from agents.auditor import verdict as auditing

    try:
        found = asyncio.run(auditing.verdict(settings.read(), grace, books))
    except (KafkaError, OSError) as error:
        raise click.ClickException(f"the broker is away: {type(error).__name__}") from error
    for line in found.lines():
        click.echo(line)
    raise SystemExit(found.exit_code)


# -- one order --------------------------------------------------------------------------------------------------------------------


@main.group()
def order() -> None:
    """Orders."""


@order.command("show")
@click.argument("order_id")
def order_show(order_id: str) -> None:
    """What the logs say of an order: every event of orders, inventory, payments and deliveries that belongs to it."""
    for line in asyncio.run(_story(settings.read(), order_id)):
        click.echo(line)


async def _story(now: Settings, order_id: str) -> list[str]:
    found: list[tuple[str, str]] = []
    for domain in ("orders", "inventory", "payments", "deliveries"):
        name = topic(now.prefix, domain, "events")
        # An order's and a payment's events lie under its own key; stores and deliveries have theirs.
        numbers = [partition_of(order_id, now.partitions)] if domain in ("orders", "payments") else range(now.partitions)
        for number in numbers:
            async for records in read_range(now.kafka, TP(name, number), 0):
                for record in records:
                    if order_id.encode() not in (record.value or b""):
                        continue
                    found += [
                        (domain, f"{event.type} {event.subject} #{event.seq} {bytes(event.data).decode()}")
                        for event in events_of(record.value or b"[]")
                        if order_id in (event.correlationid, event.subject)
                    ]
    return [f"{domain:<11} {line}" for domain, line in found]


# -- one account ------------------------------------------------------------------------------------------------------------------


@main.group()
def account() -> None:
    """Accounts."""


@account.command("show")
@click.argument("row")
def account_show(row: str) -> None:
    """What ROW (as logs name it) holds of its identity provider, and each call to the outside that is not done.

    The provider's id is there until the account is unlinked; it is personal.
    """
    now = settings.read()
    # The id of an account is its row and a generation.
    found = asyncio.run(_account(now, row.partition("-")[0]))
    if found is None:
        raise click.ClickException(f"there is no account in the row {row}")
    click.echo("\t".join((found.kind, found.status, found.provider, found.subject)).rstrip())
    for task in found.tasks:
        again = datetime.fromtimestamp(task.again_at / 1000, UTC).isoformat(timespec="seconds") if task.again_at else "-"
        click.echo(f"{task.name}\t{task.what}\tattempt {task.attempt}\t{task.tries} without an outcome\tagain at {again}")


async def _account(now: Settings, key: str) -> Account | None:
    """The account in the row ``key``, as the changelog has it; ``None``: there is none."""
    place = TP(topic(now.prefix, "accounts", "changelog"), partition_of(key, now.partitions))
    found = Survivors({}, set(), -1, -1)
    async for records in read_range(now.kafka, place, 0):
        found = survivors(records, found, lambda _: -1)
    last = found.apply.get(row_key(key))
    state = unpack_row(last.value).state if last is not None and last.value else NIL
    held = msgspec.msgpack.decode(state, type=ACCOUNTS_STATE | None)
    return held if isinstance(held, Account) else None


# -- workers --------------------------------------------------------------------------------------------------------------


@main.command()
@click.argument("worker", type=click.Choice(sorted(WORKERS)))
def pause(worker: str) -> None:
    """Let WORKER (on this machine) take no further inputs, until `resume` or its restart. What it has begun it ends."""
    _tell(worker, "pause")


@main.command()
@click.argument("worker", type=click.Choice(sorted(WORKERS)))
def resume(worker: str) -> None:
    """Let WORKER go on."""
    _tell(worker, "resume")


def _tell(worker: str, word: str) -> None:
    now = settings.read()

    async def say() -> str:
        url = f"http://{LOOPBACK}:{settings.port(worker, now.port_base)}/{word}"
        async with aiohttp.ClientSession() as session, session.post(url, headers={OPERATOR: "1"}) as response:
            return await response.text()

    try:
        click.echo(asyncio.run(say()))
    except aiohttp.ClientError as error:
        raise click.ClickException(f"{worker} does not answer: {error}") from error


@main.command()
@click.argument("worker", type=click.Choice(sorted(WORKERS)))
@click.option("--seconds", default=60.0, show_default=True, help="Give up after this time.")
def drain(worker: str, seconds: float) -> None:
    """Wait until WORKER has finished everything that its inboxes hold; to be called when nobody sends any more."""
    now = settings.read()
    left = asyncio.run(_drain(now, worker, seconds))
    if left:
        raise click.ClickException(f"{left} inputs are left after {seconds:.0f} s")
    click.echo("nothing is left")


async def _drain(now: Settings, worker: str, seconds: float) -> int:
    inboxes = [TopicPartition(topic(now.prefix, name, "inbox"), n) for name in WORKERS[worker] for n in range(now.partitions)]
    admin = AIOKafkaAdminClient(bootstrap_servers=now.kafka)
    consumer = AIOKafkaConsumer(bootstrap_servers=now.kafka, enable_auto_commit=False)
    await admin.start()
    await consumer.start()
    try:
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            ends = await consumer.end_offsets(inboxes)
            done = await admin.list_consumer_group_offsets(f"{now.prefix}-{worker}", partitions=inboxes)
            left: int = sum(max(0, end - max(0, done[tp].offset if tp in done else 0)) for tp, end in ends.items())
            if not left or asyncio.get_running_loop().time() > deadline:
                return left
            await asyncio.sleep(0.5)
    finally:
        await consumer.stop()
        await admin.close()


if __name__ == "__main__":
    main()
