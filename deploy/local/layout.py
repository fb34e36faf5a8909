"""Where a stack keeps what it needs. Everything lies in ``.local``: ``tools`` is shared, each stack has a folder of its own."""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from models.settings import LOOPBACK, PROVIDER_SECRETS, port

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".local" / "tools"
SOCKET_PATH_LIMIT = 100
"""Linux allows 107 bytes for the path of a Unix socket; the rest is room for the suffix that supervisord adds."""

SECRETS = ("mysql-password", "account-secret", "code-secret", "field-key", "kakaopay-secret", "provider-secret", "s3-secret")
PLENTY = 1_000_000
"""Requests a minute on a machine of one's own; what an account may try to sign in stays as it is in production."""


class Layout(msgspec.Struct, frozen=True):
    """The folders of the stack ``name``."""

    name: str
    home: Path

    @property
    def run(self) -> Path:
        """Recorded process ids."""
        return self.home / "run"

    @property
    def conf(self) -> Path:
        """Rendered configuration."""
        return self.home / "conf"

    @property
    def logs(self) -> Path:
        """A log file for each program."""
        return self.home / "logs"

    @property
    def data(self) -> Path:
        """What daemons keep; a folder each."""
        return self.home / "data"

    @property
    def secrets(self) -> Path:
        """Generated keys and passwords; only the owner may read them."""
        return self.home / "secrets"

    @property
    def sockets(self) -> Path:
        """Unix sockets: in the stack's folder, or in the temporary one where the path would be too long for the kernel."""
        if len(os.fsencode(self.home / "run" / "supervisor.sock")) <= SOCKET_PATH_LIMIT:
            return self.run
        return Path(tempfile.gettempdir()) / f"bb-{digest([str(self.home)])[:12]}"

    def make(self) -> None:
        """Make the folders, readable by the owner only: logs and configuration may hold what others must not read."""
        for folder in (self.run, self.conf, self.logs, self.data, self.secrets, self.sockets):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def secret(self, name: str) -> str:
        """The secret ``name``, made at the first call."""
        file = self.secrets / name
        if not file.exists():
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = file.with_name(f"{name}.{os.getpid()}")
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
                out.write(secrets.token_hex(24))
            draft.rename(file)
        return file.read_text()


def layout(name: str, root: Path = ROOT) -> Layout:
    """The layout of the stack ``name`` below ``root``. Raises ValueError for a name that is no plain word."""
    if not name.isalnum() or name == "tools":
        raise ValueError(f"a stack's name is letters and digits, and not 'tools': {name!r}")
    return Layout(name, root / ".local" / name)


def environment(
    where: Layout, base: int, *, web_processes: int, secret: Mapping[str, str], given: Mapping[str, str] = {}
) -> dict[str, str]:
    """The ``BB_*`` variables of a stack. What ``given`` names wins, so that any part may be a real service."""
    made = {
        "BB_STACK": where.name,
        "BB_PORT_BASE": str(base),
        "BB_DATA_DIR": str(where.data / "tables"),
        "BB_SEARCH_DIR": str(where.data / "search"),
        "BB_SEARCH_URL": f"http://{LOOPBACK}:{port('search', base)}",
        "BB_KAFKA": f"{LOOPBACK}:{port('kafka', base)}",
        "BB_MYSQL_HOST": LOOPBACK,
        "BB_MYSQL_PORT": str(port("mysql", base)),
        "BB_MYSQL_USER": "bb",
        "BB_MYSQL_PASSWORD": secret["mysql-password"],
        "BB_MYSQL_DATABASE": "bb",
        "BB_REDIS_URL": f"redis://{LOOPBACK}:{port('redis', base)}/0",
        "BB_MONGO_URL": f"mongodb://{LOOPBACK}:{port('mongo', base)}/",
        "BB_DYNAMO_URL": f"http://{LOOPBACK}:{port('dynamo', base)}",
        "BB_S3_URL": f"http://{LOOPBACK}:{port('s3', base)}",
        "BB_S3_SECRET": secret["s3-secret"],
        "BB_SANDBOX_URL": f"http://{LOOPBACK}:{port('sandbox', base)}",
        "BB_SANDBOX_PORT": str(port("sandbox", base)),
        "BB_SANDBOX_DIR": str(where.data / "sandbox"),
        "BB_WEB_PROCESSES": str(web_processes),
        "BB_PUBLIC_URL": f"http://{LOOPBACK}:{port('nginx', base)}",
        "BB_ACCOUNT_SECRET": secret["account-secret"],
        "BB_CODE_SECRET": secret["code-secret"],
        "BB_FIELD_KEY": secret["field-key"],
        # Of the sandbox that plays all identity providers, mail, SMS and OCR, and of whoever calls them.
        "BB_SANDBOX_SECRET": secret["provider-secret"],
        **{f"BB_{name.upper()}": secret["provider-secret"] for name in PROVIDER_SECRETS},
        # Of the sandbox that plays KakaoPay, and of the worker that calls it.
        "BB_KAKAOPAY_SECRET": secret["kakaopay-secret"],
        "BB_TOKEN_KEY": str(where.secrets / "token-key"),
        "BB_WEB_SECRET": str(where.secrets / "web-secret"),
        # Everybody comes from one address here, and who measures sends what a thousand people would.
        "BB_LIMITS": ",".join(
            f"{name}={PLENTY}/60" for name in ("*.address", "read.account", "write.account", "ask.account", "stream.account")
        ),
        # boto3 insists on credentials; DynamoDB Local takes any.
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "ap-northeast-2",
    }
    return {**made, **given}


def digest(parts: Iterable[str]) -> str:
    """A hash of ``parts`` in their order."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def digest_of_files(patterns: Iterable[str], root: Path = ROOT) -> str:
    """A hash of the names and contents of the files below ``root`` that match ``patterns``: what a stamp is keyed by."""
    total = hashlib.sha256()
    for file in sorted({path for pattern in patterns for path in root.glob(pattern) if path.is_file()}):
        if "__pycache__" not in file.parts:
            total.update(str(file.relative_to(root)).encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


class Stamps:
    """Remembers what was done and from which inputs, so that a second run takes seconds."""

    def __init__(self, folder: Path) -> None:
        """Stamps are files in ``folder``, which goes with the state that they speak of."""
        self._folder = folder

    def holds(self, name: str, inputs: str) -> bool:
        """Was ``name`` done with the same ``inputs``?"""
        file = self._folder / name
        return file.exists() and file.read_text() == inputs

    def put(self, name: str, inputs: str) -> None:
        """Say that ``name`` is done; called after it, so that what was cut short is done again."""
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / f"{name}.{os.getpid()}"
        draft.write_text(inputs)
        draft.rename(self._folder / name)
