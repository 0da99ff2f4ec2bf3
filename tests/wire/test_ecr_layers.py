"""The layer operations: upload in parts, availability, and the URL from which a layer is read."""

import json
import uuid
from typing import Any
from urllib.parse import urlsplit

import pytest

from cargohold.core import digest

ACCOUNT = "123456789012"
MIB = 1 << 20
UNKNOWN_UPLOAD = "00000000-0000-4000-8000-000000000000"
HELD = digest.of(b"held")
ABSENT = digest.of(b"absent")
DIGEST_PATTERN = "[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+"
MALFORMED = f"Invalid request parameters: layer digest should satisfy the regex '{DIGEST_PATTERN}'"
UPLOAD_PATTERN = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"


def refusal(code: str, sentence: str) -> tuple[int, str, str]:
    """How the AWS door says no: always 400, with ECR's code and sentence."""
    return 400, code, sentence


NO_REPOSITORY = refusal(
    "RepositoryNotFoundException",
    f"The repository with name 'nowhere' does not exist in the registry with id '{ACCOUNT}'",
)


def invalid(member: str, reason: str) -> tuple[int, str, str]:
    sentence = f"Invalid parameter at '{member}' failed to satisfy constraint: '{reason}'"
    return refusal("InvalidParameterException", sentence)


@pytest.fixture
def demo(wire: Any) -> Any:
    """A client of a registry that has an empty repository demo."""
    wire("CreateRepository", repositoryName="demo")
    return wire


def begin(wire: Any, name: str = "demo") -> str:
    upload: str = wire("InitiateLayerUpload", repositoryName=name)["uploadId"]
    return upload


def part(upload: str, first: int, data: bytes, last: int | None = None) -> dict[str, Any]:
    """The members of UploadLayerPart for bytes that begin at `first`."""
    end = first + len(data) - 1 if last is None else last
    return {
        "repositoryName": "demo",
        "uploadId": upload,
        "partFirstByte": first,
        "partLastByte": end,
        "layerPartBlob": data,
    }


def complete(upload: str, *digests: str) -> dict[str, Any]:
    return {"repositoryName": "demo", "uploadId": upload, "layerDigests": list(digests)}


# Uploading


def test_beginning_answers_an_id_and_a_part_size(demo: Any) -> None:
    """InitiateLayerUpload answers a new UUID each time, and the part size that ECR advises."""
    one, two = (demo("InitiateLayerUpload", repositoryName="demo") for _ in range(2))
    assert one["partSize"] == 10_485_760
    assert set(one) == {"uploadId", "partSize"}
    assert str(uuid.UUID(one["uploadId"])) == one["uploadId"] != two["uploadId"]


def test_a_layer_arrives_in_parts(demo: Any) -> None:
    """Parts that follow each other become one layer, and each answer says the last byte that was received."""
    first, second = b"a" * (5 * MIB), b"end"
    upload = begin(demo)
    assert demo("UploadLayerPart", **part(upload, 0, first)) == {
        "registryId": ACCOUNT,
        "repositoryName": "demo",
        "uploadId": upload,
        "lastByteReceived": 5 * MIB - 1,
    }
    assert demo("UploadLayerPart", **part(upload, 5 * MIB, second))["lastByteReceived"] == 5 * MIB + 2
    name = digest.of(first + second)
    assert demo("CompleteLayerUpload", **complete(upload, name)) == {
        "registryId": ACCOUNT,
        "repositoryName": "demo",
        "uploadId": upload,
        "layerDigest": name,
    }
    layers = demo("BatchCheckLayerAvailability", repositoryName="demo", layerDigests=[name])["layers"]
    assert layers == [{"layerDigest": name, "layerAvailability": "AVAILABLE", "layerSize": 5 * MIB + 3}]


def test_a_part_may_be_twenty_mebibytes(demo: Any) -> None:
    """UploadLayerPart takes the largest part of the model and refuses one byte more."""
    upload = begin(demo)
    largest = b"x" * (20 * MIB)
    assert demo("UploadLayerPart", **part(upload, 0, largest))["lastByteReceived"] == 20 * MIB - 1
    assert demo.refused("UploadLayerPart", **part(begin(demo), 0, largest + b"x")) == invalid(
        "layerPartBlob", "Member must have length less than or equal to 20971520"
    )


