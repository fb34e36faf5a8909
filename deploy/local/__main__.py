"""``python -m deploy.local COMMAND``: what the Makefile calls. Errors end with 1 and say what to do."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

from deploy.local.errors import StackError
from deploy.local.install import install_tools
from deploy.local.stack import Stack
from deploy.local.steps import STEPS, When
from models.settings import PORT_BASE

OWN = ("BB_STACK", "BB_PORT_BASE", "BB_DATA_DIR", "BB_SEARCH_DIR")
PERSONS_OWN = {"BB_PAYMENT_WINDOW": "60000"}
"""For whoever plays: an order that is not paid is given up after a minute, so that one can watch it (ms; 15 minutes else)."""
BEGAN = time.monotonic()


def say(line: str) -> None:
    """One line of progress, with the seconds since the start."""
    print(f"[{time.monotonic() - BEGAN:5.1f} s] {line}", flush=True)


def overrides(environ: Mapping[str, str]) -> dict[str, str]:
    """What wins over the stack's own variables: those given, and what makes playing with it pleasant."""
    return {**PERSONS_OWN, **{key: value for key, value in environ.items() if key.startswith("BB_") and key not in OWN}}


def make_stack() -> Stack:
    """The stack that ``BB_STACK`` and ``BB_PORT_BASE`` name; other ``BB_*`` variables override its own."""
    name, base = os.environ.get("BB_STACK", "demo"), int(os.environ.get("BB_PORT_BASE", PORT_BASE))
    return Stack(name, base, overrides=overrides(os.environ), say=say)


def up(stack: Stack) -> None:
    """Install what is missing, start everything that does not run, wait until it is ready."""
    stack.start_daemons()
    stack.run_steps(*(step.name for step in STEPS if step.when is When.DAEMONS_READY))
    stack.start_processes()
    stack.run_steps(*(step.name for step in STEPS if step.when is When.PROCESSES_READY))
    say("everything is ready")
    for name, address in stack.addresses().items():
        print(f"  {name:<11} {address}")


def status(stack: Stack) -> int:
    """Print every program; 1 if one of them does not run."""
    now = stack.statuses()
    for name in stack.programs:
        one = now.get(name)
        print(f"{name:<12} {one.state if one else 'STOPPED':<9} {one.pid or '' if one else '':<8} {one.said if one else ''}")
    return 0 if now and all(now[name].state == "RUNNING" for name in stack.programs) else 1


def logs(stack: Stack, names: Sequence[str]) -> int:
    """Follow the logs of ``names``, or of everything, until interrupted."""
    files = [str(stack.where.logs / f"{name}.log") for name in (stack.expand(names) if names else stack.programs)]
    try:
        return subprocess.call(["tail", "-n", "20", "-F", *files])
    except KeyboardInterrupt:
        return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Do one command; answers the exit status."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("install", "install what all stacks share"),
        ("up", "start everything and wait until it is ready"),
        ("down", "stop everything; data stays"),
        ("status", "show what runs"),
        ("reset", "stop everything and delete the stack's data"),
    ):
        commands.add_parser(name, help=text)
    for name, text in (("logs", "follow logs"), ("restart", "stop and start processes"), ("kill", "kill -9")):
        commands.add_parser(name, help=text).add_argument("names", nargs="*" if name != "kill" else "+")
    commands.add_parser("run", help="run a command with the stack's environment").add_argument("words", nargs=argparse.REMAINDER)
    given = parser.parse_args(argv)
    try:
        return _do(given)
    except (StackError, ValueError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1


def _do(given: argparse.Namespace) -> int:
    if given.command == "install":
        install_tools(say)
        return 0
    stack = make_stack()
    match given.command:
        case "up":
            up(stack)
        case "down":
            stack.stop()
        case "status":
            return status(stack)
        case "reset":
            stack.reset()
        case "logs":
            return logs(stack, given.names)
        case "restart":
            stack.restart(given.names or None)
        case "kill":
            for name in given.names:
                say(f"killed {name}, process {stack.kill(name)}")
        case "run":
            words = [word for word in given.words if word != "--"]
            if not words:
                raise StackError("no command given", "", "python -m deploy.local run -- COMMAND")
            environ = stack.full_env()
            # "python" is this one.
            environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), environ.get("PATH", os.defpath)])
            os.execvpe(words[0], words, environ)
    return 0


if __name__ == "__main__":
    sys.exit(main())
