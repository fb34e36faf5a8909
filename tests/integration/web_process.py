"""A web process whose read models are dicts; settings as ``python -m web`` has them."""

from __future__ import annotations

import uvloop

from tests.unit.web.known import Known
from topics import logs
from web.child import QUIET, serve

if __name__ == "__main__":
    logs.configure("web/test", QUIET)
    uvloop.run(serve(0, Known(), kept=False))
