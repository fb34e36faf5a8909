"""What each daemon is told, rendered from ports and folders; pure."""

from __future__ import annotations

from pathlib import Path

from models.settings import LOOPBACK, port


def kafka(base: int, data: Path) -> str:
    """``server.properties`` of a broker that is its own controller."""
    broker, controller = port("kafka", base), port("kafka-controller", base)
    return f"""\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{LOOPBACK}:{controller}
listeners=PLAINTEXT://{LOOPBACK}:{broker},CONTROLLER://{LOOPBACK}:{controller}
advertised.listeners=PLAINTEXT://{LOOPBACK}:{broker}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
# One broker holds the only replica of everything.
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
# The default of 50 partitions each only costs start-up time and memory here.
offsets.topic.num.partitions=4
transaction.state.log.num.partitions=2
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
# A killed broker may register again only when its old session has expired: 13 s from kill -9 to ready by default. Less than
# this and a busy laptop would lose its only broker to a late heartbeat.
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=1000
# Chaos tests want a silent worker to be noticed sooner than production does.
group.min.session.timeout.ms=1000
# A laptop that was asleep for a month must find its offsets again.
offsets.retention.minutes=525600
num.network.threads=2
num.io.threads=4
# The cleaner takes its whole buffer at start; 128 MB is a quarter of this heap.
log.cleaner.dedupe.buffer.size=16777216
"""


def log4j2(level: str = "warn") -> str:
    """Kafka's logging: to standard output, where supervisord collects it. Its own start and stop stay visible."""
    return f"""\
rootLogger.level={level}
rootLogger.appenderRef.out.ref=out
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d %p %c{{1}} %m%n
logger.server.name=kafka.server.KafkaRaftServer
logger.server.level=info
"""


def mysql(base: int, data: Path, socket: Path, init: Path) -> str:
    """``my.cnf``."""
    return f"""\
[mariadbd]
user=root
datadir={data}
socket={socket}
pid-file={data}/mariadbd.pid
port={port("mysql", base)}
bind-address={LOOPBACK}
init-file={init}
character-set-server=utf8mb4
collation-server=utf8mb4_unicode_ci
skip-name-resolve
skip-log-bin
performance_schema=off
innodb_buffer_pool_size=128M
innodb_log_file_size=64M
# The log is written at each commit, so a killed server loses nothing, but synced once a second: only a power cut may lose that
# second, and read models fold it again from Kafka, since they store their offset with their rows.
innodb_flush_log_at_trx_commit=2
max_connections=200
table_open_cache=400
"""


def mysql_init(password: str, user: str = "bb", database: str = "bb") -> str:
    """SQL that the server runs at each start, before it listens; every statement may be repeated.

    Names that begin with the database's are the user's too: a rebuilt read model, or a test, takes a database of its own.
    """
    return f"""\
CREATE DATABASE IF NOT EXISTS `{database}` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE USER IF NOT EXISTS '{user}'@'{LOOPBACK}' IDENTIFIED BY '{password}';
ALTER USER '{user}'@'{LOOPBACK}' IDENTIFIED BY '{password}';
GRANT ALL ON `{database}`.* TO '{user}'@'{LOOPBACK}';
GRANT ALL ON `{database}\\_%`.* TO '{user}'@'{LOOPBACK}';
"""


def redis(base: int, data: Path) -> str:
    """``redis.conf``."""
    return f"""\
bind {LOOPBACK}
port {port("redis", base)}
dir {data}
daemonize no
# Streams carry the offset up to which they were filled, so what was answered must survive kill -9: the append-only file is
# written before each answer and synced once a second.
appendonly yes
appendfsync everysec
save ""
# Ten wake-ups a second are the default; an idle machine should stay idle.
hz 5
"""


def s3proxy(base: int, data: Path, identity: str, secret: str) -> str:
    """``s3proxy.conf``: S3 on the folder ``data``, whose own folders are its buckets."""
    return f"""\
s3proxy.endpoint=http://{LOOPBACK}:{port("s3", base)}
s3proxy.authorization=aws-v2-or-v4
s3proxy.identity={identity}
s3proxy.credential={secret}
jclouds.provider=filesystem-nio2
# A folder asks nobody who they are, but s3proxy wants to be told.
jclouds.identity={identity}
jclouds.credential={secret}
jclouds.filesystem.basedir={data}
"""


def logback(level: str = "warn") -> str:
    """s3proxy's logging, to standard output: without it every request is told in twenty lines."""
    return f"""\
<configuration>
  <appender name="out" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d %p %c{{1}} %m%n</pattern></encoder>
  </appender>
  <root level="{level}"><appender-ref ref="out"/></root>
</configuration>
"""


