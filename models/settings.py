"""Where everything is and how it is tuned: ``BB_*`` variables, with the stack of one machine as their default.

Whatever has an address takes it from here, so any part may as well be a real service. Secrets have no default.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

LOOPBACK = "127.0.0.1"
PORT_BASE = 17000
PORTS: Mapping[str, int] = {
    "nginx": 0,
    "mysql": 6,
    "web": 10,  # and one more for each further web process
    "sandbox": 20,
    "mongo": 27,
    "redis": 79,
    "dynamo": 80,
    "s3": 81,
    "kafka": 92,
    "kafka-controller": 93,
}
"""Distance of each daemon's port from ``BB_PORT_BASE``; workers have their health ports from 30 to 59."""

HEALTH: Mapping[str, int] = {"trade": 30, "shop": 32, "read": 33, "notify": 34, "scheduling": 35, "auditor": 36, "search": 38}
"""Distance of each worker's health port; a worker that is not named here gets the next ones."""


PROVIDERS: Mapping[str, str] = {
    "kakao_auth_url": "/kauth",
    "kakao_api_url": "/kapi",
    "google_auth_url": "/google",
    "google_token_url": "/google",
    "google_api_url": "/google",
    "naver_auth_url": "/naver",
    "naver_api_url": "/naver",
    "mail_url": "/sendgrid",
    "sms_url": "/nhn",
    "ocr_url": "/clova/general",
}
"""Where the sandbox plays each provider; a real one has a host of its own."""
PROVIDER_SECRETS = (
    "kakao_client_secret", "kakao_admin_key", "google_client_secret", "naver_client_secret", "mail_key", "sms_secret", "ocr_secret",
)  # fmt: skip
"""Settings that a provider gave us; the sandbox takes one secret for all of them."""
_SANDBOX = f"http://{LOOPBACK}:{PORT_BASE + PORTS['sandbox']}"
TEST_MERCHANT = "TC0ONETIME"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a process needs to know of its surroundings. Read once, in its main function, by ``read``."""

    stack: str = "demo"
    port_base: int = PORT_BASE
    prefix: str = "bb"
    """First part of every topic, consumer group, table and key, so that installations may share their services."""

    partitions: int = 4
    data_dir: str = ".local/demo/tables"
    """Where workers keep their RocksDB tables: a cache of the changelogs that may be thrown away."""

    health_port: int = 0
    """Where this process answers ``/health/ready`` and ``/metrics``; 0: nowhere."""

    otlp_url: str = ""
    """Where spans go by OTLP over HTTP, e.g. ``http://collector:4318``; "": where ``OTEL_EXPORTER_OTLP_*`` say, else nowhere."""

    trace_ratio: float = 0.01
    """Part of the requests without a trace of their own that begin a sampled one."""

    session_timeout: float = 20.0
    """Seconds after which Kafka gives the partitions of a silent worker to another."""

    kafka: str = f"{LOOPBACK}:{PORT_BASE + PORTS['kafka']}"
    mysql_host: str = LOOPBACK
    mysql_port: int = PORT_BASE + PORTS["mysql"]
    mysql_user: str = "bb"
    mysql_password: str = ""
    mysql_database: str = "bb"
    redis_url: str = f"redis://{LOOPBACK}:{PORT_BASE + PORTS['redis']}/0"
    mongo_url: str = f"mongodb://{LOOPBACK}:{PORT_BASE + PORTS['mongo']}/"
    mongo_database: str = "bb"
    dynamo_url: str = f"http://{LOOPBACK}:{PORT_BASE + PORTS['dynamo']}"
    """Empty: the real DynamoDB of ``aws_region``, with the credentials that boto3 finds by itself."""

    aws_region: str = "ap-northeast-2"
    s3_url: str = f"http://{LOOPBACK}:{PORT_BASE + PORTS['s3']}"
    """Where processes reach the object store. Empty: the real S3 of ``aws_region``, with the credentials that boto3 finds."""

    s3_browser_url: str = f"http://{LOOPBACK}:{PORT_BASE}"
    """Where browsers reach it, as signed into their links: nginx's address, which passes them on. Empty: the real S3."""

    s3_identity: str = "bloomingblooms"
    s3_secret: str = ""
    """Of the store at ``s3_url``; the real S3 has neither from here."""

    s3_uploads: str = "uploads"
    s3_images: str = "images"
    s3_documents: str = "documents"
    """Buckets: what came in and is not checked yet; what everybody may see; what only an admin's link opens."""

    search_dir: str = ".local/demo/search"
    """Where the process ``search`` keeps its index, which it fills from the log: it may be thrown away."""

    search_kept: int = 1_000
    """Answers of some 10 KB that ``search`` gives again while its index has not changed; 0: none."""

    search_url: str = f"http://{LOOPBACK}:{PORT_BASE + HEALTH['search']}"
    """The process ``search`` of this machine, as its web processes reach it."""

    llm_url: str = f"http://{LOOPBACK}:{PORT_BASE + PORTS['sandbox']}/v1"
    """A language model with OpenAI's contract, for plain-language search; empty: rules alone understand sentences."""

    llm_key: str = ""
    llm_model: str = "gpt-4o-mini"
    sandbox_url: str = f"http://{LOOPBACK}:{PORT_BASE + PORTS['sandbox']}"
    kakaopay_url: str = f"http://{LOOPBACK}:{PORT_BASE + PORTS['sandbox']}"
    kakaopay_cid: str = TEST_MERCHANT
    """The merchant's code; the default is the one that KakaoPay gives everybody for tests."""

    kakaopay_secret: str = ""
    web_host: str = LOOPBACK
    web_port: int = PORT_BASE + PORTS["web"]
    web_processes: int = 2
    public_url: str = f"http://{LOOPBACK}:{PORT_BASE}"
    """What browsers and the gateway's redirects call us, without a slash at the end."""

    audit_grace: float = 60.0
    """Seconds for which something must stay wrong until the auditor calls it a violation."""

    audit_kept: int = 100_000
    """Orders at rest that the auditor's process remembers, about 1 KB each; the command remembers all."""

    account_secret: str = ""
    """Key of the HMAC that makes account ids; never changed, or everybody becomes somebody else."""

    code_secret: str = ""
    """Key of the HMAC behind one-time codes; changed, codes that are on their way are wrong."""

    field_key: str = ""
    """Key that encrypts second factors at rest; changed, every admin needs a new one."""

    kakao_auth_url: str = _SANDBOX + PROVIDERS["kakao_auth_url"]
    kakao_api_url: str = _SANDBOX + PROVIDERS["kakao_api_url"]
    kakao_client_id: str = "blooming-blooms"
    kakao_client_secret: str = ""
    kakao_admin_key: str = ""
    google_auth_url: str = _SANDBOX + PROVIDERS["google_auth_url"]
    google_token_url: str = _SANDBOX + PROVIDERS["google_token_url"]
    google_api_url: str = _SANDBOX + PROVIDERS["google_api_url"]
    google_client_id: str = "blooming-blooms"
    google_client_secret: str = ""
    naver_auth_url: str = _SANDBOX + PROVIDERS["naver_auth_url"]
    naver_api_url: str = _SANDBOX + PROVIDERS["naver_api_url"]
    naver_client_id: str = "blooming-blooms"
    naver_client_secret: str = ""
    """Identity providers: scheme and host of each of their addresses, and what they gave us."""

    mail_url: str = _SANDBOX + PROVIDERS["mail_url"]
    mail_key: str = ""
    mail_sender: str = "hello@blooming-blooms.example"
    sms_url: str = _SANDBOX + PROVIDERS["sms_url"]
    sms_app: str = "blooming-blooms"
    sms_secret: str = ""
    sms_sender: str = "0212345678"
    sms_countries: str = "KR"
    """Countries (ISO 3166, by commas) to whose mobile numbers codes are sent: a foreign or premium SMS is dear."""

    ocr_url: str = _SANDBOX + PROVIDERS["ocr_url"]
    ocr_secret: str = ""

    env: str = ""
    """``production``: nothing starts with a default secret, a sandbox or a key that the machine made for itself."""

    @property
    def production(self) -> bool:
        """True where real people and real money are."""
        return self.env == "production"


