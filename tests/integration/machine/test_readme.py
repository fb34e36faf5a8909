"""The README's walk, as it is written, on the running stack."""

from __future__ import annotations

import re
import subprocess

import pytest

from deploy.local.layout import ROOT
from tests.integration.machine.conftest import PATIENCE, Machine
from tests.integration.machine.walk import walk

pytestmark = pytest.mark.timeout(600)
FACTS = """
echo "total $total"
echo "discount $(curl -s "$shop/stores/$florist/coupons" | pick items.0.discount)"
echo "refund $(echo "$order" | pick stores.1.total)"
curl -s "$shop/orders/$id" -H "Authorization: Bearer $token" > /dev/null
for field in status captured refunded stores.0.status stores.1.status stores.0.discount; do
    echo "$field $(curl -s "$shop/orders/$id" -H "Authorization: Bearer $token" | pick $field)"
done
"""


def test_the_walk_works_as_it_is_pasted(up: Machine) -> None:
    script = walk() + FACTS
    # The shell is a person's: without "set -e", every line must do by itself. A failing one leaves a fact wrong.
    env = {**up.stack.full_env(), "BB_STACK": up.stack.where.name, "BB_PORT_BASE": str(up.stack.port_base)}
    shell = ["bash", "-u", "-o", "pipefail"]
    done = subprocess.run(shell, input=script, cwd=ROOT, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False)
    said = done.stdout
    assert done.returncode == 0, said + done.stderr
    facts = dict(line.split(" ", 1) for line in said.splitlines()[-9:])
    total, refund, discount = int(facts["total"]), int(facts["refund"]), facts["discount"]
    assert facts == {
        "total": str(total), "discount": discount, "refund": str(refund), "status": "CONFIRMED", "captured": str(total),
        "refunded": str(refund), "stores.0.status": "PENDING", "stores.1.status": "REFUNDED", "stores.0.discount": discount,
    }  # fmt: skip
    assert 0 < refund < total
    assert int(discount) > 0
    assert re.search(r"^303 \S+/api/v1/orders/[0-9a-f-]{36}$", said, re.MULTILINE)
    told = re.findall(r"^event: (\w+)$", said, re.MULTILINE)
    assert told[:2] == ["CouponClaimed", "OrderPlaced"]
    assert told[2:5] == ["StoreHeld", "StoreHeld", "PaymentAwaited"]
    assert told[5:7] == ["CaptureRequested", "OrderConfirmed"]
    timeline = re.findall(r'"event": "(\w+)"', said)
    assert timeline == told[1:7]
