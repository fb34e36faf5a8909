"""An answer is given again as long as the index is what it was, and not a moment longer."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from agents.search.kept import Kept
from agents.search.serve import Searching
from agents.search.store import Dirty
from models.read.cursors import BadCursor
from models.search.filters import Filters
from models.search.vocabulary import Names
from models.search.wire import Question, Scope
from models.settings import Settings
from tests.unit.search.given import STORE, product


def test_the_same_question_is_answered_once_in_each_state() -> None:
    made: list[bytes] = []
    said = Kept(10)

    def make(answer: bytes) -> bytes:
        made.append(answer)
        return answer

    first, second = object(), object()
    assert [said.answer(first, b"a", lambda: make(b"1")) for _ in range(2)] == [b"1", b"1"]
    assert said.answer(first, b"b", lambda: make(b"2")) == b"2"
    assert said.answer(second, b"a", lambda: make(b"3")) == b"3"
    # What was before is not remembered for a state that comes again.
    assert said.answer(first, b"a", lambda: make(b"4")) == b"4"
    assert made == [b"1", b"2", b"3", b"4"]


@pytest.mark.parametrize("most", [0, 1, 3])
def test_a_refusal_is_not_kept_and_there_are_never_too_many(most: int) -> None:
    said, state = Kept(most), object()

    def refuse() -> bytes:
        raise BadCursor

    with pytest.raises(BadCursor):
        said.answer(state, b"a", refuse)
    assert said.answer(state, b"a", lambda: b"1") == b"1"
    for number in range(10):
        said.answer(state, b"%d" % number, lambda: b"x")
        assert len(said._answers) <= max(1, most)


@pytest.mark.spec("product W42")
def test_what_is_committed_is_in_the_next_answer(tmp_path: Path) -> None:
    searching = Searching(msgspec.structs.replace(Settings(), search_dir=str(tmp_path)))
    shelf, asked = searching.feed.shelf, msgspec.json.encode(Question(Filters(), 10))

    def names() -> list[str]:
        found = msgspec.json.decode(searching.listed(asked))
        return sorted(one["product_id"] for one in found["items"])

    assert names() == []
    for number in range(3):
        shelf.take([Dirty(number, f"p{number}", product(f"p{number}"), STORE)], Names())
        before = names()
        shelf.commit()
        assert names() == [*before, f"p{number}"]
    assert searching.listed(asked) is searching.listed(asked)
    rows = msgspec.json.decode(searching.main_page())["rows"]
    assert sorted(one["product_id"] for one in rows[0]["items"]) == ["p0", "p1", "p2"]
    shelf.take([Dirty(4, "p0", product("p0", status="DISCONTINUED"), STORE)], Names())
    shelf.commit()
    rows = msgspec.json.decode(searching.main_page())["rows"]
    assert sorted(one["product_id"] for one in rows[0]["items"]) == ["p1", "p2"]
    shelf.close()


def test_a_kept_answer_is_one_of_its_scope(tmp_path: Path) -> None:
    searching = Searching(msgspec.structs.replace(Settings(), search_dir=str(tmp_path)))
    known = [product("sold"), product("gone", status="DELETED")]
    searching.feed._folded._put(known)
    searching.feed.shelf.take([Dirty(mark, one.id, one, STORE) for mark, one in enumerate(known)], Names())
    searching.feed.shelf.commit()

    def answered(scope: Scope) -> list[str]:
        found = msgspec.json.decode(searching.listed(msgspec.json.encode(Question(Filters(store="s1"), 10, scope=scope))))
        return sorted(one["product_id"] for one in found["items"])

    for _ in range(2):
        assert [answered(scope) for scope in ("admin", "public", "seller")] == [["gone", "sold"], ["sold"], ["sold"]]
    searching.feed._close()
