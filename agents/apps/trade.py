"""The worker of what every order goes through: orders, what stores can promise, payments, deliveries."""

from __future__ import annotations

from agents.deliveries import DELIVERIES
from agents.inventory import INVENTORY
from agents.orders import ORDERS
from agents.payments.domain import payments
from agents.payments.kakaopay import KakaoPay
from agents.runtime.worker import worker
from models import settings

SETTINGS = settings.read()
GATEWAY = KakaoPay(SETTINGS.kakaopay_url, SETTINGS.kakaopay_cid, SETTINGS.kakaopay_secret)
app = worker("trade", [ORDERS, INVENTORY, payments(GATEWAY), DELIVERIES], SETTINGS, around=[GATEWAY])
