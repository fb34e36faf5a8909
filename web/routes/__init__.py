"""The one table of routes (order W-38). What is not in it does not exist; a line cannot be written without saying who may."""

from __future__ import annotations

from web.access import Who
from web.requests.accounts import (
    AdminSignIn,
    CodeOnly,
    Denial,
    DocumentOnly,
    EmailCode,
    EmailOnly,
    LicenceRequest,
    LicenceUpload,
    PasswordChange,
    PasswordReset,
    PasswordSignIn,
    PhoneChange,
    ProfileChange,
    Restoration,
    Resubmission,
    SellerApplication,
    Suspension,
    TicketOnly,
)
from web.requests.carts import CartAdd, CartQuantity, CartRemoval
from web.requests.catalog import FlowerForm, LabelForm, ProductForm, ProductPatch, Removal, SubscriptionForm
from web.requests.images import DocumentRequest, ImageRequest
from web.requests.inventory import BasketRequest, CouponEdit, CouponRequest, StockRequest
from web.requests.orders import OrderRequest, QuoteRequest
from web.requests.reviews import ReplyForm, ReviewForm, ReviewText
from web.requests.search import SearchRequest
from web.requests.stores import (
    AnswerRequest,
    NoticeChange,
    NoticeRequest,
    QuestionChange,
    QuestionRequest,
    Reason,
    StoreChange,
    StoreRegistration,
    StoreSave,
)
from web.responses.accounts import (
    AccountAnswer,
    AccountsPage,
    CodeSent,
    Done,
    LicenceAnswer,
    ProfileAnswer,
    SessionsAnswer,
    SignedIn,
    TicketAnswer,
)
from web.responses.carts import CartAnswer, CartChanged, LikeAnswer, LikeCounts, LikeFlags
from web.responses.catalog import ProductAnswer, ReferenceAnswer, RestockAnswer, ReviewAnswer
from web.responses.common import CountedPage, Items, PageAnswer
from web.responses.images import ImageAnswer
from web.responses.inventory import ClaimedAnswer, CouponAnswer, CouponCount, UsableAnswer
from web.responses.orders import OrderAnswer, QuoteAnswer
from web.responses.search import MainAnswer, ProductsAnswer, SearchAnswer
from web.responses.stores import NoticeAnswer, QuestionAnswer, StoreAnswer
from web.routes import (
    auth,
    carts,
    catalog,
    commands,
    coupons,
    docs,
    events,
    images,
    likes,
    me,
    moderation,
    notices,
    orders,
    payments,
    people,
    questions,
    regions,
    restock,
    reviews,
    search,
    sellers,
    selling,
    stock,
    store_admin,
    stores,
)
from web.rule import API, Rule

__all__ = ["ACCESS", "API", "ROUTES", "Rule"]
PAGE = ("limit", "cursor")
ANSWERED = ("answered", *PAGE)
REGION = ("sido", "gugun", "sort")
QUESTION = "/stores/{store_id}/questions/{question_id}"
FILTERS = ("category", "flower", "status", *PAGE)

