"""Passwords by argon2id, in a thread of their own: comparing takes 30 ms on purpose."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_THREADS = ThreadPoolExecutor(2, thread_name_prefix="argon2")
"""At most two at once: each takes memory, and guesses must not take the machine."""


class Passwords:
    """OWASP's parameters: 19 MiB, two rounds, one lane."""

    def __init__(self, memory_kib: int = 19_456, rounds: int = 2) -> None:
        self._hasher = PasswordHasher(time_cost=rounds, memory_cost=memory_kib, parallelism=1)
        self._nobody = self._hasher.hash("nobody has this password")

    async def hashed(self, password: str) -> str:
        """What is kept of a password."""
        return await asyncio.get_running_loop().run_in_executor(_THREADS, self._hasher.hash, password)

    async def fits(self, known: str, password: str) -> bool:
        """Is it the password of which ``known`` is kept? ``known`` "": there is none; that takes as long (auth 26)."""
        return await asyncio.get_running_loop().run_in_executor(_THREADS, self._compare, known, password)

    def _compare(self, known: str, password: str) -> bool:
        try:
            return self._hasher.verify(known or self._nobody, password) and bool(known)
        except (VerificationError, InvalidHashError):
            return False
