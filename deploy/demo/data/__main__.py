"""``python -m deploy.demo.data``: fill a running marketplace; with ``--scale N`` only products, straight to the catalogue's inbox.

Run it with the stack's environment: ``make demo-data``, or ``python -m deploy.local run -- python -m deploy.demo.data``. It may be
repeated: what is there is left alone.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence

from deploy.demo.__main__ import shop
from deploy.demo.client import Unexpected, inboxes, only_to_play
from deploy.demo.data.load import Loader
from deploy.demo.data.scale import send
from models import settings
from topics.client import Unavailable


async def loaded(pictures: bool) -> None:
    """Load the whole marketplace."""
    async with shop() as open_shop, inboxes(settings.read()) as client:
        await Loader(open_shop, client, lambda line: print(line, flush=True)).load(pictures=pictures)


async def scaled(number: int) -> None:
    """Send ``number`` products to the catalogue."""
    async with inboxes(settings.read()) as client:
        seconds = await send(client, number)
    print(f"{number} products sent in {seconds:.1f} s, {number / seconds:.0f} a second; actors and read models follow")


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the arguments say; answers the exit status."""
    parser = argparse.ArgumentParser(prog="python -m deploy.demo.data", description="Fill a running marketplace.")
    parser.add_argument("--no-pictures", action="store_true", help="leave out what takes minutes")
    parser.add_argument("--scale", type=int, default=0, metavar="N", help="instead: N products straight to the catalogue's inbox")
    given = parser.parse_args(argv)
    try:
        only_to_play(settings.read())
        asyncio.run(scaled(given.scale) if given.scale else loaded(not given.no_pictures))
    except (Unexpected, Unavailable) as error:
        print(f"the marketplace {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; the next run goes on from here", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