ROUTES: tuple[Rule, ...] = (
    # -- orders and payments
    Rule("POST", "/orders", Who.BUYER, orders.place, OrderRequest, OrderAnswer, 201),
    Rule("GET", "/orders", Who.BUYER, orders.mine, answer=PageAnswer, query=("status", *PAGE)),
    Rule("POST", "/orders/quote", Who.PUBLIC, orders.quote, QuoteRequest, QuoteAnswer, keyed=False),
    Rule("GET", "/orders/{order_id}", Who.OWNER, orders.one),
    Rule("GET", "/orders/{order_id}/timeline", Who.OWNER, orders.timeline, answer=Items),
    Rule("POST", "/orders/{order_id}/cancel", Who.OWNER, orders.cancel, answer=OrderAnswer),
    Rule("POST", "/orders/{order_id}/stores/{store_order_id}/cancel", Who.PARTY, orders.cancel_store, answer=OrderAnswer),
    Rule("GET", "/payments/callback/{order_id}/{nonce}/{outcome}", Who.PUBLIC, payments.callback, status=303, query=("pg_token",)),
    Rule("GET", "/stores/{store_id}/orders", Who.SELLER, stores.orders, answer=PageAnswer, query=("status", *PAGE)),
    # -- catalogue
    Rule("GET", "/main", Who.PUBLIC, search.main_page, answer=MainAnswer),
    Rule("POST", "/search", Who.PUBLIC, search.search, SearchRequest, SearchAnswer, keyed=False, limit="read"),
    Rule("GET", "/products", Who.PUBLIC, search.products, answer=ProductsAnswer, query=(*search.LIST, *PAGE)),
    Rule("GET", "/products/{product_id}", Who.PUBLIC, catalog.product),
    Rule("PATCH", "/products/{product_id}", Who.KEEPER, selling.edit, ProductPatch, ProductAnswer),
    Rule("POST", "/products/{product_id}/duplicate", Who.KEEPER, selling.duplicate, answer=ProductAnswer, status=201),
    Rule("GET", "/stores/{store_id}/products", Who.SELLER, selling.mine, answer=CountedPage, query=FILTERS),
    Rule("POST", "/stores/{store_id}/products", Who.SELLER, selling.create, ProductForm, ProductAnswer, 201),
    Rule("GET", "/stores/{store_id}/best-sellers", Who.SELLER, selling.best_sellers, answer=Items),
    Rule("GET", "/stores/{store_id}/subscription-product", Who.PUBLIC, catalog.subscription),
    Rule("PUT", "/stores/{store_id}/subscription-product", Who.SELLER, selling.save_subscription, SubscriptionForm, ProductAnswer),
    Rule("GET", "/admin/products", Who.ADMIN, moderation.products, answer=CountedPage, query=("status", "date", "sales", *PAGE)),
    Rule("DELETE", "/admin/products/{product_id}", Who.ADMIN, moderation.remove_product, Removal, ProductAnswer),
    Rule("GET", "/reference", Who.PUBLIC, moderation.reference, answer=ReferenceAnswer),
    Rule("PUT", "/admin/flowers/{flower_id}", Who.ADMIN, moderation.save_flower, FlowerForm),
    Rule("PUT", "/admin/tags/{tag_id}", Who.ADMIN, moderation.save_tag, LabelForm),
    Rule("PUT", "/admin/categories/{category_id}", Who.ADMIN, moderation.save_category, LabelForm),
    # -- reviews and restock
    Rule("GET", "/products/{product_id}/reviews", Who.PUBLIC, reviews.of_product, answer=CountedPage, query=("sort", *PAGE)),
    Rule("GET", "/stores/{store_id}/reviews", Who.PUBLIC, reviews.of_store, answer=CountedPage, query=("sort", *PAGE)),
    Rule("GET", "/reviews", Who.BUYER, reviews.mine, answer=CountedPage, query=("status", "sort", *PAGE)),
    Rule("POST", "/reviews", Who.BUYER, reviews.write, ReviewForm, ReviewAnswer, 201),
    Rule("PUT", "/reviews/{review_id}", Who.BUYER, reviews.edit, ReviewText, ReviewAnswer),
    Rule("DELETE", "/reviews/{review_id}", Who.BUYER, reviews.delete, answer=ReviewAnswer),
    Rule("PUT", "/reviews/{review_id}/reply", Who.SELLER, reviews.reply, ReplyForm, ReviewAnswer),
    Rule("DELETE", "/admin/reviews/{review_id}", Who.ADMIN, moderation.hide_review, Removal, ReviewAnswer),
    Rule("PUT", "/products/{product_id}/restock-alert", Who.BUYER, restock.register, answer=RestockAnswer),
    Rule("DELETE", "/products/{product_id}/restock-alert", Who.BUYER, restock.cancel, answer=RestockAnswer),
    Rule("GET", "/restock-alerts", Who.BUYER, restock.mine, answer=CountedPage, query=PAGE),
    # -- images
    Rule("POST", "/images", Who.ANYONE, images.request, ImageRequest, ImageAnswer, 201, limit="upload"),
    Rule("GET", "/images/{image_id}", Who.ANYONE, images.one, answer=ImageAnswer),
    Rule("POST", "/images/{image_id}/finish", Who.ANYONE, images.finish, answer=ImageAnswer, limit="upload"),
    # -- stores
    Rule("GET", "/stores", Who.PUBLIC, stores.many, answer=CountedPage, query=(*REGION, *PAGE)),
    Rule("POST", "/stores", Who.SELLER, stores.register, StoreRegistration, StoreAnswer, 201),
    Rule("GET", "/stores/nearby", Who.PUBLIC, stores.nearby, answer=Items, query=("lat", "lon", "level")),
    Rule("GET", "/stores/{store_id}", Who.PUBLIC, stores.one),
    Rule("PUT", "/stores/{store_id}", Who.KEEPER, stores.save, StoreSave),
    Rule("PATCH", "/stores/{store_id}", Who.SELLER, stores.change, StoreChange, StoreAnswer),
    Rule("GET", "/stores/{store_id}/settings", Who.KEEPER, stores.own),
    Rule("GET", "/admin/stores", Who.ADMIN, store_admin.many, answer=CountedPage, query=(*REGION, "status", *PAGE)),
    Rule("POST", "/admin/stores/{store_id}/suspend", Who.ADMIN, store_admin.suspend, Reason, StoreAnswer),
    Rule("POST", "/admin/stores/{store_id}/restore", Who.ADMIN, store_admin.restore, answer=StoreAnswer),
    Rule("GET", "/regions", Who.PUBLIC, regions.many, answer=Items),
    Rule("GET", "/regions/{sido}", Who.PUBLIC, regions.one, answer=Items),
    Rule("GET", "/banks", Who.PUBLIC, regions.banks, answer=Items),
    # -- questions and notices
    Rule("GET", "/products/{product_id}/questions", Who.PUBLIC, questions.of_product, answer=CountedPage, query=ANSWERED),
    Rule("POST", "/products/{product_id}/questions", Who.BUYER, questions.ask, QuestionRequest, QuestionAnswer, 201),
    Rule("GET", "/questions", Who.BUYER, questions.mine, answer=CountedPage, query=ANSWERED),
    Rule("PATCH", "/questions/{question_id}", Who.BUYER, questions.edit, QuestionChange, QuestionAnswer),
    Rule("DELETE", "/questions/{question_id}", Who.BUYER, questions.delete),
    Rule("GET", "/stores/{store_id}/questions", Who.SELLER, questions.of_store, answer=CountedPage, query=ANSWERED),
    Rule("GET", QUESTION, Who.SELLER, questions.one),
    Rule("POST", f"{QUESTION}/answer", Who.SELLER, questions.answer, AnswerRequest, QuestionAnswer, 201),
    Rule("PATCH", f"{QUESTION}/answer", Who.SELLER, questions.edit_answer, AnswerRequest, QuestionAnswer),
    Rule("POST", f"{QUESTION}/read", Who.SELLER, questions.mark_read, answer=QuestionAnswer),
    Rule("GET", "/stores/{store_id}/notices", Who.PUBLIC, notices.of_store, answer=CountedPage, query=PAGE),
    Rule("POST", "/stores/{store_id}/notices", Who.SELLER, notices.post, NoticeRequest, NoticeAnswer, 201),
    Rule("PATCH", "/stores/{store_id}/notices/{notice_id}", Who.SELLER, notices.edit, NoticeChange, NoticeAnswer),
    Rule("DELETE", "/stores/{store_id}/notices/{notice_id}", Who.SELLER, notices.delete),
    # -- coupons and stock
    Rule("GET", "/stores/{store_id}/coupons", Who.PUBLIC, coupons.of_store, answer=Items),
    Rule("POST", "/stores/{store_id}/coupons", Who.SELLER, coupons.create, CouponRequest, CouponAnswer, 201),
    Rule("POST", "/stores/{store_id}/coupons/{coupon_id}/claim", Who.BUYER, coupons.claim, answer=CouponAnswer, status=201),
    Rule("GET", "/stores/{store_id}/coupons/all", Who.SELLER, coupons.all_of_store, answer=CountedPage, query=PAGE),
    Rule("PATCH", "/stores/{store_id}/coupons/{coupon_id}", Who.SELLER, coupons.edit, CouponEdit, CouponAnswer),
    Rule("POST", "/stores/{store_id}/coupons/{coupon_id}/close", Who.SELLER, coupons.close, answer=CouponAnswer),
    Rule("GET", "/stores/{store_id}/coupons/{coupon_id}/holders", Who.SELLER, coupons.holders, answer=CountedPage, query=PAGE),
    Rule("POST", "/stores/{store_id}/coupons/claim", Who.BUYER, coupons.claim_all, answer=ClaimedAnswer),
    Rule("POST", "/stores/{store_id}/coupons/usable", Who.BUYER, coupons.usable, BasketRequest, UsableAnswer, keyed=False),
    Rule("GET", "/coupons", Who.BUYER, coupons.mine, answer=CountedPage, query=PAGE),
    Rule("GET", "/coupons/count", Who.BUYER, coupons.count, answer=CouponCount),
    Rule("GET", "/stores/{store_id}/stock", Who.SELLER, stock.of_store, answer=Items),
    Rule("GET", "/stores/{store_id}/stock/history", Who.SELLER, stock.history, answer=PageAnswer, query=("flower", *PAGE)),
    Rule("PATCH", "/stores/{store_id}/stock/{flower_id}", Who.SELLER, stock.change, StockRequest),
    # -- carts and likes
    Rule("GET", "/cart", Who.SHOPPER, carts.shown, answer=CartAnswer),
    Rule("POST", "/cart/items", Who.SHOPPER, carts.add, CartAdd, CartChanged),
    Rule("PATCH", "/cart/items/{product_id}", Who.SHOPPER, carts.set_quantity, CartQuantity, CartChanged),
    Rule("DELETE", "/cart/items/{product_id}", Who.SHOPPER, carts.remove, answer=CartChanged),
    Rule("POST", "/cart/remove", Who.SHOPPER, carts.remove_many, CartRemoval, CartChanged),
    Rule("POST", "/cart/merge", Who.BUYER, carts.merge, answer=CartChanged),
    Rule("GET", "/likes", Who.BUYER, likes.flags, answer=LikeFlags, query=("products", "stores")),
    Rule("GET", "/likes/count", Who.BUYER, likes.counts, answer=LikeCounts),
    Rule("GET", "/likes/products", Who.BUYER, likes.products, answer=CountedPage, query=PAGE),
    Rule("PUT", "/likes/products/{product_id}", Who.BUYER, likes.like_product, answer=LikeAnswer),
    Rule("DELETE", "/likes/products/{product_id}", Who.BUYER, likes.unlike_product, answer=LikeAnswer),
    Rule("GET", "/likes/stores", Who.BUYER, likes.stores, answer=CountedPage, query=PAGE),
    Rule("PUT", "/likes/stores/{store_id}", Who.BUYER, likes.like_store, answer=LikeAnswer),
    Rule("DELETE", "/likes/stores/{store_id}", Who.BUYER, likes.unlike_store, answer=LikeAnswer),
    # -- who is who
    Rule("GET", "/auth/{provider}/start", Who.PUBLIC, auth.start, status=303, limit="sign_in"),
    Rule(
        "GET",
        "/auth/{provider}/callback",
        Who.PUBLIC,
        auth.callback,
        answer=SignedIn,
        query=("code", "state", "error"),
        limit="sign_in",
    ),
    Rule("POST", "/auth/seller", Who.PUBLIC, auth.seller, PasswordSignIn, SignedIn, keyed=False, limit="sign_in"),
    Rule("POST", "/auth/admin", Who.PUBLIC, auth.admin, AdminSignIn, SignedIn, keyed=False, limit="sign_in"),
    Rule("POST", "/auth/refresh", Who.PUBLIC, auth.refresh, answer=SignedIn, keyed=False, limit="refresh", cookie=True),
    Rule("POST", "/auth/sign-out", Who.PUBLIC, auth.sign_out, answer=Done, keyed=False, limit="refresh", cookie=True),
    Rule("POST", "/auth/seller/registrations", Who.PUBLIC, sellers.register, EmailOnly, CodeSent, limit="code"),
    Rule("POST", "/auth/seller/registrations/confirm", Who.PUBLIC, sellers.confirm, EmailCode, TicketAnswer, limit="code"),
    Rule("POST", "/auth/seller/documents", Who.PUBLIC, sellers.announce, LicenceUpload, ImageAnswer, 201, limit="code"),
    Rule("POST", "/auth/seller/documents/{image_id}/finish", Who.PUBLIC, sellers.uploaded, TicketOnly, ImageAnswer, limit="code"),
    Rule("POST", "/auth/seller/licence", Who.PUBLIC, sellers.licence, LicenceRequest, LicenceAnswer, limit="code"),
    Rule("POST", "/auth/seller/applications", Who.PUBLIC, sellers.apply, SellerApplication, AccountAnswer, 201, limit="code"),
    Rule("POST", "/auth/seller/password/forgotten", Who.PUBLIC, sellers.forgot, EmailOnly, CodeSent, limit="code"),
    Rule("POST", "/auth/seller/password/reset", Who.PUBLIC, sellers.reset, PasswordReset, Done, limit="code"),
    Rule("GET", "/me", Who.ANYONE, me.shown, answer=ProfileAnswer),
    Rule("PATCH", "/me", Who.ANYONE, me.change, ProfileChange, AccountAnswer),
    Rule("DELETE", "/me", Who.BUYER, me.withdraw, answer=Done),
    Rule("POST", "/me/phone", Who.BUYER, me.change_phone, PhoneChange, CodeSent, limit="code"),
    Rule("POST", "/me/phone/confirm", Who.BUYER, me.confirm_phone, CodeOnly, AccountAnswer, limit="code"),
    Rule("POST", "/me/email", Who.BUYER, me.change_email, EmailOnly, CodeSent, limit="code"),
    Rule("POST", "/me/email/confirm", Who.BUYER, me.confirm_email, CodeOnly, AccountAnswer, limit="code"),
    Rule("POST", "/me/password", Who.ANYONE, me.change_password, PasswordChange, Done, limit="sign_in"),
    Rule("GET", "/me/sessions", Who.ANYONE, me.sessions, answer=SessionsAnswer),
    Rule("DELETE", "/me/sessions", Who.ANYONE, me.end_sessions, answer=Done),
    Rule("DELETE", "/me/sessions/{session}", Who.ANYONE, me.end_session, answer=Done),
    Rule("PUT", "/me/application", Who.APPLICANT, sellers.resubmit, Resubmission, AccountAnswer),
    Rule(
        "POST",
        "/me/application/documents",
        Who.APPLICANT,
        sellers.announce_again,
        DocumentRequest,
        ImageAnswer,
        201,
        limit="upload",
    ),
    Rule(
        "POST",
        "/me/application/documents/{image_id}/finish",
        Who.APPLICANT,
        sellers.uploaded_again,
        answer=ImageAnswer,
        limit="upload",
    ),
    Rule("POST", "/me/application/licence", Who.APPLICANT, sellers.read_again, DocumentOnly, LicenceAnswer, limit="code"),
    Rule("GET", "/admin/sellers", Who.ADMIN, people.sellers, answer=AccountsPage, query=("status", *PAGE)),
    Rule("POST", "/admin/sellers/{account}/permit", Who.ADMIN, people.permit, answer=AccountAnswer),
    Rule("POST", "/admin/sellers/{account}/deny", Who.ADMIN, people.deny, Denial, AccountAnswer),
    Rule("GET", "/admin/buyers", Who.ADMIN, people.buyers, answer=AccountsPage, query=("status", *PAGE)),
    Rule("POST", "/admin/accounts/{account}/suspend", Who.ADMIN, people.suspend, Suspension, AccountAnswer),
    Rule("POST", "/admin/accounts/{account}/restore", Who.ADMIN, people.restore, Restoration, AccountAnswer),
    Rule("GET", "/admin/audit", Who.ADMIN, people.audit, answer=PageAnswer, query=("by", "subject", *PAGE)),
    # -- the API itself
    Rule("GET", "/commands/{domain}/{row}/{command}", Who.SENDER, commands.status, query=("sig", "part")),
    Rule("GET", "/events", Who.ANYONE, events.stream, query=("last_event_id",), limit="stream", endless=True),
    Rule("GET", "/openapi.json", Who.PUBLIC, docs.document),
    Rule("GET", "/asyncapi.json", Who.PUBLIC, docs.messages),
    Rule("GET", "/docs", Who.PUBLIC, docs.page),
)
ACCESS = {(rule.method, rule.path): rule.who for rule in ROUTES}
"""Route -> who, as tests walk it."""