@pytest.mark.parametrize(
    ("received", "first", "told"),
    [
        pytest.param(0, 4, {}, id="a gap before the first part"),
        pytest.param(5, 9, {"lastValidByteReceived": 4}, id="a gap"),
        pytest.param(5, 3, {"lastValidByteReceived": 4}, id="an overlap"),
    ],
)
def test_a_part_must_follow_the_last(demo: Any, received: int, first: int, told: dict[str, int]) -> None:
    """A part that leaves a gap or overlaps is InvalidLayerPart, which tells the last valid byte and changes nothing."""
    upload = begin(demo)
    if received:
        demo("UploadLayerPart", **part(upload, 0, b"01234"))
    answer = demo.send("UploadLayerPart", part(upload, first, b"xyz"))
    assert answer.status == 400
    assert answer.body == {
        "__type": "InvalidLayerPartException",
        "message": f"First byte of the layer part {first} is not consecutive with the last byte received: "
        f"expected {received}",
        "registryId": ACCOUNT,
        "repositoryName": "demo",
        "uploadId": upload,
        **told,
    }
    demo("UploadLayerPart", **part(upload, received, b"56"))


@pytest.mark.parametrize("last", [0, 1, 3, 1000])
def test_a_part_is_as_long_as_it_says(demo: Any, last: int) -> None:
    """A part whose bytes are not those from partFirstByte to partLastByte is refused, and changes nothing."""
    upload = begin(demo)
    assert demo.refused("UploadLayerPart", **part(upload, 0, b"abc", last))[:2] == (400, "InvalidLayerPartException")
    demo("UploadLayerPart", **part(upload, 0, b"abc"))
    demo("CompleteLayerUpload", **complete(upload, digest.of(b"abc")))


def test_only_the_last_part_may_be_small(demo: Any) -> None:
    """A part under 5 MiB that another followed makes CompleteLayerUpload answer LayerPartTooSmall."""
    upload = begin(demo)
    demo("UploadLayerPart", **part(upload, 0, b"a" * (5 * MIB - 1)))
    demo("UploadLayerPart", **part(upload, 5 * MIB - 1, b"b"))
    name = digest.of(b"a" * (5 * MIB - 1) + b"b")
    assert demo.refused("CompleteLayerUpload", **complete(upload, name)) == refusal(
        "LayerPartTooSmallException",
        "All layer parts except the last part should be at least 5MB",
    )


def test_an_upload_without_parts_is_empty(demo: Any) -> None:
    """CompleteLayerUpload of an upload that received nothing is EmptyUpload: ECR keeps no zero-byte layer."""
    upload = begin(demo)
    assert demo.refused("CompleteLayerUpload", **complete(upload, digest.of(b""))) == refusal(
        "EmptyUploadException",
        f"The upload with id '{upload}' in the repository with name 'demo' in registry "
        f"with id '{ACCOUNT}' cannot be completed because it does not have any parts",
    )


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param([ABSENT], id="another's digest"),
        pytest.param(["md5:" + "0" * 32], id="unknown algorithm"),
        pytest.param([ABSENT, "sha256:abc", "blake3+x_y.z:ABCDEF"], id="several, none of which is right"),
    ],
)
def test_a_layer_has_the_digest_it_is_given(demo: Any, wrong: list[str]) -> None:
    """CompleteLayerUpload with digests that the bytes do not have is InvalidLayer, and nothing becomes available."""
    upload = begin(demo)
    demo("UploadLayerPart", **part(upload, 0, b"held"))
    assert demo.refused("CompleteLayerUpload", **complete(upload, *wrong)) == refusal(
        "InvalidLayerException",
        "None of the provided layer digests match the calculated layer digest",
    )
    asked = demo("BatchCheckLayerAvailability", repositoryName="demo", layerDigests=[HELD, ABSENT])
    assert {layer["layerAvailability"] for layer in asked["layers"]} == {"UNAVAILABLE"}


