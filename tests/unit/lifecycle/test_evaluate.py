"""Evaluations on both engines: what a worker does to images, what it leaves, and what it says of it."""

import asyncio
import json

import pytest

from cargohold.core import digest as digests
from cargohold.core import manifest as manifests
from cargohold.core.clock import DAY, HOUR, MINUTE, SECOND
from cargohold.core.errors import LifecyclePolicyNotFound
from cargohold.lifecycle import evaluate
from cargohold.lifecycle.evaluate import LEASE, next_due
from tests.bed.trail import events as audited
from tests.unit.registry.bed import descriptor

from .conftest import Cleaned, rule

OLD = {"countType": "sinceImagePushed", "count": 7}


def test_what_the_rules_say_is_gone(room: Cleaned) -> None:
    """Images past the count go with their tags, those before it stay, and the policy's standing tells how many."""

    async def story() -> None:
        demo = await room.repository()
        images = []
        for number in range(5):
            images.append(await room.image(demo, b"%d" % number, tag=f"v{number}"))
            room.now += MINUTE
        await room.put_policy(demo, rule(count=2))
        assert (await room.standing(demo)).state == "WAITING"
        await room.evaluate()
        assert await room.tags_of(demo) == {"v3": images[3].digest, "v4": images[4].digest}
        standing = await room.standing(demo)
        assert standing.state == "DONE"
        assert (standing.evaluation.planned, standing.evaluation.expired, standing.evaluation.transitioned) == (3, 3, 0)
        assert (await room.policies.get(demo)).evaluated_at == room.now
        queued = await room.rows("SELECT count(*) FROM collection_queue")
        assert queued[0][0] >= 3

    asyncio.run(story())


def test_each_image_leaves_an_event_and_a_line(room: Cleaned) -> None:
    """An expired image leaves an event for each tag that it had, and an audit line with the rule that took it."""

    async def story() -> None:
        demo = await room.repository()
        image = await room.image(demo, b"old", tag="1.0")
        await room.put(demo, image.payload, "latest")
        room.now += 8 * DAY
        await room.put_policy(demo, rule(5, **OLD))
        await room.evaluate()
        told = [json.loads(row[0]) for row in await room.rows("SELECT payload FROM event ORDER BY id")]
        expected = {
            "result": "SUCCESS",
            "repository-name": "demo",
            "image-digest": image.digest,
            "action-type": "DELETE",
        }
        assert told == [{**expected, "image-tag": tag} for tag in ("1.0", "latest")]
        (line,) = audited(room.audit_folder)
        assert line["eventName"] == "PolicyExecutionEvent"
        assert line["eventType"] == "AwsServiceEvent"
        assert line["userIdentity"]["invokedBy"] == "lifecycle.ecr.amazonaws.com"
        assert line["requestParameters"] == {"repositoryName": "demo", "rulePriority": 5, "action": "EXPIRE"}
        assert line["responseElements"] == {"imageDigest": image.digest, "imageTags": ["1.0", "latest"]}

    asyncio.run(story())


def test_what_changed_meanwhile_is_left_alone(room: Cleaned) -> None:
    """An image that is tagged, pulled or listed by an index after it was decided on is not deleted."""

    async def story() -> None:
        demo = await room.repository()
        tagged, pulled, listed, gone = [await room.image(demo, b"%d" % number) for number in range(4)]
        room.now += 8 * DAY
        await room.put_policy(demo, rule(tag_status="untagged", **OLD))
        assert await room.evaluator.run() == 1
        await room.put(demo, tagged.payload, "kept")
        await room.execute("UPDATE image SET last_pull_at = :now WHERE id = :id", now=room.now, id=pulled.id)
        index = await room.index(demo, listed)
        await room.evaluate()
        assert await room.digests_of(demo) == {tagged.digest, pulled.digest, listed.digest, index.digest}
        assert gone.digest not in await room.digests_of(demo)
        standing = (await room.standing(demo)).evaluation
        assert (standing.planned, standing.expired) == (4, 1)

    asyncio.run(story())


