"""What a stack needs before it can start: Debian's packages, jars, FerretDB; then the state of a new stack. Each once."""

from __future__ import annotations

import base64
import fcntl
import os
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import msgspec

from deploy.local.errors import StackError, tail
from deploy.local.layout import ROOT, TOOLS, Layout, Stamps, digest_of_files
from deploy.local.programs import binary, java

Say = Callable[[str], None]
HERE = ROOT / "deploy" / "local"
POLICY = Path("/usr/sbin/policy-rc.d")


class Package(msgspec.Struct, frozen=True):
    """A Debian package, pinned to the line that this project is tested with, and a program by which it is known to be there."""

    name: str
    version: str
    program: str
    folder: str = "/usr/bin"


PACKAGES = (
    Package("mariadb-server", "1:10.11.*", "mariadbd", "/usr/sbin"),
    Package("redis-server", "5:7.0.*", "redis-server"),
    Package("nginx", "1.22.*", "nginx", "/usr/sbin"),
    Package("openjdk-17-jre-headless", "17.*", "java"),
    Package("maven", "3.8.*", "mvn"),
)
GO_FOLDER = "/usr/local/go/bin"


def missing() -> list[Package]:
    """The packages whose program is not on this machine."""
    return [package for package in PACKAGES if not Path(binary(package.program, package.folder)).exists()]


@contextmanager
def no_services() -> Iterator[None]:
    """Keep Debian's packages from starting their services: the stack runs its own, on its own ports."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


def run(what: str, argv: list[str], log: Path, do: str, *, cwd: Path = ROOT, env: Mapping[str, str] = {}) -> None:
    """Run ``argv`` with its output in ``log``. Raises StackError, saying ``what`` failed, the end of its output and ``do``."""
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        with log.open("wb") as out:
            environ = {**os.environ, **env}
            done = subprocess.run(argv, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environ, check=False)
    except OSError as error:
        raise StackError(f"{what} failed", f"{argv[0]}: {error}", do) from error
    if done.returncode:
        raise StackError(f"{what} failed: {' '.join(argv[:6])} ... ended with {done.returncode}", tail(log), do)


def install_packages(say: Say, logs: Path) -> None:
    """Install what is missing of Debian's packages. Raises StackError; also if that needs a privilege that we lack."""
    packages = missing()
    if not packages:
        return
    wanted = [f"{package.name}={package.version}" for package in packages]
    by_hand = f"apt-get install -y --no-install-recommends {' '.join(wanted)}"
    if os.geteuid() != 0:
        raise StackError(f"missing: {', '.join(package.program for package in packages)}", "", f"as root: {by_hand}")
    say(f"installing {', '.join(wanted)}")
    env = {"DEBIAN_FRONTEND": "noninteractive"}
    with no_services():
        run("apt-get update", ["apt-get", "-q", "update"], logs / "apt-update.log", "look at the machine's network", env=env)
        run("apt-get install", by_hand.split(), logs / "apt-install.log", f"try by hand: {by_hand}", env=env)


def _jars(profile: str, say: Say, tools: Path, pom: str = "pom.xml") -> None:
    stamps, inputs = Stamps(tools / "stamps"), digest_of_files([f"deploy/local/java/{pom}"])
    if stamps.holds(profile, inputs):
        return
    say(f"fetching the jars of {profile}")
    target = tools / profile
    shutil.rmtree(target, ignore_errors=True)
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={target}", "-DincludeScope=runtime"]
    argv = ["mvn", "-q", "-B", "-f", str(HERE / "java" / pom), f"-P{profile}", *goal]
    run(f"fetching the jars of {profile}", argv, tools / "logs" / f"{profile}.log", "look at Maven's settings for this machine")
    stamps.put(profile, inputs)


def _ferretdb(say: Say, tools: Path) -> None:
    stamps, inputs = Stamps(tools / "stamps"), digest_of_files(["deploy/local/ferretdb/*"])
    if stamps.holds("ferretdb", inputs):
        return
    go = binary("go", GO_FOLDER)
    if not Path(go).exists():
        why = f"neither in PATH nor in {GO_FOLDER}"
        raise StackError("Go is missing: FerretDB is built with it", why, "install Go 1.24 or newer")
    say("building FerretDB (about 75 s, once)")
    log, do = tools / "logs" / "ferretdb.log", "look at the Go proxy's settings for this machine"
    modules = _mended(go, tools, log, do)
    argv = [go, "build", "-trimpath", "-ldflags=-s -w", f"-modfile={modules}", "-o", str(tools / "ferretdb"), "."]
    run("building FerretDB", argv, log, do, cwd=HERE / "ferretdb")
    stamps.put("ferretdb", inputs)


