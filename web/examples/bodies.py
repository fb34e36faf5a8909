"""What a client sends."""

from __future__ import annotations

import datetime as dt

from web.examples.words import COUPON, DOCUMENT, EMAIL, IMAGE, LINE, PHONE, PICTURE, PRODUCT, SELLER, STORE, STORE_NAME, TICKET
from web.requests import accounts, addresses, carts, catalog, images, inventory, orders, reviews, search, stores

LINES = [orders.LineRequest(product_id=PRODUCT, quantity=2)]
PASSWORD = "봄날의온실2026"
BUSINESS = "220-81-62517"
HOURS = stores.DayHours(opens="09:00", closes="19:30")
PARTS = [orders.StoreRequest(store_id=STORE, lines=LINES, making_day=dt.date(2026, 3, 3), coupon_id=COUPON)]

ALL = (
    orders.OrderRequest(
        stores=PARTS,
        orderer=orders.OrdererRequest(name="김하루", phone=PHONE, email=EMAIL),
        address=orders.AddressRequest(
            recipient="이소라", phone="010-8765-4321", zipcode="04524", road="서울특별시 중구 세종대로 110", detail="1층",
            request="문 앞에 놓아 주세요",
        ),
        expected_total=88_000,
        address_kept=True,
    ),
    orders.QuoteRequest(stores=PARTS),
    # -- catalogue
    search.SearchRequest(sentence="친구 생일 선물 5만원 이하 분홍색으로"),
    catalog.ProductForm(
        name="빨간 장미 꽃다발", summary="사랑을 전하는 열두 송이", price=45_000, category="1", flowers={"1": 12, "18": 3},
        representative="1", thumbnail=IMAGE, description="아침에 들어온 장미로 만듭니다.", images=(IMAGE,), tags=("1",),
    ),
    catalog.ProductPatch(version=1, price=42_000, status="SALE"),
    catalog.SubscriptionForm(name="달마다 꽃", summary="한 달에 한 번, 제철 꽃", price=39_000, thumbnail=IMAGE),
    catalog.Removal(reason="다른 가게의 사진을 썼습니다"),
    catalog.FlowerForm(name_ko="백합", name_en="lily", language_ko="순결", language_en="purity"),
    catalog.LabelForm(name_ko="졸업 축하", name_en="graduation"),
    reviews.ReviewForm(subject=LINE, rating=9, text="향이 오래 가고 정말 예뻐요", images=(IMAGE,)),
    reviews.ReviewText(rating=10, text="일주일이 지나도 싱싱해요", images=(PICTURE,)),
    reviews.ReplyForm(text="소중한 후기 감사합니다"),
    images.ImageRequest(purpose="review", content_type="image/jpeg", size=482_133),
    # -- stores
    stores.StoreRegistration(
        name=STORE_NAME, detail="새벽시장에서 그날의 꽃을 들여옵니다", thumbnail=IMAGE, phone="02-312-3456", bank="088",
        account_number="110-234-567890", sido="서울", gugun="성동구", address="연무장길 12", zipcode="04782", lat=37.5427,
        lon=127.0561, delivery_fee=3_000, free_from=50_000, hours={"mon": HOURS, "sat": HOURS}, slot_capacity=2,
    ),
    stores.StoreChange(delivery_fee=2_500, cut_off="17:00", minutes_per_day=480, threshold=30),
    stores.StoreSave(name=STORE_NAME, delivery_fee=3_000, free_from=50_000, owner=SELLER),
    stores.Reason(reason="신고가 확인되었습니다"),
    stores.QuestionRequest(title="당일 배송", content="오늘 저녁 여섯 시까지 받을 수 있을까요?"),
    stores.QuestionChange(secret=True),
    stores.AnswerRequest(content="네, 오후 세 시 전에 주문하시면 됩니다"),
    stores.NoticeRequest(title="설 연휴 안내", content="2월 16일부터 18일까지 쉽니다"),
    stores.NoticeChange(content="2월 16일과 17일에 쉽니다"),
    # -- coupons and stock
    inventory.CouponRequest(
        name="봄맞이 할인", limit=100, discount=5_000, min_amount=30_000, starts=dt.date(2026, 3, 1), ends=dt.date(2026, 3, 31)
    ),
    inventory.CouponEdit(limit=200, ends=dt.date(2026, 4, 15)),
    inventory.BasketRequest(lines=LINES),
    inventory.StockRequest(delta=120, cause="delivery"),
    # -- carts
    carts.CartAdd(product_id=PRODUCT, quantity=2),
    carts.CartQuantity(quantity=3),
    carts.CartRemoval(product_ids=[PRODUCT]),
    # -- people
    accounts.PasswordSignIn(email="onsil@example.com", password=PASSWORD),
    accounts.AdminSignIn(name="mina", password="관리자의 긴 비밀번호 2026", code="314159"),
    accounts.EmailOnly(email="onsil@example.com"),
    accounts.EmailCode(email="onsil@example.com", code="271828"),
    accounts.LicenceUpload(email="onsil@example.com", ticket=TICKET, content_type="image/png", size=301_244),
    accounts.TicketOnly(email="onsil@example.com", ticket=TICKET),
    accounts.LicenceRequest(email="onsil@example.com", ticket=TICKET, document=DOCUMENT),
    accounts.SellerApplication(
        email="onsil@example.com", ticket=TICKET, password=PASSWORD, name="박온실", business_number=BUSINESS, document=DOCUMENT
    ),
    accounts.PasswordReset(email="onsil@example.com", code="271828", password=PASSWORD),
    accounts.PasswordChange(current=PASSWORD, password="여름의온실2026"),
    accounts.ProfileChange(name="하루", picture=IMAGE),
    accounts.PhoneChange(phone="010-1234-5678"),
    accounts.CodeOnly(code="161803"),
    addresses.AddressForm(recipient="이봄", phone="010-9876-5432", zipcode="04780", road="서울 성동구 연무장길 33", detail="2층"),
    addresses.AddressEdit(detail="3층 303호"),
    accounts.Resubmission(business_number=BUSINESS, document=DOCUMENT),
    images.DocumentRequest(content_type="application/pdf", size=301_244),
    accounts.DocumentOnly(document=DOCUMENT),
    accounts.Denial(reason="licence_unreadable", note="사진이 흐려 번호를 읽을 수 없습니다"),
    accounts.Suspension(reason="spam", note="같은 문의를 수십 번 올렸습니다"),
    accounts.Restoration(note="본인 확인을 마쳤습니다"),
)  # fmt: skip
KINDS = frozenset(type(one) for one in ALL)
