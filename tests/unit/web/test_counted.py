"""Which limit each way to an account has, and whose account a request is counted against beside whoever sends it (auth 26).

What is read here is what the buckets are really asked for: neither a line of the table of routes nor a handler's ``throttle`` is
ever lost unseen.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import pytest
import pytest_asyncio

from tests.unit.web.desk import PEOPLE, Desk
from tests.unit.web.documents import account_of
from tests.unit.web.examples import target
from tests.unit.web.known import Known
from tests.unit.web.serving import Served, serving
from tests.unit.web.test_walk import ROLES
from web.access import Who
from web.cookies import Refresh, fresh
from web.examples import example
from web.limits import LIMITS, Rate, SharedBuckets, State
from web.people import row_of
from web.routes import ROUTES
from web.rule import Rule

HERE = "203.0.113.7"
NOBODY, OWN, NAMED, HELD = "", "the caller's", "that of the e-mail or name", "the cookie's"
COUNTED: Mapping[str, tuple[str, str]] = {
    "GET /auth/{provider}/start": ("oauth", NOBODY),
    "GET /auth/{provider}/callback": ("oauth", NOBODY),
    "POST /auth/seller": ("sign_in", NAMED),
    "POST /auth/admin": ("sign_in", NAMED),
    "POST /auth/refresh": ("refresh", HELD),
    # It only ends what the cookie itself opens.
    "POST /auth/sign-out": ("refresh", NOBODY),
    "POST /auth/seller/registrations": ("code", NAMED),
    "POST /auth/seller/registrations/confirm": ("code", NAMED),
    # From here on a ticket says that the e-mail was verified: there is nothing to guess, and the row counts what is dear itself.
    "POST /auth/seller/documents": ("code", NOBODY),
    "POST /auth/seller/documents/{image_id}/finish": ("code", NOBODY),
    "POST /auth/seller/licence": ("code", NOBODY),
    "POST /auth/seller/applications": ("code", NOBODY),
    "POST /auth/seller/password/forgotten": ("code", NAMED),
    "POST /auth/seller/password/reset": ("code", NAMED),
    # Whoever is signed in is counted by their account already.
    "PATCH /me": ("write", NOBODY),
    "DELETE /me": ("write", NOBODY),
    "POST /me/addresses": ("write", NOBODY),
    "PATCH /me/addresses/{address_id}": ("write", NOBODY),
    "DELETE /me/addresses/{address_id}": ("write", NOBODY),
    "POST /me/phone": ("code", NOBODY),
    "POST /me/phone/confirm": ("code", NOBODY),
    "POST /me/email": ("code", NOBODY),
    "POST /me/email/confirm": ("code", NOBODY),
    # The row is that of all generations of an account.
    "POST /me/password": ("sign_in", OWN),
    "DELETE /me/sessions": ("write", NOBODY),
    "DELETE /me/sessions/{session}": ("write", NOBODY),
    "PUT /me/application": ("write", NOBODY),
    "POST /me/application/documents": ("upload", NOBODY),
    "POST /me/application/documents/{image_id}/finish": ("upload", NOBODY),
    "POST /me/application/licence": ("code", NOBODY),
}
"""Route -> its limit, whose account is counted as well."""
WAYS = [rule for rule in ROUTES if rule.template.startswith("/auth/") or (rule.template.startswith("/me") and rule.method != "GET")]


class Noting(SharedBuckets):
    """Buckets that never end, and say what was taken out of which: (limit, whose) of each, request by request."""

    def __init__(self) -> None:
        super().__init__("redis://127.0.0.1:9/0", "bb", b"s" * 32)
        self.asked: list[list[tuple[str, str]]] = []

    async def take(self, buckets: Sequence[tuple[str, str, Rate]]) -> State:
        assert [rate for *_, rate in buckets] == [getattr(LIMITS[name], who.partition(":")[0]) for name, who, _ in buckets]
        self.asked.append([(name, who) for name, who, _ in buckets])
        return State(buckets[0][2], 1, 1, 0)


@pytest.fixture
def noting() -> Noting:
    return Noting()


@pytest_asyncio.fixture
async def served(tmp_path: Path, noting: Noting) -> AsyncIterator[Served]:
    known, me = Known(), f"{'0' * 32}-1"
    known.accounts_[me] = account_of(me)
    async with serving(Desk(tmp_path), known, buckets=noting) as one:
        yield one


def name_of(rule: Rule) -> str:
    return f"{rule.method} {rule.template}"


def test_every_way_is_described() -> None:
    assert {name_of(rule) for rule in WAYS} == set(COUNTED)


def test_no_limit_is_there_for_nothing() -> None:
    assert {rule.bucket for rule in ROUTES} | {"guest"} == set(LIMITS), "and a guest who begins is counted besides"


@pytest.mark.spec("auth 26", "auth 31")
@pytest.mark.parametrize("rule", WAYS, ids=name_of)
async def test_who_is_counted(served: Served, noting: Noting, rule: Rule) -> None:
    limit, whose = COUNTED[name_of(rule)]
    me, held = f"{'0' * 32}-1", Refresh(f"{'1' * 32}-1", "session-1", fresh())
    headers = {"X-Forwarded-For": HERE, "Idempotency-Key": "a-good-key", "Origin": "http://shop.test", "X-CSRF": "1"}
    if rule.cookie:
        headers["Cookie"] = f"{served.shared.cookies.name}={served.shared.cookies.text(held)}"
    signed_in = not rule.cookie and rule.who is not Who.PUBLIC
    if signed_in:
        headers["Authorization"] = f"Bearer {served.desk.token(me, sorted(ROLES[rule.who])[0])}"
    said = example(rule.body) if rule.body else {}
    await served.ask(rule.method, target(rule, served.desk), headers, said or None)
    assert rule.bucket == limit
    if not LIMITS[limit].shared:
        assert noting.asked == []
        return

    def of(account: str) -> list[tuple[str, str]]:
        pair = [(limit, f"pair:{account}:{HERE}")] if LIMITS[limit].pair is not None else []
        return [(limit, f"account:{account}"), *pair]

    rows = {OWN: row_of(me), HELD: held.row}
    if whose == NAMED:
        rows[NAMED] = PEOPLE.row("admin", said["name"]) if "name" in said else PEOPLE.row("seller", said["email"])
    first = of(me) if signed_in else [(limit, f"address:{HERE}")]
    assert noting.asked == [first, *([of(rows[whose])] if whose else [])]
