"""The stack of one machine, as far as it is pure: ports, rendered configuration, the tables of programs and steps."""

from __future__ import annotations

import configparser
import os
import re
import shlex
from pathlib import Path

import msgspec
import pytest

from deploy.local import configs
from deploy.local.__main__ import overrides
from deploy.local.install import cluster_id
from deploy.local.layout import SECRETS, Layout, Stamps, digest_of_files, environment, layout
from deploy.local.programs import Ready, daemons, parse_procfile, processes, supervisord, wanted
from deploy.local.steps import STEPS, When, named
from deploy.local.supervisor import recorded, started_at
from models import settings
from web.texts import PROBLEMS

WHERE = Layout("test", Path("/r/.local/test"))
SECRET = {
    **dict.fromkeys(SECRETS, "s"), "mysql-password": "pw", "account-secret": "acc", "kakaopay-secret": "kp", "s3-secret": "s3",
}  # fmt: skip
PROCFILE = """
# a comment
trade: python -m faust -A agents.apps.trade worker
letters: python -m letters
web: python -m web
sandbox: python -m deploy.sandbox
"""


def values(text: str) -> dict[str, str]:
    """The ``name=value`` lines of a configuration."""
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))


def test_all_ports_move_together() -> None:
    names = ("nginx", "mysql", "web", "sandbox", "mongo", "trade", "shop", "read", "redis", "dynamo", "s3", "kafka")
    assert [settings.port(name, 27000) for name in names] == [
        *(27000, 27006, 27010, 27020, 27027, 27030, 27032, 27033, 27079, 27080, 27081, 27092)
    ]
    assert settings.port("kafka-controller") == 17093


def test_no_two_ports_are_the_same() -> None:
    offsets = [*settings.PORTS.values(), *settings.HEALTH.values()]
    assert len(set(offsets)) == len(offsets) == 17


def test_settings_follow_the_port_base() -> None:
    read = settings.read({"BB_PORT_BASE": "27000", "BB_STACK": "test"})
    assert read == settings.Settings(
        stack="test",
        port_base=27000,
        data_dir=".local/test/tables",
        search_dir=".local/test/search",
        search_url="http://127.0.0.1:27038",
        llm_url="http://127.0.0.1:27020/v1",
        kafka="127.0.0.1:27092",
        mysql_port=27006,
        redis_url="redis://127.0.0.1:27079/0",
        mongo_url="mongodb://127.0.0.1:27027/",
        dynamo_url="http://127.0.0.1:27080",
        s3_url="http://127.0.0.1:27081",
        s3_browser_url="http://127.0.0.1:27000",
        sandbox_url="http://127.0.0.1:27020",
        kakaopay_url="http://127.0.0.1:27020",
        **{name: f"http://127.0.0.1:27020{path}" for name, path in settings.PROVIDERS.items()},  # type: ignore[arg-type]
        web_port=27010,
        public_url="http://127.0.0.1:27000",
    )
    assert settings.read({}) == settings.Settings()


def test_any_part_may_be_a_real_service() -> None:
    empty = {"BB_DYNAMO_URL": "", "BB_S3_URL": "", "BB_REDIS_URL": ""}
    read = settings.read({"BB_KAFKA": "k1:9092,k2:9092", **empty, "BB_SESSION_TIMEOUT": "6"})
    assert (read.kafka, read.dynamo_url, read.redis_url) == ("k1:9092,k2:9092", "", "redis://127.0.0.1:17079/0")
    assert (read.s3_url, read.s3_browser_url) == ("", "http://127.0.0.1:17000")
    assert read.session_timeout == 6.0


def test_a_setting_of_the_wrong_type_is_named() -> None:
    with pytest.raises(msgspec.ValidationError, match="partitions"):
        settings.read({"BB_PARTITIONS": "many"})


