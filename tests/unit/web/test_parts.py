"""Keys, fingerprints, waits, problems, terms: each by itself."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from models.actor import id_of
from tests.unit.web.documents import STORE
from tests.unit.web.known import Known
from web import idempotency, openapi, prefer
from web.call import trace_of
from web.problems import Problem, document, language
from web.requests.orders import LineRequest, StoreRequest
from web.sse import after, good_id
from web.terms import Shelf, Terms
from web.validation import FieldError

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("key", "good"),
    [
        ("a" * 7, False),
        ("a" * 8, True),
        ("a" * 255, True),
        ("a" * 256, False),
        ("키" * 8, False),
        (" aaaaaaaa", False),
        ("a b c d e", True),
        ("aaaa\naaaa", False),
    ],
)
def test_keys(key: str, good: bool) -> None:
    assert idempotency.key_is_good(key) is good


@pytest.mark.spec("order W-14")
def test_ids_follow_from_what_caused_them() -> None:
    command = idempotency.command_id("a", "POST", "/api/v1/orders", "k" * 8)
    assert command == id_of("command", "a", "POST", "/api/v1/orders", "k" * 8)
    others = [("b", "POST", "/api/v1/orders", "k" * 8), ("a", "PUT", "/api/v1/orders", "k" * 8), ("a", "POST", "/x", "k" * 8)]
    assert command not in {idempotency.command_id(*other) for other in others}
    assert idempotency.created_id(command, "order") == id_of(command, "order")


def test_a_fingerprint_is_of_the_content() -> None:
    assert idempotency.fingerprint(b'{"a":1,"b":[{"c":2,"d":3}]}') == idempotency.fingerprint(b'{ "b": [{"d":3, "c":2}], "a": 1 }')
    assert idempotency.fingerprint(b'{"a":1}') != idempotency.fingerprint(b'{"a":2}')
    assert idempotency.fingerprint(b"") == idempotency.fingerprint(b"")
    assert idempotency.fingerprint(b"\xff") != idempotency.fingerprint(b"\xfe")


def test_signatures() -> None:
    signature = idempotency.sign(b"s" * 32, "a", "b")
    assert len(signature) == 43
    assert idempotency.signed(b"s" * 32, signature, "a", "b")
    assert not idempotency.signed(b"s" * 32, signature, "a", "c")
    assert not idempotency.signed(b"t" * 32, signature, "a", "b")
    assert not idempotency.signed(b"s" * 32, "ü", "a", "b")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("", 2),
        ("wait=0", 0),
        ("wait=5", 5),
        ("wait=99", 10),
        ("respond-async, wait=3", 3),
        ("respond-async", 0),
        ("wait=x", 2),
        ("WAIT = 4", 4),
        ('wait="4"', 4),
        ("handling=lenient; wait=1", 1),
    ],
)
def test_prefer(header: str, seconds: float) -> None:
    assert prefer.seconds(header) == seconds


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("", "ko"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("ko,en", "ko"),
        ("en;q=0.5,ko;q=0.4", "en"),
        ("fr", "ko"),
        ("*", "ko"),
        ("*, en;q=0.1", "ko"),
        ("en;q=x", "ko"),
    ],
)
def test_languages(header: str, found: str) -> None:
    assert language(header) == found


def test_problems_name_what_is_known_and_only_that() -> None:
    problem = Problem(409, "product_not_on_sale", {"problems": [{"code": "product_not_on_sale", "product_id": "p1"}]})
    assert document(problem, "ko")["detail"] == "상품 p1"
    assert document(problem, "en")["title"] == "A product is not on sale"
    unknown = document(Problem(409, "some_new_code"), "en")
    assert (unknown["code"], unknown["title"]) == ("some_new_code", "This cannot be done now")
    fields = document(Problem(422, "validation_failed", errors=[FieldError("/a", "too_long", "6")]), "ko")["errors"]
    assert fields == [{"pointer": "/a", "code": "too_long", "detail": "6자까지 쓸 수 있습니다"}]


# -- terms ----------------------------------------------------------------------------------------------------------------


async def test_terms_are_kept_for_their_age_and_loaded_once_for_all() -> None:
    asked: list[list[str]] = []

    async def load(ids: Iterable[str]) -> Mapping[str, str]:
        asked.append(list(ids))
        await asyncio.sleep(0.01)
        return {one: one.upper() for one in ids if one != "none"}

    shelf: Shelf[str] = Shelf(load, 0.2)
    found = await asyncio.gather(*(shelf.get(["a", "b"]) for _ in range(20)))
    assert found == [{"a": "A", "b": "B"}] * 20
    assert asked == [["a", "b"]]
    assert await shelf.get(["b", "c", "none"]) == {"b": "B", "c": "C"}
    await shelf.get(["none"])
    assert asked == [["a", "b"], ["c", "none"], ["none"]]
    await asyncio.sleep(0.25)
    await shelf.get(["a"])
    assert asked[-1] == ["a"]


async def test_what_grows_old_while_the_rest_is_looked_up_still_exists() -> None:
    lookups = asyncio.Event()

    async def load(ids: Iterable[str]) -> dict[str, str]:
        wanted = list(ids)
        if "b" in wanted:
            await lookups.wait()
        return {one: one.upper() for one in wanted}

    shelf: Shelf[str] = Shelf(load, 0.05)
    assert await shelf.get(["a"]) == {"a": "A"}
    both = asyncio.create_task(shelf.get(["a", "b"]))
    await asyncio.sleep(0.1)
    lookups.set()
    assert await both == {"a": "A", "b": "B"}


async def test_terms_whose_changes_are_heard_of_are_kept_until_one_is() -> None:
    now: dict[str, str] = {"a": "1", "b": "1"}
    asked: list[list[str]] = []
    since, held = [time.monotonic()], asyncio.Event()
    held.set()

    async def load(ids: Iterable[str]) -> Mapping[str, str]:
        asked.append(list(ids))
        found = {one: now[one] for one in ids}
        await held.wait()
        return found

    shelf: Shelf[str] = Shelf(load, 0.0, lambda: since[0])
    await shelf.get(["a", "b"])
    assert await shelf.get(["a", "b"]) == {"a": "1", "b": "1"}
    assert asked == [["a", "b"]]
    now["a"] = "2"
    shelf.forget("a")
    assert await shelf.get(["a", "b"]) == {"a": "2", "b": "1"}
    assert asked == [["a", "b"], ["a"]]
    # A change that is reported while its old state is being read.
    held.clear()
    shelf.forget("a")
    reading = asyncio.create_task(shelf.get(["a"]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    now["a"] = "3"
    shelf.forget("a")
    held.set()
    assert await reading == {"a": "2"}
    assert await shelf.get(["a"]) == {"a": "3"}
    # Reports may have been lost: everything is asked again.
    since[0] = time.monotonic()
    assert await shelf.get(["b"]) == {"b": "1"}
    assert asked[2:] == [["a"], ["a"], ["b"]]
    since[0] = math.inf
    await shelf.get(["b"])
    assert asked[5:] == [["b"]]


class Rival:
    """Products, of which some come to be while an answer is on its way. ``asked``: what each load was for."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}
        self.asked: list[list[str]] = []
        self.held: list[asyncio.Event] = []
        self.shelf: Shelf[str] = Shelf(self.load, 60)

    async def load(self, ids: Iterable[str]) -> Mapping[str, str]:
        wanted = list(ids)
        found = {one: self.known[one] for one in wanted if one in self.known}
        self.asked.append(wanted)
        self.held.append(asyncio.Event())
        await self.held[-1].wait()
        return found

    async def begin(self, *ids: str) -> asyncio.Task[dict[str, str]]:
        """Somebody asks; the database has looked."""
        task = asyncio.create_task(self.shelf.get(ids))
        await self.turn()
        return task

    async def answer(self, number: int) -> None:
        """The answer to that load arrives."""
        self.held[number].set()
        await self.turn()

    async def turn(self) -> None:
        """Whoever can go on does."""
        for _ in range(10):
            await asyncio.sleep(0)


