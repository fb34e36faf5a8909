"""``python -m deploy.migrations up``: bring every database to the newest schema. May be repeated; the second time takes a second.

It is a release's first step: settings with which none of its processes would start in production end it here, before it changes
anything.

``python -m deploy.migrations status``: where MySQL stands.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from deploy.migrations import buckets
from models.read.databases import Databases
from models.read.models import MODELS
from models.read.registry import Registry
from models.settings import Settings, check_production, read

HERE = Path(__file__).parent


def engine(settings: Settings) -> sa.Engine:
    """The MySQL of ``settings``, for Alembic, which knows no asyncio."""
    name, password = quote(settings.mysql_user), quote(settings.mysql_password)
    address = f"{settings.mysql_host}:{settings.mysql_port}/{settings.mysql_database}"
    return sa.create_engine(f"mysql+pymysql://{name}:{password}@{address}?charset=utf8mb4", poolclass=sa.NullPool)


def config() -> Config:
    """Alembic's, without an ini file."""
    made = Config()
    made.set_main_option("script_location", str(HERE))
    return made


def up(settings: Settings) -> None:
    """MySQL by Alembic, if it is not there yet; then the live version of every read model where it is missing."""
    made = config()
    with engine(settings).connect() as connection:
        now = MigrationContext.configure(connection).get_current_revision()
        head = ScriptDirectory.from_config(made).get_current_head()
        if now != head:
            made.attributes["connection"] = connection
            command.upgrade(made, "head")
            connection.commit()
    print(f"mysql: {head}")
    asyncio.run(_read_models(settings))


async def _read_models(settings: Settings) -> None:
    databases = Databases(settings)
    registry = Registry(databases)
    try:
        versioned = [model for model in MODELS if model.versioned]
        await registry.add(model.name for model in versioned)
        for model in versioned:
            version = await registry.version(model.name)
            assert model.create is not None
            await model.create(databases, version)
            print(f"{model.name}: version {version}")
    finally:
        await databases.close()


def main() -> int:
    """Run ``argv[1]``. Raises ``NotForProduction``."""
    wanted = sys.argv[1:] or ["up"]
    settings = read()
    if wanted == ["up"]:
        check_production(settings)
        up(settings)
        buckets.create(settings)
        return 0
    if wanted == ["status"]:
        with engine(settings).connect() as connection:
            print(MigrationContext.configure(connection).get_current_revision() or "empty")
        return 0
    print("usage: python -m deploy.migrations up|status", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