def test_the_environment_of_a_stack_gives_the_settings_of_its_ports() -> None:
    env = environment(WHERE, 27000, web_processes=2, secret=SECRET)
    read = settings.read(env)
    assert (read.kafka, read.mysql_password, read.account_secret) == ("127.0.0.1:27092", "pw", "acc")
    assert (read.data_dir, read.kakaopay_secret, read.s3_secret) == ("/r/.local/test/data/tables", "kp", "s3")
    assert environment(WHERE, 27000, web_processes=2, secret=SECRET, given={"BB_KAFKA": "k:1"})["BB_KAFKA"] == "k:1"


def test_whoever_plays_has_a_minute_to_pay() -> None:
    given = {"BB_STACK": "play", "BB_PORT_BASE": "29000", "BB_KAFKA": "k:1", "HOME": "/"}
    assert overrides(given) == {"BB_PAYMENT_WINDOW": "60000", "BB_KAFKA": "k:1"}
    assert overrides({"BB_PAYMENT_WINDOW": "5000"}) == {"BB_PAYMENT_WINDOW": "5000"}


def test_kafka_listens_on_this_machine_only_and_makes_no_topics() -> None:
    told = values(configs.kafka(27000, Path("/d")))
    assert told["listeners"] == "PLAINTEXT://127.0.0.1:27092,CONTROLLER://127.0.0.1:27093"
    assert told["controller.quorum.voters"] == "1@127.0.0.1:27093"
    assert (told["auto.create.topics.enable"], told["log.dirs"]) == ("false", "/d")


def test_mariadb_is_reached_by_loopback_or_root_s_socket() -> None:
    told = values(configs.mysql(27000, Path("/d"), Path("/s"), Path("/i")))
    assert (told["port"], told["bind-address"], told["socket"], told["init-file"]) == ("27006", "127.0.0.1", "/s", "/i")
    assert (told["performance_schema"], told["innodb_buffer_pool_size"]) == ("off", "128M")
    assert configs.mysql_init("pw").splitlines()[1] == "CREATE USER IF NOT EXISTS 'bb'@'127.0.0.1' IDENTIFIED BY 'pw';"


def test_redis_writes_before_it_answers() -> None:
    told = configs.redis(27000, Path("/d")).splitlines()
    assert told[:3] == ["bind 127.0.0.1", "port 27079", "dir /d"]
    assert "appendonly yes" in told


def test_nginx_knows_every_web_process_and_hides_the_sandbox() -> None:
    lines = [line.strip() for line in configs.nginx(27000, Path("/d"), 2).splitlines()]
    assert [line for line in lines if line.startswith("server 127.0.0.1:2701")] == [
        "server 127.0.0.1:27010 max_fails=0;",
        "server 127.0.0.1:27011 max_fails=0;",
    ]
    assert lines[lines.index("location /sandbox {") + 1] == "return 404;"
    assert lines[lines.index("location = /api/v1/events {") + 2] == "proxy_buffering off;"
    assert "proxy_next_upstream error timeout non_idempotent;" in lines


def test_nginx_words_its_own_refusals_as_the_web_does() -> None:
    lines = [line.strip() for line in configs.nginx(27000, Path("/d"), 2).splitlines()]
    for status, of, code in ((404, "404", "not_found"), (405, "405 403", "method_not_allowed"), (413, "413", "body_too_large")):
        assert f"error_page {of} = /problem/{status};" in lines
        said = {"type": f"urn:blooming-blooms:problem:{code}", "title": code, "status": status, "code": code}
        (told,) = [line for line in lines if line.startswith(f"return {status} '")]
        assert msgspec.json.decode(told.removeprefix(f"return {status} '").removesuffix("';")) == said
        assert code in PROBLEMS


