"""The demo: florists, products and coupons to begin with (``seed``), and a day in the life of the marketplace, live.

Everything goes through public HTTP, as it would for anybody else.
"""
