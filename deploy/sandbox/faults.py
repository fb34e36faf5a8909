"""Faults on demand: which calls go wrong, and how; the same seed gives the same faults to the same orders (design §8)."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta


class Call(StrEnum):
    """Where a fault can sit: a gateway's four calls, the buyer's press of pay, and the calls of the other providers."""

    READY = "ready"
    APPROVE = "approve"
    ORDER = "order"
    CANCEL = "cancel"
    PAY = "pay"
    TOKEN = "token"
    ME = "me"
    UNLINK = "unlink"
    MAIL = "mail"
    SMS = "sms"
    OCR = "ocr"


class Fault(StrEnum):
    """What goes wrong. ``before`` and ``after`` mean: before or after the books were changed."""

    DELAY = "delay"
    """The call waits ``delay_ms`` before it happens, also when the caller has given up meanwhile."""
    ERROR_BEFORE = "error_before"
    """500, and nothing happened."""
    ERROR_AFTER = "error_after"
    """500, and it happened."""
    LOST_ANSWER = "lost_answer"
    """It happened, and the connection closes without a word."""
    RESET = "reset"
    """The connection is reset, and nothing happened: the caller cannot tell it from LOST_ANSWER."""
    EXPIRED = "expired"
    """The call comes as if the tid's 15 minutes were over."""
    BUSY = "busy"
    """Only at ``unlink``: Kakao's 400 with code -1, "try again later", and nothing happened."""
    REFUSED = "refused"
    """Only at ``unlink``: Kakao's 400 with code -2, a wrong argument, for good, and nothing happened."""
    DOUBLE_CALLBACK = "double_callback"
    """Only at ``pay``: the approval URL is called once more than the browser does."""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``probability`` of each call, at most ``times`` in all (None: without end); ``delay_ms`` only for DELAY."""

    call: Call
    fault: Fault
    probability: Annotated[float, Meta(ge=0, le=1)] = 1.0
    delay_ms: Annotated[int, Meta(ge=0, le=600_000)] = 0
    times: Annotated[int, Meta(ge=1)] | None = None


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All rules that hold for every payment; ``seed`` decides whom a probability hits."""

    rules: tuple[Rule, ...] = ()
    seed: int = 0


_MARK = re.compile(r"\[fault:(\w+)=(\w+)(?::(\d+))?(?:\*(\d+))?\]")


def marks_in(*texts: str) -> str:
    """The markers in ``texts``, joined. Raises ValueError for a marker of an unknown call or fault."""
    marks = "".join(match.group() for text in texts if "[fault:" in text for match in _MARK.finditer(text))
    if marks:
        rules_of(marks)
    return marks


def rules_of(marks: str) -> tuple[Rule, ...]:
    """The rules that ``[fault:<call>=<fault>[:<delay ms>][*<times>]]`` stand for; without ``*`` once per order.

    Raises ValueError for an unknown call or fault.
    """
    return tuple(
        Rule(call=Call(call), fault=Fault(fault), delay_ms=int(delay or 0), times=int(times or 1))
        for call, fault, delay, times in _MARK.findall(marks)
    )


def chance(seed: int, rule: int, call: Call, order_id: str, number: int) -> float:
    """The draw in [0, 1) for the ``number``-th such call of an order: it depends on nothing else, so not on who came first."""
    text = f"{seed}\x1f{rule}\x1f{call}\x1f{order_id}\x1f{number}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest()) / 2.0**64


class Faults:
    """The plan in force and how often each rule has struck; in memory, since a fault is no promise that outlives a kill."""

    def __init__(self) -> None:
        self.plan = Plan()
        self._calls: set[Call] = set()
        self._seen: Counter[tuple[Call, str]] = Counter()
        self._struck: Counter[tuple[str, int, Rule]] = Counter()

    def replace(self, plan: Plan) -> None:
        """Puts ``plan`` in force and starts every count anew."""
        self.plan, self._calls = plan, {rule.call for rule in plan.rules}
        self._seen.clear()
        self._struck.clear()

    def draw(self, call: Call, order_id: str, marks: str) -> tuple[Rule, ...]:
        """The rules that strike this call; nearly always none, and then it costs nothing."""
        if not marks and call not in self._calls:
            return ()
        number = self._seen[call, order_id]
        self._seen[call, order_id] += 1
        hits = []
        for at, rule in enumerate(self.plan.rules):
            drawn = rule.call is call and chance(self.plan.seed, at, call, order_id, number) < rule.probability
            if drawn and self._strikes(("", at, rule)):
                hits.append(rule)
        for at, rule in enumerate(rules_of(marks)):
            if rule.call is call and self._strikes((order_id, at, rule)):
                hits.append(rule)
        return tuple(hits)

    def _strikes(self, key: tuple[str, int, Rule]) -> bool:
        times = key[2].times
        if times is not None and self._struck[key] >= times:
            return False
        self._struck[key] += 1
        return True
