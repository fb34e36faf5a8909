"""Accounts, sessions and the audit log: what a batch of facts is folded into."""

from __future__ import annotations

from typing import Any

from models.accounts.address_messages import Place, SavedAddress
from models.accounts.common_messages import Person
from models.accounts.messages import AccountJoined, AccountPrivate, AccountRestored, AccountSuspended, AccountWithdrawn
from models.accounts.seller_messages import ApplicationFiled, SellerApplied, SellerDenied
from models.accounts.session_messages import SessionEnded, SessionOpened, SessionRefreshed, SessionsEnded
from models.catalog.messages import ProductPrivate, ProductRemoved, ReviewHidden, ReviewPrivate
from models.read import accounts, audit, sessions
from models.read.facts import Fact
from models.stores.messages import StorePrivate, StoreSuspended

ROW, ME, AGAIN = "a" * 32, f"{'a' * 32}-1", f"{'a' * 32}-2"


def facts(*bodies: Any) -> list[Fact]:
    """As they come; a private record has the ``seq`` of the event before it."""
    found, seq = [], 0
    for at, body in enumerate(bodies):
        private = body is None or isinstance(body, AccountPrivate)
        seq += not private
        found.append(Fact("accounts", ROW, 0 if body is None else seq, seq, at, str(at), body, private))
    return found


def rows(writes: list[Any]) -> list[Any]:
    return [write.rows for write in writes]


def test_an_account_is_counted_joined_and_known() -> None:
    home = SavedAddress(address_id="a", place=Place(recipient="봄", phone="+82", zipcode="04780", road="길"), used_at=7)
    person = AccountPrivate(account=ME, person=Person(name="꽃님", email="a@b.kr"), notes={"0": "x"}, addresses=(home,))
    count, join, status, suspend, erase, people = rows(accounts.project(facts(AccountJoined(account=ME, provider="kakao"), person)))
    assert (count, join) == ([(ME, ROW, 1, 1)], [(ME, "buyer", "kakao", "ACTIVE", 0, 0)])
    assert (status, suspend, erase) == ([], [], [])
    book = '[{"address_id":"a","place":{"recipient":"봄","phone":"+82","zipcode":"04780","road":"길"},"used_at":7}]'
    assert people == [(ME, ROW, "꽃님", "a@b.kr", "", "", "", 0, "", "", "", '{"0":"x"}', book, 1)]


def test_whatever_is_personal_is_erased() -> None:
    """``credential`` and ``pseq`` are numbers that say nothing of a person."""
    erased = {part.partition(" = ")[0].strip() for part in accounts.ERASE.partition(" SET ")[2].partition(" WHERE ")[0].split(",")}
    assert erased == set(accounts._PERSONAL) - {"credential", "pseq"}


def test_who_is_erased_in_a_batch_leaves_nothing_of_it_and_may_come_again() -> None:
    first = AccountPrivate(account=ME, person=Person(name="꽃님"))
    second = AccountPrivate(account=AGAIN, person=Person(name="봄"))
    *_, erase, people = rows(
        accounts.project(
            facts(
                AccountJoined(account=ME, provider="kakao"), first, AccountWithdrawn(account=ME, provider="kakao"), None,
                AccountJoined(account=AGAIN, provider="kakao"), second,
            )
        )
    )  # fmt: skip
    assert erase == [(ROW,)]
    assert [(row[0], row[2]) for row in people] == [(AGAIN, "봄")]


def test_the_last_status_of_a_batch_counts() -> None:
    denied = SellerDenied(account=ME, by="admin", reason="other", claim="c", act=3)
    _, join, status, suspend, _, _ = rows(
        accounts.project(
            facts(
                SellerApplied(account=ME, claim="c"), ApplicationFiled(account=ME), denied,
                AccountSuspended(account=ME, by="admin", reason="abuse"),
            )
        )
    )  # fmt: skip
    assert join == [(ME, "seller", "password", "APPLIED", 0, 0)]
    assert (status, suspend) == ([(ME, "DENIED", "other", 3, 2)], [(ME, "abuse")])


