"""The tantivy index: its fields, how a product gets into it, and lists out of it (design §8). Derived: it may be thrown away.

It holds every ordinary product. Those that only their sellers and admins may see are marked ``hidden`` (``document``), and no
public list has them. To leave out these few costs a third less than to ask for a mark of all others.

Lists are keyset-paged by the keys of ``models/search/ranking.py``. A text without an order is ranked by BM25, in classes of about
equal relevance by status and sold pieces, over its best ``RANKED`` products.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from tantivy import Document, FieldType, Index, Occur, Order, Query, Schema, SchemaBuilder, Searcher

from agents.search.store import Dirty
from models.catalog.messages import DELETED
from models.read.cursors import BadCursor, number, pack, unpack
from models.search import vocabulary
from models.search.documents import Card, Product, Store, listed, shown
from models.search.filters import KINDS, Filters
from models.search.ranking import FIELDS, MANAGED, average, keys
from models.search.text import terms, wanted
from models.search.vocabulary import Names
from models.search.wire import Scope

HEAP = 30_000_000
"""Bytes that the writer may fill before it writes a segment."""
RANKED = 1_000
"""Products of a text without an order that can be paged through."""
GROUP = 16
"""More products than share one key by chance; the bits of ``ranking.tie`` see to it."""
GROUPS = 4_096
"""Products of one key that are put in order. Ids can be made so that they share the bits: beyond this a list goes past the rest of
them, and no list ends with them."""
NAME_BOOST, CLASSES = 3.0, 2.0
"""A word in the name counts three times; relevance is told apart in halves."""
FACETS = 200
"""Values of a kind that are counted."""
HIDDEN = "1"
ORDERS = {**FIELDS, **MANAGED}
RELEVANCE = "relevance"
KEY_DIGITS = 20
"""Of a key of 64 bits."""
Hit = tuple[tuple[int, ...], Any]
"""Key and address of a document."""
_card = msgspec.json.Encoder().encode


def schema() -> Schema:
    """The fields. ``name`` and ``about`` hold terms of ``models/search/text.py``."""
    builder = SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    for kind in (*KINDS, "status", "store", "hidden"):
        builder.add_text_field(kind, fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("name", tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("about", tokenizer_name="whitespace", index_option="freq")
    builder.add_unsigned_field("price", indexed=True, fast=True)
    for field in sorted(set(ORDERS.values())):
        builder.add_unsigned_field(field, fast=True)
    builder.add_bytes_field("card", stored=True)
    return builder.build()


class Page(NamedTuple):
    """A page of a list. ``ids`` and ``items``: its products and their encoded cards; ``total``: all that the filters let through,
    whatever the page."""

    ids: list[str]
    items: list[msgspec.Raw]
    next: str
    total: int


class Shelf:
    """An index in a folder. One thread may write, one other read."""

    def __init__(self, folder: Path) -> None:
        """Opens the index or, if there is none or one of another schema, makes an empty one: ``fresh``."""
        self._schema = schema()
        folder.mkdir(parents=True, exist_ok=True)
        self.fresh = not Index.exists(str(folder))
        try:
            self._index = Index(self._schema, str(folder))
        except ValueError:
            shutil.rmtree(folder)
            folder.mkdir(parents=True)
            self.fresh = True
            self._index = Index(self._schema, str(folder))
        self._index.config_reader("manual")
        self._index.reload()
        self._searcher: Searcher = self._index.searcher()
        self._writer = self._index.writer(HEAP, 1)

    # -- writing -----------------------------------------------------------------------------------------------------------------

    def take(self, changes: Iterable[Dirty], names: Names) -> None:
        """Put products as they are now in the place of what they were; seen after ``commit``."""
        for change in changes:
            self._writer.delete_documents_by_term("id", change.id)
            if change.product is not None and listed(change.product):
                self._writer.add_document(document(change.product, change.store, names))

    def commit(self) -> None:
        """Write what was taken to the disk and let readers see it."""
        self._writer.commit()
        self._index.reload()
        self._searcher = self._index.searcher()

    def close(self) -> None:
        """Wait for merges and give the folder's lock back."""
        self._writer.wait_merging_threads()

    # -- reading -----------------------------------------------------------------------------------------------------------------

    @property
    def state(self) -> object:
        """What readers see; another object after each ``commit``."""
        return self._searcher

    @property
    def products(self) -> int:
        """How many it holds."""
        return self._searcher.num_docs

    def page(self, filters: Filters, limit: int, cursor: str = "", scope: Scope = "public") -> Page:
        """The products of ``scope`` that ``filters`` let through, ``limit`` after ``cursor``. Raises ``BadCursor``."""
        searcher = self._searcher
        # The beginning of a list finds out by itself whether there is any product.
        query = self._found(searcher, filters, scope) if cursor else self._query(filters, scope)
        page = self._listed(searcher, filters, query, limit, cursor)
        if filters.text and not cursor and not page.total:
            return self._listed(searcher, filters, self._query(filters, scope, most_words=True), limit, cursor)
        return page

    def _listed(self, searcher: Searcher, filters: Filters, query: Query, limit: int, cursor: str) -> Page:
        if filters.text and not filters.sort:
            return self._ranked(searcher, query, limit, cursor)
        return self._sorted(searcher, query, filters.sort or "NEW", limit, cursor)

    def facets(self, filters: Filters, scope: Scope = "public") -> dict[str, dict[str, int]]:
        """Kind -> value -> how many products there would be with it: a kind's counts leave its own filters out."""
        searcher = self._searcher
        free = [kind for kind in KINDS if not filters.choices(kind)]
        found = self._counts(searcher, self._found(searcher, filters, scope), free) if free else {}
        for kind in KINDS:
            if kind not in free:
                others = msgspec.structs.replace(filters, **{kind: ()})
                found |= self._counts(searcher, self._found(searcher, others, scope), [kind])
        return {kind: found[kind] for kind in KINDS}

    def _sorted(self, searcher: Searcher, query: Query, sort: str, limit: int, cursor: str) -> Page:
        field = ORDERS[sort]
        last, last_id = _position(cursor, sort)
        narrowed = query
        if last is not None:
            below = Query.range_query(self._schema, field, FieldType.Unsigned, None, last)
            narrowed = Query.boolean_query([(Occur.Must, query), (Occur.Must, below)])

        # A list's beginning counts all of it on the way; what comes later counts only the rest.
        total = self._total(searcher, query) if last is not None else 0

        def greatest(most: int) -> list[Hit]:
            nonlocal total
            found: Any = searcher.search(narrowed, most, count=last is None, order_by_field=field, order=Order.Desc)
            total = found.count if last is None else total
            return [((key,), address) for key, address in found.hits]

        after = ((last,), last_id) if last is not None else None
        page = self._cut(searcher, greatest, after, limit, sort)
        return page._replace(total=total)

    def _ranked(self, searcher: Searcher, query: Query, limit: int, cursor: str) -> Page:
        said = unpack(cursor, 4) if cursor else None
        if said is not None and said[0] != RELEVANCE:
            raise BadCursor
        last = (number(said[1]), number(said[2], KEY_DIGITS)) if said else None
        found: Any = searcher.search(query, RANKED, count=True)
        sold = searcher.fast_field_values(FIELDS["SALE"], [address for _, address in found.hits])
        ranked = [
            ((round(score * CLASSES), int(key or 0)), address) for (score, address), key in zip(found.hits, sold, strict=True)
        ]
        ranked.sort(key=lambda one: one[0], reverse=True)
        rest = [one for one in ranked if last is None or one[0] <= last]
        after = (last, said[3]) if said and last else None
        return self._cut(searcher, lambda most: rest[:most], after, limit, RELEVANCE)._replace(total=found.count)

    def _loaded(self, searcher: Searcher, hits: Sequence[Hit]) -> list[tuple[tuple[int, ...], str, bytes]]:
        entries = []
        for key, address in hits:
            found = searcher.doc(address)
            entries.append((key, str(found.get_first("id")), bytes(found.get_first("card") or b"")))
        entries.sort(key=lambda one: one[1])
        entries.sort(key=lambda one: one[0], reverse=True)
        return entries

    def _cut(
        self,
        searcher: Searcher,
        greatest: Callable[[int], Sequence[Hit]],
        after: tuple[tuple[int, ...], str] | None,
        limit: int,
        name: str,
    ) -> Page:
        """The page ``after`` a key and an id, without its total: those that share the key were shown up to the id.

        ``greatest``: so many hits at most, from the key down; those of one key come in any order, so of the last one there may be
        others than these.
        """
        most = limit + 1 + GROUP
        while True:
            hits = greatest(most)
            rest = [one for one in self._loaded(searcher, hits) if after is None or one[0] != after[0] or one[1] > after[1]]
            lowest = hits[-1][0] if len(hits) == most else None
            if lowest is None or most > GROUPS or sum(one[0] > lowest for one in rest) >= limit:
                break
            most *= 4
        shown_, following = rest[:limit], ""
        if len(rest) > limit:
            following = pack(name, *map(str, shown_[-1][0]), shown_[-1][1])
        elif lowest is not None and lowest[-1]:
            following = pack(name, *map(str, (*lowest[:-1], lowest[-1] - 1)), "")
        return Page([one for _, one, _ in shown_], [msgspec.Raw(card) for _, _, card in shown_], following, 0)

    def _total(self, searcher: Searcher, query: Query) -> int:
        # Every product has one price. To have its values counted takes a fifth of the time of a search that wants the best one.
        return int(searcher.aggregate(query, {"all": {"value_count": {"field": "price"}}})["all"]["value"])

    def _counts(self, searcher: Searcher, query: Query, kinds: Sequence[str]) -> dict[str, dict[str, int]]:
        wanted_ = {kind: {"terms": {"field": kind, "size": FACETS}} for kind in kinds}
        found = searcher.aggregate(query, wanted_)
        return {kind: {one["key"]: one["doc_count"] for one in found[kind]["buckets"]} for kind in kinds}

    def _found(self, searcher: Searcher, filters: Filters, scope: Scope) -> Query:
        query = self._query(filters, scope)
        if filters.text and not self._total(searcher, query):
            # No product has every word: most of them will do.
            return self._query(filters, scope, most_words=True)
        return query

    def _query(self, filters: Filters, scope: Scope, *, most_words: bool = False) -> Query:
        must: list[tuple[Occur, Query]] = self._seen(filters, scope)
        for kind in KINDS:
            for choice in filters.choices(kind):
                found = self._any(kind, choice.any)
                must.append((Occur.MustNot if choice.without else Occur.Must, Query.const_score_query(found, 0.0)))
        for field, value in (("store", filters.store), ("status", filters.status)):
            if value:
                must.append((Occur.Must, self._term(field, value)))
        if filters.min_price is not None or filters.max_price is not None:
            found = Query.range_query(self._schema, "price", FieldType.Unsigned, filters.min_price, filters.max_price)
            must.append((Occur.Must, Query.const_score_query(found, 0.0)))
        if filters.text:
            must.append((Occur.Must, self._worded(wanted(filters.text), most_words)))
        if all(occur is Occur.MustNot for occur, _ in must):
            # Nothing but what must not be is no query by itself.
            must.append((Occur.Must, Query.all_query()))
        return Query.boolean_query(must)

    def _seen(self, filters: Filters, scope: Scope) -> list[tuple[Occur, Query]]:
        if scope == "public":
            return [(Occur.MustNot, self._term("hidden", HIDDEN))]
        return [(Occur.MustNot, self._term("status", DELETED))] if scope == "seller" and not filters.status else []

    def _term(self, field: str, value: str) -> Query:
        return Query.const_score_query(Query.term_query(self._schema, field, value, "basic"), 0.0)

    def _any(self, kind: str, values: Sequence[str]) -> Query:
        # A term set walks the whole dictionary: six times the cost of a term.
        each = [Query.term_query(self._schema, kind, value, "basic") for value in values]
        return each[0] if len(each) == 1 else Query.boolean_query([(Occur.Should, one) for one in each])

    def _worded(self, words: Sequence[str], most_words: bool) -> Query:
        each = []
        for word in words:
            name = Query.boost_query(Query.term_query(self._schema, "name", word, "freq"), NAME_BOOST)
            about = Query.term_query(self._schema, "about", word, "freq")
            each.append(Query.disjunction_max_query([name, about]))
        if most_words:
            return Query.boolean_query([(Occur.Should, one) for one in each], max(1, len(each) * 2 // 3))
        return Query.boolean_query([(Occur.Must, one) for one in each])


def document(product: Product, store: Store, names: Names) -> Document:
    """``product`` as the index takes it."""
    flowers = [product.representative, *(one for one in product.flowers if one != product.representative)]
    card = Card(
        product_id=product.id,
        name=product.name,
        summary=product.summary,
        price=product.price,
        store_id=product.store_id,
        store_name=store.name,
        thumbnail=product.thumbnail,
        sold=product.sold,
        reviews=product.reviews,
        average=average(product.reviews, product.rating_sum),
        status=product.status,
        category=product.category,
        tags=product.tags,
        flowers=tuple(one for one in flowers if one),
        created=product.created,
    )
    named = [names.flowers.get(one, "") for one in product.flowers]
    about = [product.summary, *named, names.categories.get(product.category, ""), store.name]
    about += [names.tags.get(tag, "") for tag in product.tags]
    about += [word for one in product.flowers for word in vocabulary.SPELLINGS.get(one, ())]
    public = shown(product, store)
    made = Document()
    made.add_text("id", product.id)
    for kind, values in (
        ("category", [product.category]),
        ("tag", product.tags),
        ("flower", vocabulary.families_of(product.flowers)),
        ("color", vocabulary.colors_of(product.flowers, product.name, product.summary)),
        ("status", [product.status]),
        ("store", [product.store_id]),
        ("hidden", [] if public else [HIDDEN]),
    ):
        for value in values:
            if value:
                made.add_text(kind, value)
    if public:
        # Only everybody's lists are asked for words, and how rare one is counts in them.
        made.add_text("name", " ".join(terms(product.name)))
        made.add_text("about", " ".join(term for text in about for term in terms(text)))
    made.add_unsigned("price", product.price)
    for field, key in keys(product).items():
        made.add_unsigned(field, key)
    made.add_bytes("card", _card(card))
    return made


def _position(cursor: str, sort: str) -> tuple[int | None, str]:
    """Where the page before ended. A cursor belongs to its order."""
    if not cursor:
        return None, ""
    name, key, last_id = unpack(cursor, 3)
    if name != sort or (last := number(key, KEY_DIGITS)) >= 1 << 64:
        raise BadCursor
    return last, last_id
