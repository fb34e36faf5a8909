"""Images in other domains' bodies and answers: may this one be used, and where is it to be seen?

A field such as ``thumbnail`` or ``images`` holds the id of an uploaded image or, in older data, an address. The latter is shown as
it is and may stay where it stands, but is taken from nobody anew: whoever looks at the picture would ask whatever server its owner
likes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from models.catalog.images import LICENCE, READY, WIDTHS, urls
from web.call import Call
from web.problems import Problem
from web.validation import Body

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ID = re.compile(rf"{_UUID}\Z")
_PATH = re.compile(rf"/images/({_UUID})/[0-9a-f]{{32}}-(?:{'|'.join(map(str, WIDTHS))})\.webp\Z")
B = TypeVar("B", bound=Body)
SHOWN = "640"
"""Width of the picture that stands in the field itself; ``<field>_urls`` has all."""


def is_id(value: str) -> bool:
    """Has ``value`` the form of an image's id?"""
    return bool(_ID.match(value))


def by_ids(wish: B, *fields: str) -> B:
    """``wish`` with the image's id in place of each of our own paths in ``fields`` (a string, several, or ``None``), whatever its
    width; what is no such path stays.

    So whoever writes may send back what ``dressed`` has shown, and answers need no second set of fields, with ids, for forms.
    """
    return msgspec.structs.replace(wish, **{field: _named(getattr(wish, field)) for field in fields})


def _named(said: Any) -> Any:
    if isinstance(said, str):
        found = _PATH.match(said)
        return found[1] if found else said
    return None if said is None else tuple(map(_named, said))


async def check(call: Call, ids: Iterable[str], purpose: str, before: Iterable[str] = ()) -> None:
    """See that the caller may use every one of ``ids`` for ``purpose``: theirs (an admin's: anybody's), for this, and ready.

    ``""`` is no picture, which is fine; what stands there ``before`` may stay, whoever has uploaded it, older addresses too. Raises
    ``Problem`` 422 ``image_unusable``, naming those that may not be used, addresses among them. For ``submit`` to run as
    ``unless``: a retry that comes after the image was erased gets the first answer.
    """
    stands = {"", *before}
    wanted = dict.fromkeys(one for one in ids if one not in stands)
    if not wanted:
        return
    found, caller = await call.shared.reads.images([one for one in wanted if is_id(one)]), call.caller
    bad = [
        one
        for one in wanted
        if (image := found.get(one)) is None
        or (image["owner"] != caller.account and caller.role != "admin")
        or image["purpose"] != purpose
        or image["status"] != READY
    ]
    if bad:
        raise Problem(422, "image_unusable", {"images": bad})


async def check_licence(call: Call, document: str, owner: str) -> None:
    """See that ``document`` is a business licence that ``owner`` (a registration or an account) has uploaded, and ready.

    Raises ``Problem`` 422 ``image_unusable``.
    """
    image = (await call.shared.reads.images([document])).get(document)
    if image is None or (image["owner"], image["purpose"], image["status"]) != (owner, LICENCE, READY):
        raise Problem(422, "image_unusable", {"images": [document]})


async def dressed(call: Call, documents: Sequence[Mapping[str, Any]], *fields: str) -> list[dict[str, Any]]:
    """``documents`` with addresses in place of image ids: in each of ``fields`` (a string or a list of them) the picture of 640
    pixels, and in ``<field>_urls`` width -> path of every size. An image that is not ready, or no more, is ``""``; of a list it is
    left out. Older addresses stay, and have no ``_urls``."""
    ids = {one for document in documents for field in fields for one in _each(document.get(field)) if is_id(one)}
    known = await _urls(call, ids)
    return [_dressed(document, fields, known) for document in documents]


def _dressed(document: Mapping[str, Any], fields: Iterable[str], known: Mapping[str, dict[str, str]]) -> dict[str, Any]:
    made = dict(document)
    for field in fields:
        value = document.get(field)
        if isinstance(value, str) and is_id(value):
            made[field] = known[value][SHOWN] if value in known else ""
            made[f"{field}_urls"] = known.get(value, {})
        elif isinstance(value, (list, tuple)) and any(map(is_id, value)):
            seen = [one for one in value if one in known or not is_id(one)]
            made[field] = [known[one][SHOWN] if one in known else one for one in seen]
            made[f"{field}_urls"] = [known.get(one, {}) for one in seen]
    return made


def _each(value: Any) -> Iterable[str]:
    return (value,) if isinstance(value, str) else value if isinstance(value, (list, tuple)) else ()


async def _urls(call: Call, ids: set[str]) -> dict[str, dict[str, str]]:
    """Addresses of the ready ones among ``ids``."""

    async def load(missing: list[str]) -> dict[str, dict[str, str]]:
        found = await call.shared.reads.images(missing)
        return {
            one: urls(one, image["digest"])
            for one, image in found.items()
            if image["status"] == READY and image["purpose"] != LICENCE
        }

    return await call.shared.pictures.get(ids, load)