async def test_who_asks_after_a_change_gets_no_answer_from_before_it() -> None:
    rival = Rival()
    rival.known = {"old": "1"}
    early = await rival.begin("old", "new")
    rival.known = {"old": "2", "new": "1"}
    rival.shelf.forget("old")
    rival.shelf.forget("new")
    late = await rival.begin("old", "new")
    assert rival.asked == [["old", "new"]] * 2
    # The later load is answered first, and the earlier one takes nothing of it away.
    await rival.answer(1)
    assert late.done()
    assert await late == {"old": "2", "new": "1"}
    await rival.answer(0)
    assert await early == {"old": "1"}
    assert await rival.shelf.get(["old", "new"]) == {"old": "2", "new": "1"}
    assert len(rival.asked) == 2


async def test_what_came_to_be_while_somebody_else_was_looking_for_it_is_known() -> None:
    """Nobody reports it, as Redis is away: a product that is on sale was answered as unknown."""
    rival = Rival()
    early = await rival.begin("new")
    rival.known = {"new": "1"}
    late = [await rival.begin("new") for _ in range(3)]
    assert rival.asked == [["new"]]
    await rival.answer(0)
    assert await early == {}
    # One more look is enough for all.
    assert rival.asked == [["new"]] * 2
    await rival.answer(1)
    assert [one.done() for one in late] == [True] * 3
    assert [await one for one in late] == [{"new": "1"}] * 3
    assert len(rival.asked) == 2


