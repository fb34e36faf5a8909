"""The one table of routes (order W-38). What is not in it does not exist; a line cannot be written without saying who may."""

from __future__ import annotations

from web.access import Who
from web.requests.carts import CartAdd, CartQuantity, CartRemoval
from web.requests.catalog import ProductSave
from web.requests.images import ImageRequest
from web.requests.inventory import CouponRequest, StockRequest
from web.requests.orders import OrderRequest, QuoteRequest
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
from web.responses.carts import CartAnswer, CartChanged, LikeAnswer, LikeCounts, LikeFlags, LikesPage
from web.responses.common import CountedAnswer, Items, PageAnswer
from web.responses.images import ImageAnswer
from web.responses.inventory import CouponAnswer
from web.responses.orders import OrderAnswer, QuoteAnswer
from web.responses.stores import NoticeAnswer, QuestionAnswer, StoreAnswer
from web.routes import (
    carts,
    catalog,
    commands,
    coupons,
    docs,
    events,
    images,
    likes,
    notices,
    orders,
    payments,
    questions,
    regions,
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
    Rule("GET", "/products", Who.PUBLIC, catalog.products, answer=PageAnswer, query=("store", *PAGE)),
    Rule("GET", "/products/{product_id}", Who.PUBLIC, catalog.product),
    Rule("PUT", "/products/{product_id}", Who.KEEPER, catalog.save_product, ProductSave),
    # -- images
    Rule("POST", "/images", Who.ANYONE, images.request, ImageRequest, ImageAnswer, 201, limit="upload"),
    Rule("GET", "/images/{image_id}", Who.ANYONE, images.one, answer=ImageAnswer),
    Rule("POST", "/images/{image_id}/finish", Who.ANYONE, images.finish, answer=ImageAnswer, limit="upload"),
    # -- stores
    Rule("GET", "/stores", Who.PUBLIC, stores.many, answer=CountedAnswer, query=(*REGION, *PAGE)),
    Rule("POST", "/stores", Who.SELLER, stores.register, StoreRegistration, StoreAnswer, 201),
    Rule("GET", "/stores/nearby", Who.PUBLIC, stores.nearby, answer=Items, query=("lat", "lon", "level")),
    Rule("GET", "/stores/{store_id}", Who.PUBLIC, stores.one),
    Rule("PUT", "/stores/{store_id}", Who.KEEPER, stores.save, StoreSave),
    Rule("PATCH", "/stores/{store_id}", Who.SELLER, stores.change, StoreChange, StoreAnswer),
    Rule("GET", "/stores/{store_id}/settings", Who.KEEPER, stores.own),
    Rule("GET", "/admin/stores", Who.ADMIN, store_admin.many, answer=CountedAnswer, query=(*REGION, "status", *PAGE)),
    Rule("POST", "/admin/stores/{store_id}/suspend", Who.ADMIN, store_admin.suspend, Reason, StoreAnswer),
    Rule("POST", "/admin/stores/{store_id}/restore", Who.ADMIN, store_admin.restore, answer=StoreAnswer),
    Rule("GET", "/regions", Who.PUBLIC, regions.many, answer=Items),
    Rule("GET", "/regions/{sido}", Who.PUBLIC, regions.one, answer=Items),
    Rule("GET", "/banks", Who.PUBLIC, regions.banks, answer=Items),
    # -- questions and notices
    Rule("GET", "/products/{product_id}/questions", Who.PUBLIC, questions.of_product, answer=CountedAnswer, query=ANSWERED),
    Rule("POST", "/products/{product_id}/questions", Who.BUYER, questions.ask, QuestionRequest, QuestionAnswer, 201),
    Rule("GET", "/questions", Who.BUYER, questions.mine, answer=CountedAnswer, query=ANSWERED),
    Rule("PATCH", "/questions/{question_id}", Who.BUYER, questions.edit, QuestionChange, QuestionAnswer),
    Rule("DELETE", "/questions/{question_id}", Who.BUYER, questions.delete),
    Rule("GET", "/stores/{store_id}/questions", Who.SELLER, questions.of_store, answer=CountedAnswer, query=ANSWERED),
    Rule("GET", QUESTION, Who.SELLER, questions.one),
    Rule("POST", f"{QUESTION}/answer", Who.SELLER, questions.answer, AnswerRequest, QuestionAnswer, 201),
    Rule("PATCH", f"{QUESTION}/answer", Who.SELLER, questions.edit_answer, AnswerRequest, QuestionAnswer),
    Rule("POST", f"{QUESTION}/read", Who.SELLER, questions.mark_read, answer=QuestionAnswer),
    Rule("GET", "/stores/{store_id}/notices", Who.PUBLIC, notices.of_store, answer=CountedAnswer, query=PAGE),
    Rule("POST", "/stores/{store_id}/notices", Who.SELLER, notices.post, NoticeRequest, NoticeAnswer, 201),
    Rule("PATCH", "/stores/{store_id}/notices/{notice_id}", Who.SELLER, notices.edit, NoticeChange, NoticeAnswer),
    Rule("DELETE", "/stores/{store_id}/notices/{notice_id}", Who.SELLER, notices.delete),
    # -- coupons and stock
    Rule("GET", "/stores/{store_id}/coupons", Who.PUBLIC, coupons.of_store, answer=Items),
    Rule("POST", "/stores/{store_id}/coupons", Who.SELLER, coupons.create, CouponRequest, CouponAnswer, 201),
    Rule("POST", "/stores/{store_id}/coupons/{coupon_id}/claim", Who.BUYER, coupons.claim, answer=CouponAnswer, status=201),
    Rule("GET", "/coupons", Who.BUYER, coupons.mine, answer=Items),
    Rule("GET", "/stores/{store_id}/stock", Who.SELLER, stock.of_store, answer=Items),
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
    Rule("GET", "/likes/products", Who.BUYER, likes.products, answer=LikesPage, query=PAGE),
    Rule("PUT", "/likes/products/{product_id}", Who.BUYER, likes.like_product, answer=LikeAnswer),
    Rule("DELETE", "/likes/products/{product_id}", Who.BUYER, likes.unlike_product, answer=LikeAnswer),
    Rule("GET", "/likes/stores", Who.BUYER, likes.stores, answer=LikesPage, query=PAGE),
    Rule("PUT", "/likes/stores/{store_id}", Who.BUYER, likes.like_store, answer=LikeAnswer),
    Rule("DELETE", "/likes/stores/{store_id}", Who.BUYER, likes.unlike_store, answer=LikeAnswer),
    # -- the API itself
    Rule("GET", "/commands/{domain}/{row}/{command}", Who.SENDER, commands.status, query=("sig", "part")),
    Rule("GET", "/events", Who.ANYONE, events.stream, query=("last_event_id",), limit="stream", endless=True),
    Rule("GET", "/openapi.json", Who.PUBLIC, docs.document),
    Rule("GET", "/asyncapi.json", Who.PUBLIC, docs.messages),
    Rule("GET", "/docs", Who.PUBLIC, docs.page),
)
ACCESS = {(rule.method, rule.path): rule.who for rule in ROUTES}
"""Route -> who, as tests walk it."""
