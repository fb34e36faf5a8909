"""What a worker counts (Prometheus)."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

INPUTS = Counter("bb_inputs_total", "Inputs of actors by what came of them", ["domain", "outcome"])
TURN_INPUTS = Histogram("bb_turn_inputs", "Inputs of a turn of the worker", buckets=(1, 2, 5, 10, 20, 50, 100, 200, 400, 800))
TURN_SECONDS = Histogram(
    "bb_turn_seconds", "From taking a turn to its outputs acknowledged", buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2)
)
ROW_BYTES = Gauge("bb_row_bytes_max", "Largest row written", ["domain"])
HOLES = Counter("bb_input_holes_total", "Inputs lost between broker and actor, noticed and read again", ["domain"])
GONE = Counter("bb_inputs_gone_total", "Inputs that the topic no longer had when they were to be read", ["domain"])
FOREIGN = Counter("bb_foreign_rows_total", "Rows that another worker wrote into our changelog", ["domain"])
EFFECT_SECONDS = Histogram(
    "bb_effect_seconds", "Calls to the outside", ["domain", "effect", "outcome"], buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 15)
)
REMINDERS = Counter("bb_reminders_total", "Reminders sent", ["domain"])
OVERDUE = Gauge(
    "bb_reminder_overdue_seconds", "Age of the oldest reminder that had no effect yet: a saga beyond its deadline", ["domain"]
)
PARKED = Gauge("bb_parked_aggregates", "Aggregates that wait for an operator", ["domain"])
SAGA_AGE = Gauge("bb_saga_oldest_seconds", "Age of the oldest unfinished saga in a phase, 0: there is none", ["domain", "phase"])
LAG = Gauge("bb_inbox_lag", "Inputs in the broker that are not finished", ["domain"])
ANSWERS_AWAY = Gauge("bb_answers_away", "1 while Redis does not take the answers that the web waits for")
READY = Gauge("bb_ready", "1 when the worker's partitions are loaded and running")


def begin(domain: str) -> None:
    """Let the series of ``domain`` by which somebody is woken begin at 0.

    One that begins with its first count shows no increase, so the first letter in ``bb.dead`` would wake nobody.
    """
    INPUTS.labels(domain, "dead")
    for counter in (HOLES, GONE, FOREIGN):
        counter.labels(domain)
