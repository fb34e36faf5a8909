"""The outside providers of one machine, playing their own HTTP contracts, with books of their own and faults on demand (design §8).

``python -m deploy.sandbox`` listens on ``BB_SANDBOX_PORT``. What it answered is in its books, also after kill -9.
"""
