"""Florists apply, admins decide, business numbers belong to one."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from agents.runtime.rows import MAX_ROW, encode
from models.accounts.account import Account
from models.accounts.address_messages import MAX_ADDRESSES, AddAddress, Place
from models.accounts.business import is_number, number_in
from models.accounts.common_messages import Person
from models.accounts.messages import (
    AccountPrivate,
    AccountRestored,
    AccountSuspended,
    AdminCreated,
    CallFinished,
    ChangeProfile,
    CreateAdmin,
    RestoreAccount,
    SuspendAccount,
)
from models.accounts.secrets import hashed
from models.accounts.seller_messages import (
    ApplicationFailed,
    ApplicationFiled,
    BusinessNumberClaimed,
    BusinessNumberGranted,
    BusinessNumberRefused,
    BusinessNumberReleased,
    BusinessNumberTaken,
    ClaimBusinessNumber,
    DenySeller,
    LicenceErased,
    LicenceRead,
    LicenceSubmitted,
    PermitSeller,
    ReadLicence,
    RegistrationLapsed,
    ReleaseBusinessNumber,
    ResubmitApplication,
    SellerApplied,
    SellerDenied,
    SellerPermitted,
)
from models.accounts.sellers import READS_A_DAY
from models.accounts.session_messages import SessionsEnded
from models.actor import DAY, HOUR, Refusal, Reminder, Send, id_of
from models.catalog.image_messages import EraseImage, KeepImage
from models.stores.messages import RestoreOwner, SuspendOwner
from tests.unit.accounts.given import (
    ACCOUNTS,
    ADMIN,
    CLAIM,
    EMAIL,
    NUMBER,
    PLAYED,
    SELLER,
    admin,
    application,
    applied,
    buyer,
    done,
    opening,
    seller,
    verified,
)
from tests.unit.history import Actor
from tests.unit.shop import NOW

ME = f"{SELLER}-1"
PERMIT, DENY = PermitSeller(once="p", account=ME, by="admin-1"), DenySeller(once="d", account=ME, by="admin-1", reason="unreadable")


@pytest.mark.spec("auth 12", "auth 27", "auth 28")
def test_an_application_waits_until_the_number_is_its_own() -> None:
    actor = verified()
    (sent,) = actor.take(application())
    assert sent == SellerApplied(account=ME, claim=CLAIM, document="documents/1")
    claims, kept = ClaimBusinessNumber(account=ME), Send("catalog", "documents/1", KeepImage(holder=SELLER))
    assert actor.sends == [Send("accounts", CLAIM, claims), kept]
    assert ACCOUNTS.private(SELLER, actor.states, sent) == AccountPrivate(
        account=ME, person=Person(name="이꽃집", email=EMAIL), password_hash="argon", credential=1, business_number=NUMBER,
        document="documents/1",
    )  # fmt: skip
    assert actor.refuses(opening()) == ("sign_in_failed", 401)
    (filed,) = actor.take(BusinessNumberGranted(claim=CLAIM))
    assert filed == ApplicationFiled(account=ME)
    assert ACCOUNTS.answer(SELLER, actor.states, filed) == {"account": ME, "role": "applicant", "status": "PENDING", "stores": []}
    assert actor.take(BusinessNumberGranted(claim=CLAIM)) == []


def test_a_number_that_is_taken_fails_the_application_which_may_be_corrected() -> None:
    actor = verified()
    actor.take(application())
    (failed,) = actor.take(BusinessNumberTaken(claim=CLAIM))
    assert failed == ApplicationFailed(account=ME)
    assert ACCOUNTS.answer(SELLER, actor.states, failed) == Refusal("business_number_taken")
    assert actor.state.status == "FAILED"
    assert actor.refuses(opening()) == ("sign_in_failed", 401)
    actor.take(application(claim="other"))
    assert actor.take(BusinessNumberTaken(claim=CLAIM)) == [], "of the number before"
    assert actor.take(BusinessNumberGranted(claim="other")) == [ApplicationFiled(account=ME)]


@pytest.mark.spec("auth 12")
@pytest.mark.parametrize(
    ("changes", "later", "code"),
    [
        ({"ticket_hash": hashed("guess")}, 0, ("ticket_invalid", 403)),
        ({"ticket_hash": ""}, 0, ("ticket_invalid", 403)),
        ({}, HOUR, ("ticket_invalid", 403)),
        ({"business_number": "1234567890"}, 0, ("business_number_invalid", 422)),
    ],
    ids=["wrong ticket", "none", "too late", "check digit"],
)
def test_an_application_that_cannot_be(changes: dict[str, Any], later: int, code: tuple[str, int]) -> None:
    actor = verified()
    actor.now += later
    assert actor.refuses(application(**changes)) == code


@pytest.mark.spec("auth 27")
def test_an_email_has_one_seller() -> None:
    assert applied().refuses(application()) == ("seller_exists", 409)
    assert Actor(ACCOUNTS, SELLER, NOW).refuses(application()) == ("ticket_invalid", 403)


@pytest.mark.spec("auth 46")
def test_an_admin_permits_and_the_seller_is_told() -> None:
    actor = applied()
    (permitted,) = actor.take(PERMIT)
    assert permitted == SellerPermitted(account=ME, by="admin-1", store=id_of("store", ME))
    assert (actor.state.tasks[0].what, actor.state.tasks[0].target) == ("permitted", EMAIL)
    assert actor.decide(PERMIT) == Refusal("application_not_pending", 409, {"status": "PERMITTED"})
    assert actor.refuses(DENY) == ("application_not_pending", 409)


@pytest.mark.spec("auth 16", "auth 46")
def test_a_denial_has_a_reason_ends_sessions_and_frees_the_number() -> None:
    actor = applied()
    actor.take(opening())
    denied, ended = actor.take(DenySeller(once="d", account=ME, by="admin-1", reason="unreadable", note="흐립니다"))
    assert denied == SellerDenied(account=ME, by="admin-1", reason="unreadable", claim=CLAIM, until=NOW + 30 * DAY)
    assert ended == SessionsEnded(account=ME, cause="denied", sessions=("s1",))
    assert actor.sends == [Send("accounts", CLAIM, ReleaseBusinessNumber(account=ME))]
    assert ACCOUNTS.private(SELLER, actor.states, denied).notes == {"0": "흐립니다"}  # type: ignore[union-attr]
    assert actor.state.tasks[0].what == "denied"


@pytest.mark.spec("auth 11")
def test_only_the_denied_applicant_submits_again_and_loses_nothing() -> None:
    again = ResubmitApplication(account=ME, business_number=NUMBER, claim=CLAIM, document="documents/2")
    pending = applied()
    assert pending.decide(again) == Refusal("not_denied", 409, {"status": "PENDING"})
    pending.take(DENY)
    stranger = ResubmitApplication(account="x-1", business_number=NUMBER, claim=CLAIM, document="d")
    assert pending.refuses(stranger) == ("account_gone", 404)
    assert pending.take(again) == [SellerApplied(account=ME, claim=CLAIM, replaced="documents/1", document="documents/2")]
    claims, erased = Send("accounts", CLAIM, ClaimBusinessNumber(account=ME)), EraseImage(owner=SELLER)
    kept = Send("catalog", "documents/2", KeepImage(holder=SELLER))
    assert pending.sends == [claims, Send("catalog", "documents/1", erased), kept]
    assert pending.wake() == 0
    pending.take(BusinessNumberTaken(claim=CLAIM))
    assert (pending.state.status, pending.wake()) == ("DENIED", NOW + 30 * DAY)
    pending.take(again)
    assert pending.sends == [claims, kept]
    assert pending.take(BusinessNumberGranted(claim=CLAIM)) == [ApplicationFiled(account=ME)]
    state = pending.state
    assert (state.document, state.business_number, state.password_hash, state.credential) == ("documents/2", NUMBER, "argon", 1)


def test_who_submits_again_keeps_their_picture() -> None:
    actor = applied()
    actor.take(ChangeProfile(account=ME, picture="image-1"))
    actor.take(DENY)
    actor.take(ResubmitApplication(account=ME, business_number=NUMBER, claim=CLAIM, document="documents/2", name="새 이름"))
    assert actor.state.person == Person(name="새 이름", email=EMAIL, picture="image-1")


def test_the_licence_of_who_does_not_try_again_is_erased() -> None:
    actor = applied()
    actor.take(DENY)
    actor.take(done(actor))
    assert actor.wake() == NOW + 30 * DAY
    actor.now = actor.wake() - 1
    assert actor.take(Reminder(due=actor.now)) == []
    actor.now += 1
    erased = LicenceErased(account=ME, document="documents/1")
    assert actor.take(Reminder(due=actor.now)) == [erased]
    assert actor.sends == [Send("catalog", "documents/1", EraseImage(owner=SELLER))]
    assert (actor.state.status, actor.state.document, actor.wake()) == ("DENIED", "", 0)
    record = ACCOUNTS.private(SELLER, actor.states, erased)
    assert record is not None
    assert record.document == ""  # type: ignore[attr-defined]


def test_the_licence_of_a_registration_that_lapses_is_erased() -> None:
    actor = verified()
    actor.take(application())
    actor.take(BusinessNumberTaken(claim=CLAIM))
    actor.take(application(document="documents/2"))
    assert actor.sends[1:] == [
        Send("catalog", "documents/1", EraseImage(owner=SELLER)),
        Send("catalog", "documents/2", KeepImage(holder=SELLER)),
    ]
    actor.take(BusinessNumberTaken(claim=CLAIM))
    actor.now = actor.wake()
    assert actor.take(Reminder(due=actor.now)) == [RegistrationLapsed(account=ME, document="documents/2")]
    assert actor.sends == [Send("catalog", "documents/2", EraseImage(owner=SELLER))]
    assert actor.state == Account(sent={"registration": (NOW,)})


async def test_a_mail_tells_of_its_own_act() -> None:
    actor = applied()
    actor.take(PERMIT)
    actor.take(SuspendAccount(once="s", account=ME, by="a", reason="abuse", note="욕설"))
    actor.take(RestoreAccount(once="r", account=ME, by="a", note="죄송합니다"))
    PLAYED.sent.clear()
    while effect := ACCOUNTS.pending(actor.state):
        assert ACCOUNTS.perform is not None
        actor.take(await ACCOUNTS.perform(SELLER, actor.state, effect))
    texts = [letter.text for _, _, letter in PLAYED.sent]
    assert ["욕설" in text for text in texts] == [False, True, False]
    assert ["죄송합니다" in text for text in texts] == [False, False, True]


async def test_a_licence_is_read_for_who_has_a_ticket() -> None:
    actor = verified()
    assert actor.refuses(ReadLicence(document="d", ticket_hash=hashed("guess"))) == ("ticket_invalid", 403)
    assert actor.refuses(ReadLicence(document="d", account=ME)) == ("ticket_invalid", 403)
    assert actor.take(ReadLicence(document="documents/1", ticket_hash=hashed("ticket"))) == [LicenceSubmitted()]
    assert actor.refuses(ReadLicence(document="d", ticket_hash=hashed("ticket"))) == ("licence_busy", 409)
    effect = ACCOUNTS.pending(actor.state)
    assert effect is not None
    assert ACCOUNTS.perform is not None
    PLAYED.texts = ["사업자등록증", "등록번호 : 123-45-67891"]
    finished, read = actor.take(await ACCOUNTS.perform(SELLER, actor.state, effect))
    assert finished == CallFinished(effect="ocr", attempt=effect.attempt, outcome="done")
    assert read == LicenceRead(found=True)
    assert ACCOUNTS.answer(SELLER, actor.states, read) == {"business_number": NUMBER}
    for _ in range(READS_A_DAY - 1):
        actor.take(ReadLicence(document="d", ticket_hash=hashed("ticket")))
        actor.take(done(actor))
    assert actor.decide(ReadLicence(document="d", ticket_hash=hashed("ticket"))) == Refusal(
        "licence_reads_exhausted", 429, {"after": NOW + DAY}
    )


@pytest.mark.spec("auth 19")
@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("등록번호 : 123-45-67891", "1234567891"),
        ("1234567891", "1234567891"),
        ("전화 02-1234-5678 등록번호 123-45-67890 그리고 220-81-62517", "2208162517"),
        ("9123-45-678910", ""),
        ("123-45-67890", ""),
        ("", ""),
    ],
)
def test_only_a_number_with_the_right_check_digit_is_one(text: str, number: str) -> None:
    assert number_in(text) == number
    assert is_number(number) is bool(number)


@pytest.mark.spec("auth 27")
def test_a_business_number_belongs_to_one() -> None:
    actor = Actor(ACCOUNTS, CLAIM, NOW)
    assert actor.take(ClaimBusinessNumber(account="a-1")) == [BusinessNumberClaimed(account="a-1")]
    assert actor.sends == [Send("accounts", "a", BusinessNumberGranted(claim=CLAIM))]
    assert actor.take(ClaimBusinessNumber(account="a-1")) == [BusinessNumberClaimed(account="a-1")]
    assert actor.take(ClaimBusinessNumber(account="b-1")) == [BusinessNumberRefused(account="b-1")]
    assert actor.sends == [Send("accounts", "b", BusinessNumberTaken(claim=CLAIM))]
    assert actor.take(ReleaseBusinessNumber(account="b-1")) == []
    assert actor.take(ReleaseBusinessNumber(account="a-1")) == [BusinessNumberReleased(account="a-1")]
    assert actor.take(ClaimBusinessNumber(account="b-1")) == [BusinessNumberClaimed(account="b-1")]


@pytest.mark.parametrize("make", [buyer, seller, admin])
def test_admins_suspend_and_restore_with_a_reason(make: Any) -> None:
    actor = make()
    me, act, open_ = actor.state.id, actor.state.acts, tuple(actor.state.sessions)
    suspended, ended = actor.take(SuspendAccount(once="s", account=me, by="admin-1", reason="abuse", note="욕설"))
    assert suspended == AccountSuspended(account=me, by="admin-1", reason="abuse", act=act)
    assert ended == SessionsEnded(account=me, cause="suspended", sessions=open_)
    assert ACCOUNTS.private(actor.key, actor.states, suspended).notes == {str(act): "욕설"}  # type: ignore[union-attr]
    assert actor.refuses(SuspendAccount(once="s2", account=me, by="admin-1", reason="abuse")) == ("already_suspended", 409)
    restored = AccountRestored(account=me, by="admin-2", act=act + 1)
    assert actor.take(RestoreAccount(once="r", account=me, by="admin-2")) == [restored]
    assert actor.refuses(RestoreAccount(once="r2", account=me, by="admin-2")) == ("not_suspended", 409)
    assert actor.refuses(SuspendAccount(once="s3", account=me, by=me, reason="abuse")) == ("own_account", 409)


def test_the_store_of_a_suspended_seller_is_closed() -> None:
    actor = seller()
    actor.take(SuspendAccount(once="s", account=ME, by="admin-1", reason="fraud"))
    assert actor.sends == [Send("stores", id_of("store", ME), SuspendOwner(by="admin-1"))]
    actor.take(RestoreAccount(once="r", account=ME, by="admin-2"))
    assert actor.sends == [Send("stores", id_of("store", ME), RestoreOwner(by="admin-2"))]


@pytest.mark.parametrize("make", [buyer, applied, admin])
def test_whoever_sells_nothing_has_no_store_to_close(make: Any) -> None:
    actor = make()
    actor.take(SuspendAccount(once="s", account=actor.state.id, by="admin-1", reason="abuse"))
    assert actor.sends == []
    actor.take(RestoreAccount(once="r", account=actor.state.id, by="admin-1"))
    assert actor.sends == []


def test_a_row_keeps_the_newest_notes() -> None:
    actor = buyer()
    for number in range(42):
        actor.take(SuspendAccount(once="s", account=actor.state.id, by="a", reason="abuse", note=f"note {number}"))
        actor.take(RestoreAccount(once="r", account=actor.state.id, by="a"))
    assert list(actor.state.notes) == [str(act) for act in range(4, 84, 2)]


@pytest.mark.parametrize(("sign", "kept"), [("꽃", 30), ("🌸", 22)])
def test_the_longest_notes_and_a_full_address_book_leave_room_in_the_row(sign: str, kept: int) -> None:
    actor = buyer()
    for _ in range(42):
        actor.take(SuspendAccount(once="s", account=actor.state.id, by="a", reason="abuse", note=sign * 300))
        actor.take(RestoreAccount(once="r", account=actor.state.id, by="a"))
    assert len(actor.state.notes) == kept
    for number in range(MAX_ADDRESSES):
        place = Place(
            recipient=sign * 20, phone="+821098765432", zipcode="04780", road=sign * 100, detail=f"{number}{sign * 99}"
        )  # fmt: skip
        address_id = id_of("address", str(number))
        actor.take(AddAddress(once=address_id, account=actor.state.id, address_id=address_id, place=place))
    assert len(actor.state.addresses) == MAX_ADDRESSES
    # 64 commands with their answers, sessions and calls take up to 23 KB (measured).
    assert len(encode(msgspec.structs.replace(actor.state, tasks=()))) < MAX_ROW - 23_000


def test_admins_are_created_once() -> None:
    actor = admin()
    again = CreateAdmin(once="b", row=ADMIN, name="mina", password_hash="x", totp="y", by="operator")
    assert actor.refuses(again) == ("admin_exists", 409)
    fresh = Actor(ACCOUNTS, ADMIN, NOW)
    (created,) = fresh.take(again)
    assert created == AdminCreated(account=f"{ADMIN}-1", by="operator")
    assert ACCOUNTS.private(ADMIN, fresh.states, created) == AccountPrivate(
        account=f"{ADMIN}-1", person=Person(name="mina"), password_hash="x", credential=1, totp="y"
    )
