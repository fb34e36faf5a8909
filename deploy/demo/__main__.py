"""``python -m deploy.demo``: a day in the life of the marketplace, live; ``seed`` only brings in what there is to buy.

Run it with the stack's environment: ``make demo``, or ``python -m deploy.local run -- python -m deploy.demo``. It ends with 0 only
if every story ended as it should and the auditor has nothing to object.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence

from rich.console import Console

from deploy.demo.board import Board
from deploy.demo.client import Shop, Unexpected, inboxes, only_to_play
from deploy.demo.day import audit, live
from deploy.demo.seed import seed
from models import settings
from topics.client import Unavailable
from web import settings as web_settings


def shop() -> Shop:
    """The marketplace that ``BB_*`` variables name."""
    keys = web_settings.read()
    return Shop(settings.read().public_url, keys.token_key, keys.web_secret)


async def seeded() -> int:
    """Seed; answers the exit status."""
    began = time.monotonic()
    async with shop() as open_shop, inboxes(settings.read()) as client:
        writes = await seed(open_shop, client)
    print(f"{writes} writes in {time.monotonic() - began:.1f} s" if writes else "nothing was missing")
    return 0


async def lived(console: Console, buyers: int, number: int, pause: float) -> int:
    """The day and the verdict; answers the exit status."""
    began = time.monotonic()
    async with shop() as open_shop, inboxes(settings.read()) as client:
        with Board(console) as board:
            astray = await live(open_shop, client, board, buyers, number, pause)
    console.print(f"\n{buyers} buyers, {board.moves} moves in {time.monotonic() - began:.0f} s", highlight=False)
    for row in board.rows:
        if not row.good:
            console.print(f"✘ {row.who} ({row.story}) {row.ended}", style="bold red", markup=False, highlight=False)
    console.print("the auditor reads the logs …", style="dim")
    sound, verdict = await audit()
    console.print(verdict, markup=False, highlight=False, soft_wrap=True)
    if not astray and sound:
        console.print("every story ended as it should", style="bold green")
    return 1 if astray or not sound else 0


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the arguments say; answers the exit status."""
    parser = argparse.ArgumentParser(prog="python -m deploy.demo", description="A day in the life of the marketplace.")
    parser.add_argument("what", nargs="?", choices=("live", "seed"), default="live", help="live (the default), or seed only")
    parser.add_argument("--buyers", type=int, default=24, help="how many come (default 24)")
    parser.add_argument("--seed", type=int, default=1, help="what they like: the same number, the same baskets (default 1)")
    parser.add_argument("--pause", type=float, default=1.5, help="seconds between two of them, on average (default 1.5)")
    parser.add_argument("--plain", action="store_true", help="a line for each move, as where there is no terminal")
    given = parser.parse_args(argv)
    console = Console(force_terminal=False if given.plain else None)
    try:
        only_to_play(settings.read())
        if given.what == "seed":
            return asyncio.run(seeded())
        return asyncio.run(lived(console, given.buyers, given.seed, given.pause))
    except (Unexpected, Unavailable) as error:
        print(f"the marketplace {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; orders that were begun go on by themselves", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