class _Mend(msgspec.Struct, frozen=True):
    """``old``, which ``file`` has ``times``, is to be ``new``."""

    why: str
    file: str
    old: str
    new: str
    times: int


class _Mended(msgspec.Struct, frozen=True):
    """``mend.json``."""

    module: str
    mends: list[_Mend]


def _mended(go: str, tools: Path, log: Path, do: str) -> Path:
    """A go.mod that takes FerretDB from a copy in which lines are those of ``mend.json``. Raises StackError."""
    folder, copy, modules = HERE / "ferretdb", tools / "ferretdb-source", tools / "ferretdb.mod"
    wanted = msgspec.json.decode((folder / "mend.json").read_bytes(), type=_Mended)
    run("fetching FerretDB", [go, "mod", "download", wanted.module], log, do, cwd=folder)
    run("looking for FerretDB", [go, "list", "-m", "-f", "{{.Dir}}", wanted.module], log, do, cwd=folder)
    shutil.rmtree(copy, ignore_errors=True)
    # Without the permissions: Go's own folder is for reading only.
    shutil.copytree(log.read_text().strip(), copy, copy_function=shutil.copyfile)
    for path in (copy, *copy.rglob("*/")):
        path.chmod(0o755)
    for mend in wanted.mends:
        text = (copy / mend.file).read_text()
        if text.count(mend.old) != mend.times:
            raise StackError("FerretDB is another one", f"not in {mend.file}: {mend.old}", "see whether mend.json is still needed")
        (copy / mend.file).write_text(text.replace(mend.old, mend.new))
    modules.write_text(f"{(folder / 'go.mod').read_text()}\nreplace {wanted.module} => {copy}\n")
    shutil.copyfile(folder / "go.sum", modules.with_suffix(".sum"))
    return modules


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold the lock ``file``: two stacks may come up at once, and share what they install."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install_tools(say: Say, tools: Path = TOOLS) -> None:
    """Everything that stacks share. Raises StackError."""
    with locked(tools / "lock"):
        install_packages(say, tools / "logs")

        def jars() -> None:
            # One after the other: two Mavens would fight for one local repository.
            _jars("kafka", say, tools)
            _jars("dynamodb", say, tools)
            _jars("s3proxy", say, tools, "s3proxy/pom.xml")

        together([jars, lambda: _ferretdb(say, tools)])


def together(tasks: list[Callable[[], None]]) -> None:
    """Run ``tasks`` side by side; the first error is raised when all have ended."""
    with ThreadPoolExecutor(max_workers=len(tasks)) as pool:
        for future in [pool.submit(task) for task in tasks]:
            future.result()


def cluster_id() -> str:
    """A new Kafka cluster id: 22 characters of URL-safe base64, never beginning with a dash, which would be read as an option."""
    random = uuid.uuid4().bytes
    return base64.urlsafe_b64encode(bytes([random[0] & 0x7F]) + random[1:]).decode().rstrip("=")


def new_state(say: Say, where: Layout, tools: Path = TOOLS) -> None:
    """Format Kafka's log folder and make MariaDB's system tables, if this stack is new. Raises StackError."""
    stamps = Stamps(where.home / "stamps")

    def kafka() -> None:
        if stamps.holds("kafka-format", "1"):
            return
        say("formatting Kafka's log folder")
        shutil.rmtree(where.data / "kafka", ignore_errors=True)
        tool = [*java(32, 128, tools / "kafka", "-XX:TieredStopAtLevel=1"), "kafka.tools.StorageTool"]
        argv = [*tool, "format", "-t", cluster_id(), "-c", str(where.conf / "kafka.properties")]
        run("formatting Kafka's log folder", argv, where.logs / "kafka-format.log", "make reset, then make up")
        stamps.put("kafka-format", "1")

    def mysql() -> None:
        if stamps.holds("mysql-install", "1"):
            return
        say("making MariaDB's system tables")
        shutil.rmtree(where.data / "mysql", ignore_errors=True)
        argv = [binary("mariadb-install-db", "/usr/bin"), "--no-defaults", f"--datadir={where.data / 'mysql'}"]
        # Root comes in by its socket alone, so there is no password of root to lose.
        options = ["--user=root", "--auth-root-authentication-method=socket", "--auth-root-socket-user=root", "--skip-test-db"]
        run("making MariaDB's system tables", [*argv, *options], where.logs / "mysql-install.log", "make reset, then make up")
        stamps.put("mysql-install", "1")

    for name in ("redis", "mongo", "dynamo", "s3", "nginx", "sandbox", "tables", "search"):
        (where.data / name).mkdir(parents=True, exist_ok=True)
    together([kafka, mysql])