class NotForProduction(ValueError):
    """The settings are good for a machine to play on only; the text names all that is wrong, and no value."""


SECRET = ("_secret", "_password", "_key", "_token")
"""How the names of fields end that hold a secret."""
SHORTEST = 16
"""Characters of a secret."""
ASKED_AT: Mapping[str, tuple[str, ...]] = {"s3_secret": ("s3_url", "s3_browser_url"), "llm_key": ("llm_url",)}
"""Secrets of services that may be elsewhere or nowhere: nobody asks for them where each of these addresses is empty."""


def unfit(settings: Settings) -> list[str]:
    """What keeps ``settings`` from being used in production: one line each, with the variable's name and never its value."""
    found = []
    for field in msgspec.structs.fields(Settings):
        name, value = f"BB_{field.name.upper()}", getattr(settings, field.name)
        if field.name in ASKED_AT and not any(getattr(settings, url) for url in ASKED_AT[field.name]):
            continue
        if field.name.endswith(SECRET):
            if not value:
                found.append(f"{name} is missing")
            elif value == field.default or len(value) < SHORTEST:
                found.append(f"{name} is a default or shorter than {SHORTEST} characters")
        elif field.name.endswith("_url") and field.name != "sandbox_url" and value and value.startswith(settings.sandbox_url):
            found.append(f"{name} is the sandbox")
    if not settings.public_url.startswith("https://"):
        found.append("BB_PUBLIC_URL is not https")
    if settings.kakaopay_cid == TEST_MERCHANT:
        found.append("BB_KAKAOPAY_CID is the merchant that everybody tests with")
    return found