@pytest.mark.parametrize("right", [HELD, digest.of(b"held", "sha512")])
def test_one_right_digest_of_several_is_enough(demo: Any, right: str) -> None:
    """CompleteLayerUpload takes the layer under whichever of up to 100 candidates it has, sha256 or sha512."""
    upload = begin(demo)
    demo("UploadLayerPart", **part(upload, 0, b"held"))
    candidates = [digest.of(str(n).encode()) for n in range(98)] + ["md5:00", right]
    assert demo("CompleteLayerUpload", **complete(upload, *candidates))["layerDigest"] == right


def test_a_layer_is_uploaded_once(demo: Any) -> None:
    """CompleteLayerUpload of a layer that the repository holds is LayerAlreadyExists, but another takes it."""
    demo.layer("demo", b"held")
    upload = begin(demo)
    demo("UploadLayerPart", **part(upload, 0, b"held"))
    assert demo.refused("CompleteLayerUpload", **complete(upload, HELD)) == refusal(
        "LayerAlreadyExistsException",
        f"Layer with digest '{HELD}' already exists in the repository "
        f"with name 'demo' in the registry with id '{ACCOUNT}'",
    )
    demo("CreateRepository", repositoryName="other")
    assert demo.layer("other", b"held") == HELD


def unknown_upload(upload: str, name: str = "demo") -> tuple[int, str, str]:
    return refusal(
        "UploadNotFoundException",
        f"Upload with id '{upload}' could not be found in the repository "
        f"with name '{name}' in the registry with id '{ACCOUNT}'",
    )


def test_an_unknown_upload_is_not_found(demo: Any) -> None:
    """Both operations on an upload answer UploadNotFound for an id that was never given out."""
    assert demo.refused("UploadLayerPart", **part(UNKNOWN_UPLOAD, 0, b"x")) == unknown_upload(UNKNOWN_UPLOAD)
    assert demo.refused("CompleteLayerUpload", **complete(UNKNOWN_UPLOAD, HELD)) == unknown_upload(UNKNOWN_UPLOAD)


def test_an_upload_belongs_to_its_repository(demo: Any) -> None:
    """Through another repository an upload is not found, neither to write nor to complete."""
    demo("CreateRepository", repositoryName="other")
    upload = begin(demo)
    demo("UploadLayerPart", **part(upload, 0, b"held"))
    elsewhere = {"repositoryName": "other"}
    assert demo.refused("UploadLayerPart", **part(upload, 4, b"x") | elsewhere) == unknown_upload(upload, "other")
    assert demo.refused("CompleteLayerUpload", **complete(upload, HELD) | elsewhere) == unknown_upload(upload, "other")


def test_a_completed_upload_is_over(demo: Any) -> None:
    """After CompleteLayerUpload the id is unknown."""
    upload = begin(demo)
    demo("UploadLayerPart", **part(upload, 0, b"held"))
    demo("CompleteLayerUpload", **complete(upload, HELD))
    assert demo.refused("UploadLayerPart", **part(upload, 4, b"x")) == unknown_upload(upload)
    assert demo.refused("CompleteLayerUpload", **complete(upload, HELD)) == unknown_upload(upload)


def test_an_upload_expires(demo: Any) -> None:
    """An upload that nobody touched for a day is not found."""
    upload = begin(demo)
    demo.clock.now += 24 * 3600 * 1000 + 1
    assert demo.refused("UploadLayerPart", **part(upload, 0, b"x")) == unknown_upload(upload)


def test_the_quota_of_parts_holds(wire_with: Any) -> None:
    """The last part within the quota is taken, the next one is LimitExceeded."""
    wire = wire_with(parts=2)
    wire("CreateRepository", repositoryName="demo")
    upload = begin(wire)
    wire("UploadLayerPart", **part(upload, 0, b"a"))
    wire("UploadLayerPart", **part(upload, 1, b"b"))
    assert wire.refused("UploadLayerPart", **part(upload, 2, b"c"))[:2] == (400, "LimitExceededException")


