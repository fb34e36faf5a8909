"""A stack: ``make up`` brings one up for a person, tests one for themselves; both may run at once, on ports of their own.

For example::

    stack = Stack("test", 27000)
    stack.start_daemons()
    stack.run_steps("topics", "schemas")
    stack.start_processes(["trade", "web", "sandbox"])
    stack.kill("trade", signal.SIGKILL)
    stack.wait_ready()
    stack.stop()
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from deploy.local import configs, install, steps
from deploy.local.errors import StackError, tail
from deploy.local.layout import ROOT, SECRETS, digest, environment, layout
from deploy.local.programs import Program, daemons, parse_procfile, processes, supervisord, wanted
from deploy.local.ready import taken, why_not
from deploy.local.supervisor import UP, Status, Supervisor, end_of, recorded
from models.settings import PORT_BASE, Settings

READY_WAIT = 120.0
POLL = 0.1
KILL_WAIT = 10.0
STARTS = 6
"""A program that was started more often than this while we waited for it will not become ready by more patience."""
WEB_PROCESSES = 2


class Stack:
    """One stack of daemons and processes. Its methods block; call them from a thread where a loop runs."""

    def __init__(
        self,
        name: str = "demo",
        port_base: int = PORT_BASE,
        *,
        overrides: Mapping[str, str] = {},
        procfile: Path = ROOT / "Procfile",
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        """``overrides``: ``BB_*`` variables that win over the stack's own; an address among them replaces that daemon.

        Raises ValueError for a name that is no plain word or a Procfile that cannot be read.
        """
        self.where = layout(name)
        self.port_base = port_base
        self._web = int(overrides.get("BB_WEB_PROCESSES", WEB_PROCESSES))
        self._overrides = dict(overrides)
        self._procfile = procfile
        self._say = say
        self._supervisor = Supervisor(self.where)
        default, actual = self._environment({}), self.env()
        self.daemons = wanted(daemons(self.where, port_base), default, actual)
        self.processes = wanted(processes(parse_procfile(procfile.read_text()), port_base, self._web), default, actual)

    @property
    def programs(self) -> dict[str, Program]:
        """Every program by name."""
        return {program.name: program for program in (*self.daemons, *self.processes)}

    def env(self) -> dict[str, str]:
        """The ``BB_*`` variables (and the credentials of DynamoDB Local) that every process of this stack has."""
        return self._environment(self._overrides)

    def full_env(self) -> dict[str, str]:
        """The whole environment of a process: ours without another stack's variables, ``env()``, and the root to import from."""
        ours = {key: value for key, value in os.environ.items() if not key.startswith(("BB_", "MAKE", "MFLAGS"))}
        return {**ours, **self.env(), "PYTHONPATH": str(ROOT)}

    def start_daemons(self, names: Iterable[str] | None = None) -> None:
        """Install what is missing, start all daemons (or ``names``) side by side, wait until they are ready. Raises StackError."""
        install.install_tools(self._say)
        self.where.make()
        with install.locked(self.where.home / "lock"):
            changed = self._render()
            if changed and self._supervisor.pid():
                self._say("configuration changed: stopping what runs")
                self.stop()
            install.new_state(self._say, self.where)
            if not self._supervisor.pid():
                if ended := self._supervisor.end_orphans():
                    self._say(f"ended what a killed supervisor left running: {', '.join(ended)}")
                self._supervisor.launch(self.where.conf / "supervisord.conf", self.full_env())
            self._start([daemon.name for daemon in self.daemons] if names is None else self.expand(names))

    def start_processes(self, names: Iterable[str] | None = None, *, wait: bool = True) -> None:
        """Start all processes of the Procfile, or ``names`` (``web`` means each of them). Raises StackError."""
        self._start([process.name for process in self.processes] if names is None else self.expand(names), wait=wait)

    def run_steps(self, *names: str) -> None:
        """Do the steps called ``names`` (``deploy.local.steps``). Raises StackError, KeyError for an unknown name."""
        for step in steps.named(names):
            steps.perform(step, self.where, self.full_env(), self._say)

    def expand(self, names: Iterable[str]) -> list[str]:
        """``names`` with ``web`` replaced by web-0, web-1, ... Raises StackError for a name that is no program of this stack."""
        found: list[str] = []
        for name in names:
            several = [one for one in self.programs if one == name or one.rpartition("-")[0] == name]
            if not several:
                raise StackError(f"no program is called {name!r}", f"there are {', '.join(self.programs)}")
            found += several
        return found

    def wait_ready(self, names: Iterable[str] | None = None, seconds: float = READY_WAIT) -> None:
        """Wait until ``names``, or everything that was started, is ready. Raises StackError with the reason and the log's end."""
        began = time.monotonic()
        started = [name for name, one in self.statuses().items() if one.state in UP]
        waiting = dict.fromkeys(started if names is None else self.expand(names), "")
        starts: dict[str, set[int]] = {name: set() for name in waiting}
        while True:
            now = self.statuses()
            for name in list(waiting):
                status = now.get(name)
                starts[name].add(status.since if status else 0)
                if status is None or status.state not in ("STARTING", "RUNNING"):
                    waiting[name] = f"{status.state.lower()}: {status.said}" if status else "supervisord does not know it"
                elif not (reason := why_not(self.programs[name].ready)):
                    del waiting[name]
                    self._say(f"{name} is ready")
                else:
                    waiting[name] = reason
            if not waiting:
                return
            if time.monotonic() - began > seconds:
                raise self._not_ready(waiting, f"after {seconds:.0f} s")
            if dying := {name: reason for name, reason in waiting.items() if len(starts[name]) > STARTS}:
                raise self._not_ready(dying, "but dying again and again")
            time.sleep(POLL)

    def statuses(self) -> dict[str, Status]:
        """What supervisord says of each program; empty if it does not run."""
        return self._supervisor.statuses()

    def pid(self, name: str) -> int:
        """The process id of ``name`` (``supervisor`` is supervisord itself); 0 if it does not run."""
        return recorded(self.where.run / f"{name}.pid")

    def kill(self, name: str, number: int = signal.SIGKILL) -> int:
        """Send signal ``number`` to ``name``, or to ``supervisor``, and answer its pid. Raises StackError if it does not run.

        After SIGKILL it is gone when this returns; supervisord starts it again, itself it comes back by ``start_daemons``.
        """
        pid = self.pid(name)
        if not pid:
            raise StackError(f"{name} does not run")
        os.kill(pid, number)
        if number == signal.SIGKILL:
            end_of([pid], KILL_WAIT)
        return pid

    def stop_programs(self, names: Iterable[str]) -> None:
        """Stop ``names`` and keep them stopped."""
        self._supervisor.stop(self.expand(names))

    def restart(self, names: Iterable[str] | None = None) -> None:
        """Stop and start all processes of the Procfile, or ``names``, and wait until they are ready. Raises StackError."""
        chosen = [process.name for process in self.processes] if names is None else self.expand(names)
        if not self.statuses():
            raise StackError("supervisord does not run", "", "make up")
        self._supervisor.stop(chosen)
        self._start(chosen)

    def stop(self) -> None:
        """Stop everything: processes, then daemons, then supervisord; or what a killed supervisord left. Data stays."""
        running = [name for name, status in self.statuses().items() if status.state in UP]
        ours = {process.name for process in self.processes}
        self._supervisor.stop([name for name in running if name in ours])
        self._supervisor.stop([name for name in running if name not in ours])
        self._supervisor.shut_down()
        self._supervisor.end_orphans()

    def reset(self) -> None:
        """Stop everything and delete the stack's state, secrets included. What was downloaded or built stays."""
        self.stop()
        for folder in {self.where.home, self.where.sockets}:
            shutil.rmtree(folder, ignore_errors=True)

    def addresses(self) -> dict[str, str]:
        """Where a person finds what, by name."""
        env = self.env()
        found = {"web": env["BB_PUBLIC_URL"], "sandbox": env["BB_SANDBOX_URL"]}
        found |= {"kafka": env["BB_KAFKA"], "mysql": f"{env['BB_MYSQL_HOST']}:{env['BB_MYSQL_PORT']}"}
        found |= {name: env[f"BB_{name.upper()}_URL"] for name in ("redis", "mongo", "dynamo", "s3")}
        health = {one.name: one.ready for one in self.processes if "BB_HEALTH_PORT" in one.env}
        return found | {name: f"http://127.0.0.1:{ready.port}{ready.path}" for name, ready in health.items()}

    def _environment(self, overrides: Mapping[str, str]) -> dict[str, str]:
        secret = {name: self.where.secret(name) for name in SECRETS}
        return environment(self.where, self.port_base, web_processes=self._web, secret=secret, given=overrides)

    def _start(self, names: list[str], *, wait: bool = True) -> None:
        now = self.statuses()
        if not now:
            raise StackError("supervisord does not run", "", "make up")
        fresh = [name for name in names if now[name].state not in UP]
        for name in fresh:
            # Somebody else's service behind our port would look ready, and be the wrong one, or keep ours from starting for ever.
            if taken(port := self.programs[name].ready.port):
                raise StackError(f"{name}: port {port} is taken by another program", "", "end it (ss -ltnp), or set BB_PORT_BASE")
        self._supervisor.start(fresh)
        if wait:
            self.wait_ready(names)

    def _render(self) -> bool:
        """Write every configuration file; was one of them different before?"""
        where, base = self.where, self.port_base
        password = where.secret("mysql-password")
        nginx_state = where.data / "nginx"
        environment_digest = digest(f"{key}={value}" for key, value in sorted(self.env().items()))
        texts = {
            where.conf / "kafka.properties": configs.kafka(base, where.data / "kafka"),
            where.conf / "log4j2.properties": configs.log4j2(),
            where.conf / "my.cnf": configs.mysql(base, where.data / "mysql", where.sockets / "mysql.sock", where.conf / "init.sql"),
            where.conf / "init.sql": configs.mysql_init(password),
            where.conf / "redis.conf": configs.redis(base, where.data / "redis"),
            where.conf / "s3proxy.conf": configs.s3proxy(
                base, where.data / "s3", Settings().s3_identity, where.secret("s3-secret")
            ),
            where.conf / "logback.xml": configs.logback(),
            where.conf / "nginx.conf": configs.nginx(base, nginx_state, self._web),
            where.run / "launch": configs.launcher(),
            where.conf / "supervisord.conf": supervisord(where, (*self.daemons, *self.processes), environment_digest),
            where.home / "env": "".join(f"{key}='{value}'\n" for key, value in sorted(self.env().items())),
        }
        changed = False
        for file, text in texts.items():
            if not file.exists() or file.read_text() != text:
                changed = changed or file.exists()
                file.write_text(text)
                file.chmod(0o700 if file.name == "launch" else 0o600)
        return changed

    def _not_ready(self, waiting: Mapping[str, str], how: str) -> StackError:
        said = [f"{name}: {reason}\n{tail(self.where.logs / f'{name}.log')}" for name, reason in waiting.items()]
        return StackError(f"not ready {how}: {', '.join(waiting)}", "\n".join(said), f"look at {self.where.logs}")
