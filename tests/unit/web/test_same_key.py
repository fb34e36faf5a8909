"""The same key: the same answer to the same words, a refusal to others, and no second deed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from models.accounts.contacts import PAUSE
from models.accounts.messages import ChangePassword, RequestCode
from models.accounts.secrets import digits, hashed
from models.accounts.seller_messages import ConfirmRegistration, ReadLicence
from models.actor import Command
from models.catalog.image_messages import FinishImage, RequestImage
from models.catalog.images import ERASED, LICENCE, READY
from models.catalog.messages import RegisterRestock
from tests.unit.accounts.given import EMAIL
from tests.unit.web.answering import Agreeing, Page, Remembering, page
from tests.unit.web.desk import PEOPLE
from tests.unit.web.documents import BUYER, IMAGE, PRODUCT_IMAGE, SELLER, STORE, account_of
from tests.unit.web.rows import Row
from tests.unit.web.test_strangers import CONFIRM, ROW, permitted, registering, unknown, verified, wrong
from topics.answers import Answer
from web import idempotency
from web.routes import sellers

KEY = {"Idempotency-Key": "one-key-for-all"}
ME = f"{ROW}-1"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sellers, "EVEN", 0.0)


class Reader(Row):
    """A row whose licence is read at once."""

    def _answer(self, id: str, message: Any) -> Answer:
        found = super()._answer(id, message)
        return msgspec.structs.replace(found, body={"business_number": "1234567891"}) if isinstance(message, ReadLicence) else found


def ticket(one: Page) -> str:
    """The ticket that the right digits under ``KEY`` give."""
    secret = one.desk.secret.read_bytes()
    name = idempotency.created_id(idempotency.command_id(ROW, "POST", f"/api/v1{CONFIRM}", KEY["Idempotency-Key"]), "ticket")
    return f"{name}.{idempotency.sign(secret, 'ticket', ROW, name)}"


DIGITS = digits(PEOPLE.codes, ROW, "salt")


@pytest.mark.parametrize(
    ("path", "body", "other", "state", "kind"),
    [
        ("/auth/seller/registrations", {}, {"email": EMAIL.upper()}, unknown, RequestCode),
        ("/auth/seller/password/forgotten", {}, {"email": EMAIL.upper()}, permitted, RequestCode),
        (CONFIRM, {"code": DIGITS}, {"code": wrong()}, registering, ConfirmRegistration),
        ("/auth/seller/licence", {"document": IMAGE}, {"email": EMAIL.upper()}, verified, ReadLicence),
    ],
    ids=["registrations", "forgotten", "confirm", "licence"],
)
async def test_a_key_that_comes_with_other_words_is_refused(
    tmp_path: Path, path: str, body: dict[str, str], other: dict[str, str], state: Any, kind: type
) -> None:
    actor = state()
    if kind is RequestCode:
        actor.now += PAUSE
    async with page(tmp_path, Reader(actor)) as one:
        one.known.images_[IMAGE] |= {"owner": ROW, "purpose": LICENCE, "status": READY}
        if kind is ReadLicence:
            body = {**body, "ticket": ticket(one)}
            actor.states[""] = msgspec.structs.replace(actor.state, ticket=hashed(body["ticket"]))
        first = await one.call("POST", path, {"email": EMAIL, **body}, KEY)
        assert first[0] == 200
        if path == CONFIRM:
            assert first[1] == {"ticket": ticket(one), "valid_for": 3600}
        state_then = actor.state
        # In another order they are the same words.
        assert await one.call("POST", path, {**body, "email": EMAIL}, KEY) == first
        status, said, cookies = await one.call("POST", path, {"email": EMAIL, **body, **other}, KEY)
        assert (status, said["code"], cookies) == (422, "idempotency_key_reused", [])
        assert "ticket" not in said
        assert (actor.state, [type(message) for *_, message in one.sent]) == (state_then, [kind] * 3)


async def test_a_licence_that_was_erased_since_is_no_reason_to_refuse_what_was_answered_with_it(tmp_path: Path) -> None:
    actor, path = verified(), "/auth/seller/licence"
    async with page(tmp_path, Reader(actor)) as one:
        one.known.images_[IMAGE] |= {"owner": ROW, "purpose": LICENCE, "status": READY}
        body = {"email": EMAIL, "document": IMAGE, "ticket": ticket(one)}
        actor.states[""] = msgspec.structs.replace(actor.state, ticket=hashed(body["ticket"]))
        first = await one.call("POST", path, body, KEY)
        assert first[:2] == (200, {"business_number": "1234567891"})
        del one.known.images_[IMAGE]
        then, sent = actor.state, list(one.sent)
        assert await one.call("POST", path, body, KEY) == first
        other = await one.call("POST", path, {**body, "email": EMAIL.upper()}, KEY)
        assert (other[0], other[1]["code"]) == (422, "idempotency_key_reused")
        fresh = await one.call("POST", path, body, {"Idempotency-Key": "another-key"})
        assert (fresh[0], fresh[1]["code"]) == (422, "image_unusable")
        assert (actor.state, one.sent) == (then, sent)


# -- the password ---------------------------------------------------------------------------------------------------------------


OLD, NEW = {"current": "password1", "password": "password2"}, "password2"


async def test_a_change_of_password_whose_answer_was_lost_is_not_a_wrong_password(tmp_path: Path) -> None:
    actor = permitted()
    async with page(tmp_path, Row(actor)) as one:
        headers = one.desk.headers(ME, "seller", key="a-change-1")
        one.known.accounts_[ME] = account_of(ME, "seller", password_hash=await PEOPLE.passwords.hashed("password1"))
        assert (await one.call("POST", "/me/password", OLD, headers))[:2] == (200, {"done": True})
        # What the read model shows from now on is the new one.
        one.known.accounts_[ME] |= {"password_hash": await PEOPLE.passwords.hashed(NEW), "credential": 2}
        after = actor.state
        assert (await one.call("POST", "/me/password", OLD, headers))[:2] == (200, {"done": True})
        # Other words under that key, and the same words under another one, were never right.
        other = await one.call("POST", "/me/password", {**OLD, "password": "password3"}, headers)
        assert (other[0], other[1]["code"]) == (422, "idempotency_key_reused")
        fresh = await one.call("POST", "/me/password", OLD, one.desk.headers(ME, "seller", key="a-change-2"))
        assert (fresh[0], fresh[1]["code"]) == (403, "password_wrong")
        assert (actor.state, [type(message) for *_, message in one.sent]) == (after, [ChangePassword])
        assert (after.credential, await PEOPLE.passwords.fits(after.password_hash, NEW)) == (2, True)


async def test_a_change_that_was_refused_is_refused_again(tmp_path: Path) -> None:
    actor = permitted()
    async with page(tmp_path, Row(actor)) as one:
        headers = one.desk.headers(ME, "seller", key="a-change-1")
        hashed_ = await PEOPLE.passwords.hashed("password1")
        one.known.accounts_[ME] = account_of(ME, "seller", password_hash=hashed_, credential=7)
        answers = [await one.call("POST", "/me/password", OLD, headers)]
        one.known.accounts_[ME] |= {"password_hash": await PEOPLE.passwords.hashed("other"), "credential": 1}
        answers.append(await one.call("POST", "/me/password", OLD, headers))
        assert [(status, said["code"]) for status, said, _ in answers] == [(409, "credential_changed")] * 2
        assert actor.state.credential == 1


class Silent(Row):
    """A row that does not answer."""

    async def inquire(self, domain: str, key: str, command: str, wait: float, part: str = "") -> Answer | None:
        return None


async def test_while_nobody_knows_whether_it_was_made_nothing_is_said_of_the_password(tmp_path: Path) -> None:
    async with page(tmp_path, Silent(permitted())) as one:
        one.known.accounts_[ME] = account_of(ME, "seller", password_hash=await PEOPLE.passwords.hashed("other"))
        said = await one.call("POST", "/me/password", OLD, one.desk.headers(ME, "seller"))
        assert (said[0], said[1]["code"], one.sent) == (503, "unavailable", [])


# -- what takes long ------------------------------------------------------------------------------------------------------------


class Slow(Agreeing):
    """Does not answer before ``done``, and remembers which command was asked for how long."""

    def __init__(self) -> None:
        super().__init__()
        self.done, self.asked = False, list[tuple[str, float]]()

    async def ask(self, domain: str, key: str, message: Command, *, id: str, wait: float, **more: Any) -> Answer | None:
        self.asked.append((id, wait))
        said = await super().ask(domain, key, message, id=id, wait=wait, **more)
        return said if self.done else None


@pytest.mark.parametrize("prefer", ["", "respond-async", "wait=1"])
@pytest.mark.parametrize(
    ("path", "more", "status"),
    [
        ("/auth/seller/documents", {"content_type": "image/png", "size": 100}, 201),
        (f"/auth/seller/documents/{IMAGE}/finish", {}, 200),
    ],
)  # fmt: skip
async def test_a_stranger_is_never_told_an_address_that_only_somebody_signed_in_may_ask(
    tmp_path: Path, path: str, more: dict[str, Any], status: int, prefer: str
) -> None:
    async with page(tmp_path, slow := Slow()) as one:
        body, headers = {"email": EMAIL, "ticket": ticket(one), **more}, KEY | ({"Prefer": prefer} if prefer else {})
        late = await one.call("POST", path, body, headers)
        assert (late[0], late[1]["code"]) == (503, "unavailable")
        slow.done = True
        assert (await one.call("POST", path, body, headers))[0] == status
        assert [wait for _, wait in slow.asked] == [5.0, 5.0]
        assert len({command for command, _ in slow.asked}) == 1
        assert [(domain, type(message)) for domain, _, message in one.sent] == [
            ("catalog", RequestImage if status == 201 else FinishImage)
        ] * 2


# -- waiting for a product ------------------------------------------------------------------------------------------------------


class Product(Agreeing):
    """A product's row, which remembers commands with their words. ``silent``: it does not answer."""

    def __init__(self) -> None:
        super().__init__()
        self.remembered: dict[str, Answer] = {}
        self.silent = False

    async def ask(self, domain: str, key: str, message: Any, *, id: str, wait: float, **more: Any) -> Answer | None:
        answer = await super().ask(domain, key, message, id=id, wait=wait)
        if answer is not None:
            self.remembered[id] = msgspec.structs.replace(answer, fingerprint=more["fingerprint"])
        return answer

    async def inquire(self, domain: str, key: str, command: str, wait: float, part: str = "") -> Answer | None:
        assert (domain, key, part) == ("catalog", "product-1", f"waiting/{BUYER}")
        unknown_ = Answer(command, domain, key, 0, 404, "command_unknown")
        return None if self.silent else self.remembered.get(command, unknown_)


