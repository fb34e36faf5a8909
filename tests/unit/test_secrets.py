"""No secret lies in the repository or in a default: each comes from the environment, or is made on the machine."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.layout import ROOT
from models.settings import PROVIDER_SECRETS, Settings, read

SECRET = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bKakaoAK +[0-9a-f]{32}\b|\bsk-[0-9A-Za-z_-]{20,}"
    rb"|(?i:secret|password|admin.?key|api.?key)[a-z_]*[\"']?\s*[:=]\s*b?[\"']?(?=[^\s\"']*[0-9])[0-9A-Za-z+/_-]{20,}(?![\w.(\[])"
)
"""What a key looks like: its own marks, or a long word with digits behind a name that says so."""
MADE = ("__pycache__", "node_modules")


def files() -> Iterator[Path]:
    """Every file of the repository but what is fetched or made."""
    for path, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in MADE and (name == ".ci" or not name.startswith("."))]
        yield from (Path(path) / name for name in names if name != ".git")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b'kakaopay_secret = "0123456789abcdef0123456789abcdef"', True),
        (b"  admin-key: 0123456789abcdef0123456789abcdef", True),
        (b"-----BEGIN PRIVATE KEY-----", True),
        (b'aws = "AKIAIOSFODNN7EXAMPLE"', True),
        (b'kakaopay_secret = ""', False),
        (b"secret = shared.settings.kakaopay2_secret_of()", False),
    ],
)
def test_a_secret_would_be_seen(text: bytes, found: bool) -> None:
    assert bool(SECRET.search(text)) is found


@pytest.mark.spec("order W-15")
def test_no_secret_lies_in_the_repository() -> None:
    here = Path(__file__)
    seen = list(files())
    assert len(seen) > 300
    assert [str(one.relative_to(ROOT)) for one in seen if one != here and SECRET.search(one.read_bytes())] == []


@pytest.mark.spec("order W-15")
def test_the_merchant_is_a_setting_and_no_secret_has_a_default() -> None:
    defaults = Settings()
    secret = [name for name in Settings.__struct_fields__ if name.endswith(("secret", "password", "key"))]
    assert {name: getattr(defaults, name) for name in secret} == {
        "mysql_password": "", "kakaopay_secret": "", "account_secret": "", "code_secret": "", "field_key": "", "s3_secret": "",
        "llm_key": "", **dict.fromkeys(PROVIDER_SECRETS, ""),
    }  # fmt: skip
    given = read({"BB_KAKAOPAY_CID": "C123456789", "BB_KAKAOPAY_SECRET": "s", "BB_KAKAOPAY_URL": "https://open-api.example"})
    assert (given.kakaopay_cid, given.kakaopay_secret, given.kakaopay_url) == ("C123456789", "s", "https://open-api.example")
