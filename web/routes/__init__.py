"""The one table of routes (order W-38). What is not in it does not exist; a line cannot be written without saying who may."""

from __future__ import annotations

from web.access import Who
from web.requests.carts import CartAdd, CartQuantity, CartRemoval
from web.requests.catalog import ProductSave
from web.requests.images import ImageRequest
from web.requests.inventory import BasketRequest, CouponEdit, CouponRequest, StockRequest
from web.requests.orders import OrderRequest, QuoteRequest
from web.requests.search import SearchRequest
from web.requests.stores import StoreSave
from web.responses.carts import CartAnswer, CartChanged, LikeAnswer, LikeCounts, LikeFlags
from web.responses.common import CountedPage, Items, PageAnswer
from web.responses.images import ImageAnswer
from web.responses.inventory import ClaimedAnswer, CouponAnswer, CouponCount, UsableAnswer
from web.responses.orders import OrderAnswer, QuoteAnswer
from web.responses.search import MainAnswer, ProductsAnswer, SearchAnswer
from web.routes import carts, catalog, commands, coupons, docs, events, images, likes, orders, payments, search, stock, stores
from web.rule import API, Rule

__all__ = ["ACCESS", "API", "ROUTES", "Rule"]
PAGE = ("limit", "cursor")

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
    Rule("PUT", "/products/{product_id}", Who.KEEPER, catalog.save_product, ProductSave),
    # -- images
    Rule("POST", "/images", Who.ANYONE, images.request, ImageRequest, ImageAnswer, 201),
    Rule("GET", "/images/{image_id}", Who.ANYONE, images.one, answer=ImageAnswer),
    Rule("POST", "/images/{image_id}/finish", Who.ANYONE, images.finish, answer=ImageAnswer),
    # -- stores
    Rule("GET", "/stores", Who.PUBLIC, stores.many, answer=PageAnswer, query=PAGE),
    Rule("GET", "/stores/{store_id}", Who.PUBLIC, stores.one),
    Rule("PUT", "/stores/{store_id}", Who.KEEPER, stores.save, StoreSave),
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
    # -- the API itself
    Rule("GET", "/commands/{domain}/{row}/{command}", Who.SENDER, commands.status, query=("sig", "part")),
    Rule("GET", "/events", Who.ANYONE, events.stream, query=("last_event_id",), limit="stream", endless=True),
    Rule("GET", "/openapi.json", Who.PUBLIC, docs.document),
    Rule("GET", "/asyncapi.json", Who.PUBLIC, docs.messages),
    Rule("GET", "/docs", Who.PUBLIC, docs.page),
)
ACCESS = {(rule.method, rule.path): rule.who for rule in ROUTES}
"""Route -> who, as tests walk it."""