ALERT, WAITING = "/products/product-1/restock-alert", {"product_id": "product-1", "waiting": True}
ASKED = ("catalog", "product-1", RegisterRestock(buyer=BUYER))


@pytest.mark.spec("product W26")
@pytest.mark.parametrize("known", [{"phone": ""}, None], ids=["no phone", "no account"])
async def test_who_cannot_be_told_does_not_wait_for_a_product(tmp_path: Path, known: dict[str, str] | None) -> None:
    async with page(tmp_path, Product()) as one:
        one.known.accounts_ = {BUYER: account_of(BUYER, **known)} if known else {}
        for language, title in (("ko", "프로필에 휴대전화 번호가 없습니다"), ("en", "Your profile has no phone number")):
            status, said, _ = await one.call("PUT", ALERT, None, one.desk.headers(key="an-alert-1", Accept_Language=language))
            assert (status, said["code"], said["title"], one.sent) == (409, "phone_required", title, [])
        # Nothing is remembered of it: with a phone the very same request is good.
        one.known.accounts_[BUYER] = account_of(BUYER, phone="+821012345678")
        assert (await one.call("PUT", ALERT, None, one.desk.headers(key="an-alert-1")))[:2] == (200, WAITING)
        assert one.sent == [ASKED]


async def test_an_alert_that_stands_is_answered_so_when_the_phone_is_gone(tmp_path: Path) -> None:
    row = Product()
    async with page(tmp_path, row) as one:
        one.known.accounts_[BUYER]["phone"] = "+821012345678"
        headers = one.desk.headers(key="an-alert-1")
        first = await one.call("PUT", ALERT, None, headers)
        assert first[:2] == (200, WAITING)
        one.known.accounts_[BUYER]["phone"] = ""
        assert await one.call("PUT", ALERT, None, headers) == first
        other = await one.call("PUT", ALERT, {}, headers)
        assert (other[0], other[1]["code"]) == (422, "idempotency_key_reused")
        fresh = await one.call("PUT", ALERT, None, one.desk.headers(key="an-alert-2"))
        assert (fresh[0], fresh[1]["code"]) == (409, "phone_required")
        row.silent = True
        unheard = await one.call("PUT", ALERT, None, headers)
        assert (unheard[0], unheard[1]["code"], one.sent) == (503, "unavailable", [ASKED])


