"""What the web answers, people apart."""

from __future__ import annotations

from typing import Any

from web.examples.words import (
    BUYER,
    COUPON,
    EMAIL,
    IMAGE,
    LINE,
    MINUTE,
    MORNING,
    NOTICE,
    ORDER,
    PHONE,
    PICTURE,
    PICTURES,
    PRODUCT,
    PRODUCT_NAME,
    QUESTION,
    REVIEW,
    SELLER,
    STORE,
    STORE_NAME,
    STORE_ORDER,
    SUBSCRIPTION,
)
from web.responses import carts, catalog, common, images, inventory, orders, search, stores

PRICES: dict[str, Any] = {"goods": 90_000, "discount": 5_000, "delivery_fee": 3_000, "total": 88_000}
PART: dict[str, Any] = {"store_id": STORE, "store_order_id": STORE_ORDER, "kind": "delivery", "making_day": "2026-03-03", **PRICES}
LINES = [
    orders.OrderedLine(
        line_id=LINE, product_id=PRODUCT, name=PRODUCT_NAME, thumbnail=PICTURE, thumbnail_urls=PICTURES, quantity=2,
        price=45_000, amount=90_000, discount=5_000, tax_free=False,
    )
]  # fmt: skip
STOOD: dict[str, Any] = {**PART, "name": STORE_NAME, "status": "PENDING", "refunded": 0, "coupon_id": COUPON, "lines": LINES}
ORDERER = orders.OrdererShown(name="김하루", phone=PHONE, email=EMAIL)
ADDRESS = orders.AddressShown(
    recipient="이소라", phone="+821087654321", zipcode="04524", road="서울특별시 중구 세종대로 110", detail="1층",
    request="문 앞에 놓아 주세요",
)  # fmt: skip
PAID, DEADLINE = MORNING + 2 * MINUTE, MORNING + 15 * MINUTE

ORDERS = (
    orders.OrderAnswer(
        order_id=ORDER, status="AWAITING_PAYMENT", total=88_000, deadline=DEADLINE,
        redirects={device: f"https://online-pay.kakao.com/mockup/v1/Td91cb4e753f3/{device}" for device in ("pc", "mobile", "app")},
        stores=[orders.StoreOrderAnswer(**PART, status="")],
    ),
    orders.OrderShown(
        order_id=ORDER, buyer=BUYER, status="CONFIRMED", total=88_000, tax_free=0, placed_at=MORNING, deadline=DEADLINE,
        captured=88_000, refunded=0, method="MONEY", seq=7, stores=[orders.OrderedStore(**STOOD)], confirmed_at=PAID,
        orderer=ORDERER, address=ADDRESS,
    ),
    orders.StoreOrderShown(
        order_id=ORDER, placed_at=MORNING, confirmed_at=PAID, **STOOD, orderer=ORDERER, address=ADDRESS
    ),
    orders.StepShown(event="StoreHeld", at=MORNING + 200, seq=2, ids={"store_id": STORE}),
    orders.QuoteAnswer(
        total=88_000,
        stores=[
            orders.QuotedStore(
                store_id=STORE, kind="delivery", making_day="2026-03-03", **PRICES,
                lines=[orders.QuotedLine(product_id=PRODUCT, quantity=2, price=45_000, amount=90_000)],
            )
        ],
    ),
)  # fmt: skip

COUNTS: dict[str, Any] = {"sold": 128, "reviews": 31, "average": 4.6}
CARD = search.CardAnswer(
    product_id=PRODUCT, name=PRODUCT_NAME, summary="사랑을 전하는 열두 송이", price=45_000, store_id=STORE, store_name=STORE_NAME,
    thumbnail=PICTURE, thumbnail_urls=PICTURES, **COUNTS, status="SALE", category="1", tags=["1"], flowers=["1", "18"],
    created=MORNING,
)  # fmt: skip
ROSE = catalog.FlowerAnswer(flower_id="1", name_ko="빨간 장미", name_en="red rose", language_ko="사랑", language_en="love")
TAG = catalog.TagAnswer(tag_id="1", name_ko="연인 선물", name_en="for a lover")
PRODUCT_FIELDS: dict[str, Any] = {
    "product_id": PRODUCT, "store_id": STORE, "kind": "ordinary", "name": PRODUCT_NAME, "status": "SALE", "thumbnail": PICTURE,
    "thumbnail_urls": PICTURES, "summary": "사랑을 전하는 열두 송이", "description": "아침에 들어온 장미로 만듭니다.",
    "images": [PICTURE], "images_urls": [PICTURES], "price": 45_000, "tax_free": False, "category": "1", "tags": ["1"],
    "flowers": {"1": 12}, "representative": "1", "minutes": 30, "version": 1, "created": MORNING, "rating_sum": 285, "seq": 164,
    **COUNTS,
}  # fmt: skip
WRITTEN: dict[str, Any] = {
    "review_id": REVIEW, "product_id": PRODUCT, "product_name": PRODUCT_NAME, "rating": 9, "stars": 4.5,
    "text": "향이 오래 가고 정말 예뻐요", "images": [PICTURE], "images_urls": [PICTURES], "written_at": MORNING, "edited_at": 0,
    "reply": "소중한 후기 감사합니다", "replied_at": PAID,
}  # fmt: skip

