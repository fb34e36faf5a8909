"""Cut the TCP connections of a process that lives on, as a failing network would. Linux 5.6 or newer, as the process's own user."""

from __future__ import annotations

import ctypes
import os
import socket

PIDFD_GETFD = 438
"""Number of the system call; the same on every architecture."""
_libc = ctypes.CDLL(None, use_errno=True)


def cut(pid: int) -> int:
    """Shut every open TCP connection of ``pid`` down, in both directions; answers how many. Raises OSError if it is gone."""
    process, number = os.pidfd_open(pid), 0
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):
            try:
                if not os.readlink(f"/proc/{pid}/fd/{name}").startswith("socket:"):
                    continue
            except OSError:
                continue
            descriptor = _libc.syscall(PIDFD_GETFD, process, int(name), 0)
            if descriptor >= 0:
                with socket.socket(fileno=descriptor) as one:
                    number += _shut(one)
    finally:
        os.close(process)
    return number


def _shut(one: socket.socket) -> bool:
    if one.family not in (socket.AF_INET, socket.AF_INET6) or one.type != socket.SOCK_STREAM:
        return False
    try:
        # One that listens has no peer, and stays.
        one.getpeername()
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        return False
    return True
