"""PutImage and PUT of a manifest: the decision table, what a manifest needs, limits, and pushes at the same time."""

import asyncio
from typing import Any

import pytest

from cargohold.core import digest as digests
from cargohold.core import manifest as manifests
from cargohold.core.errors import (
    CargoholdError,
    ImageAlreadyExists,
    ImageDigestDoesNotMatch,
    ImageTagAlreadyExists,
    InvalidDigest,
    InvalidManifest,
    InvalidParameter,
    LayersNotFound,
    LimitExceeded,
    ReferencedImagesNotFound,
)
from cargohold.core.reference import Reference
from cargohold.registry.limits import Limits

from .bed import CONFIG, Room, descriptor

ABSENT = digests.of(b"absent")

# Facts, amazon-ecr.md §4.3. Before: which image each tag is on; "M" is the one that is pushed, "N" another, None: M is
# there without a tag. Then the tag of the push, the mode, who refuses an identical push, and what comes of it.
TABLE = [
    ("1 M absent, no tag", {}, None, "MUTABLE", "refuse", {}),
    ("1 M absent, T free", {}, "T", "MUTABLE", "refuse", {"T": "M"}),
    ("1 M absent, T free, immutable", {}, "T", "IMMUTABLE", "refuse", {"T": "M"}),
    ("2 M absent, T elsewhere", {"T": "N"}, "T", "MUTABLE", "refuse", {"T": "M"}),
    ("2 M absent, T elsewhere, immutable", {"T": "N"}, "T", "IMMUTABLE", "refuse", ImageTagAlreadyExists),
    ("2 M absent, T elsewhere, immutable, OCI", {"T": "N"}, "T", "IMMUTABLE", "accept", ImageTagAlreadyExists),
    ("2 M absent, T excluded", {"T": "N"}, "T", "IMMUTABLE_WITH_EXCLUSION", "refuse", {"T": "M"}),
    ("2 M absent, T excluded", {"T": "N"}, "T", "MUTABLE_WITH_EXCLUSION", "refuse", ImageTagAlreadyExists),
    ("2 M absent, U not excluded", {"U": "N"}, "U", "IMMUTABLE_WITH_EXCLUSION", "refuse", ImageTagAlreadyExists),
    ("2 M absent, U not excluded", {"U": "N"}, "U", "MUTABLE_WITH_EXCLUSION", "refuse", {"U": "M"}),
    ("3 M present, no tag", {None: "M"}, None, "MUTABLE", "refuse", ImageAlreadyExists),
    ("3 M present, no tag, OCI", {None: "M"}, None, "MUTABLE", "accept", {}),
    ("3 M tagged, no tag", {"U": "M"}, None, "IMMUTABLE", "refuse", ImageAlreadyExists),
    ("4 T on M", {"T": "M"}, "T", "MUTABLE", "refuse", ImageAlreadyExists),
    ("4 T on M, immutable", {"T": "M"}, "T", "IMMUTABLE", "refuse", ImageAlreadyExists),
    ("4 T on M, OCI", {"T": "M"}, "T", "MUTABLE", "accept", {"T": "M"}),
    ("4 T on M, immutable, OCI", {"T": "M"}, "T", "IMMUTABLE", "accept", {"T": "M"}),
    ("5 M present, T elsewhere", {"T": "N", "U": "M"}, "T", "MUTABLE", "refuse", {"T": "M", "U": "M"}),
    ("5 M present, T elsewhere, immutable", {"T": "N", "U": "M"}, "T", "IMMUTABLE", "refuse", ImageTagAlreadyExists),
    ("5 M present, T elsewhere, OCI", {"T": "N", None: "M"}, "T", "IMMUTABLE", "accept", ImageTagAlreadyExists),
    ("6 M present, T new", {"U": "M"}, "T", "MUTABLE", "refuse", {"T": "M", "U": "M"}),
    ("6 M present, T new, immutable", {"U": "M"}, "T", "IMMUTABLE", "refuse", {"T": "M", "U": "M"}),
]


