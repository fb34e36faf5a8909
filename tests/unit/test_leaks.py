"""The look at a stack's logs sees what may not stand there, in whichever log, and says what it is and not the thing itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.layout import Layout, layout
from tests.leaks import PERSONAL, SECRET, found, none_in_logs

OWN = "the-stack-s-own-secret"


@pytest.fixture
def where(tmp_path: Path) -> Layout:
    """A stack with a secret and two good logs."""
    made = layout("leaks", tmp_path)
    made.make()
    (made.secrets / "web-secret").write_text(OWN)
    (made.secrets / "token-key.pub").write_text("a-public-half-that-anybody-may-see")
    (made.logs / "web-0.log").write_text("GET /orders/1 200 a-public-half-that-anybody-may-see\n")
    (made.logs / "mysql.log").write_text("")
    return made


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("x eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhLTEifQ." + "a" * 86, "an access token"),
        (f"{'a' * 32}-1.5f0c1c5e-0000-5000-8000-000000000001.{'S' * 43}", "a refresh secret"),
        ("-----BEGIN " + "PRIVATE KEY-----", "a private key"),
        ("Authorization: Bearer " + "x" * 40, "an Authorization header"),
        ('{"phone":"01012345678"}', "a mobile phone"),
        ("+821012345678", "a mobile phone"),
        ("kim@example.com", "an e-mail"),
        ("$argon2id$v=19$", "a password's hash"),
        ("1234-5678-9012-3456", "a card"),
        (f"secret={OWN}", "word 0"),
    ],
)
def test_a_leak_would_be_seen_in_any_log(where: Layout, text: str, name: str) -> None:
    none_in_logs(where)
    assert found(text, {**SECRET, **PERSONAL}, [OWN]) == {name}
    (where.logs / "shop.log.1").write_text(f"one\ntwo {text} three\n")
    with pytest.raises(AssertionError) as said:
        none_in_logs(where)
    assert str(said.value) == f"{where.logs}: {{'shop.log.1': {[name]}}}"


def test_a_stack_that_was_reset_has_none(tmp_path: Path) -> None:
    none_in_logs(layout("gone", tmp_path))
