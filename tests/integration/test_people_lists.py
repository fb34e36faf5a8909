"""The admins' lists of people: a page costs its own rows, however many people there are, and nothing is ever sorted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import sqlalchemy as sa

from deploy.local.stack import Stack
from deploy.migrations.__main__ import engine, up
from models.read import mysql
from models.read.accounts import Queries
from tests.integration.reading import Reading, installation

PEOPLE, PAGE = 3_000, 20
GONE, BARRED, SELLER = 10, 250, 30
"""Every how many-th has withdrawn, is suspended, sells."""


def kind(number: int) -> str:
    return "seller" if number % SELLER == 7 else "buyer"


def status(number: int) -> str:
    if kind(number) == "seller":
        return "PENDING" if number % (2 * SELLER) == 7 else "PERMITTED"
    return "WITHDRAWN" if number % GONE == 3 else "ACTIVE"


@pytest.fixture
async def reading(stack: Stack) -> AsyncIterator[Reading]:
    async with installation(stack) as made:
        rows = [
            # Many of the same instant, so that pages part them by the account.
            (f"{number:032}-1", f"{number:032}", kind(number), status(number), "abuse" if number % BARRED == 0 else "", number // 7)
            for number in range(PEOPLE)
        ]
        pool = await made.databases.mysql()
        async with pool.acquire() as connection, connection.cursor() as cursor:
            into = (
                "INSERT INTO accounts_1 (account, row_key, kind, status, suspended, since, seq) VALUES (%s, %s, %s, %s, %s, %s, 1)"
            )
            await cursor.executemany(into, rows)
            await cursor.execute("ANALYZE TABLE accounts_1")
        yield made


def wanted(of: str, said: str) -> list[str]:
    found = [
        (number // 7, f"{number:032}-1")
        for number in range(PEOPLE)
        if kind(number) == of
        and (number % BARRED == 0 if said == "SUSPENDED" else status(number) == said if said else status(number) != "WITHDRAWN")
    ]
    return [account for _, account in sorted(found, reverse=True)]


@pytest.mark.parametrize(
    ("of", "said", "index"),
    [
        ("buyer", "", "newest"),
        ("buyer", "SUSPENDED", "barred"),
        ("buyer", "ACTIVE", "list"),
        ("seller", "", "newest"),
        ("seller", "PENDING", "list"),
    ],
)
async def test_a_page_is_read_from_its_index(
    reading: Reading, monkeypatch: pytest.MonkeyPatch, of: str, said: str, index: str
) -> None:
    asked: list[tuple[str, tuple[Any, ...]]] = []
    select = mysql.select

    async def listening(databases: Any, sql: str, *values: Any) -> Any:
        asked.append((sql, values))
        return await select(databases, sql, *values)

    monkeypatch.setattr("models.read.accounts.mysql.select", listening)
    queries, pages, cursor = Queries(reading.databases, reading.registry), [], ""
    all_of_them = wanted(of, said)
    while True:
        found, cursor, total = await queries.page(of, said, PAGE, cursor)
        assert total == len(all_of_them)
        pages += [one["account"] for one in found]
        if not cursor:
            break
    assert pages == all_of_them
    lists = [one for one in asked if "ORDER BY" in one[0]]
    for sql, values in (lists[0], lists[len(lists) // 2], lists[-1]):
        (plan,) = await select(reading.databases, f"ANALYZE {sql}", *values)
        # id, select_type, table, type, possible_keys, key, key_len, ref, rows, r_rows, filtered, r_filtered, Extra
        key, read, extra = plan[5], float(plan[9]), plan[12]
        assert (key, "filesort" in extra, "temporary" in extra) == (f"accounts_1_{index}", False, False), plan
        # A page, the next one's first, those who are gone between them, and those of the cursor's own instant.
        assert read <= (PAGE + 1) * 1.3 + 7, plan
    for sql, values in asked:
        if "COUNT" in sql:
            (plan,) = await select(reading.databases, f"EXPLAIN {sql}", *values)
            assert "Using index" in plan[9], plan


async def test_an_installation_of_before_gets_the_columns_and_the_indexes(reading: Reading) -> None:
    """Its rows stay; what says who is suspended follows from them, and which denial stands is not known."""
    with engine(reading.settings).connect() as connection:
        for name in ("barred", "newest"):
            connection.execute(sa.text(f"DROP INDEX accounts_1_{name} ON accounts_1"))
        connection.execute(sa.text("ALTER TABLE accounts_1 DROP COLUMN barred, DROP COLUMN denial, DROP COLUMN addresses"))
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'r0002'"))
        connection.commit()
    for _ in range(2):
        await asyncio.to_thread(up, reading.settings)
    found, _, total = await Queries(reading.databases, reading.registry).page("buyer", "SUSPENDED", PAGE)
    assert [one["account"] for one in found] == wanted("buyer", "SUSPENDED")
    assert total == len(found)
    assert {one["denial"] for one in found} == {-1}
    assert await Queries(reading.databases, reading.registry).addresses(found[0]["account"]) == []


async def test_an_installation_that_knows_no_accounts_yet_gets_them(reading: Reading) -> None:
    """The Foundation's: its read models are those of orders, and nothing else is in the registry before everything is migrated."""
    newer = ("accounts", "audit")
    with engine(reading.settings).connect() as connection:
        made = sa.inspect(connection).get_table_names()
        for name in [table for table in made if table.startswith(tuple(f"{model}_" for model in newer))]:
            connection.execute(sa.text(f"DROP TABLE `{name}`"))
        gone = sa.text("DELETE FROM read_models WHERE model IN :models").bindparams(sa.bindparam("models", newer, expanding=True))
        connection.execute(gone)
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'r0001'"))
        connection.commit()
    for _ in range(2):
        await asyncio.to_thread(up, reading.settings)
    with engine(reading.settings).connect() as connection:
        assert connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one() == "r0006"
        known = sa.inspect(connection)
        assert {"barred", "denial", "addresses"} <= {column["name"] for column in known.get_columns("accounts_1")}
        assert known.has_table("audit_1")
    assert await Queries(reading.databases, reading.registry).page("buyer", "", PAGE) == ([], "", 0)