async def test_an_alert_that_was_refused_is_refused_again_when_the_phone_is_gone(tmp_path: Path) -> None:
    row = Product()
    async with page(tmp_path, row) as one:
        headers = one.desk.headers(key="an-alert-1")
        one.known.accounts_[BUYER]["phone"] = "+821012345678"
        await one.call("PUT", ALERT, None, headers)
        ((command, answer),) = row.remembered.items()
        row.remembered[command] = msgspec.structs.replace(answer, status=409, code="product_not_discontinued", body={})
        one.known.accounts_[BUYER]["phone"] = ""
        status, said, _ = await one.call("PUT", ALERT, None, headers)
        assert (status, said["code"]) == (409, "product_not_discontinued")


# -- what the web looks at before it sends ------------------------------------------------------------------------------------

COPY = "/products/product-1/duplicate"


async def test_a_copy_whose_answer_was_lost_is_there_also_when_its_original_is_gone(tmp_path: Path) -> None:
    async with page(tmp_path, Remembering()) as one:
        headers = one.desk.headers(SELLER, "seller", (STORE,), key="a-copy-1")
        one.client.body = {"product_id": "copy"}
        first = await one.call("POST", COPY, None, headers)
        assert first[:2] == (201, {"product_id": "copy"})
        one.known.details_["product-1"] = {"status": "DELETED"}
        sent, one.client.body = list(one.sent), {}
        assert await one.call("POST", COPY, None, headers) == first
        # Nothing new comes of it.
        other = await one.call("POST", COPY, {}, headers)
        assert (other[0], other[1]["code"]) == (422, "idempotency_key_reused")
        fresh = await one.call("POST", COPY, None, one.desk.headers(SELLER, "seller", (STORE,), key="a-copy-2"))
        assert (fresh[0], fresh[1]["code"], one.sent) == (409, "product_deleted", sent)