def test_nginx_leads_to_the_object_store_by_exact_names_only() -> None:
    lines = [line.strip() for line in configs.nginx(27000, Path("/d"), 2).splitlines()]
    begins = {line.split('"')[1]: at for at, line in enumerate(lines) if line.startswith("location ~")}
    # A block ends with the second brace: the first one closes limit_except.
    ways = {name: lines[at + 1 : lines.index("}", lines.index("}", at) + 1)] for name, at in begins.items()}
    name, digest = "0a1b2c3d-0000-5000-8000-00000000000f", "0" * 32
    good = (f"/images/{name}/{digest}-640.webp", f"/uploads/{name}", f"/documents/{name}")
    bad = (
        "/images/", "/images", f"/images/{name}", f"/images/{name}/{digest}-641.webp", f"/images/{name}/{digest}-640.webp/x",
        f"/images/../documents/{name}", f"/images/{name}/../{digest}-640.webp", f"/images/{name}/{digest}-640.webp%00.html",
        "/uploads/", f"/uploads/{name}.html", f"/uploads/a/{name}", f"/documents/{name}/..", "/documents/../uploads",
    )  # fmt: skip
    assert [[way for way in ways if re.search(way, path)] for path in good] == [[way] for way in ways]
    assert [path for path in bad if any(re.search(way, path) for way in ways)] == []
    images, uploads, documents = ways.values()
    assert (images[0], uploads[0], documents[0]) == ("limit_except GET {", "limit_except PUT {", "limit_except GET {")
    assert 'add_header Cache-Control "public, max-age=31536000, immutable";' in images
    assert 'add_header Cache-Control "private, no-store" always;' in documents
    # Everything else has small bodies.
    assert [way for way, block in ways.items() if "client_max_body_size 11m;" in block] == ["^/uploads/([0-9a-f-]{36})$"]
    assert "server 127.0.0.1:27081 max_fails=0;" in lines


def test_the_object_store_asks_who_it_is() -> None:
    told = values(configs.s3proxy(27000, Path("/d"), "me", "secret"))
    assert (told["s3proxy.endpoint"], told["s3proxy.authorization"]) == ("http://127.0.0.1:27081", "aws-v2-or-v4")
    assert (told["s3proxy.identity"], told["s3proxy.credential"], told["jclouds.filesystem.basedir"]) == ("me", "secret", "/d")


def test_a_procfile_is_read_line_by_line() -> None:
    assert parse_procfile(PROCFILE) == {
        "trade": ("python", "-m", "faust", "-A", "agents.apps.trade", "worker"),
        "letters": ("python", "-m", "letters"),
        "web": ("python", "-m", "web"),
        "sandbox": ("python", "-m", "deploy.sandbox"),
    }


@pytest.mark.parametrize("text", ["web", "web:", "a b: c", "web: a\nweb: b"])
def test_a_bad_line_of_a_procfile_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Procfile, line"):
        parse_procfile(text)


def test_each_process_has_a_port_of_its_own() -> None:
    found = processes(parse_procfile(PROCFILE), 27000, 2)
    assert [(one.name, one.ready, dict(one.env)) for one in found] == [
        ("trade", Ready("ok", 27030, "/health/ready"), {"BB_HEALTH_PORT": "27030"}),
        ("letters", Ready("ok", 27040, "/health/ready"), {"BB_HEALTH_PORT": "27040"}),
        ("web-0", Ready("ok", 27010, "/health/ready"), {"BB_WEB_PORT": "27010", "BB_WEB_PROCESSES": "1", "BB_LIMIT_SHARES": "2"}),
        ("web-1", Ready("ok", 27011, "/health/ready"), {"BB_WEB_PORT": "27011", "BB_WEB_PROCESSES": "1", "BB_LIMIT_SHARES": "2"}),
        ("sandbox", Ready("ok", 27020, "/sandbox/health/ready"), {}),
    ]


def test_a_daemon_whose_address_points_elsewhere_is_not_started() -> None:
    ours = environment(WHERE, 27000, web_processes=2, secret=SECRET)
    all_of_them = daemons(WHERE, 27000)
    assert [one.name for one in wanted(all_of_them, ours, ours)] == ["kafka", "mysql", "redis", "mongo", "dynamo", "s3", "nginx"]
    theirs = {**ours, "BB_KAFKA": "broker:9092", "BB_MYSQL_HOST": "db"}
    assert [one.name for one in wanted(all_of_them, ours, theirs)] == ["redis", "mongo", "dynamo", "s3", "nginx"]


