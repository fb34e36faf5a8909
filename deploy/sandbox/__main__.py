"""``python -m deploy.sandbox``: runs the sandbox with the options of its environment."""

from __future__ import annotations

import logging

import uvloop

from deploy.sandbox.options import read
from deploy.sandbox.server import serve

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    uvloop.run(serve(read()))
