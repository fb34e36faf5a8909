"""Every test, in parts that share nothing and run side by side: ``python -m tests``, or ``python -m tests kernel e2e``.

A test that plays with the real stack mostly waits: for a process that starts, for a session that ends, for a broker's cleaner. So
a core carries two stacks at once. ``python -m pytest`` runs the same tests one after the other. The exit code is 0 only if that of
every part is.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from deploy.local.layout import ROOT

LOGS = ROOT / ".local" / "parts"
"""What each part says, while it runs."""
POLL = 0.2
"""Seconds between two looks at the parts that run."""


class Part(msgspec.Struct, frozen=True):
    """What one pytest runs: ``paths`` without ``but``, on the stack ``name`` with the ports from ``base`` on (0: on none).

    ``variable`` tells the tests which stack that is. ``alone``: after all others, since the tests need a machine that is quiet.
    """

    name: str
    paths: tuple[str, ...]
    but: tuple[str, ...] = ()
    variable: str = "BB_TEST_STACK"
    base: int = 0
    alone: bool = False

    def arguments(self) -> list[str]:
        """What pytest is told."""
        return [*self.paths, *(f"--ignore={path}" for path in self.but)]

    def files(self, root: Path = ROOT) -> set[str]:
        """The test files that pytest finds."""
        return set(_within(root, self.paths)) - set(_within(root, self.but))

    def environment(self, ours: Mapping[str, str], shift: int = 0) -> dict[str, str]:
        """``ours``, but with the part's own stack, ``shift`` ports away, which is stopped afterwards."""
        clean = {name: value for name, value in ours.items() if not name.startswith("BB_")}
        return {**clean, self.variable: f"{self.name}:{self.base + shift}", "BB_TEST_STOP": "1"} if self.base else clean


def _within(root: Path, paths: Sequence[str]) -> Iterator[str]:
    for path in paths:
        files = (root / path).rglob("test_*.py") if (root / path).is_dir() else [root / path]
        yield from (str(file.relative_to(root)) for file in files)


KERNEL = ("tests/integration/kernel", "tests/integration/test_consumption.py")
MACHINE = ("tests/integration/machine",)
READ = tuple(f"tests/integration/test_{name}.py" for name in ("auditor", "projectors", "projectors_poison"))
BUDGET = ("tests/e2e/test_budget.py",)
PARTS = (
    Part("test", ("tests/contract", "tests/integration"), (*KERNEL, *MACHINE, *READ), base=27_000),
    Part("e2e", ("tests/e2e",), BUDGET, base=29_000),
    Part("kernel", KERNEL, base=27_100),
    Part("read", READ, base=27_200),
    Part("up", MACHINE, variable="BB_UP_STACK", base=28_000),
    Part("unit", ("tests/unit",)),
    # What meets no delay costs the least: beside other stacks hardly any order does.
    Part("budget", BUDGET, base=27_300, alone=True),
)
"""The longest first."""


def run(parts: Sequence[Part], at_once: int, shift: int = 0, options: Sequence[str] = (), logs: Path = LOGS) -> list[str]:
    """Run ``parts`` in their order, ``at_once`` at a time, and say what each said when it ends; the names of those that failed."""
    logs.mkdir(parents=True, exist_ok=True)
    began, failed, waiting = time.monotonic(), list[str](), list(parts)
    running: dict[Part, tuple[subprocess.Popen[bytes], float]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < (1 if waiting[0].alone else at_once):
                part = waiting.pop(0)
                running[part] = _start(part, shift, options, logs), time.monotonic()
                print(f"== {part.name} begins: {logs / part.name}.log", flush=True)
            for part in [part for part, (process, _) in running.items() if process.poll() is not None]:
                process, since = running.pop(part)
                failed += [part.name] if process.returncode else []
                print(f"== {part.name} has ended after {time.monotonic() - since:.0f} s with {process.returncode}")
                print((logs / f"{part.name}.log").read_text(), flush=True)
            time.sleep(POLL)
    finally:
        # By this signal pytest stops its stack before it ends.
        for process, _ in running.values():
            process.send_signal(signal.SIGINT)
        for process, _ in running.values():
            process.wait()
    print(f"{len(parts)} parts in {time.monotonic() - began:.0f} s; failed: {', '.join(failed) or 'none'}")
    return failed


def _start(part: Part, shift: int, options: Sequence[str], logs: Path) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-m", "pytest", *part.arguments(), *options]
    with (logs / f"{part.name}.log").open("wb") as out:
        return subprocess.Popen(
            argv, cwd=ROOT, env=part.environment(os.environ, shift), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
        )


def main(argv: Sequence[str] | None = None) -> int:
    """The command."""
    names = [part.name for part in PARTS]
    parser = argparse.ArgumentParser(prog="python -m tests", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(names)}; all, if none is named")
    most = 2 * (os.cpu_count() or 1)
    parser.add_argument(
        "--at-once", type=int, default=most, help="parts that run side by side, of up to 2 GB each; here %(default)s"
    )
    parser.add_argument("--shift", type=int, default=0, help="added to every port, beside somebody else's run")
    parser.add_argument("--durations", type=int, default=10, help="how many of the slowest tests each part names")
    given = parser.parse_args(argv)
    if unknown := set(given.parts) - set(names):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    chosen = [part for part in PARTS if part.name in (given.parts or names)]
    # Whatever a shell starts in the background ignores SIGINT, and so would the parts, and all that they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Whoever ends this ends the parts with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    return 1 if run(chosen, given.at_once, given.shift, [f"--durations={given.durations}"]) else 0


if __name__ == "__main__":
    sys.exit(main())