def test_the_quota_of_layer_bytes_holds(wire_with: Any) -> None:
    """A layer may be as large as the quota and not a byte larger."""
    wire = wire_with(layer_bytes=4)
    wire("CreateRepository", repositoryName="demo")
    upload = begin(wire)
    wire("UploadLayerPart", **part(upload, 0, b"held"))
    assert wire.refused("UploadLayerPart", **part(upload, 4, b"x"))[:2] == (400, "LimitExceededException")
    wire("CompleteLayerUpload", **complete(upload, HELD))


@pytest.mark.parametrize(
    ("operation", "members", "expected"),
    [
        pytest.param(
            "UploadLayerPart",
            part("not-a-uuid", 0, b"x"),
            invalid("uploadId", f"must satisfy regular expression '{UPLOAD_PATTERN}'"),
            id="an id that is no UUID",
        ),
        pytest.param(
            "UploadLayerPart",
            part(UNKNOWN_UPLOAD, -1, b"x"),
            invalid("partFirstByte", "Member must have value greater than or equal to 0"),
            id="a negative first byte",
        ),
        pytest.param(
            "UploadLayerPart",
            {"repositoryName": "demo", "uploadId": UNKNOWN_UPLOAD, "partFirstByte": 0, "partLastByte": 0},
            invalid("layerPartBlob", "Member must not be null"),
            id="no bytes",
        ),
        pytest.param(
            "CompleteLayerUpload",
            complete(UNKNOWN_UPLOAD),
            invalid("layerDigests", "Member must have length greater than or equal to 1"),
            id="no digests",
        ),
        pytest.param(
            "CompleteLayerUpload",
            complete(UNKNOWN_UPLOAD, *[HELD] * 101),
            invalid("layerDigests", "Member must have length less than or equal to 100"),
            id="101 digests",
        ),
        pytest.param(
            "BatchCheckLayerAvailability",
            {"repositoryName": "demo", "layerDigests": []},
            invalid("layerDigests", "Member must have length greater than or equal to 1"),
            id="asking for no layers",
        ),
        pytest.param(
            "BatchCheckLayerAvailability",
            {"repositoryName": "demo", "layerDigests": [HELD] * 101},
            invalid("layerDigests", "Member must have length less than or equal to 100"),
            id="asking for 101 layers",
        ),
        pytest.param(
            "GetDownloadUrlForLayer",
            {"repositoryName": "demo", "layerDigest": "sha256"},
            invalid("layerDigest", f"must satisfy regular expression '{DIGEST_PATTERN}'"),
            id="a layer that is no digest",
        ),
    ],
)
def test_broken_constraints_are_refused(
    demo: Any, operation: str, members: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    """Each constraint of the model is held by the server in ECR's sentence."""
    assert demo.refused(operation, **members) == expected


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("InitiateLayerUpload", {}),
        ("UploadLayerPart", part(UNKNOWN_UPLOAD, 0, b"x")),
        ("CompleteLayerUpload", complete(UNKNOWN_UPLOAD, HELD)),
        ("BatchCheckLayerAvailability", {"layerDigests": [HELD]}),
        ("BatchCheckLayerAvailability", {"layerDigests": [""]}),
        ("GetDownloadUrlForLayer", {"layerDigest": HELD}),
    ],
)
def test_without_a_repository_there_are_no_layers(wire: Any, operation: str, members: dict[str, Any]) -> None:
    """Every layer operation on a repository that does not exist is RepositoryNotFound."""
    assert wire.refused(operation, **members | {"repositoryName": "nowhere"}) == NO_REPOSITORY


# Availability


def test_availability_is_told_layer_by_layer(demo: Any) -> None:
    """BatchCheckLayerAvailability answers each digest once, as available, unavailable or malformed, in order."""
    demo.layer("demo", b"held")
    asked = [ABSENT, HELD, "", "sha256", ABSENT, "md5:00ff"]
    assert demo("BatchCheckLayerAvailability", repositoryName="demo", layerDigests=asked) == {
        "layers": [
            {"layerDigest": ABSENT, "layerAvailability": "UNAVAILABLE"},
            {"layerDigest": HELD, "layerAvailability": "AVAILABLE", "layerSize": 4},
            {"layerDigest": "md5:00ff", "layerAvailability": "UNAVAILABLE"},
        ],
        "failures": [
            {
                "layerDigest": "",
                "failureCode": "MissingLayerDigest",
                "failureReason": "Invalid request parameters: layer digest cannot be null",
            },
            {
                "layerDigest": "sha256",
                "failureCode": "InvalidLayerDigest",
                "failureReason": MALFORMED,
            },
        ],
    }


