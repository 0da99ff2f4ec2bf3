"""boto3: every operation that is built, and images that go in by one door and out by the other."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from .bed.images import OCI_MANIFEST, Image, digest_of, make_image, make_layer, make_speaker, noise
from .bed.programs import Client
from .bed.server import ACCOUNT, REGION, Server, password_of
from .bed.wire import Wire

_PART = 5 * 1024 * 1024


def push_by_api(ecr: BaseClient, repository: str, tag: str, image: Image) -> dict[str, object]:
    """Pushes an image by the four layer operations and PutImage, as some deployment tools do."""
    for digest, blob in image.blobs.items():
        upload = ecr.initiate_layer_upload(repositoryName=repository)
        for first in range(0, len(blob), _PART):
            part = blob[first : first + _PART]
            answer = ecr.upload_layer_part(
                repositoryName=repository,
                uploadId=upload["uploadId"],
                partFirstByte=first,
                partLastByte=first + len(part) - 1,
                layerPartBlob=part,
            )
            assert answer["lastByteReceived"] == first + len(part) - 1
        done = ecr.complete_layer_upload(repositoryName=repository, uploadId=upload["uploadId"], layerDigests=[digest])
        assert done["layerDigest"] == digest
    return ecr.put_image(repositoryName=repository, imageManifest=image.manifest.decode(), imageTag=tag)["image"]


def refusal(call: Callable[..., object], **arguments: object) -> tuple[str, str]:
    """The code and the sentence that a call is refused with."""
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_repository_lives_and_dies(ecr: BaseClient) -> None:
    """CreateRepository, DescribeRepositories and DeleteRepository tell the same of a repository."""
    options = {
        "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
        "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "dev-*"}],
        "imageScanningConfiguration": {"scanOnPush": True},
        "encryptionConfiguration": {"encryptionType": "AES256"},
    }
    made = ecr.create_repository(repositoryName="life/and-death", tags=[{"Key": "team", "Value": "a"}], **options)
    made = made["repository"]
    assert {name: made[name] for name in options} == options
    assert made["repositoryArn"] == f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/life/and-death"
    assert made["registryId"] == ACCOUNT
    described = ecr.describe_repositories(repositoryNames=["life/and-death"])["repositories"]
    assert described == [made]
    assert (
        ecr.delete_repository(repositoryName="life/and-death")["repository"]["repositoryArn"] == made["repositoryArn"]
    )
    code, sentence = refusal(ecr.describe_repositories, repositoryNames=["life/and-death"])
    assert code == "RepositoryNotFoundException"
    assert sentence == f"The repository with name 'life/and-death' does not exist in the registry with id '{ACCOUNT}'"


def test_paginators_visit_everything_once(ecr: BaseClient, wire: Wire, make_repository: Callable[..., str]) -> None:
    """The paginators of repositories, images and details give each item once, at every page size."""
    names = {make_repository() for _ in range(4)}
    repository = min(names)
    images = [make_image([make_layer({"n": bytes([number])})], ["/n"]) for number in range(5)]
    for number, image in enumerate(images):
        wire.push(repository, f"tag-{number}", image)
    pages = {"PaginationConfig": {"PageSize": 2}}
    found = ecr.get_paginator("describe_repositories").paginate(**pages).search("repositories[].repositoryName")
    assert names <= set(found)
    listed = list(ecr.get_paginator("list_images").paginate(repositoryName=repository, **pages).search("imageIds[]"))
    expected = {(image.digest, f"tag-{number}") for number, image in enumerate(images)}
    assert {(each["imageDigest"], each["imageTag"]) for each in listed} == expected
    assert len(listed) == len(images)
    details = ecr.get_paginator("describe_images").paginate(repositoryName=repository, **pages).search("imageDetails[]")
    assert sorted(each["imageDigest"] for each in details) == sorted(image.digest for image in images)


def test_a_page_token_is_only_good_where_it_came_from(ecr: BaseClient, make_repository: Callable[..., str]) -> None:
    """A nextToken that somebody made up is refused."""
    make_repository()
    make_repository()
    token = ecr.describe_repositories(maxResults=1)["nextToken"]
    assert refusal(ecr.describe_repositories, nextToken="x" + token)[0] == "InvalidParameterException"
    assert ecr.describe_repositories(maxResults=1, nextToken=token)["repositories"]


def test_docker_runs_what_boto3_pushed(ecr: BaseClient, docker_in: Client, server: Server, repository: str) -> None:
    """An image that came in by the layer operations and PutImage is pulled and run by docker."""
    speaker = make_speaker("by the API")
    image = make_image([make_layer({"noise": noise(2 * _PART + 1)})], ["/none"])
    put = push_by_api(ecr, repository, "api", speaker)
    assert put["imageId"] == {"imageDigest": speaker.digest, "imageTag": "api"}
    assert docker_in("run", "--rm", f"{server.host}/{repository}:api").out == "by the API"
    push_by_api(ecr, repository, "parts", image)
    docker_in("pull", f"{server.host}/{repository}:parts")


def test_boto3_downloads_what_docker_pushed(
    ecr: BaseClient, docker_in: Client, server: Server, repository: str, hello: str
) -> None:
    """The manifest and every layer of an image that docker pushed come out of the API byte for byte."""
    reference = f"{server.host}/{repository}:docker"
    docker_in("tag", hello, reference)
    docker_in("push", reference)
    got = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageTag": "docker"}])["images"][0]
    assert digest_of(got["imageManifest"].encode()) == got["imageId"]["imageDigest"]
    manifest = json.loads(got["imageManifest"])
    for blob in [manifest["config"], *manifest["layers"]]:
        answer = ecr.get_download_url_for_layer(repositoryName=repository, layerDigest=blob["digest"])
        with urllib.request.urlopen(answer["downloadUrl"], timeout=60) as download:
            data = download.read()
        assert (digest_of(data), len(data)) == (blob["digest"], blob["size"])


def test_a_download_url_opens_only_its_layer(ecr: BaseClient, wire: Wire, server: Server, repository: str) -> None:
    """A download URL needs no login, and is worth nothing for another layer or another method."""
    image = make_speaker("downloaded")
    wire.push(repository, "v1", image)
    config, layer = digest_of(image.config), digest_of(image.layers[0])
    url = ecr.get_download_url_for_layer(repositoryName=repository, layerDigest=config)["downloadUrl"]
    with urllib.request.urlopen(url, timeout=60) as download:
        assert download.read() == image.config
    for request in (
        urllib.request.Request(url.replace(config, layer)),
        urllib.request.Request(url, method="DELETE"),
        urllib.request.Request(url, method="PUT", data=b"x"),
    ):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=60)
        with closing(refused.value):
            assert refused.value.code in {400, 401, 403, 404, 405}


def test_docker_pulls_a_tag_that_the_api_added(
    ecr: BaseClient, docker_in: Client, server: Server, wire: Wire, repository: str
) -> None:
    """BatchGetImage and PutImage give an image a second tag without moving a layer, and docker pulls it."""
    image = make_speaker("retagged")
    wire.push(repository, "old", image)
    got = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageTag": "old"}])["images"][0]
    ecr.put_image(
        repositoryName=repository,
        imageManifest=got["imageManifest"],
        imageManifestMediaType=got["imageManifestMediaType"],
        imageTag="new",
    )
    details = ecr.describe_images(repositoryName=repository)["imageDetails"]
    assert [(each["imageDigest"], sorted(each["imageTags"])) for each in details] == [(image.digest, ["new", "old"])]
    assert docker_in("run", "--rm", f"{server.host}/{repository}:new").out == "retagged"


def test_images_are_described_as_pushed(ecr: BaseClient, wire: Wire, repository: str) -> None:
    """DescribeImages tells digest, tags, size, types and the time of the push."""
    image = make_speaker("described")
    wire.push(repository, "v1", image)
    detail = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": "v1"}])["imageDetails"][0]
    pushed = detail.pop("imagePushedAt")
    assert pushed.timestamp() > 1_700_000_000
    assert (
        detail
        | {
            "registryId": ACCOUNT,
            "repositoryName": repository,
            "imageDigest": image.digest,
            "imageTags": ["v1"],
            "imageSizeInBytes": image.size,
            "imageManifestMediaType": OCI_MANIFEST,
            "artifactMediaType": "application/vnd.oci.image.config.v1+json",
        }
        == detail
    )


def test_batches_tell_what_failed(ecr: BaseClient, wire: Wire, repository: str) -> None:
    """The three batch operations answer for what is there and list what is not as failures."""
    image, absent = make_speaker("batched"), digest_of(b"absent")
    wire.push(repository, "there", image)
    got = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageTag": "there"}, {"imageTag": "gone"}])
    assert [each["imageId"]["imageTag"] for each in got["images"]] == ["there"]
    assert [(each["failureCode"], each["failureReason"]) for each in got["failures"]] == [
        ("ImageNotFound", "Requested image not found")
    ]
    checked = ecr.batch_check_layer_availability(
        repositoryName=repository, layerDigests=[digest_of(image.config), absent, "nonsense"]
    )
    assert {each["layerDigest"]: each["layerAvailability"] for each in checked["layers"]} == {
        digest_of(image.config): "AVAILABLE",
        absent: "UNAVAILABLE",
    }
    assert [each["failureCode"] for each in checked["failures"]] == ["InvalidLayerDigest"]
    deleted = ecr.batch_delete_image(repositoryName=repository, imageIds=[{"imageTag": "there"}, {"imageTag": "gone"}])
    assert deleted["imageIds"] == [{"imageDigest": image.digest, "imageTag": "there"}]
    assert [each["failureCode"] for each in deleted["failures"]] == ["ImageNotFound"]
    assert ecr.list_images(repositoryName=repository)["imageIds"] == []


def test_untagged_images_are_listed_by_filter(ecr: BaseClient, wire: Wire, repository: str) -> None:
    """A tag that moves leaves its old image untagged, and the filters tell the two apart."""
    old, new = make_speaker("old"), make_speaker("new")
    wire.push(repository, "moving", old)
    wire.push(repository, "moving", new)

    def listed(status: str) -> list[dict[str, str]]:
        return ecr.list_images(repositoryName=repository, filter={"tagStatus": status})["imageIds"]

    assert listed("UNTAGGED") == [{"imageDigest": old.digest}]
    assert listed("TAGGED") == [{"imageDigest": new.digest, "imageTag": "moving"}]
    assert len(listed("ANY")) == 2


def test_uploads_are_refused_as_on_ecr(ecr: BaseClient, repository: str) -> None:
    """The layer operations refuse gaps, small parts, wrong digests, empty uploads and what is there already."""
    blob, digest = b"layer", digest_of(b"layer")

    def part(upload: str, first: int, data: bytes) -> dict[str, object]:
        return {
            "repositoryName": repository,
            "uploadId": upload,
            "partFirstByte": first,
            "partLastByte": first + len(data) - 1,
            "layerPartBlob": data,
        }

    def begin() -> str:
        return ecr.initiate_layer_upload(repositoryName=repository)["uploadId"]

    def complete(upload: str) -> dict[str, object]:
        return {"repositoryName": repository, "uploadId": upload, "layerDigests": [digest]}

    gap, empty, small, wrong, right, again = (begin() for _ in range(6))
    assert refusal(ecr.upload_layer_part, **part(gap, 10, blob))[0] == "InvalidLayerPartException"
    assert refusal(ecr.complete_layer_upload, **complete(empty))[0] == "EmptyUploadException"
    ecr.upload_layer_part(**part(small, 0, b"la"))
    ecr.upload_layer_part(**part(small, 2, b"yer"))
    assert refusal(ecr.complete_layer_upload, **complete(small))[0] == "LayerPartTooSmallException"
    ecr.upload_layer_part(**part(wrong, 0, b"other"))
    assert refusal(ecr.complete_layer_upload, **complete(wrong))[0] == "InvalidLayerException"
    ecr.upload_layer_part(**part(right, 0, blob))
    ecr.complete_layer_upload(**complete(right))
    ecr.upload_layer_part(**part(again, 0, blob))
    assert refusal(ecr.complete_layer_upload, **complete(again))[0] == "LayerAlreadyExistsException"
    assert refusal(ecr.complete_layer_upload, **complete(right))[0] == "UploadNotFoundException"
    code, _ = refusal(ecr.get_download_url_for_layer, repositoryName=repository, layerDigest=digest)
    assert code == "LayerInaccessibleException"
    code, _ = refusal(ecr.get_download_url_for_layer, repositoryName=repository, layerDigest=digest_of(b"no"))
    assert code == "LayersNotFoundException"


def test_images_are_refused_as_on_ecr(ecr: BaseClient, wire: Wire, make_repository: Callable[..., str]) -> None:
    """PutImage refuses missing layers, a wrong digest, the same image twice and an immutable tag."""
    repository = make_repository(imageTagMutability="IMMUTABLE")
    first, second = make_speaker("first"), make_speaker("second")
    put = {"repositoryName": repository, "imageManifest": first.manifest.decode(), "imageTag": "v1"}
    code, sentence = refusal(ecr.put_image, **put)
    assert code == "LayersNotFoundException"
    assert digest_of(first.config) in sentence
    for blob in first.blobs.values():
        wire.push_blob(repository, blob)
    assert refusal(ecr.put_image, **put, imageDigest=second.digest)[0] == "ImageDigestDoesNotMatchException"
    assert ecr.put_image(**put)["image"]["imageId"] == {"imageDigest": first.digest, "imageTag": "v1"}
    code, sentence = refusal(ecr.put_image, **put)
    assert code == "ImageAlreadyExistsException"
    assert sentence == (
        f"Image with digest '{first.digest}' and tag 'v1' already exists in the repository "
        f"with name '{repository}' in registry with id '{ACCOUNT}'"
    )
    wire.push(repository, "v2", second)
    other = put | {"imageManifest": second.manifest.decode()}
    code, sentence = refusal(ecr.put_image, **other)
    assert code == "ImageTagAlreadyExistsException"
    assert sentence == (
        f"The image tag 'v1' already exists in the '{repository}' repository "
        "and cannot be overwritten because the tag is immutable."
    )


def test_every_region_is_a_registry_of_its_own(own_server: Server) -> None:
    """The region of a client chooses the registry: the same account, other repositories, another password."""
    own_server.start("--regions", f"{REGION},eu-west-1")
    with (
        closing(own_server.client("ecr")) as here,
        closing(own_server.client("ecr", AWS_DEFAULT_REGION="eu-west-1")) as there,
    ):
        here.create_repository(repositoryName="only-here")
        made = there.create_repository(repositoryName="only-there")["repository"]
        assert [each["repositoryName"] for each in here.describe_repositories()["repositories"]] == ["only-here"]
        assert [each["repositoryName"] for each in there.describe_repositories()["repositories"]] == ["only-there"]
        passwords = password_of(here), password_of(there)
    host, _, name = made["repositoryUri"].partition("/")
    assert (host, name) == (f"{ACCOUNT}.dkr.ecr.eu-west-1.{own_server.host}", "only-there")
    with Wire(own_server.port, passwords[1], host) as wire:
        wire.push("only-there", "v1", make_speaker("far away"))
    with Wire(own_server.port, passwords[0], host) as wire:
        answer = wire.ask("GET", "/v2/only-there/manifests/v1")
    assert answer.status in {400, 401, 403}
    assert answer.errors[0]["code"] in {"DENIED", "UNAUTHORIZED"}


def test_the_caller_is_told_who_it_is(server: Server) -> None:
    """GetCallerIdentity names the account and the administrator that the first start made."""
    with closing(server.client("sts")) as sts:
        caller = sts.get_caller_identity()
    assert (caller["Account"], caller["Arn"]) == (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/administrator")
