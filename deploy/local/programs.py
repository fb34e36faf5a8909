"""What runs in a stack: the daemons, and the processes that the Procfile names."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from deploy.local.layout import ROOT, TOOLS, Layout
from models.settings import HEALTH, PORTS, port

WEB = "web"
FREE_HEALTH = 40
"""Workers without a health port of their own get the ports from here on, in the order of the Procfile."""


class Ready(msgspec.Struct, frozen=True):
    """How to see that a program is ready: ``kind`` is a probe of ``deploy.local.ready``."""

    kind: str
    port: int
    path: str = ""


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """Something that supervisord runs. ``setting``: the variable that, pointed elsewhere, makes it needless."""

    name: str
    argv: tuple[str, ...]
    ready: Ready
    daemon: bool
    env: Mapping[str, str] = {}
    setting: str = ""
    stop_signal: str = "TERM"
    stop_wait: int = 20


def java(heap_min: int, heap_max: int, libs: Path, *options: str) -> tuple[str, ...]:
    """The command line of a JVM with the jars in ``libs``; the serial collector needs the fewest threads and the least memory."""
    return ("java", f"-Xms{heap_min}m", f"-Xmx{heap_max}m", "-XX:+UseSerialGC", *options, "-cp", f"{libs}/*")


def daemons(where: Layout, base: int, tools: Path = TOOLS) -> tuple[Program, ...]:
    """Every daemon of the stack."""
    conf, data = where.conf, where.data
    dynamo_libs = tools / "dynamodb"
    return (
        Program(
            name="kafka",
            argv=(
                *java(256, 512, tools / "kafka", f"-Dlog4j2.configurationFile={conf / 'log4j2.properties'}"),
                "kafka.Kafka",
                str(conf / "kafka.properties"),
            ),
            ready=Ready("kafka", port("kafka", base)),
            daemon=True,
            setting="BB_KAFKA",
            stop_wait=30,
        ),
        Program(
            name="mysql",
            argv=(binary("mariadbd", "/usr/sbin"), f"--defaults-file={conf / 'my.cnf'}"),
            ready=Ready("mysql", port("mysql", base)),
            daemon=True,
            setting="BB_MYSQL_HOST",
            stop_wait=30,
        ),
        Program(
            name="redis",
            argv=(binary("redis-server", "/usr/bin"), str(conf / "redis.conf")),
            ready=Ready("redis", port("redis", base)),
            daemon=True,
            setting="BB_REDIS_URL",
        ),
        Program(
            name="mongo",
            argv=(str(tools / "ferretdb"), f"127.0.0.1:{port('mongo', base)}", str(data / "mongo")),
            ready=Ready("tcp", port("mongo", base)),
            daemon=True,
            setting="BB_MONGO_URL",
        ),
        Program(
            name="dynamo",
            argv=(
                *java(48, 256, dynamo_libs, "-XX:TieredStopAtLevel=1", f"-Djava.library.path={dynamo_libs}"),
                "com.amazonaws.services.dynamodbv2.local.main.ServerRunner",
                *("-port", str(port("dynamo", base)), "-dbPath", str(data / "dynamo"), "-sharedDb", "-disableTelemetry"),
            ),
            ready=Ready("http", port("dynamo", base)),
            daemon=True,
            setting="BB_DYNAMO_URL",
        ),
        Program(
            name="s3",
            argv=(
                *java(16, 64, tools / "s3proxy", "-XX:TieredStopAtLevel=1", f"-Dlogback.configurationFile={conf / 'logback.xml'}"),
                *("org.gaul.s3proxy.Main", "--properties", str(conf / "s3proxy.conf")),
            ),
            ready=Ready("http", port("s3", base)),
            daemon=True,
            setting="BB_S3_URL",
        ),
        Program(
            name="nginx",
            argv=(binary("nginx", "/usr/sbin"), "-p", str(data / "nginx"), "-c", str(conf / "nginx.conf"), "-e", "stderr"),
            ready=Ready("tcp", port("nginx", base)),
            daemon=True,
            stop_signal="QUIT",
            stop_wait=5,
        ),
    )


def parse_procfile(text: str) -> dict[str, tuple[str, ...]]:
    """The lines ``name: command`` of a Procfile, in order. Raises ValueError for a line that is neither this nor a comment."""
    found: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, colon, command = line.partition(":")
        if not colon or not command.strip() or not name.strip().isidentifier() or name.strip() in found:
            raise ValueError(f"Procfile, line {number}: expected 'name: command' with a new name, found {line!r}")
        found[name.strip()] = tuple(command.split())
    return found


def processes(commands: Mapping[str, Sequence[str]], base: int, web_processes: int) -> tuple[Program, ...]:
    """The programs of a Procfile: one each, but ``web`` as often as asked, as web-0, web-1, ... on ports of their own."""
    found: list[Program] = []
    free = FREE_HEALTH
    for name, command in commands.items():
        argv = (sys.executable, *command[1:]) if command[0] == "python" else tuple(command)
        if name == WEB:
            for i in range(web_processes):
                number = port("web", base) + i
                found.append(
                    Program(
                        name=f"{WEB}-{i}",
                        argv=argv,
                        ready=Ready("ok", number, "/health/ready"),
                        daemon=False,
                        # Its siblings are started here and not by itself.
                        env={"BB_WEB_PORT": str(number), "BB_WEB_PROCESSES": "1", "BB_LIMIT_SHARES": str(web_processes)},
                    )
                )
        elif name in PORTS:
            ready = Ready("ok", port(name, base), f"/{name}/health/ready")
            found.append(Program(name=name, argv=argv, ready=ready, daemon=False, setting=f"BB_{name.upper()}_URL"))
        else:
            number = port(name, base) if name in HEALTH else base + free
            free += name not in HEALTH
            ready = Ready("ok", number, "/health/ready")
            found.append(Program(name=name, argv=argv, ready=ready, daemon=False, env={"BB_HEALTH_PORT": str(number)}))
    return tuple(found)


def wanted(programs: Sequence[Program], default: Mapping[str, str], actual: Mapping[str, str]) -> tuple[Program, ...]:
    """``programs`` without those whose address was pointed at another service."""
    return tuple(program for program in programs if not program.setting or default[program.setting] == actual[program.setting])


def binary(name: str, folder: str) -> str:
    """The full path of ``name``: what PATH finds, else where Debian puts it (``/usr/sbin`` is not in everybody's PATH)."""
    return shutil.which(name) or f"{folder}/{name}"


def supervisord(where: Layout, programs: Sequence[Program], environment_digest: str) -> str:
    """``supervisord.conf``. Nothing starts by itself: who brings the stack up says what and in which order.

    ``environment_digest`` makes the text differ when what the programs inherit does.
    """
    parts = [
        f"""\
; environment {environment_digest}
[supervisord]
nodaemon=true
user=root
logfile={where.logs}/supervisord.log
logfile_maxbytes=5MB
logfile_backups=1
pidfile={where.run}/supervisord.pid
childlogdir={where.logs}
identifier=bb-{where.name}
directory={ROOT}

[unix_http_server]
file={where.sockets}/supervisor.sock
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""
    ]
    if os.geteuid() != 0:
        parts[0] = parts[0].replace("user=root\n", "")
    for program in programs:
        command = " ".join(_quoted(part) for part in (f"{where.run}/launch", f"{where.run}/{program.name}.pid", *program.argv))
        env = ",".join(f'{key}="{_percent(value)}"' for key, value in sorted(program.env.items()))
        parts.append(
            f"""\
[program:{program.name}]
command={command}
environment={env}
autostart=false
autorestart=true
; Whatever dies is started again, for ever: first at once, then after one second more each time.
startsecs=1
startretries=100000
stopsignal={program.stop_signal}
stopwaitsecs={program.stop_wait}
stopasgroup=false
killasgroup=true
redirect_stderr=true
stdout_logfile={where.logs}/{program.name}.log
stdout_logfile_maxbytes=20MB
stdout_logfile_backups=1
"""
        )
    return "\n".join(parts)


def _percent(text: str) -> str:
    """supervisord expands ``%(name)s``."""
    return text.replace("%", "%%")


def _quoted(text: str) -> str:
    """``text`` for supervisord's command line, which is read by ``shlex``."""
    return _percent(shlex.quote(text))