@pytest.mark.parametrize(("before", "tag", "mode", "identical", "expected"), [row[1:] for row in TABLE], ids=str)
def test_decision_table(
    room: Room, before: dict[str | None, str], tag: str | None, mode: str, identical: str, expected: Any
) -> None:
    """Every row of ECR's table ends as it says: tags where they belong, or a refusal that changes nothing."""

    async def story() -> None:
        filters = ("T",) if mode.endswith("EXCLUSION") else ()
        target = await room.repository(tag_mutability=mode, tag_mutability_filters=filters)
        await room.blob(target, CONFIG)
        payloads = {"M": room.manifest(), "N": room.manifest(annotations={"n": "1"})}
        for name, letter in before.items():
            await room.put(target, payloads[letter], name)
        names = {digests.of(payload): letter for letter, payload in payloads.items()}
        earlier = await room.digests_of(target)
        if isinstance(expected, dict):
            pushed = await room.put(target, payloads["M"], tag, identical=identical)
            assert names[pushed.digest] == "M"
            assert await room.digests_of(target) == earlier | {pushed.digest}
        else:
            with pytest.raises(expected):
                await room.put(target, payloads["M"], tag, identical=identical)
            assert await room.digests_of(target) == earlier
        tags = {name: names[digest] for name, digest in (await room.tags_of(target)).items()}
        assert tags == (expected if isinstance(expected, dict) else {k: v for k, v in before.items() if k})

    asyncio.run(story())


@pytest.mark.parametrize("identical", ["accept", "refuse"])
def test_archived_image(room: Room, identical: str) -> None:
    """7: pushing an archived image again, even under the tag that it has, makes it active at once."""

    async def story() -> None:
        target = await room.repository()
        image = await room.image(target, tag="T")
        await room.execute("UPDATE image SET status = 'ARCHIVED'")
        room.now += 1000
        pushed = await room.put(target, image.payload, "T", identical=identical)
        assert (pushed.status, pushed.pushed_at) == ("ACTIVE", image.pushed_at)
        assert (await room.images.get(target, Reference(tag="T"))).id == image.id
        assert await room.rows("SELECT activated_at FROM image") == [(room.now,)]

    asyncio.run(story())


def test_sentences(room: Room) -> None:
    """The refusals of the table read as ECR's."""

    async def story() -> None:
        target = await room.repository(tag_mutability="IMMUTABLE")
        image = await room.image(target, tag="v1")
        with pytest.raises(ImageAlreadyExists) as again:
            await room.put(target, image.payload, "v1")
        with pytest.raises(ImageAlreadyExists, match="and tag 'null' already exists"):
            await room.put(target, image.payload)
        with pytest.raises(ImageTagAlreadyExists) as taken:
            await room.put(target, room.manifest(annotations={}), "v1")
        assert str(again.value) == (
            f"Image with digest '{image.digest}' and tag 'v1' already exists in the repository with name 'demo' in "
            "registry with id '123456789012'"
        )
        assert str(taken.value) == (
            "The image tag 'v1' already exists in the 'demo' repository and cannot be overwritten because the tag is "
            "immutable."
        )

    asyncio.run(story())


def test_what_is_kept(room: Room) -> None:
    """An image keeps the manifest's bytes, types, subject, pusher and time, and has the size that is stored."""

    async def story() -> None:
        target = await room.repository()
        layers = [await room.blob(target, data) for data in (b"first layer", b"second")]
        await room.blob(target, CONFIG)
        subject = descriptor(ABSENT, 1, manifests.OCI_MANIFEST)
        payload = b"\n " + room.manifest(*layers, layers[0], artifactType="application/x", subject=subject) + b" "
        pushed = await room.put(target, payload, "v1")
        assert (pushed.payload, pushed.digest) == (payload, digests.of(payload))
        assert pushed.size == len(CONFIG) + 2 * len(b"first layer") + len(b"second")
        assert (pushed.media_type, pushed.artifact_type) == (manifests.OCI_MANIFEST, "application/x")
        assert (pushed.subject_digest, pushed.status) == (ABSENT, "ACTIVE")
        assert (pushed.pushed_at, pushed.last_pull_at) == (room.now, None)
        room.now += 5000
        again = await room.put(target, payload, "v2")
        assert (again.id, again.pushed_at) == (pushed.id, pushed.pushed_at)
        assert await room.images.get(target, Reference(tag="v2")) == pushed
        assert await room.rows("SELECT pushed_by FROM image") == [("arn:aws:iam::123456789012:user/ci",)]
        kinds = await room.rows("SELECT position, kind FROM image_blob ORDER BY position")
        assert kinds == [(0, "config"), (1, "layer"), (2, "layer"), (3, "layer")]

    asyncio.run(story())