def test_supervisord_starts_nothing_by_itself_and_restarts_for_ever() -> None:
    programs = (*daemons(WHERE, 27000), *processes(parse_procfile(PROCFILE), 27000, 1))
    read = configparser.RawConfigParser(inline_comment_prefixes=(" ;",))
    read.read_string(supervisord(WHERE, programs, "abc"))
    sections = [name for name in read.sections() if name.startswith("program:")]
    assert sections == [f"program:{program.name}" for program in programs]
    assert {(read[one]["autostart"], read[one]["autorestart"]) for one in sections} == {("false", "true")}
    assert shlex.split(read["program:web-0"]["command"])[:2] == ["/r/.local/test/run/launch", "/r/.local/test/run/web-0.pid"]
    assert read["program:web-0"]["environment"] == 'BB_LIMIT_SHARES="1",BB_WEB_PORT="27010",BB_WEB_PROCESSES="1"'


def test_steps_come_in_order_and_know_what_to_do_when_they_fail() -> None:
    assert [(step.name, " ".join(step.argv), step.when) for step in STEPS] == [
        ("topics", "-m agents.commands topics create", When.DAEMONS_READY),
        ("schemas", "-m deploy.migrations up", When.DAEMONS_READY),
        ("demo data", "-m deploy.demo seed", When.PROCESSES_READY),
    ]
    assert all(step.do and step.inputs for step in STEPS)
    assert [step.name for step in named(("schemas", "topics"))] == ["topics", "schemas"]
    with pytest.raises(KeyError, match="tables"):
        named(("tables",))


def test_a_stamp_holds_for_the_same_inputs_only(tmp_path: Path) -> None:
    stamps = Stamps(tmp_path / "stamps")
    assert not stamps.holds("jars", "1")
    stamps.put("jars", "1")
    assert (stamps.holds("jars", "1"), stamps.holds("jars", "2")) == (True, False)


def test_inputs_differ_by_name_and_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    first = digest_of_files(["*"], tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    second = digest_of_files(["*"], tmp_path)
    (tmp_path / "b").write_text("2")
    assert len({first, second, digest_of_files(["*"], tmp_path)}) == 3


def test_a_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    where = layout("demo", tmp_path)
    made = where.secret("mysql-password")
    assert (len(made), where.secret("mysql-password")) == (48, made)
    assert (where.secrets / "mysql-password").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["", "../x", "a b", "tools"])
def test_a_stack_s_name_is_a_plain_word(name: str) -> None:
    with pytest.raises(ValueError, match="a stack's name"):
        layout(name)


def test_sockets_move_where_their_path_would_be_too_long() -> None:
    assert WHERE.sockets == Path("/r/.local/test/run")
    far = Layout("test", Path("/" + "far/" * 30 + ".local/test"))
    assert far.sockets.name.startswith("bb-")
    assert len(str(far.sockets / "supervisor.sock")) < 100


def test_a_record_names_one_process_of_one_boot(tmp_path: Path) -> None:
    boot, pid, file = Path("/proc/sys/kernel/random/boot_id").read_text().strip(), os.getpid(), tmp_path / "x.pid"
    file.write_text(f"{pid} {started_at(pid)} {boot}\n")
    assert recorded(file) == pid
    file.write_text(f"{pid} 1 {boot}\n")
    assert recorded(file) == 0
    file.write_text(f"{pid} {started_at(pid)} another-boot\n")
    assert recorded(file) == 0
    assert recorded(tmp_path / "missing") == 0


def test_a_cluster_id_is_never_read_as_an_option() -> None:
    made = [cluster_id() for _ in range(200)]
    assert {len(one) for one in made} == {22}
    assert not [one for one in made if one.startswith("-")]
