"""Nothing starts in production with a secret that is missing, a default, or only good for a machine to play on.

What starts is what the Procfile names; which of the operators' commands is held to the same, and which is not, stands in ``HELD``.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import click
import pytest
from click.testing import CliRunner

from agents import commands as operators
from deploy.demo import __main__ as demo
from deploy.demo.data import __main__ as demo_data
from deploy.local.layout import ROOT
from deploy.local.programs import parse_procfile
from deploy.migrations import __main__ as migrations
from deploy.migrations import buckets
from models.settings import NotForProduction, Settings, check_production, read, s3_credentials, unfit
from tests.unit.test_docs import commands
from web import admins, tokens
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


PROCESSES = {**parse_procfile((ROOT / "Procfile").read_text()), "web, one of several": ("python", "-m", "web.child", "0")}
"""Name -> command line: all that the Procfile names, and what ``python -m web`` starts itself."""
NAMED = ("BB_ACCOUNT_SECRET is missing", "BB_MYSQL_PASSWORD is missing", "BB_PUBLIC_URL is not https")
"""Part of what is wrong where no setting is given."""


@pytest.mark.spec("auth 43")
@pytest.mark.parametrize("name", PROCESSES)
def test_no_process_starts(name: str, tmp_path: Path) -> None:
    python, *argv = PROCESSES[name]
    assert python == "python"
    files = {"BB_TOKEN_KEY": str(tmp_path / "key"), "BB_WEB_SECRET": str(tmp_path / "secret")}
    env = {"BB_ENV": "production", "PYTHONPATH": str(ROOT), "BB_SANDBOX_DIR": str(tmp_path / "books"), **files}
    done = subprocess.run([sys.executable, *argv], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert [said for said in NAMED if said not in done.stdout + done.stderr] == []
    assert list(tmp_path.iterdir()) == [], "no key was made"


def test_the_sandbox_never_starts(tmp_path: Path) -> None:
    env = {**GOOD, "PYTHONPATH": str(ROOT), "BB_SANDBOX_DIR": str(tmp_path / "books")}
    argv = [sys.executable, "-m", "deploy.sandbox"]
    done = subprocess.run(argv, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr.splitlines()[-1].partition(": ")[2], list(tmp_path.iterdir())) == (
        1, "BB_ENV=production, but deploy.sandbox only plays the providers", [],
    )  # fmt: skip


# -- commands ---------------------------------------------------------------------------------------------------------------

HELD: Mapping[str, tuple[click.Group, bool, tuple[str, ...]]] = {
    "topics create": (operators.main, True, ()),
    "dead replay": (operators.main, True, ("0/1",)),
    "read rebuild": (operators.main, True, ("stock",)),
    # These only look, or say a word to a process of this machine.
    "dead list": (operators.main, False, ()),
    "dead show": (operators.main, False, ("0/1",)),
    "order show": (operators.main, False, ("order-1",)),
    "account show": (operators.main, False, ("row-1",)),
    "audit": (operators.main, False, ()),
    "search rebuild": (operators.main, False, ()),
    "pause": (operators.main, False, ("trade",)),
    "resume": (operators.main, False, ("trade",)),
    "drain": (operators.main, False, ("trade",)),
    "create": (admins.main, True, ("--name", "mina")),
    "suspend": (admins.main, True, ("--name", "mina")),
    "restore": (admins.main, True, ("--name", "mina")),
}
"""Command -> its group, whether it wants the settings with which processes start, what it is given."""


def test_of_every_command_it_is_said_whether_it_is_held_to_good_settings() -> None:
    assert set(HELD) == {*commands(operators.main), *commands(admins.main)}


class Reached(Exception):
    """A command has begun to do something."""


@pytest.mark.parametrize("name", HELD)
@pytest.mark.parametrize("env", [{"BB_ENV": "production"}, GOOD], ids=["bad settings", "good settings"])
def test_a_command_that_writes_begins_with_good_settings_only(
    name: str, env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def reached(coroutine: Any) -> None:
        coroutine.close()
        raise Reached

    group, held, given = HELD[name]
    # Whatever a command does, and be it to hash a password, it does in a loop.
    monkeypatch.setattr(asyncio, "run", reached)
    done = CliRunner(env={"BB_ENV": None, **env}).invoke(group, [*name.split(), *given])
    if held and env is not GOOD:
        assert (done.exit_code, [said for said in NAMED if said not in done.output]) == (1, [])
        assert "password: " not in done.output
    else:
        assert isinstance(done.exception, Reached), done.output


def test_a_release_ends_at_its_first_step(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[Settings] = []
    monkeypatch.setattr(migrations, "up", done.append)
    monkeypatch.setattr(buckets, "create", done.append)
    monkeypatch.setattr(sys, "argv", ["deploy.migrations", "up"])
    monkeypatch.setattr(migrations, "read", lambda: read({"BB_ENV": "production"}))
    with pytest.raises(NotForProduction, match="BB_MYSQL_PASSWORD is missing"):
        migrations.main()
    assert done == []
    monkeypatch.setattr(migrations, "read", lambda: read(GOOD))
    assert (migrations.main(), done) == (0, [read(GOOD)] * 2)


def test_a_key_is_changed_only_where_the_web_has_it(tmp_path: Path) -> None:
    env = {"BB_ENV": "production", "BB_TOKEN_KEY": str(tmp_path / "key"), "BB_WEB_SECRET": str(tmp_path / "secret")}
    done = CliRunner(env=env).invoke(tokens.main, ["rotate"])
    assert (done.exit_code, list(tmp_path.iterdir())) == (1, [])
    assert "BB_TOKEN_KEY names no file; BB_WEB_SECRET names no file" in done.output


@pytest.mark.parametrize(
    ("main", "argv"), [(demo.main, ["seed"]), (demo.main, []), (demo_data.main, []), (demo_data.main, ["--scale", "1"])]
)
def test_nothing_is_played_among_what_is_real(
    main: Callable[[list[str]], int], argv: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(asyncio, "run", lambda coroutine: pytest.fail("it began"))
    assert main(argv) == 1
    assert "BB_ENV=production" in capsys.readouterr().err
