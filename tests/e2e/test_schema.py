"""Schemathesis against the running stack: what fits the API's description is answered as it says, what does not is refused.

Every operation, with the role that may use it, and with good and bad data; the same examples every time.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from deploy.local.stack import Stack
from tests.chaos.public import ADMIN, Person, Public, buyer, seller
from web import openapi
from web.access import Who
from web.routes import ROUTES
from web.rule import Rule

pytestmark = pytest.mark.timeout(600)
EXAMPLES = 12
"""Of each operation."""
CHECKS = (
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
)  # fmt: skip
STORE = "schema-store"
RULES: Mapping[tuple[str, str], Rule] = {(rule.method, rule.path): rule for rule in ROUTES}
schema = schemathesis.openapi.from_dict(openapi.document())


def person(rule: Rule) -> Person | None:
    """Somebody who may use the route."""
    match rule.who:
        case Who.PUBLIC | Who.SHOPPER:
            return None
        case Who.SELLER | Who.KEEPER:
            return seller(STORE)
        case Who.ADMIN:
            return ADMIN
        case _:
            return buyer("schema")


@pytest.mark.spec("product W51")
@schema.exclude(path_regex="/events$").parametrize()
@hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
)
def test_the_api_is_as_it_says(case: Any, stack: Stack) -> None:
    env = stack.env()
    rule = RULES.get((case.method.upper(), case.path))
    who = person(rule) if rule is not None else None
    headers = {"Prefer": "wait=1", "Idempotency-Key": str(uuid.uuid4()), "Origin": env["BB_PUBLIC_URL"], "X-CSRF": "1"}
    if who is not None:
        headers |= Public(env).headers(who)
    if "store_id" in (case.path_parameters or {}):
        case.path_parameters["store_id"] = STORE
    response = case.call(base_url=env["BB_PUBLIC_URL"], headers=headers, timeout=30, allow_redirects=False)
    if rule is None:
        # A method that the table does not name.
        assert response.status_code == 405
        return
    case.validate_response(response, checks=list(CHECKS))
