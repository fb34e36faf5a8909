"""Accounts in MySQL: kind and status from the events, who somebody is from the private record; either may come first.

| question | how |
|---|---|
| an account, or several | primary key (account) |
| whose row a sign-in is about | index (row_key, account): the newest generation |
| of a kind and status, newest first, with their number | index (kind, status, since, account), keyset |
| of a kind that are not gone | index (kind, since, account), keyset |
| of a kind that are suspended | index (kind, barred, since, account), keyset |
| the address book of a buyer | primary key (account) |

A withdrawn account stays as an id with its state; whoever joins again is another row. Passwords' hashes and encrypted second
factors are here for the web to compare; they go with the person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from models.accounts.address_messages import SavedAddress
from models.accounts.messages import (
    TOLD,
    AccountJoined,
    AccountPrivate,
    AccountRestored,
    AccountSuspended,
    AccountWithdrawn,
    AdminCreated,
)
from models.accounts.seller_messages import ApplicationFiled, RegistrationLapsed, SellerApplied, SellerDenied, SellerPermitted
from models.read import mysql
from models.read.cursors import number, pack, unpack
from models.read.databases import Databases
from models.read.facts import EVENTS, PRIVATE, Fact, ReadModel, highest
from models.read.registry import Registry

GONE = ("WITHDRAWN", "LAPSED")
FIELDS = (
    "account", "row_key", "kind", "provider", "status", "reason", "suspended", "joined_at", "since", "name", "email", "phone",
    "picture", "password_hash", "credential", "totp", "business_number", "document", "notes", "denial", "seq",
)  # fmt: skip
_notes = msgspec.json.Decoder(dict[str, str]).decode
_addresses = msgspec.json.Decoder(tuple[SavedAddress, ...]).decode
_json = msgspec.json.Encoder().encode


def table(version: int) -> sa.Table:
    """``seq``/``pseq``: of the last event and private record; ``wants``: of the last event that comes with such a record."""
    return sa.Table(
        f"accounts_{version}",
        sa.MetaData(),
        sa.Column("account", sa.String(64), primary_key=True),
        sa.Column("row_key", sa.String(40), nullable=False, server_default=""),
        sa.Column("kind", sa.String(8), nullable=False, server_default=""),
        sa.Column("provider", sa.String(10), nullable=False, server_default=""),
        sa.Column("status", sa.String(10), nullable=False, server_default=""),
        sa.Column("reason", sa.String(40), nullable=False, server_default="", comment="code of the last denial"),
        sa.Column(
            "denial", sa.Integer, nullable=False, server_default="-1", comment="number of its act, in notes; -1: none stands"
        ),
        sa.Column("suspended", sa.String(40), nullable=False, server_default="", comment="code; empty: not suspended"),
        sa.Column("joined_at", sa.BigInteger, nullable=False, server_default="0", comment="ms, UTC"),
        sa.Column("since", sa.BigInteger, nullable=False, server_default="0", comment="of the status, ms, UTC"),
        sa.Column("name", sa.String(80), nullable=False, server_default=""),
        sa.Column("email", sa.String(254), nullable=False, server_default=""),
        sa.Column("phone", sa.String(20), nullable=False, server_default="", comment="E.164"),
        sa.Column("picture", sa.String(300), nullable=False, server_default=""),
        sa.Column("password_hash", sa.String(200), nullable=False, server_default=""),
        sa.Column("credential", sa.Integer, nullable=False, server_default="0"),
        sa.Column("totp", sa.String(300), nullable=False, server_default="", comment="encrypted"),
        sa.Column("business_number", sa.String(10), nullable=False, server_default=""),
        sa.Column("document", sa.String(300), nullable=False, server_default="", comment="object key"),
        sa.Column("notes", sa.Text, nullable=True, comment="JSON: number of the act -> what the admin wrote"),
        sa.Column("addresses", sa.Text, nullable=True, comment="JSON: the last used first"),
        sa.Column("seq", sa.Integer, nullable=False, server_default="0"),
        sa.Column("wants", sa.Integer, nullable=False, server_default="0"),
        sa.Column("pseq", sa.Integer, nullable=False, server_default="0"),
        sa.Index(f"accounts_{version}_row", "row_key", "account"),
        # "suspended <> ''" is no place in an index that is sorted by something else.
        sa.Column("barred", sa.Boolean, sa.Computed("suspended <> ''", persisted=True)),
        sa.Index(f"accounts_{version}_list", "kind", "status", "since", "account"),
        sa.Index(f"accounts_{version}_newest", "kind", "since", "account"),
        sa.Index(f"accounts_{version}_barred", "kind", "barred", "since", "account"),
    )


COUNT = (
    "INSERT INTO {accounts} (account, row_key, seq, wants) VALUES {rows} ON DUPLICATE KEY UPDATE row_key = VALUES(row_key),"
    " seq = GREATEST(seq, VALUES(seq)), wants = GREATEST(wants, VALUES(wants))"
)
JOIN = (
    "INSERT INTO {accounts} (account, kind, provider, status, joined_at, since) VALUES {rows} ON DUPLICATE KEY UPDATE"
    " kind = VALUES(kind), provider = VALUES(provider), joined_at = IF(joined_at = 0, VALUES(joined_at), joined_at),"
    " since = IF(status = '', VALUES(since), since), status = IF(status = '', VALUES(status), status)"
)
STATUS = (
    "INSERT INTO {accounts} (account, status, reason, denial, since) VALUES {rows} ON DUPLICATE KEY UPDATE"
    " status = VALUES(status), reason = VALUES(reason), denial = VALUES(denial), since = VALUES(since)"
)
SUSPEND = "INSERT INTO {accounts} (account, suspended) VALUES {rows} ON DUPLICATE KEY UPDATE suspended = VALUES(suspended)"
ERASE = (
    "UPDATE {accounts} SET name = '', email = '', phone = '', picture = '', password_hash = '', totp = '', business_number = '',"
    " document = '', notes = NULL, addresses = NULL WHERE row_key IN ({rows})"
)
_PERSONAL = (
    "name", "email", "phone", "picture", "password_hash", "credential", "totp", "business_number", "document", "notes", "addresses",
    "pseq",
)  # fmt: skip
PERSON = (
    "INSERT INTO {accounts} (account, row_key, "
    + ", ".join(_PERSONAL)
    + ") VALUES {rows} ON DUPLICATE KEY UPDATE "
    + ", ".join(f"{column} = VALUES({column})" for column in _PERSONAL)
)


def project(facts: Sequence[Fact]) -> list[mysql.Write]:
    """The last state of each account; who they are apart. Who is erased in a batch leaves nothing of it."""
    counts: dict[str, tuple[Any, ...]] = {}
    joined: dict[str, tuple[Any, ...]] = {}
    statuses: dict[str, tuple[Any, ...]] = {}
    suspended: dict[str, tuple[Any, ...]] = {}
    erased: dict[str, tuple[Any, ...]] = {}
    people: dict[str, tuple[Any, ...]] = {}
    for fact in facts:
        body = fact.body
        if fact.private:
            if isinstance(body, AccountPrivate):
                people[body.account] = _person(fact, body)
            else:
                erased[fact.key] = (fact.key,)
                people = {account: row for account, row in people.items() if row[1] != fact.key}
            continue
        account = getattr(body, "account", "")
        if not account or account.rpartition("-")[0] != fact.key:
            # A business number's row, or a registration that is no account yet.
            continue
        wants = fact.seq if isinstance(body, TOLD) else counts.get(account, ("", "", 0, 0))[3]
        counts[account] = (account, fact.key, fact.seq, wants)
        match body:
            case AccountJoined(provider=provider):
                joined[account] = (account, "buyer", provider, "ACTIVE", fact.at, fact.at)
            case AdminCreated():
                joined[account] = (account, "admin", "password", "ACTIVE", fact.at, fact.at)
            case SellerApplied():
                joined.setdefault(account, (account, "seller", "password", "APPLIED", fact.at, fact.at))
            case ApplicationFiled():
                statuses[account] = (account, "PENDING", "", -1, fact.at)
            case SellerPermitted():
                statuses[account] = (account, "PERMITTED", "", -1, fact.at)
            case SellerDenied(reason=reason, act=act):
                statuses[account] = (account, "DENIED", reason, act, fact.at)
            case AccountWithdrawn():
                statuses[account] = (account, "WITHDRAWN", "", -1, fact.at)
            case RegistrationLapsed():
                statuses[account] = (account, "LAPSED", "", -1, fact.at)
            case AccountSuspended(reason=reason):
                suspended[account] = (account, reason)
            case AccountRestored():
                suspended[account] = (account, "")
    return [
        mysql.Write(COUNT, sorted(counts.values())),
        mysql.Write(JOIN, sorted(joined.values())),
        mysql.Write(STATUS, sorted(statuses.values())),
        mysql.Write(SUSPEND, sorted(suspended.values())),
        mysql.Write(ERASE, sorted(erased.values())),
        mysql.Write(PERSON, sorted(people.values())),
    ]


def _person(fact: Fact, body: AccountPrivate) -> tuple[Any, ...]:
    who = body.person
    return (
        body.account, fact.key, who.name, who.email, who.phone, who.picture, body.password_hash, body.credential, body.totp,
        body.business_number, body.document, _json(body.notes).decode(), _json(body.addresses).decode() if body.addresses else None,
        fact.seq,
    )  # fmt: skip


class _Store(mysql.Fenced):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._highest: dict[str, int] = {}

    def asks(self, facts: Sequence[Fact]) -> bool:
        return any(fact.private or isinstance(fact.body, TOLD) for fact in facts)

    async def shown(self, cursor: Any, facts: Sequence[Fact]) -> Mapping[str, int]:
        """Up to the first event whose private record has not come yet; whoever is gone has none."""
        seen = highest(facts)
        if not self.asks(facts):
            return seen
        keys = sorted({fact.key for fact in facts})
        self._highest.update(seen)
        await cursor.execute(
            f"SELECT row_key, MIN(wants) FROM {self._names['accounts']} WHERE row_key IN {mysql.marks(keys)}"
            f" AND pseq < wants AND status NOT IN {mysql.marks(GONE)} GROUP BY row_key",
            (*keys, *GONE),
        )
        waits = dict(await cursor.fetchall())
        for key in keys:
            if key in waits:
                seen[key] = min(seen.get(key, 0), waits[key] - 1)
            elif key in self._highest:
                seen[key] = self._highest.pop(key)
        return {key: seq for key, seq in seen.items() if seq > 0}


def _store(databases: Databases, version: int) -> mysql.Fenced:
    return _Store(databases, "accounts", version, {"accounts": f"accounts_{version}"}, project)


create, drop = mysql.schema("accounts", lambda version: [table(version)])
MODEL = ReadModel(
    name="accounts", sources=(("accounts", EVENTS), ("accounts", PRIVATE)), store=_store, create=create, drop=drop
)  # fmt: skip


class Queries:
    """What is asked of accounts. ``notes`` is a dict; ``seq`` the event up to which an account is shown whole."""

    def __init__(self, databases: Databases, registry: Registry) -> None:
        self._databases, self._registry = databases, registry

    async def _select(self, where: str, *values: Any, index: str = "") -> list[dict[str, Any]]:
        name = f"accounts_{await self._registry.version('accounts')}"
        # Left to itself the server thinks that half of all rows are read faster without an index, a page's limit or not.
        use = f" FORCE INDEX ({name}_{index})" if index else ""
        columns = ", ".join((*FIELDS[:-1], f"IF(pseq >= wants OR status IN ('{GONE[0]}', '{GONE[1]}'), seq, wants - 1)"))
        rows = await mysql.select(self._databases, f"SELECT {columns} FROM {name}{use} WHERE seq > 0 AND {where}", *values)
        found = [dict(zip(FIELDS, row, strict=True)) for row in rows]
        for one in found:
            one["notes"] = _notes(one["notes"]) if one["notes"] else {}
        return found

    async def one(self, account: str) -> dict[str, Any] | None:
        """An account by its id, with everything that is known of it."""
        found = await self._select("account = %s", account)
        return found[0] if found else None

    async def of_row(self, row: str) -> dict[str, Any] | None:
        """The newest account of a row."""
        found = await self._select("row_key = %s", row)
        return max(found, key=lambda one: int(one["account"].rpartition("-")[2])) if found else None

    async def addresses(self, account: str) -> list[dict[str, Any]]:
        """The address book of an account, the last used first: ``address_id``, ``used_at`` (ms) and all of the place; of nobody, an
        empty one."""
        sql = f"SELECT addresses FROM accounts_{await self._registry.version('accounts')} WHERE account = %s"
        rows = await mysql.select(self._databases, sql, account)
        found = _addresses(rows[0][0]) if rows and rows[0][0] else ()
        return [{"address_id": one.address_id, "used_at": one.used_at, **msgspec.structs.asdict(one.place)} for one in found]

    async def many(self, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Those of ``ids`` that there are or were: for names beside what somebody wrote."""
        wanted = sorted(set(ids))
        if not wanted:
            return {}
        return {one["account"]: one for one in await self._select(f"account IN {mysql.marks(wanted)}", *wanted)}

    async def page(self, kind: str, status: str, limit: int, cursor: str = "") -> tuple[list[dict[str, Any]], str, int]:
        """Accounts of a kind and status (``""``: all but the gone; ``SUSPENDED``), newest first, the next cursor, and how many.

        Raises ``BadCursor``.
        """
        # Whoever has a kind has had an event, so that counting never leaves the index.
        where, values, index = "kind = %s", [kind], "newest"
        if status == "SUSPENDED":
            where, index = f"{where} AND barred = 1", "barred"
        elif status:
            where, values, index = f"{where} AND status = %s", [*values, status], "list"
        else:
            where += f" AND status NOT IN ('{GONE[0]}', '{GONE[1]}', 'APPLIED')"
        name = f"accounts_{await self._registry.version('accounts')}"
        ((total,),) = await mysql.select(self._databases, f"SELECT COUNT(*) FROM {name} WHERE {where}", *values)
        after: list[Any] = []
        if cursor:
            moment, account = unpack(cursor, 2)
            since = number(moment)
            after = [since, since, account]
            where += " AND (since < %s OR (since = %s AND account < %s))"
        found = await self._select(f"{where} ORDER BY since DESC, account DESC LIMIT %s", *values, *after, limit + 1, index=index)
        last = found[limit - 1] if len(found) > limit else None
        return found[:limit], pack(str(last["since"]), last["account"]) if last else "", int(total)

    async def dump(self) -> list[dict[str, Any]]:
        """Every account, for comparison with the log."""
        return await self._select("TRUE ORDER BY account")
