"""Ids that follow from causes."""

from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as st

from models.actor import NAMESPACE, id_of


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_an_id_is_the_uuid5_of_its_causes(causes: list[str]) -> None:
    try:
        wanted = uuid.uuid5(NAMESPACE, "\x1f".join(causes))
    except UnicodeEncodeError:
        return
    assert id_of(*causes) == str(wanted)
