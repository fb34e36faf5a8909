"""After everything else: no token, password, code, phone or card number lies where it must not.

Looked at are the logs of every process and daemon, every topic, and what Redis, MySQL, MongoDB, DynamoDB, the object store and the
folder of the search hold. Secrets may be nowhere. What people said of themselves may be where it is needed, which is written down
here by name; the read model of orders in DynamoDB holds names and phones by design.

All that is about the stack of ``tests/e2e``. Of the stacks ``test`` and ``up`` the logs alone are looked at, when the suite or the
test has ended (``tests/leaks.py``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from deploy.local.stack import Stack
from models.read.databases import Databases
from models.settings import read
from tests.chaos.checkout import ADDRESS, ORDERER, Wish
from tests.chaos.public import Public, buyer
from tests.e2e.people import everybody
from tests.e2e.shop import bought, rosary
from tests.integration.auditing import everything
from tests.leaks import PERSONAL, SECRET, found, logs_of, own_secrets, text_of
from topics import catalogue
from web.requests.phones import e164

pytestmark = pytest.mark.timeout(600)

PEOPLE = {
    "accounts.inbox": "what they say of themselves on its way, for 14 days",
    "accounts.private": "who they are, until they withdraw",
    "accounts.changelog": "their rows",
    "stores.inbox": "what a seller says of the store",
    "stores.private": "a store's telephone, and its bank account for its seller",
    "stores.changelog": "its row",
    "accounts_": "MySQL: accounts as they and admins see them",
    "stores_": "MySQL: a store's telephone, and its bank account for its seller",
}
"""Topics and tables that may hold what people said of themselves, and why."""


def told(text: str, said: Mapping[str, str]) -> set[str]:
    """What each of ``said`` is that stands in ``text``: digits only where no further ones are beside them."""
    return {what for word, what in said.items() if word in text and (not word.isdigit() or alone(word).search(text))}


def alone(digits: str) -> re.Pattern[str]:
    """The digits, but not as part of a longer number, an id or a fraction of a second."""
    return re.compile(rf"(?<![0-9A-Za-z.:-])(?:\+?82|0)?{digits}(?![0-9A-Za-z-])")


@pytest.mark.parametrize("text", ["code=123456", '{"to":"+821012345678"}', "01012345678 ", "password hunter2 was wrong"])
def test_a_word_would_be_seen(text: str) -> None:
    said = {"123456": "a code", "1012345678": "a phone", "hunter2": "a password"}
    assert len(told(text, said)) == 1
    assert told("1700000123456 17:00:00.123456 +8210123456789", said) == set()


@pytest.mark.spec("auth 24", "auth 21", "auth 9", "order W-44")
async def test_nothing_that_is_secret_or_personal_lies_about(stack: Stack, public: Public, word: str) -> None:
    roses, who = await rosary(public, word), buyer(word)
    order = (await bought(public, who, Wish(roses, {roses.products[0].product_id: 1})))["order_id"]
    numbers = [one["phone"] for one in (ORDERER, ADDRESS)]
    names = [*ORDERER.values(), ADDRESS["recipient"], *numbers, *map(e164, numbers), ADDRESS["road"]]
    secrets = [*own_secrets(stack.where), public.headers(who)["Authorization"].split()[1]]
    assert len(secrets) >= 5
    settings = read(stack.env())
    logs = "\n".join(logs_of(stack.where).values())
    topics = [one.name for one in catalogue.topics(settings.prefix) if one.name.endswith(".events")]
    said = [record for name in topics for record in await everything(settings.kafka, name, settings.partitions)]
    events = "\n".join(part.decode("utf-8", "replace") for record in said for part in record if part)
    databases = Databases(settings)
    try:
        redis, mysql, mongo = await _redis(databases), await _mysql(databases), await _mongo(databases)
        dynamo = await _dynamo(databases)
    finally:
        await databases.close()
    # These are the right places to look at.
    assert all(order in text for text in (logs, events, redis, mysql, dynamo))
    assert roses.products[0].product_id in mongo
    all_of_them = {**SECRET, **PERSONAL}
    places = {"logs": logs, "events": events, "redis": redis, "mongo": mongo}
    leaks = {place: found(text, all_of_them, [*secrets, *names]) for place, text in places.items()}
    leaks |= {"mysql": found(mysql, SECRET, secrets), "dynamo": found(dynamo, SECRET, secrets)}
    assert {place: what for place, what in leaks.items() if what} == {}


@pytest.mark.spec("auth 21", "auth 24", "auth 45")
async def test_nothing_that_people_say_at_the_door_lies_about(stack: Stack) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        accounts, secrets, words = await everybody(stack, http)
    kinds = {"a code", "a password", "a second factor", "token", "ticket", "kakao's code", "kakao's state"}
    assert kinds <= set(secrets.values())
    assert any(what.startswith("cookie ") for what in secrets.values())
    settings, databases = read(stack.env()), Databases(read(stack.env()))
    places = {"logs": "\n".join(logs_of(stack.where).values())}
    for one in catalogue.topics(settings.prefix):
        records = await everything(settings.kafka, one.name, settings.partitions)
        places[one.name.removeprefix(f"{settings.prefix}.")] = "\n".join(
            part.decode("utf-8", "replace") for record in records for part in record if part
        )
    try:
        places |= {table: "\n".join(map(str, rows)) for table, rows in (await _tables(databases)).items()}
        places |= {"redis": await _redis(databases), "mongo": await _mongo(databases), "dynamo": await _dynamo(databases)}
    finally:
        await databases.close()
    places["s3"] = "\n".join(str(path) for path in stack.where.data.joinpath("s3").rglob("*"))
    places["search"] = "\n".join(text_of(file) for file in Path(settings.search_dir).rglob("*") if file.is_file())
    # These are the right places to look at.
    for place in ("accounts.events", "accounts.inbox", "accounts.private", "accounts.changelog", "accounts_1"):
        assert all(account.rpartition("-")[0] in places[place] for account in accounts), place
    assert [place for place in ("logs", "redis", "mongo", "dynamo", "s3", "search") if not places[place]] == []
    assert told(places["accounts.private"], words) >= {"a phone", "a mail", "a business number"}
    leaks = {place: told(text, secrets) | found(text, SECRET) for place, text in places.items()}
    for place, text in places.items():
        if not place.startswith(tuple(PEOPLE)):
            leaks[place] |= told(text, words)
    assert {place: what for place, what in leaks.items() if what} == {}


async def _redis(databases: Databases) -> str:
    """Every key with what it holds."""
    redis: Any = databases.redis
    lines = []
    async for key in redis.scan_iter(count=1000):
        match await redis.type(key):
            case b"string":
                value = await redis.get(key)
            case b"hash":
                value = await redis.hgetall(key)
            case b"zset":
                value = await redis.zrange(key, 0, -1)
            case b"stream":
                value = await redis.xrange(key)
            case b"set":
                value = await redis.smembers(key)
            case _:
                value = await redis.lrange(key, 0, -1)
        lines.append(f"{key} {value}")
    return "\n".join(lines)


async def _tables(databases: Databases) -> dict[str, list[Any]]:
    """Every row of every table."""
    rows = {}
    pool = await databases.mysql()
    async with pool.acquire() as connection, connection.cursor() as cursor:
        await cursor.execute("SHOW TABLES")
        for (table,) in await cursor.fetchall():
            await cursor.execute(f"SELECT * FROM `{table}`")
            rows[table] = list(await cursor.fetchall())
    return rows


async def _mysql(databases: Databases) -> str:
    return "\n".join(f"{table} {row}" for table, rows in (await _tables(databases)).items() for row in rows)


async def _dynamo(databases: Databases) -> str:
    """Every item of every table."""
    client, lines = await databases.dynamo(), []
    for table in (await client.list_tables())["TableNames"]:
        async for page in client.get_paginator("scan").paginate(TableName=table):
            lines += [f"{table} {item}" for item in page["Items"]]
    return "\n".join(lines)


async def _mongo(databases: Databases) -> str:
    """Every document."""
    names = await databases.mongo.list_collection_names()
    return "\n".join([f"{name} {one}" for name in names async for one in databases.mongo[name].find()])
