"""CPU time of every program of a stack, read from the kernel's own books."""

from __future__ import annotations

import contextlib
import os
import time

import msgspec
import psutil

from deploy.local.stack import Stack
from tests.bench.figures import Cost

SUPERVISOR = "supervisor"


class Moment(msgspec.Struct, frozen=True):
    """What had been used when: CPU seconds of each program with its children, of the whole machine, and of this process."""

    at: float
    pids: dict[str, int]
    programs: dict[str, float]
    machine: float
    own: float


def used(pid: int, *, alone: bool = False) -> float:
    """CPU seconds of a process, its children, and those of them that have ended. Raises psutil.NoSuchProcess.

    ``alone``: without its children, as supervisord's are the programs that are counted by themselves.
    """
    process = psutil.Process(pid)
    if alone:
        times = process.cpu_times()
        return float(times.user + times.system)
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def machine() -> float:
    """CPU seconds that all cores together were not idle, time that the hypervisor gave to others included."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - times.iowait - times.guest - times.guest_nice)


def now(stack: Stack) -> Moment:
    """What everything that runs has used so far."""
    pids = {name: pid for name in (*stack.programs, SUPERVISOR) if (pid := stack.pid(name))}
    programs = {name: used(pid, alone=name == SUPERVISOR) for name, pid in pids.items()}
    return Moment(time.perf_counter(), pids, programs, machine(), used(os.getpid()))


def between(before: Moment, after: Moment, generator: float) -> Cost:
    """What was used meanwhile; ``generator``: CPU seconds of the load generator, by its own word.

    Raises RuntimeError if a program was started anew meanwhile: then nobody knows.
    """
    if changed := {name for name, pid in before.pids.items() if after.pids.get(name) != pid}:
        raise RuntimeError(f"ended during the run: {', '.join(sorted(changed))}")
    programs = {name: after.programs[name] - seconds for name, seconds in before.programs.items()}
    cores = (after.at - before.at) * (os.cpu_count() or 1)
    # The generator is a child of this process and still lives, so its part is in ``own`` and not taken off twice.
    others = after.machine - before.machine - sum(programs.values()) - (after.own - before.own)
    return Cost(programs, generator, max(0.0, others), cores)


def yardstick() -> float:
    """CPU milliseconds of a fixed piece of work, the best of seven: what a core of this machine is worth just now.

    A virtual machine's cores become slower when its host is busy, which no share of its own time shows.
    """
    best = float("inf")
    for _ in range(7):
        began = time.process_time()
        total = 0
        for number in range(200_000):
            total += number & 7
        best = min(best, time.process_time() - began)
    return 1000 * best


def memory(stack: Stack) -> dict[str, float]:
    """Resident MB of each program with its children, pages that they share counted once in each."""
    found = {}
    for name in (*stack.programs, SUPERVISOR):
        pid = stack.pid(name)
        if not pid:
            continue
        process = psutil.Process(pid)
        children = [] if name == SUPERVISOR else process.children(recursive=True)
        found[name] = sum(one.memory_info().rss for one in (process, *children)) / 2**20
    return found
