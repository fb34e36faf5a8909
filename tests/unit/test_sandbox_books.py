"""The sandbox's pure parts: amounts, the life of a payment, faults by seed; and its books without a network."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.payments import gateway
from deploy.sandbox import options
from deploy.sandbox.books import Books
from deploy.sandbox.faults import Call, Fault, Faults, Plan, Rule, marks_in, rules_of
from deploy.sandbox.kakaopay import answers, payment
from deploy.sandbox.kakaopay.payment import Amount, Payment, Refused
from deploy.sandbox.kakaopay.wire import ApproveRequest, CancelRequest, ReadyRequest

NOW = 1_767_225_600_000  # 2026-01-01T09:00:00 KST
TID = "T" + "1" * 19


def readied(total: int = 39_000, tax_free: int = 0, vat: int | None = None, tid: str = TID) -> Payment:
    """A payment fresh from ready."""
    asked = ReadyRequest(
        cid="TC0ONETIME", partner_order_id="o-1", partner_user_id="u-1", item_name="장미", quantity=1, total_amount=total,
        tax_free_amount=tax_free, vat_amount=vat, approval_url="http://s/a", cancel_url="http://s/c", fail_url="http://s/f",
    )  # fmt: skip
    return payment.opened(asked, tid, "", NOW)


def approval(token: str = "t" * 20) -> ApproveRequest:
    """An approve of ``readied()``."""
    return ApproveRequest(cid="TC0ONETIME", tid=TID, partner_order_id="o-1", partner_user_id="u-1", pg_token=token)


def taken(total: int = 39_000, tax_free: int = 0) -> Payment:
    """A payment whose money was taken."""
    return payment.approved(payment.authenticated(readied(total, tax_free), "t" * 20, NOW), approval(), "A1", NOW).payment


def back(amount: int, tax_free: int = 0, vat: int | None = None, left: int | None = None) -> CancelRequest:
    """A cancel of ``amount`` KRW."""
    return CancelRequest(
        cid="TC0ONETIME", tid=TID, cancel_amount=amount, cancel_tax_free_amount=tax_free, cancel_vat_amount=vat,
        cancel_available_amount=left,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("total", "tax_free", "vat"),
    [(1, 0, 0), (5, 0, 0), (6, 0, 1), (11, 0, 1), (16, 0, 1), (17, 0, 2), (39_000, 0, 3_545), (30_000, 8_000, 2_000), (9, 9, 0)],
)
def test_vat_is_an_eleventh_rounded(total: int, tax_free: int, vat: int) -> None:
    assert payment.vat_of(total, tax_free) == gateway.vat_of(total, tax_free) == vat


def test_a_vat_that_is_given_is_kept_and_one_that_does_not_fit_is_refused() -> None:
    assert readied(1_000, 0, 7).amount == Amount(1_000, 0, 7)
    with pytest.raises(Refused) as no:
        readied(1_000, 900, 101)
    assert no.value.code == payment.BAD_AMOUNT


@pytest.mark.parametrize(("late", "code"), [(0, None), (payment.TID_LIFE, None), (payment.TID_LIFE + 1, payment.EXPIRED)])
def test_a_tid_lives_fifteen_minutes(late: int, code: int | None) -> None:
    ready = payment.authenticated(readied(), "t" * 20, NOW)
    if code is None:
        assert payment.approved(ready, approval(), "A1", NOW + late).payment.captured == Amount(39_000, 0, 3_545)
        return
    for call in (
        lambda: payment.approved(ready, approval(), "A1", NOW + late),
        lambda: payment.authenticated(ready, "x", NOW + late),
    ):
        with pytest.raises(Refused) as no:
            call()
        assert no.value.code == code


def test_a_second_press_of_pay_keeps_the_token() -> None:
    once = payment.authenticated(readied(), "first", NOW)
    assert payment.authenticated(once, "second", NOW) is once


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (back(39_001), payment.BEYOND_WHAT_IS_LEFT),
        (back(1_000, tax_free=1), payment.BEYOND_WHAT_IS_LEFT),
        (back(1_000, vat=3_546), payment.BEYOND_WHAT_IS_LEFT),
        (back(39_000, vat=3_000), payment.BEYOND_WHAT_IS_LEFT),
        (back(1_000, left=38_999), payment.AVAILABLE_MISMATCH),
    ],
)
def test_a_cancel_that_does_not_fit(asked: CancelRequest, code: int) -> None:
    with pytest.raises(Refused) as no:
        payment.cancelled(taken(), asked, "A2", NOW)
    assert no.value.code == code


def test_cancels_add_up() -> None:
    part = payment.cancelled(taken(), back(10_000, left=39_000), "A2", NOW).payment
    assert (part.status, part.canceled, part.left) == ("PART_CANCEL_PAYMENT", Amount(10_000, 0, 909), Amount(29_000, 0, 2_636))
    whole = payment.cancelled(part, back(29_000, left=29_000), "A3", NOW).payment
    assert (whole.status, whole.canceled, whole.left) == ("CANCEL_PAYMENT", Amount(39_000, 0, 3_545), Amount())


@given(st.integers(1, 10**7), st.data())
def test_refunds_cut_by_the_port_are_taken_by_the_provider_and_leave_nothing(total: int, data: st.DataObject) -> None:
    tax_free = data.draw(st.integers(0, total))
    held = taken(total, tax_free)
    while held.left.total:
        left = gateway.Amount(held.left.total, held.left.tax_free, held.left.vat)
        won = data.draw(st.integers(max(1, left.total // 3), left.total))
        least = max(0, left.tax_free - (left.total - won))
        free = data.draw(st.integers(least, min(won, left.tax_free)))
        part = gateway.part_of(left, won, free)
        held = payment.cancelled(held, back(part.total, part.tax_free, part.vat, left.total), "A", NOW).payment
    assert (held.status, held.canceled) == ("CANCEL_PAYMENT", held.amount)


def test_times_are_kst_without_a_zone() -> None:
    assert answers.kst(NOW) == "2026-01-01T09:00:00"
    assert answers.kst(0) is None


class TestFaults:
    def test_markers(self) -> None:
        marks = marks_in("장미 [fault:approve=lost_answer]", "{'x': '[fault:order=delay:250*3]'}")
        assert rules_of(marks) == (
            Rule(Call.APPROVE, Fault.LOST_ANSWER, times=1),
            Rule(Call.ORDER, Fault.DELAY, delay_ms=250, times=3),
        )
        with pytest.raises(ValueError, match="nonsense"):
            marks_in("[fault:approve=nonsense]")

    def test_a_marker_strikes_its_order_only_and_only_so_often(self) -> None:
        faults, marks = Faults(), "[fault:cancel=reset*2]"
        hits = [len(faults.draw(Call.CANCEL, order, marks)) for order in ("a", "a", "a", "b")]
        assert hits == [1, 1, 0, 1]
        assert faults.draw(Call.APPROVE, "c", marks) == faults.draw(Call.CANCEL, "c", "") == ()

    def test_the_seed_decides_and_not_the_order_of_arrival(self) -> None:
        def struck(seed: int, orders: list[str]) -> set[str]:
            faults = Faults()
            faults.replace(Plan((Rule(Call.APPROVE, Fault.RESET, probability=0.3),), seed))
            return {order for order in orders if faults.draw(Call.APPROVE, order, "")}

        orders = [str(number) for number in range(200)]
        assert struck(7, orders) == struck(7, orders[::-1]) != struck(8, orders)
        # Pinned: a seed that was written down must go on replaying the same failures.
        assert len(struck(7, orders)) == 54


class TestBooks:
    async def test_what_is_committed_is_read_again(self, tmp_path: Path) -> None:
        books = Books(tmp_path)
        books.add(readied())
        await books.committed()
        books.put(taken())
        await books.committed()
        books.close()
        again = Books(tmp_path)
        assert again.find(TID) == taken()
        assert again.since(0, 9) == again.of_order("o-1") == [(2, taken())]
        assert again.since(2, 9) == []
        other = "T" + "2" * 19
        again.add(readied(tid=other))
        assert again.since(2, 9) == [(3, readied(tid=other))]
        again.close()

    async def test_a_commit_that_fails_fails_everybody_and_changes_nothing(self, tmp_path: Path) -> None:
        import asyncio
        import sqlite3

        class Full:
            """A connection whose next commit fails."""

            def __init__(self, db: sqlite3.Connection) -> None:
                self.db, self.full = db, True

            def execute(self, sql: str, *values: object) -> sqlite3.Cursor:
                if sql == "COMMIT" and self.full:
                    self.full = False
                    raise sqlite3.OperationalError("disk is full")
                return self.db.execute(sql, *values)  # type: ignore[arg-type]

            def __getattr__(self, name: str) -> object:
                return getattr(self.db, name)

        books = Books(tmp_path)
        books._db = Full(books._db)  # type: ignore[assignment]

        async def write(number: int) -> None:
            books.add(readied(tid=f"T{number:019}"))
            await books.committed()

        outcomes = await asyncio.gather(*(write(number) for number in range(3)), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [sqlite3.OperationalError] * 3
        assert books.since(0, 9) == []
        await write(9)
        assert [found.tid for _, found in books.since(0, 9)] == [f"T{9:019}"]
        books.close()


def test_options_have_a_visibly_fake_key_and_no_default_folder() -> None:
    read = options.read({"BB_SANDBOX_DIR": "x"})
    assert read == options.Options(folder=Path("x"))
    assert "nothing" in read.kakaopay_secret
    with pytest.raises(KeyError):
        options.read({})


def test_a_payment_survives_its_encoding() -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(taken()), type=Payment) == taken()
