"""Pools to the four databases of the read models. Each connects at its first use, so that one that is away stops no other."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import AsyncExitStack
from typing import Any

import aiomysql
from aiobotocore.config import AioConfig  # type: ignore[import-untyped]
from aiobotocore.session import get_session  # type: ignore[import-untyped]
from motor.motor_asyncio import AsyncIOMotorClient
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from models.settings import LOOPBACK, Settings

CONNECT, ANSWER = 2.0, 10.0
"""Seconds that a database has to accept a connection, and to answer."""
LOCAL = "local"
"""DynamoDB Local takes any credentials, but botocore insists on some."""


class Databases:
    """One per process; ``connections``: at most so many to each database."""

    def __init__(self, settings: Settings, connections: int = 16) -> None:
        self.settings = settings
        self.prefix = settings.prefix
        self._connections = connections
        self._mysql: Any = None
        self._mongo: Any = None
        self._redis: Redis | None = None
        self._dynamo: Any = None
        self._opening = asyncio.Lock()
        self._stack = AsyncExitStack()

    async def mysql(self) -> Any:
        """The aiomysql pool, autocommit on."""
        if self._mysql is None:
            given = self.settings
            # minsize=0: the pool is made even while the server is away.
            self._mysql = await aiomysql.create_pool(
                minsize=0,
                maxsize=self._connections,
                host=given.mysql_host,
                port=given.mysql_port,
                user=given.mysql_user,
                password=given.mysql_password,
                db=given.mysql_database,
                charset="utf8mb4",
                autocommit=True,
                connect_timeout=CONNECT,
            )
        return self._mysql

    @property
    def redis(self) -> Redis:
        """The Redis client; answers are bytes."""
        if self._redis is None:
            self._redis = Redis.from_url(
                self.settings.redis_url, socket_timeout=ANSWER, socket_connect_timeout=CONNECT, retry=Retry(NoBackoff(), 1)
            )
        return self._redis

    @property
    def mongo(self) -> Any:
        """The Mongo database (motor)."""
        if self._mongo is None:
            self._mongo = AsyncIOMotorClient(
                self.settings.mongo_url,
                maxPoolSize=self._connections,
                serverSelectionTimeoutMS=int(CONNECT * 1000),
                connectTimeoutMS=int(CONNECT * 1000),
                socketTimeoutMS=int(ANSWER * 1000),
                # FerretDB knows no sessions of this kind; every write here may be repeated by the projector itself.
                retryWrites=False,
            )
        return self._mongo[self.settings.mongo_database]

    async def dynamo(self) -> Any:
        """The DynamoDB client (aiobotocore)."""
        if self._dynamo is None:
            async with self._opening:
                if self._dynamo is None:
                    self._dynamo = await self._stack.enter_async_context(self._dynamo_client())
        return self._dynamo

    def _dynamo_client(self) -> Any:
        url = self.settings.dynamo_url
        local = {"aws_access_key_id": LOCAL, "aws_secret_access_key": LOCAL} if f"//{LOOPBACK}:" in url else {}
        return get_session().create_client(
            "dynamodb",
            region_name=self.settings.aws_region,
            endpoint_url=url or None,
            config=AioConfig(
                max_pool_connections=self._connections,
                connect_timeout=CONNECT,
                read_timeout=ANSWER,
                # Who calls knows whether to try again, and validating every value costs as much as signing the request.
                retries={"max_attempts": 0},
                parameter_validation=False,
                # One that is given is taken as it is; botocore's own is put together anew for each request.
                user_agent="blooming-blooms",
            ),
            **local,
        )

    async def close(self) -> None:
        """Let go of all of them."""
        if self._mysql is not None:
            self._mysql.terminate()
            with contextlib.suppress(Exception):
                await self._mysql.wait_closed()
        if self._mongo is not None:
            self._mongo.close()
        if self._redis is not None:
            await self._redis.aclose()
        await self._stack.aclose()
        self._mysql = self._mongo = self._redis = self._dynamo = None
        self._stack = AsyncExitStack()