def test_artifact_type_of_a_config(room: Room) -> None:
    """Without an artifactType, the config's media type says what an image is."""

    async def story() -> None:
        target = await room.repository()
        assert (await room.image(target, b"layer")).artifact_type == "application/vnd.oci.image.config.v1+json"

    asyncio.run(story())


def test_lying_sizes(room: Room) -> None:
    """Sizes that a manifest makes up, even beyond what a column holds, do not count."""

    async def story() -> None:
        target = await room.repository()
        await room.blob(target, CONFIG)
        layer = descriptor(room.config, 2**63 - 1, "application/x")
        pushed = await room.put(target, room.manifest(layers=[layer, layer, layer]))
        assert pushed.size == 4 * len(CONFIG)

    asyncio.run(story())


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_given_digest(room: Room, algorithm: str) -> None:
    """An image is kept under the digest that was given with it, in either algorithm, once that is proven."""

    async def story() -> None:
        target = await room.repository()
        await room.blob(target, CONFIG)
        payload = room.manifest()
        given = digests.of(payload, algorithm)
        pushed = await room.put(target, payload, "v1", digest=given)
        assert pushed.digest == given
        assert (await room.images.get(target, Reference(digest=given))).payload == payload
        wrong = digests.of(b"else", algorithm)
        with pytest.raises(ImageDigestDoesNotMatch) as refused:
            await room.put(target, payload, "v1", digest=wrong)
        assert str(refused.value) == f"Image digest {wrong} does not match the digest calculated {given}"

    asyncio.run(story())


@pytest.mark.parametrize(
    ("payload", "options", "error"),
    [
        (b"{", {}, InvalidManifest),
        (b'{"schemaVersion": 1}', {}, InvalidManifest),
        (b'{"schemaVersion": 2, "layers": [], "manifests": []}', {"media_type": manifests.OCI_INDEX}, InvalidManifest),
        (b"{}" + b" " * manifests.MAXIMUM_BYTES, {}, InvalidManifest),
        (None, {"media_type": manifests.DOCKER_MANIFEST}, InvalidManifest),
        (None, {"digest": "sha256:abc"}, InvalidDigest),
        (None, {"digest": "md5:" + "a" * 32}, InvalidDigest),
        (None, {"tag": "-v1"}, InvalidParameter),
        (None, {"tag": "v" * 129}, InvalidParameter),
        (None, {"tag": "a:b"}, InvalidParameter),
        (None, {"tag": ""}, InvalidParameter),
    ],
)
def test_malformed(room: Room, payload: bytes | None, options: dict[str, str], error: type[CargoholdError]) -> None:
    """Bytes, types, digests and tags that are not what they should be are refused before anything is stored."""

    async def story() -> None:
        target = await room.repository()
        await room.blob(target, CONFIG)
        with pytest.raises(error):
            await room.put(target, payload or room.manifest(), **options)  # type: ignore[arg-type]
        assert await room.digests_of(target) == set()

    asyncio.run(story())


