"""A web process whose read models are dicts; settings as ``python -m web`` has them."""

from __future__ import annotations

import uvloop

from tests.unit.web.known import Known
from web.child import serve
from web.logs import configure

if __name__ == "__main__":
    configure("web/test")
    uvloop.run(serve(0, Known(), kept=False))
