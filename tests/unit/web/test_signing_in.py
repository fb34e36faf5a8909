"""Signing in, as far as it needs no actor: what is refused before anything is sent, and how secrets are kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
import pytest_asyncio

from models.accounts.common_messages import Person, Provider
from models.accounts.messages import ChangeProfile, RequestCode
from models.accounts.seller_messages import ApplyAsSeller
from models.accounts.session_messages import EndSession, OpenSession, RefreshSession
from models.settings import Settings
from tests.unit.web.answering import Page, page
from tests.unit.web.desk import PEOPLE, Desk
from tests.unit.web.documents import IMAGE, STRANGER, account_of
from tests.unit.web.images import URLS
from tests.unit.web.known import Known
from tests.unit.web.serving import Served, serving
from web.cookies import Cookies, Refresh, fresh
from web.devices import device
from web.oauth.flow import challenge_of
from web.oauth.port import Identity, e164, person, takes_codes
from web.passwords import Passwords
from web.people import People, row_of
from web.responses.accounts import SignedIn
from web.vault import Vault

EMAIL, KEY = "florist@example.com", {"Idempotency-Key": "a-good-key"}
SELLER, ADMIN = PEOPLE.row("seller", EMAIL), PEOPLE.row("admin", "mina")
FACTOR = pyotp.random_base32()


@pytest_asyncio.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    known = Known()
    hashed = await PEOPLE.passwords.hashed("password1")
    known.accounts_[f"{SELLER}-1"] = account_of(f"{SELLER}-1", "seller", status="PERMITTED", password_hash=hashed)
    sealed = PEOPLE.vault.seal(FACTOR, ADMIN)
    known.accounts_[f"{ADMIN}-1"] = account_of(f"{ADMIN}-1", "admin", password_hash=hashed, totp=sealed)
    async with serving(Desk(tmp_path), known) as one:
        yield one


@pytest.mark.spec("auth 26")
@pytest.mark.parametrize(
    ("email", "password"), [(EMAIL, "wrong"), ("nobody@example.com", "password1"), (EMAIL.upper(), "password2")]
)
async def test_wrong_and_unknown_are_answered_alike_and_reach_no_actor(served: Served, email: str, password: str) -> None:
    said = await served.ask("POST", "/auth/seller", {}, {"email": email, "password": password})
    assert (said.status, said.code, served.sent) == (401, "sign_in_failed", [])


async def test_a_right_password_asks_the_actor_with_its_version(served: Served) -> None:
    said = await served.ask("POST", "/auth/seller", {}, {"email": EMAIL.upper(), "password": "password1"})
    assert said.status == 503
    (sent,) = served.sent
    assert isinstance(sent, OpenSession)
    assert (sent.credential, served.client.keys) == (1, [("accounts", SELLER)])


@pytest.mark.spec("auth 3", "auth 4", "frontend D-30")
async def test_an_admin_needs_name_password_and_code(served: Served) -> None:
    factor = pyotp.TOTP(FACTOR)
    good = {"name": "mina", "password": "password1", "code": factor.now()}
    for wrong in ({"code": "000000" if good["code"] != "000000" else "000001"}, {"password": "x"}, {"name": "other"}):
        said = await served.ask("POST", "/auth/admin", {}, {**good, **wrong})
        assert (said.status, said.code, served.sent) == (401, "sign_in_failed", [])
    assert (await served.ask("POST", "/auth/admin", {}, good)).status == 503
    (sent,) = served.sent
    assert isinstance(sent, OpenSession)
    assert sent.step > 0


@pytest.mark.spec("auth 13")
async def test_a_code_is_asked_for_without_its_digits(served: Served) -> None:
    await served.ask("POST", "/auth/seller/registrations", KEY, {"email": EMAIL})
    (sent,) = served.sent
    assert isinstance(sent, RequestCode)
    assert sent.check == PEOPLE.check(SELLER, "registration", PEOPLE.digits(SELLER, sent.salt))
    assert PEOPLE.digits(SELLER, sent.salt) not in (sent.salt, sent.check)


@pytest.mark.spec("auth 12", "auth 19")
async def test_a_ticket_that_was_not_given_reaches_no_actor(served: Served) -> None:
    body = {
        "email": EMAIL, "ticket": "guess.guess", "password": "password1", "name": "꽃집", "business_number": "123-45-67891",
        "document": "d",
    }  # fmt: skip
    said = await served.ask("POST", "/auth/seller/applications", KEY, body)
    assert (said.status, said.code) == (403, "ticket_invalid")
    weak = {**body, "password": "꽃" * 8, "business_number": "123-45-67890"}
    bad = await served.ask("POST", "/auth/seller/applications", KEY, weak)
    assert [(one["pointer"], one["code"]) for one in bad.body["errors"]] == [
        ("/password", "password_weak"), ("/business_number", "business_number"),
    ]  # fmt: skip
    assert not [one for one in served.sent if isinstance(one, ApplyAsSeller)]


@pytest.mark.spec("auth 23")
async def test_the_way_to_a_provider_has_state_and_pkce(served: Served) -> None:
    said = await served.ask("GET", "/auth/kakao/start")
    query = {name: values[0] for name, values in parse_qs(urlsplit(said.headers["Location"]).query).items()}
    cookie = said.headers["Set-Cookie"]
    state, verifier, _, _ = cookie.partition("=")[2].partition(";")[0].split(".")
    assert (said.status, query["state"], query["code_challenge_method"]) == (303, state, "S256")
    assert query["code_challenge"] == challenge_of(verifier)
    assert query["redirect_uri"] == "http://shop.test/api/v1/auth/kakao/callback"
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert (await served.ask("GET", "/auth/nobody/start")).status == 404
    forged = {"Cookie": cookie.partition(";")[0].replace(verifier, "A" * 43)}
    refused = await served.ask("GET", f"/auth/kakao/callback?code=c&state={state}", forged)
    assert (refused.status, refused.code, served.sent) == (400, "oauth_state", [])
    # Whatever comes of it, what was begun is over.
    assert refused.headers["Set-Cookie"] == "bb-oauth-kakao=; Path=/api/v1/auth; Max-Age=0; HttpOnly; SameSite=Lax"


@pytest.mark.spec("frontend D-15")
async def test_without_a_cookie_there_is_nothing_to_go_on_with(served: Served) -> None:
    own = {"Origin": "http://shop.test", "X-CSRF": "1"}
    assert (await served.ask("POST", "/auth/refresh", own)).code == "session_ended"
    assert (await served.ask("POST", "/auth/sign-out", own)).body == {"done": True}
    assert (await served.ask("POST", "/auth/refresh")).code == "cross_site"
    assert served.sent == []


@pytest.mark.parametrize(("path", "status", "code"), [("/auth/refresh", 401, "session_ended"), ("/auth/sign-out", 200, "")])
async def test_a_cookie_that_was_made_up_reaches_no_actor_and_ours_does(served: Served, path: str, status: int, code: str) -> None:
    """A stranger would fill the log with them: each command lies there, with what its row remembers of it."""
    cookies, own = served.shared.cookies, {"Origin": "http://shop.test", "X-CSRF": "1"}
    held = Refresh(f"{SELLER}-1", "session-1", fresh())
    strangers = Cookies(b"another secret", secure=False)
    for text in (strangers.text(held), ".".join(held), f"{'.'.join(held)}.{'A' * 22}", cookies.text(held)[:-1]):
        said = await served.ask("POST", path, {**own, "Cookie": f"{cookies.name}={text}"})
        # To sign out without a session is no error; the browser forgets what it had.
        assert (said.status, said.code, served.sent) == (status, code, [])
        assert said.headers["Set-Cookie"].startswith("bb-refresh=; ")
    assert (await served.ask("POST", path, {**own, "Cookie": f"{cookies.name}={cookies.text(held)}"})).status == 503
    (sent,) = served.sent
    assert isinstance(sent, RefreshSession | EndSession)
    assert (sent.session, sent.presented) == ("session-1", held.hash)


async def test_a_password_is_kept_as_argon2id_and_nobody_has_none() -> None:
    passwords = Passwords(8, 1)
    kept = await passwords.hashed("비밀번호1")
    assert kept.startswith("$argon2id$")
    assert [await passwords.fits(known, "비밀번호1") for known in (kept, "", "garbage")] == [True, False, False]
    assert not await passwords.fits("", "nobody has this password")


def test_a_sealed_field_opens_for_whom_it_was_sealed() -> None:
    vault = Vault("key")
    sealed = vault.seal("SECRET", "row-1")
    assert "SECRET" not in sealed
    assert vault.open(sealed, "row-1") == "SECRET"
    for other, whose in ((vault, "row-2"), (Vault("other"), "row-1")):
        with pytest.raises(ValueError, match="another key"):
            other.open(sealed, whose)


@pytest.mark.spec("auth 27", "auth 47")
def test_one_person_has_one_row_of_a_kind() -> None:
    people = People(Settings(account_secret="s"), Passwords(8, 1))
    assert people.row("seller", "A@B.kr") == people.row("seller", "a@b.kr")
    assert len({people.row(kind, "1") for kind in ("kakao", "google", "naver", "seller", "admin", "business")}) == 6
    row = people.row("kakao", "1")
    assert (row_of(f"{row}-3"), row_of(row), row_of("buyer-1"), row_of(f"{row}-0")) == (row, "", "", "")


@pytest.mark.spec("product W53")
@pytest.mark.parametrize(
    ("phone", "kept"),
    [
        ("+82 10-1234-5678", "+821012345678"),
        ("010-1234-5678", "+821012345678"),
        # The trunk zero is no part of a number behind its country's code.
        ("+82 010-1234-5678", "+821012345678"),
        ("+8201012345678", "+821012345678"),
        ("12", ""),
        ("", ""),
        ("abc", ""),
    ],
)
def test_phones_are_kept_in_e164(phone: str, kept: str) -> None:
    assert e164(phone) == kept
    assert person("  이름  ", "A@B.kr", phone, verified=False).email == ""
    assert person("이름", "A@B.kr", phone, verified=True).email == "a@b.kr"


@pytest.mark.parametrize(
    ("phone", "countries", "taken"),
    [
        ("+821012345678", {"KR"}, True),
        ("+8221234567", {"KR"}, False),
        ("+82801234567", {"KR"}, False),
        ("+19005551234", {"KR", "US"}, False),
        ("+34803123456", {"KR", "ES"}, False),
        ("+34612345678", {"KR"}, False),
        ("+34612345678", {"KR", "ES"}, True),
        ("+12015550123", {"US"}, True),
    ],
)
def test_codes_go_to_mobile_numbers_of_countries_that_are_named(phone: str, countries: set[str], taken: bool) -> None:
    assert takes_codes(phone, countries) is taken


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36", "chrome/windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Version/18.0 Safari/604.1", "safari/iphone"),
        ("curl/8", "other/other"),
    ],
)
def test_a_device_is_a_word_of_a_fixed_list(said: str, word: str) -> None:
    assert device(said) == word


ME, NONE = f"{'0' * 32}-1", IMAGE[:-1] + "9"


@pytest.mark.parametrize(
    ("picture", "owner", "purpose", "good"),
    [
        (IMAGE, ME, "profile", True),
        (URLS["320"], ME, "profile", True),
        (URLS["320"], STRANGER, "profile", False),
        ("", ME, "profile", True),
        (IMAGE, STRANGER, "profile", False),
        (IMAGE, ME, "review", False),
        (NONE, ME, "profile", False),
        ("pixel", ME, "profile", False),
    ],
)
async def test_a_profiles_picture_is_an_upload_of_ones_own(
    tmp_path: Path, picture: str, owner: str, purpose: str, good: bool
) -> None:
    async with page(tmp_path) as one:
        one.known.images_[IMAGE] |= {"owner": owner, "purpose": purpose}
        status, said, _ = await one.call("PATCH", "/me", {"picture": picture}, one.desk.headers(ME))
        assert (status, said.get("code")) == ((200, None) if good else (422, "image_unusable"))
        sent = [ChangeProfile(account=ME, picture=IMAGE if picture else "")] if good else []
        assert [message for *_, message in one.sent] == sent
        # An address of somebody's choosing would be asked for by everybody who reads their reviews.
        foreign = {"picture": "https://evil.example/p.gif"}
        status, said, _ = await one.call("PATCH", "/me", foreign, one.desk.headers(ME, key="another-key"))
        assert (status, said["code"], len(one.sent)) == (422, "image_unusable", int(good))


async def test_the_picture_that_a_profile_has_may_be_sent_back(tmp_path: Path) -> None:
    """Whatever it is: an address of old data, an image that an admin has uploaded."""
    known = Known()
    known.images_[IMAGE] |= {"owner": STRANGER, "purpose": "profile"}
    async with serving(Desk(tmp_path), known) as one:
        for picture in ("https://old.example/me.png", IMAGE):
            known.accounts_[ME] = account_of(ME, picture=picture)
            shown = (await one.ask("GET", "/me", one.desk.headers(ME))).body["picture"]
            await one.ask("PATCH", "/me", one.desk.headers(ME), {"name": "봄날", "picture": shown})
            assert one.sent.pop() == ChangeProfile(account=ME, name="봄날", picture=picture)


async def test_the_own_profile_shows_the_picture_by_its_address(tmp_path: Path) -> None:
    known = Known()
    known.accounts_[ME] = account_of(ME, picture=IMAGE)
    async with serving(Desk(tmp_path), known) as one:
        said = await one.ask("GET", "/me", one.desk.headers(ME))
    assert (said.status, said.body["picture"]) == (200, f"/images/{IMAGE}/{'d' * 32}-640.webp")
    assert sorted(said.body["picture_urls"]) == ["1280", "320", "640"]


@pytest.mark.parametrize(
    ("status", "denial", "note"),
    [("DENIED", 0, "흐립니다"), ("DENIED", 1, ""), ("DENIED", 2, "다른 번호입니다"), ("DENIED", -1, ""), ("PENDING", -1, "")],
    ids=["the only one", "denied again without a note", "denied again with one", "not known which", "it stands no more"],
)
async def test_a_denied_applicant_is_shown_what_was_written_of_this_denial(
    tmp_path: Path, status: str, denial: int, note: str
) -> None:
    known = Known()
    notes = {"0": "흐립니다", "2": "다른 번호입니다", "3": "욕설"}
    known.accounts_[ME] = account_of(ME, "seller", status=status, denial=denial, notes=notes)
    async with serving(Desk(tmp_path), known) as one:
        said = await one.ask("GET", "/me", one.desk.headers(ME))
    assert (said.status, said.body["note"]) == (200, note)


class Somebody:
    """A provider that knows everybody."""

    def __init__(self, name: Provider) -> None:
        self.name = name

    def page(self, state: str, challenge: str, redirect: str) -> str:
        return f"https://id.test/?state={state}"

    async def identity(self, code: str, verifier: str, state: str, redirect: str) -> Identity:
        return Identity("somebody", Person())


async def come_back(one: Page, name: str) -> tuple[int, Any, list[str]]:
    """By way of a provider."""
    async with one.http.get(f"{one.url}/api/v1/auth/{name}/start", allow_redirects=False) as said:
        state = parse_qs(urlsplit(said.headers["Location"]).query)["state"][0]
        cookie = said.headers["Set-Cookie"].partition(";")[0]
    return await one.call("GET", f"/auth/{name}/callback?code=c&state={state}", headers={"Cookie": cookie})


@pytest.mark.parametrize("picture", [IMAGE, "", "https://old.example/me.png"])
@pytest.mark.parametrize("way", ["kakao", "google", "naver", "seller", "admin", "refresh"])
async def test_whoever_is_signed_in_is_told_where_their_picture_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str, picture: str
) -> None:
    monkeypatch.setattr(PEOPLE, "providers", {one: Somebody(one) for one in ("kakao", "google", "naver")})
    hashed = await PEOPLE.passwords.hashed("password1")
    totp = PEOPLE.vault.seal(FACTOR, ADMIN)
    async with page(tmp_path) as one:
        one.known.accounts_ = {
            f"{row}-1": account_of(f"{row}-1", kind, picture=picture, password_hash=hashed, totp=totp)
            for row, kind in ((SELLER, "seller"), (ADMIN, "admin"), (ME.removesuffix("-1"), "buyer"))
        }
        account = {"seller": f"{SELLER}-1", "admin": f"{ADMIN}-1"}.get(way, ME)
        one.client.body = {"account": account, "role": way, "status": "ACTIVE", "stores": [], "session": "session-1"}
        match way:
            case "seller":
                status, said, _ = await one.call("POST", "/auth/seller", {"email": EMAIL, "password": "password1"})
            case "admin":
                body = {"name": "mina", "password": "password1", "code": pyotp.TOTP(FACTOR).now()}
                status, said, _ = await one.call("POST", "/auth/admin", body)
            case "refresh":
                cookies = Cookies(one.desk.secret.read_bytes(), secure=False)
                cookie = f"{cookies.name}={cookies.text(Refresh(ME, 'session-1', fresh()))}"
                own = {"Origin": "http://shop.test", "X-CSRF": "1", "Cookie": cookie}
                status, said, _ = await one.call("POST", "/auth/refresh", {}, own)
            case _:
                status, said, _ = await come_back(one, way)
    urls = {"picture": URLS["640"], "picture_urls": URLS} if picture == IMAGE else {"picture": picture}
    assert (status, {name: value for name, value in said.items() if name.startswith("picture")}) == (200, urls)
    assert said.keys() - set(SignedIn.__struct_fields__) == set()


@pytest.mark.parametrize("phone", ["+1 900 555 1234", "+34 803 123 456", "02-123-4567", "+34 612 345 678"])
async def test_no_code_is_sent_to_a_number_that_is_dear_or_hears_nothing(tmp_path: Path, phone: str) -> None:
    async with serving(Desk(tmp_path), Known()) as one:
        said = await one.ask("POST", "/me/phone", one.desk.headers(ME), {"phone": phone})
        assert (said.status, [error["code"] for error in said.body["errors"]], one.sent) == (422, ["phone_mobile"], [])