def check_production(settings: Settings, more: Iterable[str] = ()) -> None:
    """Every process asks this before it does anything. ``more``: what else is unfit, of the process's own settings.

    Raises ``NotForProduction`` in production, naming everything at once.
    """
    if settings.production and (found := [*unfit(settings), *more]):
        raise NotForProduction("BB_ENV=production, but " + "; ".join(found))


def s3_credentials(settings: Settings, url: str) -> dict[str, Any]:
    """What a client of the object store at ``url`` is given; nothing at the real S3: boto3 finds the machine's role by itself."""
    return {"aws_access_key_id": settings.s3_identity, "aws_secret_access_key": settings.s3_secret} if url else {}


REAL_AWS = ("dynamo_url", "s3_url", "s3_browser_url")
"""Addresses that are empty where the real service is meant."""


def port(name: str, base: int = PORT_BASE) -> int:
    """The port of a daemon or of a worker's health page. Raises KeyError for a name that is in neither map."""
    return base + (PORTS[name] if name in PORTS else HEALTH[name])


def read(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings that ``BB_*`` variables give; addresses follow ``BB_PORT_BASE``, folders ``BB_STACK``.

    Raises msgspec.ValidationError, naming the field, if a value is not of its type.
    """
    base = int(environ.get("BB_PORT_BASE") or PORT_BASE)
    stack = environ.get("BB_STACK") or "demo"
    sandbox = environ.get("BB_SANDBOX_URL") or f"http://{LOOPBACK}:{port('sandbox', base)}"
    values: dict[str, object] = {
        "stack": stack,
        "port_base": base,
        "data_dir": f".local/{stack}/tables",
        "search_dir": f".local/{stack}/search",
        "kafka": f"{LOOPBACK}:{port('kafka', base)}",
        "mysql_port": port("mysql", base),
        "redis_url": f"redis://{LOOPBACK}:{port('redis', base)}/0",
        "mongo_url": f"mongodb://{LOOPBACK}:{port('mongo', base)}/",
        "dynamo_url": f"http://{LOOPBACK}:{port('dynamo', base)}",
        "s3_url": f"http://{LOOPBACK}:{port('s3', base)}",
        "s3_browser_url": environ.get("BB_PUBLIC_URL") or f"http://{LOOPBACK}:{port('nginx', base)}",
        "search_url": f"http://{LOOPBACK}:{port('search', base)}",
        "llm_url": f"{sandbox}/v1",
        "sandbox_url": sandbox,
        "kakaopay_url": sandbox,
        **{name: sandbox + path for name, path in PROVIDERS.items()},
        "web_port": port("web", base),
        "public_url": f"http://{LOOPBACK}:{port('nginx', base)}",
    }
    for name in Settings.__struct_fields__:
        given = environ.get(f"BB_{name.upper()}")
        # An empty variable means the default, but for addresses that are empty on purpose.
        if given or (given is not None and name in (*REAL_AWS, "llm_url")):
            values[name] = given
    return msgspec.convert(values, Settings, strict=False)