def test_a_denial_stands_until_the_next_application_is_filed() -> None:
    denied = SellerDenied(account=ME, by="admin", reason="other", claim="c", act=3)
    suspended = AccountSuspended(account=ME, by="admin", reason="abuse", act=4)
    again = SellerApplied(account=ME, claim="c")
    _, _, status, _, _, _ = rows(accounts.project(facts(denied, suspended, AccountRestored(account=ME, by="admin", act=5), again)))
    assert status == [(ME, "DENIED", "other", 3, 0)]
    _, _, status, _, _, _ = rows(accounts.project(facts(denied, again, ApplicationFiled(account=ME))))
    assert status == [(ME, "PENDING", "", -1, 2)]


def test_another_rows_account_is_not_this_rows() -> None:
    """A business number's row speaks of the account that has it."""
    assert rows(accounts.project([Fact("accounts", "b" * 32, 1, 1, 0, "1", ApplicationFiled(account=ME))])) == [[]] * 6


def test_sessions_that_end_in_a_batch_leave_nothing() -> None:
    def opened(name: str) -> SessionOpened:
        return SessionOpened(account=ME, session=name, device="chrome/mac", until=100)

    end_all, end, open_, use = rows(
        sessions.project(
            facts(
                opened("a"), SessionsEnded(account=ME, cause="password"), opened("b"), opened("c"),
                SessionEnded(account=ME, session="b", cause="ended"), SessionRefreshed(account=ME, session="c", until=200),
                SessionRefreshed(account=ME, session="older", until=300),
                SessionRefreshed(account=ME, session="older", until=9, repeated=True),
            )
        )
    )  # fmt: skip
    assert (end_all, end) == ([(ME,)], [("b",)])
    assert open_ == [("c", ME, "chrome/mac", 3, 5, 200)]
    assert use == [("older", ME, "", 6, 6, 300)]


def test_only_what_somebody_did_as_an_admin_is_in_the_audit_log() -> None:
    suspended = AccountSuspended(account=ME, by="admin", reason="abuse", act=2)
    written, _, notes = rows(audit.project(facts(AccountJoined(account=ME, provider="kakao"), suspended)))
    assert written == [(1, f"accounts/{ROW}/2", "admin", "AccountSuspended", ME, '{"act":2,"reason":"abuse"}', f"{ME}/2")]
    assert notes == []


def of(domain: str, key: str, body: Any, *, private: bool = False) -> Fact:
    return Fact(domain, key, 1, 1, 7, "e", body, private)


def test_what_an_admin_wrote_is_found_under_the_act_and_goes_with_its_record() -> None:
    facts_ = [
        of("accounts", ROW, AccountPrivate(account=ME, person=Person(), notes={"0": "a", "2": "b"}), private=True),
        of("stores", "s", StoreSuspended(by="admin", act=3)),
        of("stores", "s", StorePrivate(name="꽃집", reason="now", notes={"3": "now"}), private=True),
        of("stores", "t", StoreSuspended(by="admin", of_owner=True)),
        of("catalog", "p", ProductRemoved(store_id="s", by="admin")),
        of("catalog", "p", ProductPrivate(name="장미", removal="fake"), private=True),
        of("catalog", "q", ProductPrivate(name="튤립"), private=True),
        of("catalog", "r", ReviewHidden(product_id="p", by="admin", at=1)),
        of("catalog", "r", ReviewPrivate(reason="abuse"), private=True),
    ]
    acts, gone, notes = rows(audit.project(facts_))
    assert [(act[3], act[-1]) for act in acts] == [
        ("ProductRemoved", "p"), ("ReviewHidden", "r"), ("StoreSuspended", "s/3"), ("StoreSuspended", ""),
    ]  # fmt: skip
    assert gone == [(f"accounts/{ROW}",), ("catalog/p",), ("catalog/r",), ("stores/s",)]
    assert notes == [
        (f"{ME}/0", f"accounts/{ROW}", "a"), (f"{ME}/2", f"accounts/{ROW}", "b"), ("p", "catalog/p", "fake"),
        ("r", "catalog/r", "abuse"), ("s/3", "stores/s", "now"),
    ]  # fmt: skip
    erased = of("accounts", ROW, None, private=True)
    assert rows(audit.project([*facts_[:1], erased])) == [[], [(f"accounts/{ROW}",)], []]
