"""What people need before they can do anything: an operator's command, an admin with a second factor, a business number."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import uuid
from urllib.parse import parse_qs, urlsplit

import pyotp

from deploy.local.layout import ROOT
from deploy.local.stack import Stack


def command(up: Stack, *words: str) -> str:
    """Run one of our commands on the stack."""
    done = subprocess.run(
        [sys.executable, "-m", *words], env=up.full_env(), cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


async def admin_of(up: Stack) -> tuple[str, str, pyotp.TOTP]:
    """A new admin: name, password, second factor."""
    name = f"admin{uuid.uuid4().hex[:8]}"
    printed = await asyncio.to_thread(command, up, "web.admins", "create", "--name", name)
    password = re.findall(r"password: (\S+)", printed)[0]
    secret = parse_qs(urlsplit(re.findall(r"(otpauth://\S+)", printed)[0]).query)["secret"][0]
    return name, password, pyotp.TOTP(secret)


def business_number() -> str:
    """A number that nobody has claimed yet, with the right check digit."""
    head = f"{uuid.uuid4().int % 10**9:09}"
    weights = (1, 3, 7, 1, 3, 7, 1, 3, 5)
    total = sum(int(figure) * weight for figure, weight in zip(head, weights, strict=True)) + int(head[8]) * 5 // 10
    return f"{head}{(10 - total % 10) % 10}"
