"""The six banks that a store may be paid at (spec frontend §8.6), by their clearing codes. Pure data."""

from __future__ import annotations

BANKS = {
    "004": "국민은행",
    "011": "농협은행",
    "088": "신한은행",
    "020": "우리은행",
    "090": "카카오뱅크",
    "081": "하나은행",
}
"""Code -> name, in the order in which a form offers them."""