def test_a_signature_stays_with_an_image_that_stays(room: Cleaned) -> None:
    """What refers to an image that was pulled after it was decided on is not deleted, however many others go."""

    async def story() -> None:
        demo = await room.repository()
        for number in range(24):
            await room.image(demo, b"%d" % number)
        pulled = await room.image(demo, b"signed")
        await room.blob(demo, b"signature")
        subject = descriptor(pulled.digest, 7, manifests.OCI_MANIFEST)
        layers = [digests.of(b"signature"), digests.of(b"signed")]
        signatures = [await room.put(demo, room.manifest(layer, subject=subject)) for layer in layers]
        room.now += 8 * DAY
        await room.put_policy(demo, rule(tag_status="untagged", **OLD))
        assert await room.evaluator.run() == 1
        await room.execute("UPDATE image SET last_pull_at = :now WHERE id = :id", now=room.now, id=pulled.id)
        await room.evaluate()
        assert await room.digests_of(demo) == {each.digest for each in (pulled, *signatures)}
        assert (await room.standing(demo)).evaluation.expired == 24

    asyncio.run(story())


def test_an_index_goes_before_what_it_lists(room: Cleaned) -> None:
    """The first evaluation takes the index, the next one its children: no index ever lacks a child."""

    async def story() -> None:
        demo = await room.repository()
        children = [await room.image(demo, b"%d" % number) for number in range(2)]
        await room.index(demo, *children, tag="latest")
        room.now += 8 * DAY
        await room.put_policy(demo, rule(**OLD))
        await room.evaluate()
        assert await room.digests_of(demo) == {child.digest for child in children}
        room.now += DAY
        await room.evaluate()
        assert await room.digests_of(demo) == set()

    asyncio.run(story())


def test_images_go_to_the_archive(room: Cleaned) -> None:
    """A transition archives images that nobody pulled; they are still there, and no rule of the others sees them."""

    async def story() -> None:
        demo = await room.repository()
        image = await room.image(demo, b"unused", tag="1")
        room.now += 31 * DAY
        archived = {"type": "transition", "targetStorageClass": "archive"}
        await room.put_policy(demo, rule(countType="sinceImagePulled", count=30, action=archived))
        await room.evaluate()
        assert await room.rows("SELECT status, archived_at FROM image") == [("ARCHIVED", room.now)]
        assert await room.tags_of(demo) == {"1": image.digest}
        standing = (await room.standing(demo)).evaluation
        assert (standing.planned, standing.expired, standing.transitioned) == (1, 0, 1)
        room.now += DAY
        await room.evaluate()
        assert (await room.standing(demo)).evaluation.planned == 0

    asyncio.run(story())


def test_a_policy_that_is_replaced_half_way_does_no_more(room: Cleaned) -> None:
    """From the moment that the policy is another one nothing is done by the old one, and the new one is evaluated."""

    async def story() -> None:
        demo = await room.repository()
        images = [await room.image(demo, b"%d" % number, tag=f"v{number}") for number in range(3)]
        room.now += 8 * DAY
        await room.put_policy(demo, rule(**OLD))
        assert await room.evaluator.run() == 1
        room.now += SECOND
        await room.put_policy(demo, rule(count=2))
        await room.evaluate()
        assert await room.tags_of(demo) == {"v1": images[1].digest, "v2": images[2].digest}

    asyncio.run(story())


def test_a_policy_that_is_deleted_half_way_does_no_more(room: Cleaned) -> None:
    """Deleting the policy stops its evaluation."""

    async def story() -> None:
        demo = await room.repository()
        image = await room.image(demo, b"old", tag="1")
        room.now += 8 * DAY
        await room.put_policy(demo, rule(**OLD))
        assert await room.evaluator.run() == 1
        await room.policies.delete(demo)
        await room.evaluate()
        assert await room.tags_of(demo) == {"1": image.digest}

    asyncio.run(story())


