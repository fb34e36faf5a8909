"""Who and what the examples are about."""

from __future__ import annotations

from models.actor import id_of

BUYER, SELLER, ADMIN = (f"{number}b7beb926b86b15a89a655b202d5822a-1" for number in "012")
STORE = id_of("store", SELLER)
STORE_NAME = "성수 봄날의온실"
PRODUCT, SUBSCRIPTION = id_of("product", "example"), id_of("subscription", STORE)
PRODUCT_NAME = "빨간 장미 꽃다발"
ORDER, STORE_ORDER, LINE = id_of("order", "example"), id_of("store order", "example"), id_of("line", "example")
COUPON, REVIEW, QUESTION, NOTICE = (id_of(word, "example") for word in ("coupon", "review", "question", "notice"))
IMAGE, DOCUMENT, SESSION, ADDRESS = (id_of(word, "example") for word in ("image", "document", "session", "address"))
PICTURE = f"/images/{IMAGE}/43a6b6ae999940da3105240ac65d617b-640.webp"
PICTURES = {width: PICTURE.replace("640", width) for width in ("320", "640", "1280")}
TICKET = f"{id_of('ticket', 'example')}.VOMrJjwQHg68Ra-WFsdLf-T-EhQOmXuKu6IHRcKr2Fg"
MORNING = 1_772_409_600_000
"""The 2nd of March 2026 at nine in Seoul, in ms since the epoch."""
MINUTE = 60_000
PHONE, EMAIL = "+821012345678", "haru@example.com"
