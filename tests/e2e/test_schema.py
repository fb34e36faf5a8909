"""Schemathesis against the running stack: what fits the API's description is answered as it says, what does not is refused.

Each route is first asked once as it is meant, about things that are there, and must answer well and in the shape that it promises:
or one day all that is generated would be refused, and nobody would see it. Then every operation is asked with good and bad data
about the same things, by somebody who may; the same examples every time.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

import hypothesis
import msgspec
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
from tests.browser import kakao
from tests.chaos.public import Person, Public
from tests.e2e.keyed import STEPS
from tests.e2e.prepared import PASSWORD, World
from tests.e2e.shop import WAIT, ask
from tests.e2e.test_repeats import send
from tests.people import admin_of
from web import idempotency, openapi
from web.access import Who
from web.examples import words
from web.routes import ROUTES
from web.rule import Rule

pytestmark = pytest.mark.timeout(600)
EXAMPLES = 12
"""Of each operation."""
CHECKS = (
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
)  # fmt: skip
RULES: Mapping[tuple[str, str], Rule] = {(rule.method, rule.path): rule for rule in ROUTES}
STEP = {step.route: step for step in STEPS}
WHO = {
    Who.PUBLIC: "", Who.SHOPPER: "buyer", Who.SELLER: "seller", Who.KEEPER: "seller", Who.ADMIN: "admin",
    Who.APPLICANT: "applicant",
}  # fmt: skip
LATE = {
    # Between two codes an account has to wait for half a minute; ``test_repeats.py`` does.
    "POST /auth/seller/password/forgotten", "POST /auth/seller/password/reset",
    # A page of the provider's lies between.
    "GET /auth/{provider}/callback",
}  # fmt: skip
"""What is not asked as it is meant."""
SCARCE = ("PUT /admin/flowers/{flower_id}", "PUT /admin/tags/{tag_id}", "PUT /admin/categories/{category_id}")
"""All of these go to one row, which takes 64 commands a day: what is generated is one and the same command, for ever."""
SHARE = 0.25
"""Of all that is generated, so much at least is answered well."""
generated: Counter[bool] = Counter()
"""How many answers were good, and how many were not."""
schema = schemathesis.openapi.from_dict(openapi.document())


def name_of(rule: Rule) -> str:
    """As the tables call it."""
    return f"{rule.method} {rule.template}"


class Prepared(NamedTuple):
    """``wrong``: route -> what was answered to a good request, of those that were not answered well."""

    ids: Mapping[str, str]
    people: Mapping[str, Person | None]
    cookie: str
    wrong: Mapping[str, Any]
    asked: frozenset[str]


@pytest.fixture(scope="module")
def prepared(stack: Stack) -> Prepared:
    return asyncio.run(_prepare(stack))


def _fault(rule: Rule, status: int, body: Any) -> Any:
    """What is wrong with an answer; ``None``: it is good, and what the document promises."""
    if status != rule.status:
        return status, body
    if rule.answer is not None:
        try:
            msgspec.convert(body, rule.answer)
        except msgspec.ValidationError as error:
            return str(error)
    return None


async def _prepare(stack: Stack) -> Prepared:
    rules = {name_of(rule): rule for rule in ROUTES}
    wrong: dict[str, Any] = {}
    async with Public(stack.env()) as public, World(stack, public, uuid.uuid4().hex) as world:
        for step in STEPS:
            if step.route in LATE:
                continue
            if step.before is not None:
                await step.before(world)
            answer = await send(world, step, str(uuid.uuid4()), step.words(world))
            # After a 202 the same request is answered as done.
            wrong[step.route] = _fault(rules[step.route], answer.status, answer.body)
            world.ids |= {name: answer.body[field] for name, field in step.learn.items()}
            world.more[step.route] = answer.body
        await _again(world)
        query, said, cookie = await _unkeyed(world)
        # What was done has ended sessions; tokens of now count.
        async with Public(stack.env()) as later:
            for rule in ROUTES:
                if not rule.writes and not rule.endless and name_of(rule) not in LATE:
                    who = world.people[WHO.get(rule.who, "buyer")]
                    path = f"{rule.template.format(**world.ids)}?{urlencode(query.get(name_of(rule), {}))}"
                    headers = {**later.headers(who), "Prefer": f"wait={WAIT:g}", "Origin": later.url, "X-CSRF": "1"}
                    headers |= {"Cookie": cookie} if rule.cookie else {}
                    data = msgspec.json.encode(said[name_of(rule)]) if rule.body is not None else None
                    url = f"{later.url}/api/v1{path}"
                    async with later.session.request(
                        rule.method, url, data=data, headers=headers, allow_redirects=False
                    ) as answered:
                        is_json = "json" in answered.headers.get("Content-Type", "")
                        body = await answered.json(content_type=None) if is_json else await answered.text()
                    wrong[name_of(rule)] = _fault(rule, answered.status, body)
        return Prepared(
            world.ids, world.people, cookie, {route: fault for route, fault in wrong.items() if fault is not None}, frozenset(wrong)
        )


async def _again(world: World) -> None:
    """What the steps have taken away, once more, for those who read it."""
    public, buyer, seller, ids = world.public, world.people["buyer"], world.people["seller"], world.ids
    said = await ask(public, buyer, "POST", f"/products/{ids['product_id']}/questions", {"title": "언제", "content": "오나요"})
    ids["question_id"] = said.body["question_id"]
    said = await ask(public, seller, "POST", f"/stores/{ids['store_id']}/notices", {"title": "휴무", "content": "쉽니다"})
    ids["notice_id"] = said.body["notice_id"]
    subject = f"third-{world.word}"
    ids["review_id"] = await world.allowed(subject)
    assert (await ask(public, buyer, "POST", "/reviews", {"subject": subject, "rating": 9, "text": "예뻐요"})).status in (200, 201)
    ids["order_id"] = ids["paid_order"]


async def _unkeyed(world: World) -> tuple[Mapping[str, Mapping[str, str]], Mapping[str, Any], str]:
    """Queries and bodies of the routes that take no key, and the cookie of somebody's session."""
    ids, secret = world.ids, Path(world.stack.env()["BB_WEB_SECRET"]).read_bytes().strip()
    ids["nonce"] = idempotency.sign(secret, "callback", ids["order_id"])
    taken = await world.public.call(world.people["buyer"], "PUT", f"/likes/products/{ids['pot']}", wait=0)
    where = urlsplit(taken.headers["Location"])
    ids["domain"], ids["row"], ids["command"] = where.path.split("/")[-3:]
    signed_in = world.browser()
    await signed_in.by("kakao", kakao())
    name, password, factor = await admin_of(world.stack)
    query = {
        "GET /stores/nearby": {"lat": "37.5", "lon": "127.03"},
        "GET /commands/{domain}/{row}/{command}": dict(parse_qsl(where.query)),
        "GET /payments/callback/{order_id}/{nonce}/{outcome}": {"pg_token": "t"},
    }
    said = {
        "POST /auth/seller": {"email": world.more["email"], "password": f"{PASSWORD}2"},
        "POST /auth/admin": {"name": name, "password": password, "code": factor.now()},
        "POST /orders/quote": {"stores": world.order_of()["stores"]},
        "POST /search": {"sentence": "친구 생일 선물 5만원 이하 분홍색으로"},
        "POST /stores/{store_id}/coupons/usable": {"amount": 30_000},
    }
    return query, said, "; ".join(f"{name}={value}" for name, value in signed_in.cookies.items())


