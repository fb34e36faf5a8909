"""What the contract suite needs of a provider besides its port: a buyer, the provider's own books, faults and a kill."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp

from agents.payments.gateway import Checkout, Gateway, Ready, Returns, amount_of
from agents.payments.kakaopay import KakaoPay

ROOT = Path(__file__).parents[2]
SECRET = "test-key-of-nobody"


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


class SandboxProcess:
    """The sandbox as a process of its own, on a free port and a folder that outlives its kills."""

    def __init__(self, folder: Path) -> None:
        self.port, self._folder = free_port(), folder
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it unless it runs, also again after a kill, and waits until it is ready."""
        if self._process is not None and self._process.poll() is None:
            return
        env = {
            **os.environ,
            "BB_SANDBOX_DIR": str(self._folder),
            "BB_SANDBOX_PORT": str(self.port),
            "BB_KAKAOPAY_SECRET": SECRET,
            "BB_SANDBOX_PUBLIC_URL": "",
        }
        self._process = subprocess.Popen([sys.executable, "-m", "deploy.sandbox"], cwd=ROOT, env=env)
        for _ in range(400):
            assert self._process.poll() is None, "the sandbox ended at once"
            try:
                with urllib.request.urlopen(f"{self.url}/sandbox/health/ready", timeout=5) as answer:
                    assert answer.status == 200
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the sandbox did not become ready in 20 s")

    def end(self, signum: int = signal.SIGKILL) -> None:
        """Ends the process; by default with kill -9."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signum)
            self._process.wait()


class SandboxBench:
    """What one test does to the provider."""

    def __init__(self, process: SandboxProcess, http: aiohttp.ClientSession) -> None:
        self.process, self.url, self.http = process, process.url, http

    async def press(self, ready: Ready, verb: str) -> tuple[int, str]:
        """What the buyer's browser does on the page: status and where it is sent to."""
        async with self.http.get(f"{ready.redirects.pc.rpartition('/')[0]}/{verb}", allow_redirects=False) as answer:
            return answer.status, answer.headers.get("Location", "")

    async def pay(self, gateway: Gateway, ready: Ready) -> str:
        """The buyer pays; the token that their browser brings back."""
        status, url = await self.press(ready, "pay")
        assert status == 302
        return gateway.token_in({name: values[0] for name, values in parse_qs(urlsplit(url).query).items()})

    async def plan(self, *rules: dict[str, Any], seed: int = 0) -> int:
        """Puts faults in force; the status of the answer."""
        async with self.http.put(f"{self.url}/sandbox/faults", json={"rules": rules, "seed": seed}) as answer:
            return answer.status

    async def books(self, order_id: str) -> list[tuple[int, int]]:
        """(captured, refunded) of each payment of an order in the provider's own books, oldest first."""
        async with self.http.get(f"{self.url}/sandbox/books/{order_id}") as answer:
            return [(line["captured"], line["refunded"]) for line in (await answer.json())["payments"]]

    async def journal(self, since: int = 0, limit: int = 1000) -> dict[str, Any]:
        """A page of the books of all orders."""
        async with self.http.get(f"{self.url}/sandbox/books", params={"since": since, "limit": limit}) as answer:
            body: dict[str, Any] = await answer.json()
            return body

    async def calls(self) -> list[tuple[str, str]]:
        """(call, traceparent) of the last calls that the provider got, oldest first."""
        async with self.http.get(f"{self.url}/sandbox/calls") as answer:
            return [(one["call"], one["traceparent"]) for one in (await answer.json())["calls"]]

    async def end_of_journal(self) -> int:
        """The number of the latest change."""
        since = 0
        while (page := await self.journal(since))["payments"]:
            since = page["next"]
        return since

    def kakaopay(self, **options: Any) -> KakaoPay:
        """An adapter pointed at this sandbox."""
        return KakaoPay(self.url, "TC0ONETIME", SECRET, **options)


def checkout(order_id: str, name: str = "장미 꽃다발", total: int = 39_000, tax_free: int = 0) -> Checkout:
    """An order of one bouquet for ``total`` KRW."""
    shop = "http://127.0.0.1:9/payments"
    returns = Returns(f"{shop}/approved?order={order_id}", f"{shop}/cancelled", f"{shop}/failed")
    return Checkout(
        order_id=order_id, buyer_id="buyer-1", item_name=name, quantity=1, amount=amount_of(total, tax_free), returns=returns
    )
