"""Open sessions in MySQL, for the list that an account sees of its own. Access pattern: index (account, opened_at).

Whether a session still counts is decided at its account's row, and at the door by ``models/read/ended.py``; never here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from models.accounts.session_messages import SessionEnded, SessionOpened, SessionRefreshed, SessionsEnded
from models.read import mysql
from models.read.databases import Databases
from models.read.facts import EVENTS, Fact, ReadModel, highest
from models.read.registry import Registry

FIELDS = ("session", "device", "opened_at", "used_at", "until")


def table(version: int) -> sa.Table:
    """Instants in ms, UTC. ``until``: when it runs out unless it is used."""
    return sa.Table(
        f"sessions_{version}",
        sa.MetaData(),
        sa.Column("session", sa.String(64), primary_key=True),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("device", sa.String(40), nullable=False),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("used_at", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Index(f"sessions_{version}_account", "account", "opened_at"),
    )


OPEN = (
    "INSERT INTO {sessions} (session, account, device, opened_at, used_at, until) VALUES {rows}"
    " ON DUPLICATE KEY UPDATE session = session"
)
USE = (
    "INSERT INTO {sessions} (session, account, device, opened_at, used_at, until) VALUES {rows}"
    " ON DUPLICATE KEY UPDATE used_at = VALUES(used_at), until = VALUES(until)"
)
END = "DELETE FROM {sessions} WHERE session IN ({rows})"
END_ALL = "DELETE FROM {sessions} WHERE account IN ({rows})"


def project(facts: Sequence[Fact]) -> list[mysql.Write]:
    """Within a batch a session that ends leaves nothing; one that is opened after all others were ended stays."""
    opened: dict[str, tuple[Any, ...]] = {}
    used: dict[str, tuple[Any, ...]] = {}
    ended: dict[str, tuple[Any, ...]] = {}
    accounts: dict[str, tuple[Any, ...]] = {}
    for fact in facts:
        match fact.body:
            case SessionOpened(session=name, account=account, device=device, until=until):
                opened[name] = (name, account, device, fact.at, fact.at, until)
            case SessionRefreshed(session=name, account=account, until=until, repeated=False):
                before = opened.get(name)
                if before is not None:
                    opened[name] = (*before[:4], fact.at, until)
                else:
                    used[name] = (name, account, "", fact.at, fact.at, until)
            case SessionEnded(session=name):
                ended[name] = (name,)
                opened.pop(name, None)
                used.pop(name, None)
            case SessionsEnded(account=account):
                accounts[account] = (account,)
                opened = {name: row for name, row in opened.items() if row[1] != account}
                used = {name: row for name, row in used.items() if row[1] != account}
    return [
        mysql.Write(END_ALL, sorted(accounts.values())),
        mysql.Write(END, sorted(ended.values())),
        mysql.Write(OPEN, sorted(opened.values())),
        mysql.Write(USE, sorted(used.values())),
    ]


class _Store(mysql.Fenced):
    async def shown(self, cursor: Any, facts: Sequence[Fact]) -> Mapping[str, int]:
        return highest(facts)


def _store(databases: Databases, version: int) -> mysql.Fenced:
    return _Store(databases, "sessions", version, {"sessions": f"sessions_{version}"}, project)


create, drop = mysql.schema("sessions", lambda version: [table(version)])
MODEL = ReadModel(name="sessions", sources=(("accounts", EVENTS),), store=_store, create=create, drop=drop)


class Queries:
    """What is asked of sessions."""

    def __init__(self, databases: Databases, registry: Registry) -> None:
        self._databases, self._registry = databases, registry

    async def of_account(self, account: str) -> list[dict[str, Any]]:
        """The account's open sessions, the one used last first; those that have run out may still be among them."""
        name = f"sessions_{await self._registry.version('sessions')}"
        rows = await mysql.select(
            self._databases, f"SELECT {', '.join(FIELDS)} FROM {name} WHERE account = %s ORDER BY used_at DESC, session", account
        )
        return [dict(zip(FIELDS, row, strict=True)) for row in rows]

    async def dump(self) -> list[tuple[Any, ...]]:
        """Every session, for comparison with the log."""
        name = f"sessions_{await self._registry.version('sessions')}"
        return await mysql.select(self._databases, f"SELECT session, account, {', '.join(FIELDS[1:])} FROM {name} ORDER BY session")