async def test_what_nobody_knows_is_looked_for_once_more_and_then_unknown() -> None:
    rival = Rival()
    first, second = await rival.begin("never"), await rival.begin("never")
    await rival.answer(0)
    assert await first == {}
    assert not second.done()
    await rival.answer(1)
    assert await second == {}
    assert len(rival.asked) == 2


def test_a_report_of_a_read_model_reaches_its_terms_alone() -> None:
    terms = Terms(Known(), 5)
    forgotten: list[tuple[str, str]] = []
    terms.products.forget = lambda key: forgotten.append(("product", key))  # type: ignore[method-assign]
    terms.stores.forget = lambda key: forgotten.append(("store", key))  # type: ignore[method-assign]
    for model in ("products", "stores", "orders", ""):
        terms.changed(model, [model])
    assert forgotten == [("product", "products"), ("store", "stores")]


@pytest.mark.spec("store Q12")
async def test_a_checkout_names_every_id_that_nobody_knows() -> None:
    terms = Terms(Known(), 5)
    wish = [
        StoreRequest(store_id="nowhere", lines=[LineRequest(product_id="product-1", quantity=1)], coupon_id="nothing"),
        StoreRequest(store_id=STORE, lines=[LineRequest(product_id="x", quantity=1), LineRequest(product_id="y", quantity=1)]),
    ]
    with pytest.raises(Problem) as refused:
        await terms.wanted(wish)
    assert [(error.pointer, error.code) for error in refused.value.errors] == [
        ("/stores/0/store_id", "unknown_store"),
        ("/stores/0/coupon_id", "unknown_coupon"),
        ("/stores/1/lines/0/product_id", "unknown_product"),
        ("/stores/1/lines/1/product_id", "unknown_product"),
    ]


# -- the rest -------------------------------------------------------------------------------------------------------------


def test_traces_are_continued_or_begun() -> None:
    given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    assert trace_of(given) == given
    for bad in ("", "x", given + "\n", given.replace("4bf92f3577b34da6a3ce929d0e0e4736", "0" * 32)):
        begun = trace_of(bad)
        assert begun != bad
        assert trace_of(begun) == begun


def test_ids_of_streams() -> None:
    assert good_id("1700000000000-0")
    assert not any(map(good_id, ("", "$", "0", "1-1\n", "a-b", "-1-1")))
    assert after("10-0", "9-99")
    assert after("10-10", "10-9")
    assert not after("10-1", "10-1")


def test_the_openapi_document_is_the_one_that_is_published() -> None:
    published = ROOT / "docs" / "openapi.json"
    assert published.read_bytes() == openapi.encoded(), "run: python -m web.openapi > docs/openapi.json"


def test_the_openapi_document_is_whole() -> None:
    said = openapi.document()
    names = [op["operationId"] for methods in said["paths"].values() for op in methods.values()]
    assert len(names) == len(set(names))
    text = msgspec.json.encode(said).decode()
    for part in text.split('"#/components/schemas/')[1:]:
        assert part.partition('"')[0] in said["components"]["schemas"]


@pytest.mark.spec("product W51")
def test_every_answer_in_json_is_an_object() -> None:
    """So that a field can be added to any answer: a bare name or list has no room for one."""
    said = openapi.document()
    schemas = said["components"]["schemas"]
    kinds: set[str] = set()
    others: dict[str, Any] = {}
    for path, methods in said["paths"].items():
        for method, operation in methods.items():
            for status, answer in operation["responses"].items():
                for kind, content in answer.get("content", {}).items():
                    schema = content["schema"]
                    named = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
                    kinds.add(kind)
                    if named.get("type") != "object":
                        others[f"{method} {path} {status} {kind}"] = named
    assert kinds == {"application/json", "application/problem+json", "text/event-stream"}
    assert others == {"get /api/v1/events 200 text/event-stream": {"type": "string"}}
