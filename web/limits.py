"""How often somebody may ask: token buckets (GCRA), named by the table of routes (auth 26, 31).

A bucket holds ``number`` requests and fills in ``seconds``. An account has its own, and an address of whoever is not signed in has
its own. Where guessing must be dear an account has one more for each address from which it is tried, much smaller than its own, or
anybody could keep anybody out by a few wrong guesses. From where an account has been signed in to, that one alone counts: many
addresses cost nothing (IPv6), and whoever fills the account's own with them may not keep its owner out.

Ordinary routes are counted in each process, which gives out its share; sign-in and codes, whose letters cost money, are counted in
Redis, by one script for all buckets of a request, and refused with 503 while Redis is away: a limit that holds back guessing may
not fall open. What the language model may cost is the search's business, which counts its calls and otherwise answers by rules
(``agents/search/understand.py``).
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import ipaddress
import math
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from web.problems import Problem

KEYS = 100_000
"""Buckets that a process remembers at least; the longest unused are forgotten first, and a forgotten bucket is full."""
ANSWER = 1.0
"""Seconds that Redis has."""
PLACE = 30 * 24 * 3600
"""Seconds for which it is remembered from where an account was signed in to."""


class Rate(msgspec.Struct, frozen=True):
    """``number`` requests in ``seconds``, all at once if need be."""

    number: int
    seconds: int


class Limit(msgspec.Struct, frozen=True):
    """``account``: for an account (of a sign-in: the one that is tried). ``address``: for everybody who comes from one address.

    ``pair``: of a shared limit, for an account from one address. An account that is signed in is not asked for its address alone:
    an office has one for all, and so have the thousands behind a mobile carrier.
    """

    account: Rate
    address: Rate
    shared: bool = False
    pair: Rate | None = None


LIMITS: Mapping[str, Limit] = {
    "read": Limit(Rate(1_200, 60), Rate(2_400, 60)),
    "write": Limit(Rate(300, 60), Rate(600, 60)),
    "stream": Limit(Rate(60, 60), Rate(60, 60)),
    "sign_in": Limit(Rate(100, 900), Rate(60, 300), shared=True, pair=Rate(10, 900)),
    # To a provider and back: nothing can be guessed there, and a carrier's address signs in for thousands.
    "oauth": Limit(Rate(60, 300), Rate(600, 300), shared=True),
    "code": Limit(Rate(100, 3_600), Rate(30, 3_600), shared=True, pair=Rate(10, 3_600)),
    "refresh": Limit(Rate(30, 60), Rate(300, 60), shared=True),
    # Each image is two requests, and a second of a core.
    "upload": Limit(Rate(120, 600), Rate(600, 600)),
    # Each leaves a trace in rows of the buyer's own, of which only so many are kept (models/traces.py).
    "ask": Limit(Rate(30, 600), Rate(60, 600)),
    # A guest who begins: the cart's row stays for ever, and anybody may have as many guests' cookies as they like.
    "guest": Limit(Rate(60, 600), Rate(60, 600)),
}
"""By name. What a route of the table does not name is ``read`` for a GET and ``write`` for the rest;
``guest`` is counted besides."""
_SETTING = re.compile(r"([a-z_*]+)\.(account|address|pair)=([0-9]{1,9})/([0-9]{1,6})")


def limits(setting: str) -> dict[str, Limit]:
    """``LIMITS`` with what ``BB_LIMITS`` changes: ``read.account=100/60,*.address=5000/60``; the later wins.

    Raises ``ValueError`` for anything else.
    """
    found = dict(LIMITS)
    for part in filter(None, (part.strip() for part in setting.split(","))):
        said = _SETTING.fullmatch(part)
        if said is None or (said[1] != "*" and said[1] not in found) or not int(said[3]) or not int(said[4]):
            raise ValueError(f"BB_LIMITS: {part!r} is none of <name or *>.<account, address or pair>=<number>/<seconds>")
        rate = Rate(int(said[3]), int(said[4]))
        for name in found if said[1] == "*" else (said[1],):
            found[name] = msgspec.structs.replace(found[name], **{said[2]: rate})
    return found


class State(NamedTuple):
    """What a bucket says. ``left``: requests that it still holds; ``reset``: seconds until it is full; ``retry``: 0, or seconds
    until a request that was refused would be let in."""

    rate: Rate
    left: int
    reset: int
    retry: int

    def headers(self) -> dict[str, str]:
        """As the client is told it, with a refusal as with an answer."""
        number, seconds = self.rate.number, self.rate.seconds
        return {
            "RateLimit-Limit": str(number),
            "RateLimit-Remaining": str(self.left),
            "RateLimit-Reset": str(self.reset),
            "RateLimit-Policy": _policy(number, seconds),
        }

    def problem(self) -> Problem:
        """The refusal of a request that came too early."""
        return Problem(429, "too_many_requests", {"after": self.retry}, headers={"Retry-After": str(self.retry), **self.headers()})


@functools.lru_cache(256)
def _policy(number: int, seconds: int) -> str:
    return f"{number};w={seconds}"


class Local:
    """Buckets of this process. ``shares``: so many processes share each limit, as the proxy spreads requests evenly."""

    def __init__(self, shares: int = 1) -> None:
        self._shares = shares
        # When each bucket would be full again, by monotonic time. Two generations: what was not touched for a whole one is gone.
        self._young: dict[tuple[str, str], float] = {}
        self._old: dict[tuple[str, str], float] = {}

    def take(self, name: str, who: str, rate: Rate) -> State:
        """Take a request out of a bucket."""
        now, key = time.monotonic(), (name, who)
        full = self._young.get(key) or self._old.get(key, 0.0)
        wait = full - now if full > now else 0.0
        step = rate.seconds * self._shares / rate.number
        # A share of one request must still let one through.
        room = max(rate.seconds, step) - wait - step
        if room < 0:
            return State(rate, 0, math.ceil(wait), math.ceil(-room))
        wait += step
        if len(self._young) >= KEYS:
            self._old, self._young = self._young, {}
        self._young[key] = now + wait
        return State(rate, int(room / step) * self._shares, math.ceil(wait), 0)


TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local fulls, least, which, reset = {}, nil, 0, 0
for i = 1, #KEYS do
  local number, window = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local step = window / number
  local full = math.max(tonumber(redis.call('GET', KEYS[i]) or 0), now)
  local room = window - (full - now) - step
  if room < 0 then
    return {0, i, math.ceil(-room), math.ceil(full - now)}
  end
  fulls[i] = full + step
  local left = math.floor(room / step)
  if least == nil or left < least then
    least, which, reset = left, i, math.ceil(fulls[i] - now)
  end
end
for i = 1, #KEYS do
  redis.call('SET', KEYS[i], string.format('%.3f', fulls[i]), 'PX', math.ceil(fulls[i] - now) + 1000)
end
return {1, which, least, reset}
"""
"""Keys: buckets. Arguments: number and window (ms) of each. Takes from all of them or from none.

Answers 1, which holds least, what it holds, ms until it is full; or 0, which refuses, ms to wait, ms until it is full."""


