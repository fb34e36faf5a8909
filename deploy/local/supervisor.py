"""supervisord, from outside: starting it, talking to it, and ending what it left behind when it was killed."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from deploy.local.errors import StackError, tail
from deploy.local.layout import ROOT, Layout

SELF = "supervisor"
"""Name under which supervisord itself is recorded."""

UP = frozenset(("STARTING", "RUNNING", "BACKOFF"))
START_WAIT = 15.0
ORPHAN_WAIT = 20.0
RPC_TIMEOUT = 30.0


class Status(msgspec.Struct, frozen=True):
    """What supervisord says of a program; ``pid`` 0: it does not run."""

    name: str
    state: str
    pid: int
    since: int
    said: str


class _Transport(xmlrpc.client.Transport):
    """XML-RPC over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("localhost", timeout=RPC_TIMEOUT)
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.sock.settimeout(RPC_TIMEOUT)
        connection.sock.connect(str(self._path))
        return connection


def started_at(pid: int) -> str:
    """Start time of ``pid`` in clock ticks since boot; empty if there is no such process or it is a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]


def recorded(file: Path) -> int:
    """The pid in the launcher's record ``file`` if that very process still lives, else 0."""
    try:
        pid, started, boot = file.read_text().split()
        same_boot = boot == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (OSError, ValueError):
        return 0
    return int(pid) if same_boot and started_at(int(pid)) == started else 0


class Supervisor:
    """The supervisord of one stack."""

    def __init__(self, where: Layout) -> None:
        """Nothing is started or asked yet."""
        self._where = where
        self._socket = where.sockets / "supervisor.sock"

    def pid(self) -> int:
        """Its process id; 0 if it does not run."""
        return recorded(self._where.run / f"{SELF}.pid")

    def call(self, method: str, *args: Any) -> Any:
        """One XML-RPC call, ``supervisor.<method>``. Raises OSError if nobody answers, xmlrpc.client.Fault for a refusal."""
        with xmlrpc.client.ServerProxy("http://localhost", transport=_Transport(self._socket)) as proxy:
            return getattr(proxy.supervisor, method)(*args)

    def statuses(self) -> dict[str, Status]:
        """Every program by name; empty if supervisord does not run."""
        if not self.pid():
            return {}
        try:
            said = self.call("getAllProcessInfo")
        except OSError:
            return {}
        return {
            one["name"]: Status(one["name"], one["statename"], one["pid"], one["start"], one["spawnerr"] or one["description"])
            for one in said
        }

    def launch(self, conf: Path, environment: Mapping[str, str]) -> None:
        """Start supervisord, a child of nobody, and wait until it answers. Raises StackError."""
        where, log = self._where, self._where.logs / "supervisord.out"
        self._socket.unlink(missing_ok=True)
        # Not "python -m": -I leaves the working folder and PYTHONPATH out, where a file could shadow a module of supervisor's.
        code = "from supervisor.supervisord import main; main()"
        argv = [str(where.run / "launch"), str(where.run / f"{SELF}.pid"), sys.executable, "-I", "-c", code, "-c", str(conf)]
        with log.open("wb") as out:
            # The shell ends at once, so init adopts supervisord: whoever called us need not wait for its child's end.
            subprocess.run(
                ["/bin/sh", "-c", '"$@" &', "sh", *argv],
                env=dict(environment),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                check=True,
            )
        end = time.monotonic() + START_WAIT
        while time.monotonic() < end:
            if self.statuses():
                return
            time.sleep(0.05)
        raise StackError("supervisord does not answer", tail(log), f"look at {where.logs}")

    def start(self, names: Iterable[str]) -> None:
        """Start those of ``names`` that do not run; returns at once."""
        now = self.statuses()
        for name in names:
            if now[name].state not in UP:
                try:
                    self.call("startProcess", name, False)
                except xmlrpc.client.Fault as fault:
                    if "ALREADY_STARTED" not in fault.faultString:
                        look = f"look at {self._where.logs}/{name}.log"
                        raise StackError(f"{name} does not start", fault.faultString, look) from fault

    def stop(self, names: Iterable[str]) -> None:
        """Stop ``names`` side by side and wait until they have ended; supervisord kills what does not within its time."""
        waiting = set(names)
        for name in waiting:
            try:
                self.call("stopProcess", name, False)
            except xmlrpc.client.Fault as fault:
                if "NOT_RUNNING" not in fault.faultString:
                    raise
        while waiting:
            now = self.statuses()
            waiting = {name for name in waiting if name in now and now[name].state == "STOPPING"}
            time.sleep(0.05 if waiting else 0)

    def shut_down(self) -> None:
        """End supervisord and wait for it."""
        if pid := self.pid():
            os.kill(pid, signal.SIGTERM)
            end_of([pid], ORPHAN_WAIT)

    def orphans(self) -> dict[str, int]:
        """Programs that a supervisord which is gone has left running, by name."""
        if self.pid():
            return {}
        own = (SELF, "supervisord")
        found = {file.stem: recorded(file) for file in sorted(self._where.run.glob("*.pid")) if file.stem not in own}
        return {name: pid for name, pid in found.items() if pid}

    def end_orphans(self) -> list[str]:
        """End what ``orphans`` finds, with everything in its process group; answers their names."""
        found = self.orphans()
        for pid in found.values():
            _signal_group(pid, signal.SIGTERM)
        end_of(found.values(), ORPHAN_WAIT)
        return sorted(found)


def _signal_group(pid: int, number: int) -> None:
    """Signal the group that supervisord made for ``pid``, or ``pid`` alone if it leads none."""
    try:
        if os.getpgid(pid) == pid:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)
    except ProcessLookupError:
        return


def end_of(pids: Iterable[int], wait: float) -> None:
    """Wait until ``pids`` have ended; kill what lives after ``wait`` seconds."""
    living = {pid: started for pid in pids if (started := started_at(pid))}
    deadline = time.monotonic() + wait
    while living:
        living = {pid: started for pid, started in living.items() if started_at(pid) == started}
        if living and time.monotonic() > deadline:
            for pid in living:
                _signal_group(pid, signal.SIGKILL)
            deadline += wait
        time.sleep(0.05 if living else 0)
