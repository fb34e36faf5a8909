"""Where a process spends its CPU while it serves: py-spy samples it from outside, and this adds the samples up.

Profile before guessing: ``python -m tests.bench --only buyers16 --runs 1 --profile trade --profile read``.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec

RATE = 200
"""Samples a second. Only those in which a thread holds the interpreter's lock count: waiting does not, nor do system calls."""


class Stacks(msgspec.Struct, frozen=True):
    """Samples of one process: (frames, outermost first; how often)."""

    program: str
    samples: list[tuple[tuple[str, ...], int]]

    @property
    def total(self) -> int:
        """All samples."""
        return sum(number for _, number in self.samples)


async def sample(program: str, pid: int, seconds: float, folder: Path) -> Stacks:
    """Sample the Python process ``pid`` for so long. Raises RuntimeError with what py-spy says if it cannot."""
    file = folder / f"{program}.stacks"
    how = ("-d", f"{max(1, round(seconds))}", "-r", str(RATE), "--gil", "-F", "-f", "raw")
    arguments = ("record", "-p", str(pid), *how, "-o", str(file))
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("py-spy"), *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"py-spy {program}: {said.decode(errors='replace')[-400:]}")
    return Stacks(program, stacks(file.read_text()))


def stacks(text: str) -> list[tuple[tuple[str, ...], int]]:
    """The lines ``outer;inner count`` of py-spy's raw format."""
    found = []
    for line in text.splitlines():
        frames, _, number = line.rpartition(" ")
        if frames:
            found.append((tuple(map(short, frames.split(";"))), int(number)))
    return found


def short(frame: str) -> str:
    """``handle (/long/path/site-packages/aiokafka/client.py:12)`` -> ``aiokafka/client.py handle``."""
    name, _, place = frame.partition(" (")
    place = place.rstrip(")").rpartition(":")[0] or place.rstrip(")")
    for mark in ("site-packages/", "lib-dynload/", "/lib/python"):
        if mark in place:
            place = place.partition(mark)[2]
    return f"{place} {name}" if place else name


def package(frame: str) -> str:
    """What a frame belongs to: a package of ours or of others."""
    place = frame.partition(" ")[0]
    return place.partition("/")[0] if "/" in place else place


def alone(samples: Iterable[tuple[tuple[str, ...], int]]) -> Counter[str]:
    """Samples in which a function itself ran, or something in C that it called."""
    found: Counter[str] = Counter()
    for frames, number in samples:
        found[frames[-1]] += number
    return found


def within(samples: Iterable[tuple[tuple[str, ...], int]]) -> Counter[str]:
    """Samples in which a function ran or waited for what it had called."""
    found: Counter[str] = Counter()
    for frames, number in samples:
        for frame in set(frames):
            found[frame] += number
    return found


def text(one: Stacks, most: int = 25) -> str:
    """The dearest functions of a process, by themselves and with what they call, and each package's part."""
    total = max(one.total, 1)
    packages: Counter[str] = Counter()
    for frame, number in alone(one.samples).items():
        packages[package(frame)] += number
    parts = ", ".join(f"{name} {100 * number / total:.0f} %" for name, number in packages.most_common(10))
    lines = [f"{one.program}: {one.total} samples while it held the interpreter. By package: {parts}", "", "  self %  function"]
    lines += [f"  {100 * number / total:6.1f}  {frame}" for frame, number in alone(one.samples).most_common(most)]
    lines += ["", "  with %  function and what it calls"]
    # What is in every sample is only the way in.
    inner = [(frame, number) for frame, number in within(one.samples).most_common() if number < 0.98 * total]
    lines += [f"  {100 * number / total:6.1f}  {frame}" for frame, number in inner[: 2 * most]]
    return "\n".join(lines)
