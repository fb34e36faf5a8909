"""Every route's handler, by method and template; who may use it is in ``web/access.py``."""

from __future__ import annotations

from web.access import API
from web.routes import catalog, commands, coupons, docs, events, orders, payments, stock, stores

HANDLERS = {
    ("POST", f"{API}/orders"): orders.place,
    ("GET", f"{API}/orders"): orders.mine,
    ("POST", f"{API}/orders/quote"): orders.quote,
    ("GET", f"{API}/orders/{{order_id}}"): orders.one,
    ("GET", f"{API}/orders/{{order_id}}/timeline"): orders.timeline,
    ("POST", f"{API}/orders/{{order_id}}/cancel"): orders.cancel,
    ("POST", f"{API}/orders/{{order_id}}/stores/{{store_order_id}}/cancel"): orders.cancel_store,
    ("GET", f"{API}/payments/callback/{{order_id}}/{{nonce}}/{{outcome}}"): payments.callback,
    ("GET", f"{API}/commands/{{domain}}/{{row}}/{{command}}"): commands.status,
    ("GET", f"{API}/events"): events.stream,
    ("GET", f"{API}/products"): catalog.products,
    ("GET", f"{API}/products/{{product_id}}"): catalog.product,
    ("PUT", f"{API}/products/{{product_id}}"): catalog.save_product,
    ("GET", f"{API}/stores"): stores.many,
    ("GET", f"{API}/stores/{{store_id}}"): stores.one,
    ("PUT", f"{API}/stores/{{store_id}}"): stores.save,
    ("GET", f"{API}/stores/{{store_id}}/coupons"): coupons.of_store,
    ("POST", f"{API}/stores/{{store_id}}/coupons"): coupons.create,
    ("POST", f"{API}/stores/{{store_id}}/coupons/{{coupon_id}}/claim"): coupons.claim,
    ("GET", f"{API}/coupons"): coupons.mine,
    ("GET", f"{API}/stores/{{store_id}}/stock"): stock.of_store,
    ("PATCH", f"{API}/stores/{{store_id}}/stock/{{flower_id}}"): stock.change,
    ("GET", f"{API}/stores/{{store_id}}/orders"): stores.orders,
    ("GET", f"{API}/openapi.json"): docs.document,
    ("GET", f"{API}/asyncapi.json"): docs.messages,
    ("GET", f"{API}/docs"): docs.page,
}
