"""Access tokens: whose, for how long, signed with which key; and ten thousand that are none."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.unit.web.desk import Desk
from tests.unit.web.documents import BUYER, STORE
from web import keys
from web.auth import SKEW, BadToken, Caller, Tokens
from web.keys import ACCESS, Signer, ensure_keys, folder_of, kid_of, private_key, rotate

ROOT = Path(__file__).parents[3]
SEED = 20240131


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def tokens(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Tokens:
    monkeypatch.setattr(keys, "LOOK", 0.0)
    return Tokens.of_file(desk.key)


def claims_of(**changes: Any) -> dict[str, Any]:
    """Good claims of a sign-in, with ``changes``; ``None`` leaves one out. They outlast a walk over all routes: what is refused
    there is refused for what is wrong with it, not for its age."""
    now = int(time.time())
    said = {"iss": "blooming-blooms", "sub": "a-1", "role": "buyer", "stores": [], "iat": now, "exp": now + 590, "sid": "s"}
    return {name: value for name, value in {**said, **changes}.items() if value is not None}


def signed(desk: Desk, claims: dict[str, Any], **headers: Any) -> str:
    """A token with our own key, whatever it claims."""
    key = private_key(desk.key)
    return jwt.encode(claims, key, algorithm="EdDSA", headers={"kid": kid_of(key.public_key()), **headers})


def test_a_token_is_verified_once_and_runs_out(desk: Desk, tokens: Tokens, monkeypatch: pytest.MonkeyPatch) -> None:
    token = desk.token(BUYER, "seller", (STORE,))
    caller = tokens.caller(token)
    assert (caller.account, caller.role, caller.stores, caller.session) == (BUYER, "seller", (STORE,), "")
    assert tokens.caller(token) is caller
    real = time.time()
    monkeypatch.setattr(time, "time", lambda: real + 3601)
    with pytest.raises(BadToken):
        tokens.caller(token)
    modes = [path.stat().st_mode & 0o777 for path in (desk.key, desk.secret, folder_of(desk.key))]
    assert modes == [0o600, 0o600, 0o700]


def test_a_token_of_a_session_says_which_key_session_and_time(desk: Desk, tokens: Tokens) -> None:
    before = round(time.time(), 3)
    token, seconds = Signer(desk.key).access("account-1", "seller", (STORE,), "session-1")
    header = jwt.get_unverified_header(token)
    key = private_key(desk.key).public_key()
    assert header == {"alg": "EdDSA", "typ": "JWT", "kid": kid_of(key)}
    assert kid_of(key) == hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]
    assert seconds == ACCESS == 600
    caller = tokens.caller(token)
    assert (caller.account, caller.role, caller.stores, caller.session) == ("account-1", "seller", (STORE,), "session-1")
    assert before <= caller.since <= round(time.time(), 3)
    assert caller.until - caller.since <= 600
    assert Signer(desk.key, 86_400).access("a", "buyer", (), "s")[1] == 600


def forged(desk: Desk) -> dict[str, str]:
    """Tokens that must not count, by what is wrong with them."""
    ours = private_key(desk.key)
    public = ours.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    foreign, kid = Ed25519PrivateKey.generate(), kid_of(public)
    good = signed(desk, claims_of())
    head, body, signature = good.split(".")
    return {
        "none": jwt.encode(claims_of(), "", algorithm="none", headers={"kid": kid}),
        "none, with a signature": f"{_part({'alg': 'none', 'kid': kid})}.{body}.{signature}",
        "a foreign key": jwt.encode(claims_of(), foreign, algorithm="EdDSA", headers={"kid": kid_of(foreign.public_key())}),
        "a foreign key under our kid": jwt.encode(claims_of(), foreign, algorithm="EdDSA", headers={"kid": kid}),
        "HMAC with the public key": _hmac(claims_of(), pem[27:60] + b"x" * 32, kid),
        "HMAC with its bytes": _hmac(claims_of(), raw, kid),
        "no kid": jwt.encode(claims_of(), ours, algorithm="EdDSA"),
        "a path as kid": signed(desk, claims_of(), kid=f"../token-keys/{kid}"),
        "a number as kid": f"{_part({'alg': 'EdDSA', 'kid': 1})}.{body}.{signature}",
        "another issuer": signed(desk, claims_of(iss="elsewhere")),
        "no issuer": signed(desk, claims_of(iss=None)),
        "no subject": signed(desk, claims_of(sub=None)),
        "an empty subject": signed(desk, claims_of(sub="")),
        "a subject that is none": signed(desk, claims_of(sub="x" * 129)),
        "no end": signed(desk, claims_of(exp=None)),
        "no beginning": signed(desk, claims_of(iat=None)),
        "run out": signed(desk, claims_of(exp=int(time.time()) - 1)),
        "not begun": signed(desk, claims_of(iat=int(time.time()) + 300)),
        "too long a life": signed(desk, claims_of(exp=int(time.time()) + ACCESS + 60)),
        "a role that is none": signed(desk, claims_of(role="root")),
        "no role": signed(desk, claims_of(role=None)),
        "stores that are no list": signed(desk, claims_of(stores="store-1")),
        "a session that is no text": signed(desk, claims_of(sid=7)),
        "critical words": signed(desk, claims_of(), crit=["b64"], b64=False),
        "another body": f"{head}.{_part(claims_of(role='admin'))}.{signature}",
        "no signature": f"{head}.{body}.",
        "the same signature otherwise written": f"{head}.{body}.{_neighbour(signature)}",
        "a sign that is skipped": f"{head}.{body}.{signature[:40]}!{signature[40:]}",
        "a line break": good + "\n",
        "padding": good + "==",
        "too long": "x" * 5000,
        "nothing": "",
        "dots": "..",
        "not ASCII": good[:-1] + "ß",
    }


def _part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _hmac(claims: dict[str, Any], secret: bytes, kid: str) -> str:
    return jwt.encode(claims, secret, algorithm="HS256", headers={"kid": kid})


def _neighbour(signature: str) -> str:
    """Other text that decoders which forgive take for the same bytes."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return signature[:-1] + alphabet[alphabet.index(signature[-1]) + 1]