CATALOG = (
    search.MainAnswer(rows=[search.RowAnswer(name=name, items=[CARD]) for name in ("best", "new", "rated")]),
    search.ProductsAnswer(items=[CARD], next="", total=1, facets={"category": {"1": 1}, "flower": {"1": 1, "18": 1}}),
    search.SearchAnswer(
        by="rules",
        filters={"tag": ["2"], "color": ["pink"], "max_price": ["50000"], "status": ["SALE"]},
        chips=[search.ChipAnswer(kind="color", label="분홍", value="pink")],
        items=[CARD],
        next="",
        total=1,
    ),
    catalog.ProductShown(
        **PRODUCT_FIELDS,
        store=catalog.StoreName(store_id=STORE, name=STORE_NAME),
        category_names=catalog.Names(name_ko="꽃다발", name_en="bouquet"),
        tag_names=[TAG],
        flower_names=[
            catalog.StemsAnswer(
                flower_id="1", name_ko="빨간 장미", name_en="red rose", language_ko="사랑", language_en="love", stems=12,
                representative=True,
            )
        ],
    ),
    catalog.ProductListed(**PRODUCT_FIELDS),
    catalog.ProductForAdmin(**PRODUCT_FIELDS, store_name=STORE_NAME),
    catalog.ProductAnswer(product_id=PRODUCT, version=1),
    catalog.ReferenceAnswer(
        flowers=[ROSE], tags=[TAG], categories=[catalog.CategoryAnswer(category_id="1", name_ko="꽃다발", name_en="bouquet")]
    ),
    catalog.ReviewShown(**WRITTEN, nickname="하루", picture=PICTURE, picture_urls=PICTURES),
    catalog.OwnReview(**WRITTEN, store_id=STORE, kind="delivery", subject=LINE, status="written", reason=""),
    catalog.ReviewAnswer(review_id=REVIEW),
    catalog.RestockAnswer(product_id=PRODUCT, waiting=True),
    catalog.RestockShown(
        product_id=PRODUCT, since=MORNING, store_id=STORE, name=PRODUCT_NAME, thumbnail=PICTURE, thumbnail_urls=PICTURES,
        status="DISCONTINUED",
    ),
    images.ImageAnswer(image_id=IMAGE, status="ready", urls=PICTURES, width=1_600, height=1_200),
)  # fmt: skip

PLACE: dict[str, Any] = {
    "store_id": STORE, "name": STORE_NAME, "detail": "새벽시장에서 그날의 꽃을 들여옵니다", "thumbnail": PICTURE,
    "thumbnail_urls": PICTURES, "address": "연무장길 12", "address_detail": "", "sido": "11", "sido_name": "서울특별시",
    "gugun": "11200", "gugun_name": "성동구", "position": stores.Position(lat=37.5427, lon=127.0561),
    "delivery_fee": 3_000, "free_from": 50_000, "cut_off": "18:00", "reviews": 31, "rating": 4.6, "status": "OPEN",
}  # fmt: skip
BANK: dict[str, Any] = {"bank": "088", "bank_name": "신한은행", "account_number": "110-234-567890", "reason": ""}
PAGE: dict[str, Any] = {
    **PLACE, "phone": "+8223123456", "zipcode": "04782", "hours": {"sat": stores.OpenHours(opens="09:00", closes="10:30")},
    "slots": {"sat": ["09:00", "09:30", "10:00"]}, "slot_capacity": 2, "registered_at": MORNING,
    "subscription_product_id": SUBSCRIPTION,
}  # fmt: skip