class SharedBuckets:
    """Buckets of all processes, in Redis, each under a hash of whose it is: an address is personal.

    ``secret``: the web's, so that nobody else can tell whose a bucket is.
    """

    def __init__(self, redis_url: str, prefix: str, secret: bytes) -> None:
        self._redis = Redis.from_url(redis_url, socket_timeout=ANSWER, socket_connect_timeout=ANSWER, retry=Retry(NoBackoff(), 1))
        self._prefix, self._secret = prefix, hashlib.sha256(secret).digest()
        self._script: Any = None

    async def take(self, buckets: Sequence[tuple[str, str, Rate]]) -> State:
        """Take a request out of each bucket (name, whose, rate), or out of none. Raises ``Problem`` 503: Redis is away."""
        if self._script is None:
            self._script = self._redis.register_script(TAKE)
        names = [f"{self._prefix}:limit:{name}:{self._hidden(who)}" for name, who, _ in buckets]
        rates = [rate for *_, rate in buckets]
        numbers = [number for rate in rates for number in (rate.number, rate.seconds * 1000)]
        try:
            taken, which, said, reset = await self._script(keys=names, args=numbers)
        except (RedisError, OSError):
            raise Problem(503, "unavailable", headers={"Retry-After": "1"}) from None
        rate = rates[which - 1]
        if taken:
            return State(rate, said, math.ceil(reset / 1000), 0)
        return State(rate, 0, math.ceil(reset / 1000), max(1, math.ceil(said / 1000)))

    async def knows(self, account: str, address: str) -> bool:
        """Has ``account`` been signed in to from there lately? No, while Redis is away: then ``take`` decides."""
        try:
            return bool(await self._redis.exists(self._place(account, address)))
        except (RedisError, OSError):
            return False

    async def remember(self, account: str, address: str) -> None:
        """``account`` was signed in to from there, which nobody waits for: while Redis is away, it is not remembered."""
        with contextlib.suppress(RedisError, OSError):
            await self._redis.set(self._place(account, address), b"", ex=PLACE)

    def _place(self, account: str, address: str) -> str:
        return f"{self._prefix}:place:{self._hidden(f'{account}:{address}')}"

    def _hidden(self, who: str) -> str:
        return hashlib.blake2b(who.encode(), key=self._secret, digest_size=16).hexdigest()

    async def stop(self) -> None:
        """Let go of Redis."""
        await self._redis.aclose()


class Limiter:
    """Both kinds, by the names of the table of routes."""

    def __init__(self, given: Mapping[str, Limit], shares: int, buckets: SharedBuckets | None) -> None:
        """``buckets`` None: nothing can be counted together, so what has to be is refused."""
        self._limits, self._local, self._buckets = given, Local(shares), buckets

    def local(self, name: str, account: str, address: str) -> State | None:
        """Count a request of an ordinary route; ``None``: the limit is a shared one."""
        limit = self._limits[name]
        if limit.shared:
            return None
        return self._local.take(name, account or address, limit.account if account else limit.address)

    async def shared(self, name: str, account: str, address: str) -> State:
        """Count a request of a route whose limit all processes share; ``account`` ``""``: it is the address's.

        Raises ``Problem`` 503.
        """
        limit = self._limits[name]
        if self._buckets is None:
            raise Problem(503, "unavailable", headers={"Retry-After": "1"})
        wanted = [(name, f"account:{account}", limit.account) if account else (name, f"address:{address}", limit.address)]
        if account and limit.pair is not None:
            pair = (name, f"pair:{account}:{address}", limit.pair)
            wanted = [pair] if await self._buckets.knows(account, address) else [*wanted, pair]
        return await self._buckets.take(wanted)

    async def remember(self, account: str, address: str) -> None:
        """``account`` was signed in to from ``address``: from there, what others try counts no more (``PLACE``)."""
        if self._buckets is not None:
            await self._buckets.remember(account, address)

    async def stop(self) -> None:
        """Let go of Redis."""
        if self._buckets is not None:
            await self._buckets.stop()


@functools.lru_cache(4096)
def network(address: str) -> str:
    """Whose bucket ``address`` is: itself; of IPv6 its /64, which one household has to itself."""
    if ":" not in address:
        return address
    try:
        known = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ipaddress.IPv6Network((known, 64), strict=False))
