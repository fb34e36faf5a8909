"""``python -m deploy.sandbox``: runs the sandbox with the options of its environment; never in production."""

from __future__ import annotations

import logging

import uvloop

from deploy.sandbox.options import read
from deploy.sandbox.server import serve
from models import settings

if __name__ == "__main__":
    settings.check_production(settings.read(), ["deploy.sandbox only plays the providers"])
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    uvloop.run(serve(read()))
