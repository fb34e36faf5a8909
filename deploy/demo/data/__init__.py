"""A whole marketplace to look at: twenty florists, four hundred products with pictures, coupons, reviews and questions.

Everything follows from the names in these modules: the same data, ids and pictures on every machine, at any time.
"""
