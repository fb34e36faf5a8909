"""How long each topic keeps what is personal or written over (design §4)."""

from __future__ import annotations

from models.actor import DAY
from topics.catalogue import CONTRACTS, topics


def test_what_is_erased_or_written_over_is_gone_from_the_log_after_two_days() -> None:
    compacted = {one.name: one.config for one in topics("bb") if one.config.get("cleanup.policy") == "compact"}
    personal = {f"bb.{one.domain}.private" for one in CONTRACTS if one.private is not None}
    assert set(compacted) == personal | {f"bb.{one.domain}.changelog" for one in CONTRACTS}
    for config in compacted.values():
        assert (config["min.compaction.lag.ms"], config["max.compaction.lag.ms"]) == (str(DAY), str(2 * DAY))
        assert config["delete.retention.ms"] == str(DAY), "a tombstone stays for those who have not seen it"


def test_inboxes_keep_two_weeks_and_dead_letters_thirty_days() -> None:
    kept = {one.name: one.config.get("retention.ms") for one in topics("bb")}
    assert {name for name, ms in kept.items() if ms == str(14 * DAY)} == {f"bb.{one.domain}.inbox" for one in CONTRACTS}
    assert {name for name, ms in kept.items() if ms == str(30 * DAY)} == {"bb.dead"}