async def test_a_merge_whose_answer_was_lost_says_again_what_was_left_out(tmp_path: Path) -> None:
    """The cookie went with the first answer; whether it arrived nobody knows."""
    async with page(tmp_path, Remembering()) as one:
        _, _, (cookie,) = await one.call("POST", "/cart/items", {"product_id": "product-1"})
        one.client.body = {"count": 50, "left_out_ids": ["product-1"]}
        headers = one.desk.headers(key="a-merge-1")
        first = await one.call("POST", "/cart/merge", None, headers | {"Cookie": cookie.split("; ")[0]})
        assert first[:2] == (200, {"count": 50, "left_out_ids": ["product-1"]})
        sent = list(one.sent)
        assert (await one.call("POST", "/cart/merge", None, headers))[:2] == first[:2]
        other = await one.call("POST", "/cart/merge", {}, headers)
        assert (other[0], other[1]["code"]) == (422, "idempotency_key_reused")
        # Another merge without a guest says how the cart is.
        assert (await one.call("POST", "/cart/merge", None, one.desk.headers(key="a-merge-2")))[:2] == (200, {"count": 0})
        assert one.sent == sent


class Undecided(Agreeing):
    """Rows that know every command and have not answered it, or that do not say."""

    says = True

    async def inquire(self, domain: str, key: str, command: str, wait: float, part: str = "") -> Answer | None:
        return Answer(command, domain, key, 1, 0, fingerprint=idempotency.fingerprint(b"")) if self.says else None