def test_both_lists_are_always_there(demo: Any) -> None:
    """BatchCheckLayerAvailability answers layers and failures even when one of them is empty."""
    assert demo("BatchCheckLayerAvailability", repositoryName="demo", layerDigests=["x"])["layers"] == []
    assert demo("BatchCheckLayerAvailability", repositoryName="demo", layerDigests=[HELD])["failures"] == []


def test_availability_is_the_repositorys_own(demo: Any) -> None:
    """A layer that only another repository holds is unavailable: what others hold is not told."""
    demo("CreateRepository", repositoryName="other")
    demo.layer("other", b"held")
    asked = demo("BatchCheckLayerAvailability", repositoryName="demo", layerDigests=[HELD])
    assert asked["layers"] == [{"layerDigest": HELD, "layerAvailability": "UNAVAILABLE"}]


def test_a_hundred_layers_are_asked_for_at_once(demo: Any) -> None:
    """BatchCheckLayerAvailability takes 100 digests, and one of up to 1000 characters."""
    digests = [digest.of(str(number).encode()) for number in range(99)] + ["x:" + "0" * 998]
    answer = demo("BatchCheckLayerAvailability", repositoryName="demo", layerDigests=digests)
    assert [layer["layerDigest"] for layer in answer["layers"]] == digests
    too_long = demo.refused("BatchCheckLayerAvailability", repositoryName="demo", layerDigests=["x:" + "0" * 999])
    assert too_long[1] == "InvalidParameterException"


# Reading


def test_a_url_for_a_layer_of_an_image(demo: Any) -> None:
    """GetDownloadUrlForLayer answers a URL of the registry that names the layer and carries a token of its own."""
    demo.image("demo", "content", "latest")
    name = digest.of(b"content")
    answer = demo("GetDownloadUrlForLayer", repositoryName="demo", layerDigest=name)
    assert answer["layerDigest"] == name
    url = urlsplit(answer["downloadUrl"])
    assert (url.scheme, url.netloc, url.path) == ("http", "localhost:5050", f"/v2/demo/blobs/{name}")
    assert url.query
    assert not {'"', "'", " ", "#"} & set(url.query)


def test_a_config_is_a_layer_too(demo: Any) -> None:
    """GetDownloadUrlForLayer serves an image's config blob."""
    manifest = json.loads(demo.manifest("demo", b"layer"))
    demo("PutImage", repositoryName="demo", imageManifest=json.dumps(manifest))
    config = manifest["config"]["digest"]
    assert demo("GetDownloadUrlForLayer", repositoryName="demo", layerDigest=config)["layerDigest"] == config


@pytest.mark.parametrize("absent", [ABSENT, "md5:00ff", "sha256:ABC"])
def test_an_unknown_layer_has_no_url(demo: Any, absent: str) -> None:
    """GetDownloadUrlForLayer of a layer that the repository does not hold is LayersNotFound."""
    demo("CreateRepository", repositoryName="other")
    demo.image("other", "absent", "latest")
    assert demo.refused("GetDownloadUrlForLayer", repositoryName="demo", layerDigest=absent) == refusal(
        "LayersNotFoundException",
        f"The layer with digest '{absent}' does not exist within the repository "
        f"with name 'demo' in the registry with id '{ACCOUNT}'",
    )


def test_a_layer_of_no_image_has_no_url(demo: Any) -> None:
    """GetDownloadUrlForLayer of a layer that was uploaded but that no image uses is LayerInaccessible."""
    demo.layer("demo", b"held")
    answer = demo.refused("GetDownloadUrlForLayer", repositoryName="demo", layerDigest=HELD)
    assert answer[:2] == (400, "LayerInaccessibleException")
    assert HELD in answer[2]