def test_a_token_of_a_clock_that_is_a_little_ahead_counts(desk: Desk, tokens: Tokens) -> None:
    """Even our own is: a beginning is rounded to milliseconds, and who asks at once was refused now and then."""
    for ahead in (0.0005, SKEW - 2):
        assert tokens.caller(signed(desk, claims_of(iat=time.time() + ahead))).account == "a-1"
    with pytest.raises(BadToken, match="not begun"):
        tokens.caller(signed(desk, claims_of(iat=time.time() + SKEW + 2)))


@pytest.mark.spec("auth 7")
def test_no_forged_token_counts(desk: Desk, tokens: Tokens) -> None:
    assert tokens.caller(signed(desk, claims_of())).account == "a-1"
    taken = []
    for name, token in forged(desk).items():
        try:
            taken.append((name, tokens.caller(token)))
        except BadToken:
            continue
    assert taken == []


def mutated(token: str, dice: random.Random) -> str:
    """The token with one to three signs changed, left out, doubled, put in, or with parts exchanged."""
    text = list(token)
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        at = dice.randrange(len(text))
        match dice.randrange(7):
            case 0 | 1 | 2:
                text[at] = dice.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ %\n")
            case 3:
                del text[at]
            case 4:
                text.insert(at, dice.choice("Aa0-_.= \t"))
            case 5:
                text[at] = text[at].swapcase()
            case _:
                other = dice.randrange(len(text))
                text[at], text[other] = text[other], text[at]
    return "".join(text)


@pytest.mark.spec("auth 14")
def test_of_ten_thousand_mutated_tokens_none_is_taken(desk: Desk, tokens: Tokens) -> None:
    dice = random.Random(SEED)
    good = [signed(desk, claims_of(sub=f"account-{n}", role=role)) for n, role in enumerate(("buyer", "seller", "admin"))]
    for token in good:
        tokens.caller(token)
    tried, taken = 0, []
    while tried < 10_000:
        token = mutated(good[tried % 3], dice)
        if token in good:
            continue
        tried += 1
        try:
            taken.append((token, tokens.caller(token)))
        except BadToken:
            continue
    assert taken == []


def test_in_production_only_tokens_of_a_session_count(desk: Desk) -> None:
    strict = Tokens.of_file(desk.key, strict=True)
    assert strict.caller(Signer(desk.key).access("a", "buyer", (), "s")[0]).session == "s"
    with pytest.raises(BadToken):
        strict.caller(desk.token())


# -- keys -----------------------------------------------------------------------------------------------------------------


