"""KakaoPay one-time payment as spec/kakaopay.md writes it down: calls, the buyer's page, amounts, errors.

What that contract marks [M] (not seen in the vendor's documentation) is in ``payment`` (rules, codes) and ``answers`` (fields).
"""
