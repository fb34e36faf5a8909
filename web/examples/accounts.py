"""What is answered about people."""

from __future__ import annotations

from web.examples.words import (
    ADDRESS,
    ADMIN,
    BUYER,
    DOCUMENT,
    EMAIL,
    MINUTE,
    MORNING,
    PICTURE,
    PICTURES,
    SELLER,
    SESSION,
    STORE,
    TICKET,
)
from web.responses import accounts

DAY = 1_440 * MINUTE

ALL = (
    accounts.SignedIn(
        token="eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIwYjdiZSJ9.c2lnbmF0dXJl", expires_in=600, account=BUYER, role="buyer",
        status="ACTIVE", stores=[], name="하루", picture=PICTURE, picture_urls=PICTURES, phone_known=True,
    ),
    accounts.AccountAnswer(account=SELLER, role="seller", status="PERMITTED", stores=[STORE]),
    accounts.CodeSent(sent=True, valid_for=600),
    accounts.TicketAnswer(ticket=TICKET, valid_for=3_600),
    accounts.LicenceAnswer(business_number="2208162517"),
    accounts.ProfileAnswer(
        account=BUYER, role="buyer", kind="buyer", status="ACTIVE", provider="kakao", name="하루", email=EMAIL,
        phone="+821012345678", picture=PICTURE, picture_urls=PICTURES, joined_at=MORNING, business_number="", reason="",
        note="", coupon_count=2, like_count=5,
    ),
    accounts.AddressAnswer(address_id=ADDRESS),
    accounts.AddressShown(
        address_id=ADDRESS, recipient="이봄", phone="+821098765432", zipcode="04780", road="서울 성동구 연무장길 33", detail="2층",
        used_at=MORNING,
    ),
    accounts.SessionsAnswer(
        items=[
            accounts.SessionShown(
                session=SESSION, device="chrome/mac", opened_at=MORNING, used_at=MORNING + 5 * MINUTE, until=MORNING + 30 * DAY,
                current=True,
            )
        ]
    ),
    accounts.BuyerListed(
        account=BUYER, provider="kakao", status="ACTIVE", suspended="", joined_at=MORNING, since=MORNING, name="하루", email=EMAIL,
        phone="+821012345678", notes={},
    ),
    accounts.SellerListed(
        account=SELLER, provider="password", status="DENIED", suspended="", joined_at=MORNING, since=MORNING + DAY, name="박온실",
        email="onsil@example.com", phone="", notes={"0": "사진이 흐려 번호를 읽을 수 없습니다"}, reason="licence_unreadable",
        business_number="2208162517", document=DOCUMENT,
        document_url=f"https://blooming.example/documents/{DOCUMENT}?X-Amz-Expires=300&X-Amz-Signature=dbc36dbf5d584cc8",
    ),
    accounts.ActShown(
        at=MORNING + DAY, id="accounts/1b7beb926b86b15a89a655b202d5822a/9", by=ADMIN, action="SellerDenied", subject=SELLER,
        details={"reason": "licence_unreadable"}, note="사진이 흐려 번호를 읽을 수 없습니다",
    ),
    accounts.Done(done=True),
)  # fmt: skip
