"""The worker of what happens after the payment: deliveries."""

from __future__ import annotations

from agents.deliveries import DELIVERIES
from agents.runtime.worker import worker
from models import settings

app = worker("fulfilment", [DELIVERIES], settings.read())
