"""A florist of Suwon as he registers himself."""

from __future__ import annotations

from models.stores.hours import Hours
from models.stores.messages import StorePrivate, StoreProfile

SELLER, ADMIN = "seller-1", "admin-1"
HOURS = {"mon": Hours(opens="09:00", closes="19:00"), "sat": Hours(opens="10:00", closes="15:30")}
PROFILE = StoreProfile(
    name="영통 꽃집", detail="아침마다 새벽시장에서 옵니다", thumbnail="image-1", phone="+8231200300", bank="088",
    account_number="110-234-567890", sido="41", gugun="41111", address="경기 수원시 영통구 어느로 1", zipcode="16499", lat=37.25,
    lon=127.05, delivery_fee=3_000, free_from=50_000, hours=HOURS, slot_capacity=2, cut_off="17:30", minutes_per_day=600,
    threshold=30,
)  # fmt: skip
TEXT = StorePrivate(
    name="영통 꽃집", detail="아침마다 새벽시장에서 옵니다", thumbnail="image-1", phone="+8231200300", bank="088",
    account_number="110-234-567890", address="경기 수원시 영통구 어느로 1", zipcode="16499",
)  # fmt: skip