async def test_a_merge_that_is_still_under_way_is_not_said_to_be_over(tmp_path: Path) -> None:
    async with page(tmp_path, client := Undecided()) as one:
        one.known.carts_[BUYER] = []
        assert (await one.call("POST", "/cart/merge", None, one.desk.headers()))[:2] == (202, {"status": "pending"})
        client.says = False
        status, said, _ = await one.call("POST", "/cart/merge", None, one.desk.headers())
        assert (status, said["code"], one.sent) == (503, "unavailable", [])


FORM = {
    "name": "봄 다발", "price": 30_000, "category": "1", "flowers": {"16": 12}, "representative": "16", "minutes": 45,
    "summary": "봄에", "thumbnail": PRODUCT_IMAGE,
}  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "body", "who", "image", "status"),
    [
        ("POST", f"/stores/{STORE}/products", FORM, "seller", PRODUCT_IMAGE, 201),
        ("PATCH", "/products/product-1", {"version": 1, "thumbnail": PRODUCT_IMAGE}, "seller", PRODUCT_IMAGE, 200),
        ("PUT", f"/stores/{STORE}/subscription-product",
         {"name": "달마다 꽃", "summary": "매달", "price": 30_000, "thumbnail": PRODUCT_IMAGE}, "seller", PRODUCT_IMAGE, 200),
        ("POST", "/reviews", {"subject": "line", "rating": 5, "text": "좋아요", "images": [IMAGE]}, "buyer", IMAGE, 201),
        ("PUT", "/reviews/review-1", {"rating": 5, "text": "좋아요", "images": [IMAGE]}, "buyer", IMAGE, 200),
        ("PATCH", "/me", {"picture": IMAGE}, "buyer", IMAGE, 200),
    ],
)  # fmt: skip
async def test_a_picture_that_was_replaced_since_is_no_reason_to_refuse_what_was_answered_with_it(
    tmp_path: Path, method: str, path: str, body: Any, who: str, image: str, status: int
) -> None:
    async with page(tmp_path, Remembering()) as one:
        me = (SELLER, "seller", (STORE,)) if who == "seller" else (ME, "buyer", ()) if path == "/me" else (BUYER, "buyer", ())
        purpose = "product" if who == "seller" else "profile" if path == "/me" else "review"
        one.known.images_[image] |= {"owner": me[0], "purpose": purpose, "status": READY}
        headers = one.desk.headers(*me, key="a-picture-1")
        first = await one.call(method, path, body, headers)
        assert first[0] == status, first
        sent = list(one.sent)
        one.known.images_[image] |= {"status": ERASED}
        assert await one.call(method, path, body, headers) == first
        fresh = await one.call(method, path, body, one.desk.headers(*me, key="a-picture-2"))
        assert (fresh[0], fresh[1]["code"], one.sent) == (422, "image_unusable", sent)
