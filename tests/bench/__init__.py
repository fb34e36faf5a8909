"""``python -m tests.bench``: throughput, latency and cost of an order on this machine's real stack (issue Foundation §6)."""
