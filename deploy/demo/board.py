"""What the terminal shows of the day: a live table, or, where there is no terminal, a line for each move."""

from __future__ import annotations

import time
from collections import deque
from types import TracebackType
from typing import Any, Self

import msgspec
from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

RECENT = 12
"""Moves below the table."""
WIDTH = 110
COLOURS = {
    "CONFIRMED": "green", "CANCELLED": "red", "AWAITING_PAYMENT": "yellow", "CAPTURING": "cyan", "RESERVING": "blue",
    "REFUNDED": "magenta", "REFUSED": "red",
}  # fmt: skip
STATES = {
    "OrderPlaced": "RESERVING", "StoreHeld": "RESERVING", "PaymentPrepared": "RESERVING", "PaymentAwaited": "AWAITING_PAYMENT",
    "CaptureRequested": "CAPTURING", "OrderConfirmed": "CONFIRMED", "OrderCancelled": "CANCELLED", "StoreRefunded": "REFUNDED",
    "OrderRefunded": "REFUNDED",
}  # fmt: skip
"""Event -> the order's state that it leads to; the others change no state that a buyer sees."""


class Row(msgspec.Struct):
    """A buyer's line. ``amount``: KRW; ``took``: ms of the last move since the order was placed; ``ended``: "" while it goes on."""

    who: str
    story: str
    stores: str = ""
    state: str = ""
    amount: int = 0
    took: int = 0
    moves: int = 0
    ended: str = ""
    good: bool = True


class Board:
    """Use as ``with``. Prints to ``console``; without a terminal each move is a line of its own."""

    def __init__(self, console: Console) -> None:
        self.console, self.rows = console, list[Row]()
        self.moves = 0
        self._recent: deque[Text] = deque(maxlen=RECENT)
        self._began = time.monotonic()
        self._live = Live(console=console, refresh_per_second=8, get_renderable=self._shown) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._live:
            self._live.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live:
            self._live.__exit__(kind, error, trace)

    def row(self, who: str, story: str) -> Row:
        """A new line."""
        self.rows.append(Row(who, story))
        return self.rows[-1]

    def move(self, row: Row, event: str, stores: str, amount: int, took: int, about: str = "") -> None:
        """The buyer's order has moved. ``took``: ms since it was placed."""
        self.moves += 1
        row.state, row.took, row.moves = STATES.get(event, row.state), took, row.moves + 1
        text = f"{row.who:<4} {event:<20} {took:>7,} ms {amount:>10,}원  {stores}{'  ' if about else ''}{about}"
        self._say(Text(text, style=COLOURS.get(STATES.get(event, ""), "")))

    def end(self, row: Row, how: str, good: bool = True) -> None:
        """The story is over; ``good``: as it should be."""
        row.ended, row.good = how, good
        self._say(Text(f"{row.who:<4} {'✔' if good else '✘'} {how}", style="bold green" if good else "bold red"))

    def note(self, text: str) -> None:
        """A line about no buyer."""
        self._say(Text(text, style="dim"))

    def _say(self, line: Text) -> None:
        line = Text(f"{time.monotonic() - self._began:6.2f} s  ") + line
        self._recent.append(line)
        if not self._live:
            self.console.print(line, soft_wrap=True)

    def _shown(self) -> Any:
        table = Table(title="Blooming Blooms", expand=False, title_style="bold", width=min(WIDTH, self.console.width))
        for name in ("", "story", "florists", "state", "KRW", "ms"):
            table.add_column(name, justify="right" if name in ("KRW", "ms") else "left", no_wrap=True, overflow="ellipsis")
        room = max(3, self.console.height - RECENT - 8)
        # Of more buyers than the window has lines, those who are still on their way are the more interesting ones.
        shown = sorted(self.rows, key=lambda row: bool(row.ended))[:room] if len(self.rows) > room else self.rows
        for row in shown:
            mark = "" if not row.ended else "✔ " if row.good else "✘ "
            state = Text(mark + (row.state or "…"), style=COLOURS.get(row.state, "") if row.good else "bold red")
            table.add_row(row.who, row.story, row.stores, state, f"{row.amount:,}" if row.amount else "", f"{row.took:,}")
        return Group(table, Panel(Group(*self._recent), title=f"{self.moves} moves", width=min(WIDTH, self.console.width)))