STORES = (
    stores.StoreListed(**PLACE, distance=230),
    stores.StoreShown(**PAGE),
    stores.StoreSettings(**PAGE, **BANK, minutes_per_day=480, threshold=50),
    stores.StoreForAdmin(**PLACE, **BANK, owner=SELLER, phone="+8223123456", registered_at=MORNING),
    stores.StoreAnswer(store_id=STORE),
    stores.RegionAnswer(code="11", name="서울특별시", short="서울"),
    stores.CodeAnswer(code="11200", name="성동구"),
    stores.QuestionShown(
        question_id=QUESTION, store_id=STORE, product_id=PRODUCT, product_name=PRODUCT_NAME, secret=False, asked_at=MORNING,
        edited_at=0, answered_at=PAID, answer_edited_at=0, title="당일 배송", content="오늘 저녁 여섯 시까지 받을 수 있을까요?",
        answer="네, 오후 세 시 전에 주문하시면 됩니다", answered=True, mine=False, hidden=False, nickname="하루",
    ),
    stores.QuestionAnswer(question_id=QUESTION),
    stores.NoticeShown(
        notice_id=NOTICE, store_id=STORE, posted_at=MORNING, edited_at=0, title="설 연휴 안내",
        content="2월 16일부터 18일까지 쉽니다",
    ),
    stores.NoticeAnswer(notice_id=NOTICE),
)  # fmt: skip

TERMS: dict[str, Any] = {
    "coupon_id": COUPON, "store_id": STORE, "name": "봄맞이 할인", "discount": 5_000, "min_amount": 30_000,
    "starts": "2026-03-01", "ends": "2026-03-31",
}  # fmt: skip
HELD: dict[str, Any] = {
    **TERMS, "store_name": STORE_NAME, "status": "claimed", "state": "USABLE", "order_id": "", "claimed_at": MORNING, "used_at": 0,
}  # fmt: skip

INVENTORY = (
    inventory.CouponOffered(**TERMS, limit=100, issued=42, left=58, edition=0, state="ACTIVE", claimed=True),
    inventory.CouponAnswer(coupon_id=COUPON, store_id=STORE),
    inventory.ClaimedAnswer(store_id=STORE, coupon_ids=[COUPON]),
    inventory.CouponHolder(
        buyer=BUYER,
        nickname="하루",
        picture=PICTURE,
        picture_urls=PICTURES,
        status="used",
        order_id=ORDER,
        claimed_at=MORNING,
        used_at=PAID,
    ),
    inventory.CouponHeld(**HELD),
    inventory.UsableAnswer(goods=90_000, items=[inventory.UsableCoupon(**HELD, reason="", off=5_000)]),
    inventory.CouponCount(usable_count=2),
    inventory.StockShown(flower_id="1", on_hand=240, held=24, version=17, name_ko="빨간 장미", name_en="red rose"),
    inventory.StockChanged(flower_id="1", delta=-24, on_hand=216, cause="order", by="", order_id=ORDER, at=PAID),
)

CARTS = (
    carts.CartAnswer(
        stores=[
            carts.CartStoreAnswer(
                store_id=STORE, name=STORE_NAME, delivery_fee=3_000, free_from=100_000, goods=90_000, fee=3_000, missing=10_000,
                lines=[
                    carts.CartLineAnswer(
                        product_id=PRODUCT, name=PRODUCT_NAME, thumbnail=PICTURE, thumbnail_urls=PICTURES, quantity=2,
                        price=45_000, amount=90_000, state="PRICE_CHANGED", available=18, added_at=MORNING, old_price=42_000,
                    )
                ],
            )
        ],
        count=1, goods=90_000, fee=3_000, total=93_000,
    ),
    carts.CartChanged(count=1),
    carts.LikeFlags(products={PRODUCT: True}, stores={STORE: False}),
    carts.LikeCounts(product_count=4, store_count=1),
    carts.LikeAnswer(liked=True),
    carts.LikedProduct(
        product_id=PRODUCT, liked_at=MORNING, status="SALE", store_id=STORE, name=PRODUCT_NAME, summary="사랑을 전하는 열두 송이",
        thumbnail=PICTURE, thumbnail_urls=PICTURES, price=45_000, kind="ordinary", **COUNTS,
    ),
    stores.LikedStore(**PLACE, liked_at=MORNING),
)  # fmt: skip

INFO = common.DocumentInfo(title="Blooming Blooms", version="1")

COMMON = (
    common.Pending(status="pending"),
    common.Nothing(),
    common.Outcome(order_id=ORDER),
    common.ProblemAnswer(
        type="urn:blooming-blooms:problem:validation_failed", title="입력을 확인해 주세요", status=422, code="validation_failed",
        errors=[common.FieldProblem(pointer="/stores/0/lines/0/quantity", code="too_small", detail="1 이상이어야 합니다.")],
    ),
    common.OpenApi(openapi="3.1.0", info=INFO, paths={}, components={}),
    common.AsyncApi(
        asyncapi="3.0.0", info=INFO, channels={}, operations={}, components={}
    ),
)  # fmt: skip
ALL = (*ORDERS, *CATALOG, *STORES, *INVENTORY, *CARTS, *COMMON)
