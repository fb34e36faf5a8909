"""DynamoDB as the read models use it: conditional puts by the hundred, gets by the hundred, pages by key.

Measured against DynamoDB Local (two cores, 1.7 KB items with one index, CPU-ms an item, client + server, each item written twice):

| items | PutItem side by side | TransactWriteItems | BatchExecuteStatement |
|---|---|---|---|
| 1 | 0.93 + 1.4 | 1.0 + 1.4 | 0.89 + 1.6 |
| 5 | 1.2 + 2.0 | 0.36 + 0.9 | 0.36 + 2.2 |
| 20 | 0.98 + 1.6 | 0.10 + 0.64 | 0.11 + 1.6 |

A transaction is one commit, so 20 items take 30 ms instead of 200. On AWS it costs twice the write units; PutItem would save
them, at nine times the CPU here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from models.read.databases import Databases
from models.read.facts import Outrun

TRANSACTION, READ = 50, 100
"""Items of a transaction (at most 100 are allowed, of 4 MB together), and of a BatchGetItem."""
Item = dict[str, dict[str, Any]]
CONDITION = "attribute_not_exists(id) OR (seq <= :seq AND pseq <= :pseq)"


async def put(databases: Databases, table: str, items: Sequence[Item], unread: Collection[str] = ()) -> None:
    """Put each item unless one that has folded more is stored: ``seq`` and ``pseq`` never go back.

    ``unread``: ids of items made without a look at what is stored; they are put only where no event is folded yet.
    Transactions of ``TRANSACTION`` items, which may be repeated. Raises ``Outrun`` if an item was not put.
    """
    client = await databases.dynamo()
    for start in range(0, len(items), TRANSACTION):
        puts = [
            {
                "Put": {
                    "TableName": table,
                    "Item": item,
                    "ConditionExpression": CONDITION,
                    "ExpressionAttributeValues": {
                        ":seq": {"N": "0"} if item["id"]["S"] in unread else item["seq"],
                        ":pseq": item["pseq"],
                    },
                }
            }
            for item in items[start : start + TRANSACTION]
        ]
        try:
            await client.transact_write_items(TransactItems=puts)
        except ClientError as error:
            if error.response["Error"]["Code"] == "TransactionCanceledException":
                reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", ())}
                if "ConditionalCheckFailed" in reasons or "ConditionalCheckFailed" in str(error):
                    raise Outrun(table) from error
            raise


async def get(databases: Databases, table: str, ids: Iterable[str]) -> dict[str, Item]:
    """The items that exist, by id; as they are now, not as some replica saw them."""
    client = await databases.dynamo()
    wanted, found = sorted(set(ids)), {}
    for start in range(0, len(wanted), READ):
        request: Any = {table: {"Keys": [{"id": {"S": one}} for one in wanted[start : start + READ]], "ConsistentRead": True}}
        while request:
            answer = await client.batch_get_item(RequestItems=request)
            for item in answer["Responses"].get(table, ()):
                found[item["id"]["S"]] = item
            # DynamoDB answers 16 MB at most and says what it left out.
            request = answer.get("UnprocessedKeys")
    return found


async def one(databases: Databases, table: str, id: str) -> Item | None:
    """The item ``id`` as it is now, if it exists; a third cheaper for both sides than ``get``."""
    client = await databases.dynamo()
    answer = await client.get_item(TableName=table, Key={"id": {"S": id}}, ConsistentRead=True)
    found: Item | None = answer.get("Item")
    return found


async def page(
    databases: Databases,
    table: str,
    index: str,
    hash_: tuple[str, str],
    below: str,
    limit: int,
    only: tuple[str, str] | None = None,
) -> list[Item]:
    """At most ``limit`` items of an index, highest ``sort`` first, whose ``sort`` is below ``below`` ("": all).

    ``hash_``: attribute and value of the index' key. ``only``: attribute and value that an item must have.
    """
    client = await databases.dynamo()
    names, values = {"#h": hash_[0]}, {":h": {"S": hash_[1]}}
    condition = "#h = :h"
    if below:
        condition += " AND sort < :below"
        values[":below"] = {"S": below}
    query: dict[str, Any] = {"TableName": table, "IndexName": index, "ScanIndexForward": False}
    if only:
        names["#o"], values[":o"] = only[0], {"S": only[1]}
        query["FilterExpression"] = "#o = :o"
    query |= {"KeyConditionExpression": condition, "ExpressionAttributeNames": names, "ExpressionAttributeValues": values}
    found: list[Item] = []
    while len(found) < limit:
        # A filter is applied after the limit, so with one we look at more.
        answer = await client.query(**query, Limit=max(limit - len(found), 50 if only else 1))
        found += answer["Items"]
        if "LastEvaluatedKey" not in answer:
            break
        query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
    return found[:limit]


async def pages(
    databases: Databases, table: str, index: str, hash_: str, wanted: Sequence[str], below: str, limit: int
) -> list[Item]:
    """As ``page``, over several values of the index' key at once, merged."""
    parts = await asyncio.gather(*(page(databases, table, index, (hash_, one), below, limit) for one in wanted))
    return sorted((item for part in parts for item in part), key=lambda item: str(item["sort"]["S"]), reverse=True)[:limit]


async def scan(databases: Databases, table: str) -> AsyncIterator[list[Item]]:
    """Every item, page by page (of 1 MB); for the auditor."""
    client = await databases.dynamo()
    more: dict[str, Any] = {}
    while True:
        answer = await client.scan(TableName=table, ConsistentRead=True, **more)
        yield answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return
        more = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


async def create(databases: Databases, table: str, indexes: Mapping[str, tuple[str, str]]) -> None:
    """Make a table keyed by ``id`` with ``indexes`` (name -> hash and range attribute), unless it is there."""
    client = await databases.dynamo()
    attributes = sorted({"id", *(one for pair in indexes.values() for one in pair)})
    try:
        await client.create_table(
            TableName=table,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in attributes],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": name,
                    "KeySchema": [{"AttributeName": a, "KeyType": "HASH"}, {"AttributeName": b, "KeyType": "RANGE"}],
                    # With all attributes a list is one query and not one more read for each of its lines.
                    "Projection": {"ProjectionType": "ALL"},
                }
                for name, (a, b) in indexes.items()
            ],
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceInUseException":
            raise
    while (await client.describe_table(TableName=table))["Table"]["TableStatus"] != "ACTIVE":
        await asyncio.sleep(0.2)


async def drop(databases: Databases, table: str) -> None:
    """Drop a table, if it is there."""
    client = await databases.dynamo()
    try:
        await client.delete_table(TableName=table)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