def test_missing_blobs(room: Room) -> None:
    """A manifest whose blobs are not in this very repository is refused, and each that is missing is named once."""

    async def story() -> None:
        target, other = await room.repository(), await room.repository("other")
        there = await room.blob(target, b"there")
        elsewhere = await room.blob(other, b"elsewhere")
        with pytest.raises(LayersNotFound) as refused:
            await room.put(target, room.manifest(elsewhere, there, ABSENT, elsewhere), "v1")
        assert str(refused.value) == (
            f"Layers with digests '[{room.config}, {elsewhere}, {ABSENT}]' required for pushing image into repository "
            "with name 'demo' in the registry with id '123456789012' do not exist"
        )
        assert await room.digests_of(target) == set()
        await room.blobs.mount(target, elsewhere, other)
        await room.blob(target, CONFIG)
        await room.put(target, room.manifest(elsewhere, there), "v1")

    asyncio.run(story())


def test_dying_blob(room: Room) -> None:
    """A blob that the collector is deleting is missing to a push, and a new upload brings it back."""

    async def story() -> None:
        target = await room.repository()
        await room.blob(target, CONFIG)
        layer = await room.blob(target, b"layer")
        await room.execute("UPDATE blob SET state = 'deleting' WHERE digest = :digest", digest=layer)
        with pytest.raises(LayersNotFound, match=layer):
            await room.put(target, room.manifest(layer))
        await room.blob(target, b"layer")
        await room.put(target, room.manifest(layer))

    asyncio.run(story())


@pytest.mark.parametrize(
    "members",
    [
        {"mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"},
        {"mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"},
        {"mediaType": "application/x", "urls": ["https://example.com/layer"]},
    ],
)
def test_foreign_layers(room: Room, members: dict[str, object]) -> None:
    """A foreign layer may be absent and then does not count; one that is there is used like any other."""

    async def story() -> None:
        target = await room.repository()
        await room.blob(target, CONFIG)
        foreign = descriptor(ABSENT, 99, "") | members
        pushed = await room.put(target, room.manifest(layers=[foreign]), "without")
        assert pushed.size == len(CONFIG)
        await room.blob(target, b"absent")
        pushed = await room.put(target, room.manifest(layers=[foreign, foreign]), "with")
        assert pushed.size == len(CONFIG) + 2 * len(b"absent")
        assert (await room.blobs.downloadable(target, ABSENT)).size == len(b"absent")

    asyncio.run(story())


def test_no_layers(room: Room) -> None:
    """A manifest without layers is an image too, whichever door it comes through."""

    async def story() -> None:
        target = await room.repository()
        assert (await room.image(target, tag="empty")).size == len(CONFIG)

    asyncio.run(story())


def test_many_layers(room: Room) -> None:
    """Ten thousand layers are one push, with every one of them in its place."""

    async def story() -> None:
        target = await room.repository()
        await room.blob(target, CONFIG)
        missing = [digests.of(str(number).encode()) for number in range(9_999)]
        with pytest.raises(LayersNotFound):
            await room.put(target, room.manifest(*missing))
        await room.put(target, room.manifest(*([room.config] * 10_000)), "v1")
        assert await room.rows("SELECT count(*) FROM image_blob") == [(10_001,)]

    asyncio.run(story())


def test_index(room: Room) -> None:
    """An index needs each image that it lists, lists one twice without harm, and has its largest child's size."""

    async def story() -> None:
        target, other = await room.repository(), await room.repository("other")
        small, large = await room.image(target, b"s"), await room.image(target, b"large layer")
        foreign = await room.image(other, b"other")
        with pytest.raises(ReferencedImagesNotFound) as refused:
            await room.put(target, room.list_of(foreign.digest, small.digest, ABSENT), "v1")
        assert str(refused.value) == (
            f"Images with digests '[{foreign.digest}, {ABSENT}]' required for pushing image into repository "
            "with name 'demo' in the registry with id '123456789012' do not exist"
        )
        index = await room.index(target, small, large, small, tag="v1")
        assert (index.size, index.artifact_type) == (large.size, None)
        nested = await room.index(target, index)
        assert nested.size == index.size
        empty = await room.index(target)
        assert empty.size == 0

    asyncio.run(story())


