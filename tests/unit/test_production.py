"""Nothing starts in production with a secret that is missing, a default, or only good for a machine to play on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from deploy.local.layout import ROOT
from models.settings import NotForProduction, Settings, check_production, read, s3_credentials, unfit
from web import settings as web_settings
from web.links import Links

GOOD = {
    f"BB_{field.upper()}": "a-long-word-that-nobody-knows" for field in Settings.__struct_fields__
    if field.endswith(("_secret", "_password", "_key", "_token"))
} | {
    f"BB_{field.upper()}": f"https://{field.removesuffix('_url')}.example" for field in Settings.__struct_fields__
    if field.endswith("_url") and field not in ("sandbox_url", "otlp_url", "redis_url", "mongo_url", "dynamo_url")
} | {"BB_ENV": "production", "BB_KAKAOPAY_CID": "C123456789"}  # fmt: skip


def test_good_settings_are_good() -> None:
    assert unfit(read(GOOD)) == []
    check_production(read(GOOD))


@pytest.mark.spec("auth 9", "auth 43")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"BB_ACCOUNT_SECRET": ""}, "BB_ACCOUNT_SECRET is missing"),
        ({"BB_MYSQL_PASSWORD": "short"}, "BB_MYSQL_PASSWORD is a default or shorter than 16 characters"),
        ({"BB_KAKAOPAY_URL": ""}, "BB_KAKAOPAY_URL is the sandbox"),
        ({"BB_KAKAOPAY_CID": ""}, "BB_KAKAOPAY_CID is the merchant that everybody tests with"),
        ({"BB_PUBLIC_URL": "http://shop.example"}, "BB_PUBLIC_URL is not https"),
    ],
)
def test_each_of_them_is_named(change: dict[str, str], said: str) -> None:
    assert unfit(read({**GOOD, **change})) == [said]


AWS = {"BB_S3_URL": "", "BB_S3_BROWSER_URL": "", "BB_S3_SECRET": ""}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (AWS, []),
        ({"BB_LLM_URL": "", "BB_LLM_KEY": ""}, []),
        ({**AWS, "BB_S3_URL": "https://s3.example"}, ["BB_S3_SECRET is missing"]),
        ({**AWS, "BB_S3_BROWSER_URL": "https://s3.example"}, ["BB_S3_SECRET is missing"]),
        ({"BB_LLM_KEY": ""}, ["BB_LLM_KEY is missing"]),
    ],
)
def test_what_is_asked_with_a_role_or_not_at_all_needs_no_secret(change: dict[str, str], said: list[str]) -> None:
    assert unfit(read({**GOOD, **change})) == said


def test_the_real_store_is_asked_as_the_machine_s_role() -> None:
    given = Settings(s3_identity="i", s3_secret="s")
    assert s3_credentials(given, "http://127.0.0.1:81") == {"aws_access_key_id": "i", "aws_secret_access_key": "s"}
    assert s3_credentials(given, "") == {}


async def test_links_to_the_real_store_are_signed_by_the_role(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"ACCESS_KEY_ID": "role-key", "SECRET_ACCESS_KEY": "role-secret", "SESSION_TOKEN": "role-token"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    links = Links(read(AWS))
    link = urlsplit((await links.upload("key", "image/png", 1)).url)
    await links.close()
    query = parse_qs(link.query)
    assert (link.netloc, query["X-Amz-Credential"][0].split("/")[0]) == ("uploads.s3.ap-northeast-2.amazonaws.com", "role-key")
    assert query["X-Amz-Security-Token"] == ["role-token"]


@pytest.mark.spec("auth 9")
def test_everything_is_named_at_once_and_no_value_is() -> None:
    with pytest.raises(NotForProduction) as refused:
        check_production(read({"BB_ENV": "production", "BB_ACCOUNT_SECRET": "hunter2"}), ["and this"])
    text = str(refused.value)
    secrets = [name for name in GOOD if name.endswith(("_SECRET", "_PASSWORD", "_KEY", "_TOKEN"))]
    assert len(secrets) >= 3
    assert [name for name in secrets if name not in text] == []
    assert text.endswith("; and this")
    assert "hunter2" not in text
    check_production(read({}))


def test_the_webs_own_files_are_asked_for(tmp_path: Path) -> None:
    key, secret = tmp_path / "key", tmp_path / "secret"
    settings = web_settings.read({"BB_TOKEN_KEY": str(key), "BB_WEB_SECRET": str(secret), "BB_CORS": "https://a.example,http://b"})
    cors = "BB_CORS is not https: http://b"
    assert settings.unfit() == ["BB_TOKEN_KEY names no file", "BB_WEB_SECRET names no file", cors]
    key.write_text("x")
    secret.write_text("short")
    assert settings.unfit() == ["BB_WEB_SECRET is shorter than 32 characters", cors]


@pytest.mark.spec("auth 43")
@pytest.mark.parametrize(
    "argv",
    [
        ("-m", "web"),
        ("-m", "web.child", "0"),
        ("-m", "agents.apps.read"),
        ("-m", "agents.apps.auditor"),
        ("-m", "faust", "-A", "agents.apps.trade", "worker", "--without-web"),
        ("-m", "faust", "-A", "agents.apps.shop", "worker", "--without-web"),
    ],
    ids=lambda argv: argv[-1],
)
def test_no_process_starts(argv: tuple[str, ...], tmp_path: Path) -> None:
    files = {"BB_TOKEN_KEY": str(tmp_path / "key"), "BB_WEB_SECRET": str(tmp_path / "secret")}
    env = {"BB_ENV": "production", "PYTHONPATH": str(ROOT), **files}
    done = subprocess.run([sys.executable, *argv], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    for name in ("BB_ACCOUNT_SECRET is missing", "BB_MYSQL_PASSWORD is missing", "BB_PUBLIC_URL is not https"):
        assert name in done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == [], "no key was made"
