"""Coupons of florists and what buyers have of them: tables of MySQL, and the fold of inventory's events into them. Pure.

An issued coupon is ``claimed``, ``held`` by an order, or ``used``, under the terms of the edition at its claim.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from models.inventory.messages import (
    CouponClaimed,
    CouponClosed,
    CouponCreated,
    CouponEdited,
    CouponPrivate,
    HoldCommitted,
    HoldPlaced,
    HoldReleased,
    StockReturned,
)
from models.read import mysql
from models.read.facts import Fact

CLAIMED, HELD, USED = "claimed", "held", "used"


def tables(version: int) -> tuple[sa.Table, sa.Table, sa.Table]:
    """Coupons, the editions of their terms, and issued ones.

    Of a coupon ``seq`` is the last event that came with a name (0: only the name has come yet), ``pseq`` that of the last name,
    ``last`` the last event that changed it, ``created`` its first.
    """
    metadata = sa.MetaData()
    coupons = sa.Table(
        f"coupons_{version}",
        metadata,
        sa.Column("coupon_id", sa.String(64), primary_key=True),
        sa.Column("store_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False, server_default=""),
        sa.Column("max_issued", sa.Integer, nullable=False, server_default="0"),
        sa.Column("discount", sa.BigInteger, nullable=False, server_default="0", comment="KRW"),
        sa.Column("min_amount", sa.BigInteger, nullable=False, server_default="0", comment="KRW of goods"),
        sa.Column("starts", sa.String(10), nullable=False, server_default="", comment="KST day, inclusive"),
        sa.Column("ends", sa.String(10), nullable=False, server_default="", comment="KST day, inclusive"),
        sa.Column("issued", sa.Integer, nullable=False, server_default="0"),
        sa.Column("edition", sa.Integer, nullable=False, server_default="0"),
        sa.Column("closed", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("created", sa.Integer, nullable=False, server_default="0"),
        sa.Column("seq", sa.Integer, nullable=False, server_default="0"),
        sa.Column("pseq", sa.Integer, nullable=False, server_default="0"),
        sa.Column("last", sa.Integer, nullable=False, server_default="0"),
        sa.Index(f"coupons_{version}_store", "store_id", "created"),
    )
    terms = sa.Table(
        f"coupons_terms_{version}",
        metadata,
        sa.Column("coupon_id", sa.String(64), primary_key=True),
        sa.Column("edition", sa.Integer, primary_key=True),
        sa.Column("discount", sa.BigInteger, nullable=False, comment="KRW"),
        sa.Column("min_amount", sa.BigInteger, nullable=False, comment="KRW of goods"),
        sa.Column("starts", sa.String(10), nullable=False, comment="KST day, inclusive"),
        sa.Column("ends", sa.String(10), nullable=False, comment="KST day, inclusive"),
    )
    issued = sa.Table(
        f"coupons_issued_{version}",
        metadata,
        sa.Column("coupon_id", sa.String(64), primary_key=True),
        sa.Column("buyer", sa.String(64), primary_key=True),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("order_id", sa.String(64), nullable=False, comment="that holds or has used it"),
        sa.Column("claimed_at", sa.BigInteger, nullable=False, comment="ms, UTC"),
        sa.Column("used_at", sa.BigInteger, nullable=False, server_default="0", comment="ms, UTC; 0: not used"),
        sa.Column("edition", sa.Integer, nullable=False, server_default="0"),
        sa.Column("seq", sa.Integer, nullable=False, server_default="0", comment="of the claim"),
        sa.Index(f"coupons_issued_{version}_buyer", "buyer", "claimed_at", "coupon_id"),
        sa.Index(f"coupons_issued_{version}_holders", "coupon_id", "claimed_at", "buyer"),
    )
    return coupons, terms, issued


SAVE = (
    "INSERT INTO {coupons} (coupon_id, store_id, max_issued, discount, min_amount, starts, ends, edition, created, seq, last)"
    " VALUES {rows} ON DUPLICATE KEY UPDATE max_issued = VALUES(max_issued), discount = VALUES(discount),"
    " min_amount = VALUES(min_amount), starts = VALUES(starts), ends = VALUES(ends), edition = VALUES(edition),"
    " created = GREATEST(created, VALUES(created)), seq = GREATEST(seq, VALUES(seq)), last = VALUES(last)"
)
TERMS = (
    "INSERT INTO {terms} (coupon_id, edition, discount, min_amount, starts, ends) VALUES {rows}"
    " ON DUPLICATE KEY UPDATE coupon_id = coupon_id"
)
CLOSE = (
    "INSERT INTO {coupons} (coupon_id, store_id, closed, last) VALUES {rows}"
    " ON DUPLICATE KEY UPDATE closed = VALUES(closed), last = VALUES(last)"
)
NAME = (
    "INSERT INTO {coupons} (coupon_id, store_id, name, pseq) VALUES {rows}"
    " ON DUPLICATE KEY UPDATE name = VALUES(name), pseq = VALUES(pseq)"
)
COUNT = "INSERT INTO {coupons} (coupon_id, store_id, issued) VALUES {rows} ON DUPLICATE KEY UPDATE issued = VALUES(issued)"
CLAIM = (
    "INSERT INTO {issued} (coupon_id, buyer, status, order_id, claimed_at, edition, seq) VALUES {rows}"
    " ON DUPLICATE KEY UPDATE coupon_id = coupon_id"
)
GIVE_BACK = "UPDATE {issued} SET status = 'claimed', order_id = '', used_at = 0 WHERE (coupon_id, buyer, order_id) IN ({rows})"
MARK = (
    "INSERT INTO {issued} (coupon_id, buyer, status, order_id, used_at, claimed_at) VALUES {rows}"
    " ON DUPLICATE KEY UPDATE status = VALUES(status), order_id = VALUES(order_id), used_at = VALUES(used_at)"
)


def project(facts: Sequence[Fact]) -> list[mysql.Write]:
    """Writes in an order in which they may be made one after another.

    Within a batch an issued coupon's changes fold into the last. A coupon comes back only from the order that has it: where the
    batch does not tell who has it, the row does.
    """
    saved: dict[str, list[Any]] = {}
    terms: dict[tuple[str, int], tuple[Any, ...]] = {}
    closed: dict[str, tuple[Any, ...]] = {}
    names: dict[str, tuple[Any, ...]] = {}
    counts: dict[str, tuple[Any, ...]] = {}
    claims: dict[tuple[str, str], tuple[Any, ...]] = {}
    backs: dict[tuple[str, str], set[str]] = {}
    marks: dict[tuple[str, str], tuple[str, str, int]] = {}
    for fact in facts:
        event = fact.body
        match event:
            case CouponPrivate():
                names[event.coupon_id] = (event.coupon_id, fact.key, event.name, fact.seq)
            case CouponCreated() | CouponEdited():
                saved[event.coupon_id] = _saved(fact, event, saved.get(event.coupon_id))
                edition = saved[event.coupon_id][7]
                terms[event.coupon_id, edition] = (
                    event.coupon_id, edition, event.discount, event.min_amount, event.starts, event.ends,
                )  # fmt: skip
            case CouponClosed():
                closed[event.coupon_id] = (event.coupon_id, fact.key, 1, fact.seq)
            case CouponClaimed():
                counts[event.coupon_id] = (event.coupon_id, fact.key, event.issued)
                claims[event.coupon_id, event.buyer] = (
                    event.coupon_id, event.buyer, CLAIMED, "", event.at, event.edition, fact.seq,
                )  # fmt: skip
            case HoldPlaced() if event.coupon_id:
                marks[event.coupon_id, event.buyer] = (HELD, event.order_id, 0)
            case HoldCommitted() if event.coupon_id:
                marks[event.coupon_id, event.buyer] = (USED, event.order_id, fact.at)
            case HoldReleased() | StockReturned() if event.coupon_id:
                name = (event.coupon_id, event.buyer)
                if name not in marks:
                    backs.setdefault(name, set()).add(event.order_id)
                elif marks[name][1] == event.order_id:
                    marks[name] = (CLAIMED, "", 0)
    return [
        mysql.Write(SAVE, sorted(tuple(row) for row in saved.values())),
        mysql.Write(TERMS, sorted(terms.values())),
        mysql.Write(CLOSE, sorted(closed.values())),
        mysql.Write(NAME, sorted(names.values())),
        mysql.Write(COUNT, sorted(counts.values())),
        mysql.Write(CLAIM, sorted(claims.values())),
        mysql.Write(GIVE_BACK, sorted((*name, order) for name, orders in backs.items() for order in orders if name not in marks)),
        mysql.Write(MARK, sorted((*name, *mark, 0) for name, mark in marks.items())),
    ]


def _saved(fact: Fact, event: CouponCreated | CouponEdited, before: list[Any] | None) -> list[Any]:
    """The row of ``SAVE``, after what the batch has said of the coupon so far."""
    created, seq = (before[8], before[9]) if before is not None else (0, 0)
    edition = event.edition if isinstance(event, CouponEdited) else 0
    if not isinstance(event, CouponEdited):
        created = seq = fact.seq
    elif event.renamed:
        seq = fact.seq
    return [
        event.coupon_id, fact.key, event.limit, event.discount, event.min_amount, event.starts, event.ends, edition, created,
        seq, fact.seq,
    ]  # fmt: skip