def test_two_workers_do_not_evaluate_one_policy(room: Cleaned) -> None:
    """A policy belongs to the worker that claimed it until it is done or its claim runs out."""

    async def story() -> None:
        demo = await room.repository()
        image = await room.image(demo, b"old", tag="1")
        room.now += 8 * DAY
        await room.put_policy(demo, rule(**OLD))
        assert await room.evaluator.run() == 1
        assert (await room.standing(demo)).state == "RUNNING"
        other = room.worker()
        assert await other.run() == 0
        room.now += LEASE + SECOND
        assert await other.run() == 1
        await room.evaluate()
        assert await room.tags_of(demo) == {"1": image.digest}
        while await other.run():
            pass
        assert await room.tags_of(demo) == {}
        assert (await room.standing(demo)).state == "DONE"

    asyncio.run(story())


def test_one_repository_that_fails_does_not_stop_the_others(room: Cleaned) -> None:
    """E30: an evaluation that fails says why in its standing, is tried again later, and the next one goes on."""

    async def story() -> None:
        broken, sound = await room.repository("broken"), await room.repository("sound")
        for target in (broken, sound):
            await room.image(target, b"old", tag="1")
            await room.put_policy(target, rule(**OLD))
        await room.execute("UPDATE lifecycle_policy SET policy = 'x' WHERE repository_id = :of", of=broken.existing)
        room.now += 8 * DAY
        await room.evaluate()
        assert await room.tags_of(sound) == {}
        standing = await room.standing(broken)
        assert standing.state == "FAILED"
        assert "Could not map policyString into LifecyclePolicy." in (standing.evaluation.failure or "")
        assert standing.evaluation.due_at == room.now + HOUR
        assert len(await room.tags_of(broken)) == 1

    asyncio.run(story())


def test_a_worker_that_dies_is_told_of(room: Cleaned) -> None:
    """An evaluation whose worker died reads as waiting again when its claim has run out, with what is known of it."""

    async def story() -> None:
        demo = await room.repository()
        await room.image(demo, b"old", tag="1")
        room.now += 8 * DAY
        await room.put_policy(demo, rule(**OLD))
        assert await room.evaluator.run() == 1
        room.now += LEASE + SECOND
        standing = await room.standing(demo)
        assert (standing.state, standing.evaluation.failure) == ("WAITING", evaluate.NOT_ENDED)

    asyncio.run(story())


def test_many_images_go_in_small_transactions(room: Cleaned) -> None:
    """More images than one transaction takes all go, and are counted."""

    async def story() -> None:
        demo = await room.repository()
        first = await room.image(demo, b"first")
        for number in range(230):
            await room.put(demo, first.payload + b" " * (number + 1))
        room.now += 8 * DAY
        await room.put_policy(demo, rule(**OLD))
        await room.evaluate()
        assert await room.digests_of(demo) == set()
        assert (await room.standing(demo)).evaluation.expired == 231

    asyncio.run(story())


def test_every_policy_comes_round_within_a_day() -> None:
    """The next evaluation is at the repository's own time of day, after now and within 24 hours."""
    now = 1_800_000_000_123
    times = [next_due(number, now) for number in range(1, 1_000)]
    assert all(now < at <= now + DAY for at in times)
    hours = [sum(at // HOUR % 24 == hour for at in times) for hour in range(24)]
    assert min(hours) > 25


def test_an_evaluation_can_be_asked_for(room: Cleaned) -> None:
    """A policy that is not due is evaluated again when somebody asks, and only where there is one."""

    async def story() -> None:
        demo, without = await room.repository(), await room.repository("without")
        await room.put_policy(demo, rule())
        await room.evaluate()
        await room.image(demo, b"1")
        await room.image(demo, b"2")
        await room.evaluate()
        assert len(await room.digests_of(demo)) == 2
        room.now += SECOND
        assert (await room.evaluations.start(demo)).state == "WAITING"
        await room.evaluate()
        assert len(await room.digests_of(demo)) == 1
        page = await room.evaluations.page(demo.registry, None, 10)
        assert [each.evaluation.repository for each in page.items] == ["demo"]
        with pytest.raises(LifecyclePolicyNotFound, match="'without'"):
            await room.evaluations.start(without)

    asyncio.run(story())