def test_image_quota(room: Room) -> None:
    """A full repository takes a tag for an image that it has, but no other image until one is deleted."""
    room.use(limits=Limits(images_per_repository=2))

    async def story() -> None:
        target = await room.repository()
        first = await room.image(target, b"1")
        await room.image(target, b"2")
        with pytest.raises(LimitExceeded) as refused:
            await room.image(target, b"3", tag="v3")
        assert str(refused.value) == (
            "The repository with name 'demo' in registry with id '123456789012' already has the maximum allowed "
            "number of images which is '2'"
        )
        assert await room.tags_of(target) == {}
        await room.put(target, first.payload, "v1")
        for number in range(3):
            await room.images.remove(target, first.digest)
            first = await room.image(target, b"%d again" % number)

    asyncio.run(story())


def test_tag_quota(room: Room) -> None:
    """An image with as many tags as are allowed takes no other, but keeps taking those it has."""
    room.use(limits=Limits(tags_per_image=2))

    async def story() -> None:
        target = await room.repository()
        image = await room.image(target, tag="a")
        await room.put(target, image.payload, "b")
        with pytest.raises(LimitExceeded, match="maximum allowed number of tags which is '2'"):
            await room.put(target, image.payload, "c")
        await room.put(target, image.payload, "b", identical="accept")
        assert set(await room.tags_of(target)) == {"a", "b"}

    asyncio.run(story())


def test_moved_tag_leaves_the_image(room: Room) -> None:
    """An image that lost its only tag to another stays, untagged."""

    async def story() -> None:
        target = await room.repository()
        old = await room.image(target, b"old", tag="latest")
        new = await room.image(target, b"new", tag="latest")
        page = await room.images.list_ids(target, "ANY", "ACTIVE", None, 10)
        assert [(each.tag, each.digest) for each in page.items] == [("latest", new.digest), (None, old.digest)]

    asyncio.run(story())


@pytest.mark.parametrize(("mode", "winners"), [("IMMUTABLE", 1), ("MUTABLE", 8)])
def test_race_for_a_tag(room: Room, mode: str, winners: int) -> None:
    """Of different images pushed to one tag at once, one stays where the tag is immutable, the last where it is not."""

    async def story() -> None:
        target = await room.repository(tag_mutability=mode)
        await room.blob(target, CONFIG)
        payloads = [room.manifest(annotations={"n": str(number)}) for number in range(8)]
        pushes = [room.put(target, payload, "v1", identical="accept") for payload in payloads]
        results = await asyncio.gather(*pushes, return_exceptions=True)
        won = [each for each in results if not isinstance(each, BaseException)]
        lost = [each for each in results if isinstance(each, ImageTagAlreadyExists)]
        assert (len(won), len(won) + len(lost)) == (winners, 8)
        assert set((await room.tags_of(target)).values()) <= {each.digest for each in won}
        assert await room.digests_of(target) == {each.digest for each in won}

    asyncio.run(story())


@pytest.mark.parametrize(("identical", "refusals"), [("refuse", 7), ("accept", 0)])
def test_race_of_one_image(room: Room, identical: str, refusals: int) -> None:
    """One image pushed to one immutable tag many times at once is kept once, and PutImage tells the others."""

    async def story() -> None:
        target = await room.repository(tag_mutability="IMMUTABLE")
        await room.blob(target, CONFIG)
        pushes = [room.put(target, room.manifest(), "v1", identical=identical) for _ in range(8)]
        results = await asyncio.gather(*pushes, return_exceptions=True)
        refused = [each for each in results if isinstance(each, BaseException)]
        assert [type(each) for each in refused] == [ImageAlreadyExists] * refusals
        assert len({each.id for each in results if not isinstance(each, BaseException)}) == 1
        assert await room.rows("SELECT count(*) FROM image") == [(1,)]

    asyncio.run(story())


def test_deletion_before_a_push(room: Room) -> None:
    """An immutable tag that was deleted may be pushed again, to another image."""

    async def story() -> None:
        target = await room.repository(tag_mutability="IMMUTABLE")
        await room.image(target, b"1", tag="v1")
        await room.images.untag(target, "v1")
        second = await room.image(target, b"2", tag="v1")
        assert await room.tags_of(target) == {"v1": second.digest}

    asyncio.run(story())
