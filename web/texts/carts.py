"""Refusals of carts and likes."""

from __future__ import annotations

from web.texts.text import Text

PROBLEMS: dict[str, Text] = {
    "cart_full": Text(
        "장바구니가 가득 찼습니다", "The cart is full",
        "장바구니에는 상품을 {most}가지까지 담을 수 있습니다.", "A cart holds up to {most} products.",
    ),
    "cart_quantity": Text(
        "더 담을 수 없습니다", "No more of this product",
        "이미 {quantity}개가 담겨 있고, 상품마다 {most}개까지 담을 수 있습니다.",
        "There are {quantity} already, and up to {most} pieces of a product.",
    ),
    "cart_invalid": Text(
        "수량을 확인해 주세요", "Please check the quantity", "1개부터 {most}개까지입니다.", "From 1 to {most} pieces.",
    ),
    "not_in_cart": Text(
        "장바구니에 없는 상품입니다", "The product is not in the cart", "상품 {product_id}", "Product {product_id}",
    ),
    "likes_full": Text("더 찜할 수 없습니다", "No more likes fit", "오래된 찜을 지워 주세요.", "Please remove an old one."),
    "like_invalid": Text("찜할 수 없습니다", "This cannot be liked"),
    "account_withdrawn": Text("탈퇴한 계정입니다", "The account is withdrawn"),
}  # fmt: skip