def test_every_route_answers_a_good_request_as_it_promises(prepared: Prepared) -> None:
    assert prepared.asked | LATE == {name_of(rule) for rule in ROUTES if not rule.endless}
    assert prepared.wrong == {}


def real(value: Any, ids: Mapping[str, str]) -> Any:
    """What an example says, about what is there."""
    known = {words.STORE: "store_id", words.PRODUCT: "product_id", words.COUPON: "coupon_id", words.IMAGE: "image_id",
             words.DOCUMENT: "document"}  # fmt: skip
    if isinstance(value, dict):
        return {real(name, ids): real(one, ids) for name, one in value.items()}
    if isinstance(value, list):
        return [real(one, ids) for one in value]
    return ids[known[value]] if isinstance(value, str) and value in known else value


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
def test_the_api_is_as_it_says(case: Any, stack: Stack, prepared: Prepared) -> None:
    env = stack.env()
    rule = RULES.get((case.method.upper(), case.path))
    headers = {"Prefer": "wait=1", "Idempotency-Key": str(uuid.uuid4()), "Origin": env["BB_PUBLIC_URL"], "X-CSRF": "1"}
    if rule is not None:
        step = STEP.get(name_of(rule))
        for name in case.path_parameters or {}:
            case.path_parameters[name] = prepared.ids[step.at.get(name, name) if step is not None else name]
        if rule.body is not None:
            case.body = real(case.body, prepared.ids)
        headers |= Public(env).headers(prepared.people[step.who if step is not None else WHO.get(rule.who, "buyer")])
        headers |= {"Cookie": prepared.cookie} if rule.cookie else {}
        headers |= {"Idempotency-Key": f"generated-{rule.template}"} if name_of(rule) in SCARCE else {}
    response = case.call(base_url=env["BB_PUBLIC_URL"], headers=headers, timeout=30, allow_redirects=False)
    if rule is None:
        # A method that the table does not name.
        assert response.status_code == 405
        return
    generated[response.status_code in (rule.status, 202)] += 1
    case.validate_response(response, checks=list(CHECKS))


def test_a_good_share_of_what_was_generated_was_answered_well() -> None:
    if generated.total() < EXAMPLES * len(ROUTES):
        pytest.skip("not all routes were asked")
    assert generated[True] / generated.total() >= SHARE