def test_keys_are_changed_without_a_token_that_is_refused_meanwhile(desk: Desk, tokens: Tokens) -> None:
    signer = Signer(desk.key)
    old = signer.access("a", "buyer", (), "s1")[0]
    first = kid_of(private_key(desk.key).public_key())
    kid, gone = rotate(desk.key, time.time())
    assert (gone, kid != first) == ([], True)
    # The same process goes over by itself, and takes both.
    new = signer.access("a", "buyer", (), "s2")[0]
    assert jwt.get_unverified_header(new)["kid"] == kid
    assert [tokens.caller(token).session for token in (old, new)] == ["s1", "s2"]
    assert [Tokens.of_file(desk.key).caller(token).session for token in (old, new)] == ["s1", "s2"]
    assert desk.key.stat().st_mode & 0o777 == 0o600


def test_a_process_that_has_just_looked_takes_the_first_token_of_a_new_key(desk: Desk) -> None:
    other = Tokens.of_file(desk.key)
    foreign = jwt.encode(claims_of(), Ed25519PrivateKey.generate(), algorithm="EdDSA", headers={"kid": "unknown"})
    time.sleep(keys.LOOK)
    with pytest.raises(BadToken):
        other.caller(foreign)
    begun = time.monotonic()
    rotate(desk.key, time.time())
    assert time.monotonic() - begun >= keys.LOOK + keys.SEEN == 1.5
    assert other.caller(Signer(desk.key).access("a", "buyer", (), "s")[0]).session == "s"


def test_a_key_that_was_superseded_long_ago_goes_and_its_tokens_with_it(desk: Desk, tokens: Tokens) -> None:
    signer = Signer(desk.key)
    now = time.time()
    oldest = signer.access("a", "buyer", (), "s1")[0]
    first = jwt.get_unverified_header(oldest)["kid"]
    tokens.caller(oldest)
    assert rotate(desk.key, now - 7200)[1] == []
    between = signer.access("a", "buyer", (), "s2")[0]
    assert rotate(desk.key, now)[1] == [first]
    newest = signer.access("a", "buyer", (), "s3")[0]
    assert [tokens.caller(token).session for token in (newest, between)] == ["s3", "s2"]
    with pytest.raises(BadToken):
        tokens.caller(oldest)
    assert len(list(folder_of(desk.key).iterdir())) == 2


def test_a_file_that_is_no_key_is_said_at_the_start_and_ignored_later(desk: Desk, tokens: Tokens) -> None:
    stray = folder_of(desk.key) / "stray.pub"
    stray.write_bytes(b"no key")
    with pytest.raises(ValueError):
        Tokens.of_file(desk.key)
    assert tokens.caller(desk.token()).account == BUYER


def test_a_ring_without_a_key_is_none(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Tokens.of_file(tmp_path / "token-key")
    folder_of(tmp_path / "token-key").mkdir()
    with pytest.raises(ValueError):
        Tokens.of_file(tmp_path / "token-key")


def test_keys_are_made_once(tmp_path: Path) -> None:
    key, secret = tmp_path / "a" / "token-key", tmp_path / "b" / "web-secret"
    ensure_keys(key, secret)
    before = {path: path.read_bytes() for path in (key, secret, *folder_of(key).iterdir())}
    assert len(before) == 3
    ensure_keys(key, secret)
    assert {path: path.read_bytes() for path in (key, secret, *folder_of(key).iterdir())} == before


# -- the command ----------------------------------------------------------------------------------------------------------


def command(folder: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """``python -m web.tokens`` with keys in ``folder``."""
    given = {"BB_TOKEN_KEY": str(folder / "key"), "BB_WEB_SECRET": str(folder / "secret"), "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "web.tokens", *words], env={**given, **env}, cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_no_token_is_made_in_production(tmp_path: Path) -> None:
    for words in (("make", "--role", "buyer", "--account", "a"), ("keys",)):
        refused = command(tmp_path, *words, BB_ENV="production")
        assert refused.returncode == 1
        assert "production" in refused.stderr
    assert list(tmp_path.iterdir()) == []
    made = command(tmp_path, "make", "--role", "buyer", "--account", "a").stdout.strip()
    caller = Tokens.of_file(tmp_path / "key").caller(made)
    said = jwt.decode(made, options={"verify_signature": False})
    assert caller == Caller("a", "buyer", (), said["exp"], "", said["iat"])
    assert said["exp"] - int(said["iat"]) == 86_400


def test_keys_are_changed_by_a_command(tmp_path: Path) -> None:
    command(tmp_path, "keys")
    done = command(tmp_path, "rotate", BB_ENV="production")
    assert done.returncode == 0, done.stderr
    kid = kid_of(private_key(tmp_path / "key").public_key())
    assert done.stdout == f"signing with {kid}\n"
    assert sorted(os.listdir(tmp_path / "keys"))[0].endswith(".pub")
    assert len(os.listdir(tmp_path / "keys")) == 2
