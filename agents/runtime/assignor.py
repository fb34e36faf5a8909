"""Faust's assignor, which leaves out a topic that it cannot see and never looks again.

A broker that has just come back names its topics little by little. A leader that assigns meanwhile would give partitions of the
rest to nobody, and nothing would ever make it assign them later: found by ``tests/torture``, where two workers waited for ever.
"""

from __future__ import annotations

import os
from typing import Any

import structlog
from faust.assignor.partition_assignor import PartitionAssignor

from agents.runtime.kernel import FAILED

log = structlog.get_logger(__name__)


class Assignor(PartitionAssignor):
    """Assigns all topics or ends the worker, which joins again when it has been started anew."""

    @classmethod
    def _get_copartitioned_groups(cls, topics: set[str], cluster: Any, subscriptions: Any) -> Any:
        # The topic of Faust's own leader election is of no use here.
        missing = [topic for topic in sorted(topics) if not topic.endswith("__leader") and not cluster.partitions_for_topic(topic)]
        if missing:
            log.critical("topics_missing", topics=missing)
            os._exit(FAILED)
        return super()._get_copartitioned_groups(topics, cluster, subscriptions)
