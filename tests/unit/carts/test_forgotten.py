"""A guest's cart moves to its buyer and is forgotten: of the guest no row is left, and who comes back is told from before."""

from __future__ import annotations

import msgspec

from agents.auditor.books import Books
from agents.facts import decode
from models.actor import DAY, Message, Reminder
from models.carts import messages as m
from models.read.facts import EVENTS, Fact, Spot
from tests.unit.read.log_maker import LogMaker

GUEST, BUYER = "guest-1", "ann"
PARTITIONS = 1
"""So that the guest's row and the buyer's share a ledger."""


def add(quantity: int, by_guest: bool = False) -> m.AddToCart:
    return m.AddToCart(product_id="plant", store_id="store-rose", quantity=quantity, price=12_000, by_guest=by_guest)


def later(log: LogMaker, days: int) -> None:
    """The worker's reminders to the guest after ``days``."""
    log.now += days * DAY
    for part in ("", "product/plant"):
        log.send("carts", GUEST, Reminder(due=log.now, part=part))


def day(*more: tuple[str, Message]) -> LogMaker:
    """A guest's cart that was merged and forgotten, and what came then."""
    log = LogMaker(partitions=PARTITIONS)
    log.send("carts", GUEST, add(2, by_guest=True))
    log.send("carts", GUEST, add(1, by_guest=True))
    log.send("carts", BUYER, m.MergeCart(guest=GUEST))
    later(log, 2)
    for key, message in more:
        log.send("carts", key, message)
    return log


def facts(log: LogMaker) -> list[Fact]:
    return [
        fact
        for record in log.records
        for fact in decode(Spot("carts", EVENTS, record.partition), record.key.encode(), record.value, log.now).facts
    ]


def of_guest(log: LogMaker) -> list[tuple[int, str, bool]]:
    """Seq, event and whether it says to begin, of the guest's events."""
    return [(fact.seq, type(fact.body).__name__, fact.first) for fact in facts(log) if fact.key == GUEST]


def wrong(told: list[Fact]) -> list[tuple[str, str]]:
    books = Books()
    for fact in told:
        books.fold(fact)
    return [(one.invariant, one.id) for one in books.judge(0)[0]]


def test_no_row_of_the_guest_is_left() -> None:
    log = day()
    assert {key for key in log.rows["carts", 0] if key.startswith(GUEST.encode())} == set()
    lines = next(state.lines for _, (key, part), state in log.states() if (key, part) == (BUYER, ""))
    assert {one: line.quantity for one, line in lines.items()} == {"plant": 3}
    assert of_guest(log) == [
        (1, "CartLineSet", False), (2, "CartLineSet", False), (3, "CartHandedOver", False), (4, "CartExpired", False),
    ]  # fmt: skip


def test_who_comes_back_with_the_same_cookie_brings_what_is_new_and_nothing_twice() -> None:
    log = day((GUEST, add(4, by_guest=True)), (BUYER, m.MergeCart(guest=GUEST)), (BUYER, m.MergeCart(guest=GUEST)))
    lines = next(state.lines for _, (key, part), state in log.states() if (key, part) == (BUYER, ""))
    assert {one: line.quantity for one, line in lines.items()} == {"plant": 7}
    assert of_guest(log)[4:] == [(5, "CartLineSet", True), (6, "CartHandedOver", False), (7, "CartHandedOver", False)]
    ids = [fact.id for fact in facts(log)]
    assert len(ids) == len(set(ids))
    later(log, 2)
    assert {key for key in log.rows["carts", 0] if key.startswith(GUEST.encode())} == set()


def test_the_auditor_takes_a_beginning_for_none_and_misses_a_lost_one() -> None:
    told = facts(day((GUEST, add(4, by_guest=True)), (GUEST, add(1, by_guest=True)), ("guest-2", add(1, by_guest=True))))
    assert [(fact.key, fact.seq, fact.first) for fact in told[-3:]] == [(GUEST, 5, True), (GUEST, 6, False), ("guest-2", 5, True)]
    assert wrong(told) == []
    # What is said twice is the same event, on both sides of the beginning.
    assert wrong([*told, *told[-8:]]) == []
    changed = msgspec.structs.replace(told[-2], id="another")
    assert wrong([*told, changed]) == [("event_sequence", f"carts/{GUEST}#6")]
    assert wrong([*told[:-3], *told[-2:]]) == [("event_sequence", f"carts/{GUEST}#6")]
    assert wrong([*told[:-1], msgspec.structs.replace(told[-1], first=False)]) == [("event_sequence", "carts/guest-2#5")]