IMAGES = """\
        # Pictures, by the names that the shop gives them and no other: what is in them never changes, so a browser asks once.
        location ~ "^/images/([0-9a-f-]{36}/[0-9a-f]{32}-(?:320|640|1280)\\.webp)$" {
            limit_except GET {
                deny all;
            }
            proxy_pass http://s3/images/$1;
            proxy_hide_header Cache-Control;
            proxy_hide_header x-amz-request-id;
            proxy_hide_header x-amz-storage-class;
            proxy_intercept_errors on;
            # In place of the server's own: who asks for what is not there, or not theirs, learns no more than that.
            error_page 400 401 403 404 = /problem/404;
            error_page 413 = /problem/413;
            error_page 500 502 503 504 = /problem/503;
            add_header Cache-Control "public, max-age=31536000, immutable";
            add_header X-Content-Type-Options nosniff;
            add_header Content-Security-Policy "default-src 'none'";
        }
        # The store itself asks for the signature, which names host, key, type and length.
        location ~ "^/uploads/([0-9a-f-]{36})$" {
            limit_except PUT {
                deny all;
            }
            # The link fixes the exact length, 10 MB at most; everything else has small bodies.
            client_max_body_size 11m;
            proxy_pass http://s3/uploads/$1$is_args$args;
        }
        # A business licence, by an admin's signed link: never shown in the shop's own origin, only saved.
        location ~ "^/documents/([0-9a-f-]{36})$" {
            limit_except GET {
                deny all;
            }
            proxy_pass http://s3/documents/$1$is_args$args;
            proxy_hide_header Content-Disposition;
            add_header Content-Disposition attachment always;
            add_header Cache-Control "private, no-store" always;
            add_header X-Content-Type-Options nosniff always;
            add_header Content-Security-Policy "default-src 'none'; sandbox" always;
        }
"""
"""Three ways to the object store, each by its exact form: anything else of it does not exist for the outside."""


def nginx(base: int, state: Path, web_processes: int) -> str:
    """``nginx.conf``: the public entry in front of the web processes."""
    first = port("web", base)
    servers = "\n".join(f"        server {LOOPBACK}:{first + i} max_fails=0;" for i in range(web_processes))
    return f"""\
daemon off;
# One process: workers of a master that was killed would keep the port.
master_process off;
pid {state}/nginx.pid;
# Below crit a line holds the request with its query: of a callback, the nonce and the gateway's token.
error_log stderr crit;
worker_rlimit_nofile 8192;
events {{
    worker_connections 4096;
}}
http {{
    access_log off;
    server_tokens off;
    types {{}}
    default_type application/octet-stream;
    client_body_temp_path {state}/body;
    proxy_temp_path {state}/proxy;
    fastcgi_temp_path {state}/fastcgi;
    uwsgi_temp_path {state}/uwsgi;
    scgi_temp_path {state}/scgi;
    # The web takes 64 KiB and says so itself; pictures go to the object store.
    client_max_body_size 128k;
    client_header_timeout 10s;
    client_body_timeout 10s;
    # Live streams of one browser each stay open.
    keepalive_timeout 75s;
    gzip on;
    gzip_types application/json application/problem+json text/css application/javascript image/svg+xml;
    upstream web {{
        # max_fails=0: taking one of two processes out for ten seconds after a restart does more harm than asking it again.
{servers}
        keepalive 64;
        keepalive_timeout 60s;
    }}
    upstream s3 {{
        server {LOOPBACK}:{port("s3", base)} max_fails=0;
        keepalive 8;
    }}
    server {{
        listen {LOOPBACK}:{port("nginx", base)} backlog=1024;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $http_host;
        # In place of whatever the client says.
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header Forwarded "";
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_connect_timeout 2s;
        proxy_read_timeout 60s;
        # "non_idempotent": every write carries an Idempotency-Key, so one whose process went away is the same command at the next.
        # Without it a POST on a connection that a stopping process was just closing was lost.
        proxy_next_upstream error timeout non_idempotent;
        proxy_next_upstream_tries 2;
        # What does not get as far as a web process is refused in the same words; what a web process refuses passes as it is.
{_problems()}
        # The sandbox is played with on its own port; from outside it does not exist.
        location /sandbox {{
            return 404;
        }}
        location = /api/v1/events {{
            proxy_pass http://web;
            proxy_buffering off;
            gzip off;
            # The heartbeat comes every 15 s; the stream itself may last.
            proxy_read_timeout 60s;
            proxy_send_timeout 60s;
        }}
{IMAGES}\
        location / {{
            proxy_pass http://web;
        }}
    }}
}}
"""


PROBLEMS = {
    400: "malformed_request", 404: "not_found", 405: "method_not_allowed", 408: "request_timeout", 413: "body_too_large",
    414: "target_too_long", 500: "internal_error", 502: "unavailable", 503: "unavailable", 504: "unavailable",
}  # fmt: skip
ALSO = {400: " 494", 405: " 403"}
"""nginx's word for headers that are too long; what it says of a method that ``limit_except`` leaves out."""


def _problems() -> str:
    """nginx's own refusals, as ``web/problems.py`` words them."""
    lines = []
    for status, code in PROBLEMS.items():
        said = f'{{"type":"urn:blooming-blooms:problem:{code}","title":"{code}","status":{status},"code":"{code}"}}'
        lines += [
            f"        error_page {status}{ALSO.get(status, '')} = /problem/{status};",
            f"        location = /problem/{status} {{",
            "            internal;",
            "            default_type application/problem+json;",
            "            add_header X-Content-Type-Options nosniff always;",
            "            add_header Cache-Control no-store always;",
            *(["            add_header Retry-After 1 always;"] if status in (502, 503, 504) else []),
            f"            return {status} '{said}';",
            "        }",
        ]
    return "\n".join(lines)


def launcher() -> str:
    """A shell script that records who it is, then becomes the program.

    The record is process id, start time and boot: together they name one process for ever, so that whoever finds an orphan of
    a killed supervisor ends exactly it. Neither the environment nor the command line would do: Redis and nginx overwrite both.
    """
    return """\
#!/bin/sh
# usage: launch RECORD PROGRAM ARGUMENT...
record=$1
shift
read -r boot < /proc/sys/kernel/random/boot_id
read -r stat < /proc/$$/stat
# The name in field 2 is "(launch)" or "(sh)": no blanks, so field 22 is the start time.
started=$(echo "$stat" | cut -d ' ' -f 22)
echo "$$ $started $boot" > "$record.new"
mv "$record.new" "$record"
exec "$@"
"""
