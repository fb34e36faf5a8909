"""Pictures on the whole stack: whatever is shown is told so, what nobody shows is not, and what is replaced goes."""

from __future__ import annotations

from typing import Any

from deploy.local.stack import Stack
from models.actor import Event
from models.catalog.image_messages import ImageErased, ImageKept
from tests.chaos.public import Public
from tests.e2e.prepared import World
from tests.e2e.shop import DONE, ask, eventually, picture
from tests.integration.auditing import everything
from topics.catalogue import topic
from topics.envelope import type_of


async def test_pictures_that_something_shows_are_kept(stack: Stack, public: Public, word: str) -> None:
    async with World(stack, public, word) as world:
        buyer, owner = world.person("buyer"), world.person("seller")
        review = await world.allowed(f"line-{word}")
        made = [await picture(public, owner, "product") for _ in range(3)]
        front, next_front = [await picture(public, owner, "store") for _ in range(2)]
        profile = await picture(public, buyer, "profile")
        photos = [await picture(public, buyer, "review") for _ in range(2)]
        thumbnail, shown, unused = made
        for who, method, path, body in (
            (owner, "PATCH", f"/products/{world.ids['product_id']}", {"version": 1, "thumbnail": thumbnail, "images": [shown]}),
            (owner, "PATCH", f"/stores/{world.ids['store_id']}", {"thumbnail": front}),
            (owner, "PATCH", f"/stores/{world.ids['store_id']}", {"thumbnail": next_front}),
            (buyer, "PATCH", "/me", {"picture": profile}),
            (buyer, "POST", "/reviews", {"subject": f"line-{word}", "rating": 9, "text": "예뻐요", "images": photos[:1]}),
            (buyer, "PUT", f"/reviews/{review}", {"rating": 9, "text": "예뻐요", "images": photos}),
        ):
            answer = await ask(public, who, method, path, body)
            assert answer.status in DONE, answer.body
        settings, shown_ones = world.settings, [thumbnail, shown, front, next_front, profile, *photos]

        async def told(event: type[Event]) -> list[str]:
            records = await everything(settings.kafka, topic(settings.prefix, "catalog", "events"), settings.partitions)
            said = type_of("catalog", event).encode()
            return sorted({key.decode() for key, value in records if key and value and said in value} & {unused, *shown_ones})

        await eventually(lambda: told(ImageKept), sorted(shown_ones))
        await eventually(lambda: told(ImageErased), [front])


async def test_a_review_keeps_its_photos_until_its_author_takes_them_away(stack: Stack, public: Public, word: str) -> None:
    async with World(stack, public, word) as world:
        buyer = world.person("buyer")
        review = await world.allowed(f"line-{word}")
        photos = [await picture(public, buyer, "review") for _ in range(2)]

        async def shown() -> list[str]:
            (own,) = (await ask(public, buyer, "GET", "/reviews")).body["items"]
            return list(own["images"])

        async def says(method: str, path: str, **body: Any) -> list[str]:
            answer = await ask(public, buyer, method, path, {"rating": 9, **body})
            assert answer.status in DONE, answer.body
            return await shown()

        paths = await says("POST", "/reviews", subject=f"line-{word}", text="예뻐요", images=photos)
        assert [path.split("/")[2] for path in paths] == photos
        assert await says("PUT", f"/reviews/{review}", text="예뻐요!") == paths
        assert await says("PUT", f"/reviews/{review}", text="정말 예뻐요", images=paths) == paths
        assert await says("PUT", f"/reviews/{review}", text="정말 예뻐요", images=paths[1:]) == paths[1:]
        assert await says("PUT", f"/reviews/{review}", text="정말 예뻐요", images=[]) == []

        async def states() -> list[str]:
            return [(await ask(public, buyer, "GET", f"/images/{photo}")).body["status"] for photo in photos]

        await eventually(states, ["erased", "erased"])
