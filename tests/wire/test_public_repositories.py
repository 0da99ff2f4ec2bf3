"""Public repositories at the AWS door: made, described, deleted; aliases, catalog data and resource tags."""

import struct
from typing import Any

import pytest

from .conftest import ACCOUNT, NOON, OTHER, Wire
from .public import Gallery

ARN = f"arn:aws:ecr-public::{ACCOUNT}:repository/hello"
NAME_PATTERN = "(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*"
WHOLE = {
    "description": "Says hello",
    "architectures": ["x86-64", "ARM"],
    "operatingSystems": ["Linux"],
    "aboutText": "# Hello",
    "usageText": "docker run",
}
ABSENT = (
    400,
    "RepositoryNotFoundException",
    f"The repository with name 'hello' does not exist in the registry with id '{ACCOUNT}'",
)


def png(width: int = 100, height: int = 100) -> bytes:
    """The head of a PNG of that size."""
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + struct.pack(">II", width, height) + b"\x08\x06"


@pytest.fixture
def gallery(wire: Wire) -> Gallery:
    """ECR Public, asked by the administrator of an account without a public repository."""
    return Gallery(wire)


@pytest.fixture
def hello(gallery: Gallery) -> Gallery:
    """As gallery, with an empty repository hello."""
    gallery("CreateRepository", repositoryName="hello")
    return gallery


def invalid(member: str, reason: str) -> tuple[int, str, str]:
    sentence = f"Invalid parameter at '{member}' failed to satisfy constraint: '{reason}'"
    return 400, "InvalidParameterException", sentence


# Repositories and aliases


def test_the_first_repository_gives_the_registry_its_alias(gallery: Gallery) -> None:
    """An account's registry has no alias before its first repository, and the same one ever after."""
    (before,) = gallery("DescribeRegistries")["registries"]
    assert (before["aliases"], before["registryUri"]) == ([], "")
    made = gallery("CreateRepository", repositoryName="hello")["repository"]
    (registry,) = gallery("DescribeRegistries")["registries"]
    (alias,) = registry["aliases"]
    assert len(alias["name"]) == 8
    assert alias == {
        "name": alias["name"],
        "status": "ACTIVE",
        "primaryRegistryAlias": True,
        "defaultRegistryAlias": True,
    }
    assert registry == {
        "registryId": ACCOUNT,
        "registryArn": f"arn:aws:ecr-public::{ACCOUNT}:registry/{ACCOUNT}",
        "registryUri": f"public.localhost:5050/{alias['name']}",
        "verified": False,
        "aliases": [alias],
    }
    assert made == {
        "repositoryArn": ARN,
        "registryId": ACCOUNT,
        "repositoryName": "hello",
        "repositoryUri": f"public.localhost:5050/{alias['name']}/hello",
        "createdAt": NOON / 1000,
    }
    gallery("CreateRepository", repositoryName="other")
    assert gallery("DescribeRegistries")["registries"] == [registry]


def test_public_and_private_repositories_have_names_of_their_own(hello: Gallery) -> None:
    """A private repository of a public one's name is another one, and neither API shows the other's."""
    hello.wire("CreateRepository", repositoryName="hello")
    hello.wire("CreateRepository", repositoryName="private")
    assert [each["repositoryName"] for each in hello("DescribeRepositories")["repositories"]] == ["hello"]
    assert hello("DeleteRepository", repositoryName="hello")["repository"]["repositoryArn"] == ARN
    assert len(hello.wire("DescribeRepositories")["repositories"]) == 2
    assert hello.refused("DescribeImages", repositoryName="private")[1] == "RepositoryNotFoundException"


def test_a_name_is_taken_once(hello: Gallery) -> None:
    """A second repository of the name is refused in ECR's sentence."""
    assert hello.refused("CreateRepository", repositoryName="hello") == (
        400,
        "RepositoryAlreadyExistsException",
        f"The repository with name 'hello' already exists in the registry with id '{ACCOUNT}'",
    )


@pytest.mark.parametrize("name", ["a__b", "a--b", "A", "a", "a" * 206, "a/", "/a"])
def test_names_are_those_of_public_repositories(gallery: Gallery, name: str) -> None:
    """A public repository's name has 2 to 205 characters and single separators."""
    assert gallery.refused("CreateRepository", repositoryName=name)[1] == "InvalidParameterException"
    assert gallery("CreateRepository", repositoryName="a" * 205)["repository"]["repositoryName"] == "a" * 205


def test_a_registry_has_a_quota(wire_with: Any) -> None:
    """One repository more than the quota is refused, and leaves nothing."""
    gallery = Gallery(wire_with(repositories=1))
    gallery("CreateRepository", repositoryName="one")
    status, code, sentence = gallery.refused("CreateRepository", repositoryName="two")
    assert (status, code) == (400, "LimitExceededException")
    assert "which is '1'" in sentence
    assert len(gallery("DescribeRepositories")["repositories"]) == 1


def test_repositories_come_page_by_page(gallery: Gallery) -> None:
    """Pages follow each other to the end, and the last one has no token."""
    for number in range(5):
        gallery("CreateRepository", repositoryName=f"r{number}")
    names: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = gallery("DescribeRepositories", maxResults=2, **token)
        names += [each["repositoryName"] for each in page["repositories"]]
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert names == [f"r{number}" for number in range(5)]
    assert gallery.refused("DescribeRegistries", **token)[1] == "InvalidParameterException"
    for maximum in (0, 1001):
        assert gallery.refused("DescribeRepositories", maxResults=maximum)[1] == "InvalidParameterException"


def test_named_repositories_come_in_their_order(hello: Gallery) -> None:
    """Repositories that are named are answered in that order; an absent one is an error, paging too."""
    hello("CreateRepository", repositoryName="aa")
    found = hello("DescribeRepositories", repositoryNames=["hello", "aa"])["repositories"]
    assert [each["repositoryName"] for each in found] == ["hello", "aa"]
    assert hello.refused("DescribeRepositories", repositoryNames=["nowhere"])[1] == "RepositoryNotFoundException"
    assert hello.refused("DescribeRepositories", repositoryNames=["aa"], maxResults=1) == invalid(
        "maxResults", "This option cannot be used when you specify repositories with repositoryNames"
    )


def test_a_repository_with_images_is_deleted_by_force_only(hello: Gallery) -> None:
    """DeleteRepository keeps a repository that has images, unless it is forced."""
    hello.image("hello", "content", "v1")
    sentence = (
        f"The repository with name 'hello' in registry with id '{ACCOUNT}' "
        "cannot be deleted because it still contains images"
    )
    answer = hello.refused("DeleteRepository", repositoryName="hello")
    assert answer == (400, "RepositoryNotEmptyException", sentence)
    assert hello("DeleteRepository", repositoryName="hello", force=True)["repository"]["repositoryName"] == "hello"
    assert hello.refused("DeleteRepository", repositoryName="hello") == ABSENT


# Catalog data


def test_catalog_data_is_given_with_the_repository(gallery: Gallery) -> None:
    """CreateRepository answers what it was told of the gallery, and so does GetRepositoryCatalogData."""
    said = gallery("CreateRepository", repositoryName="hello", catalogData=WHOLE)["catalogData"]
    assert said == WHOLE | {"marketplaceCertified": False}
    assert gallery("GetRepositoryCatalogData", repositoryName="hello") == {"catalogData": said}


def test_catalog_data_is_replaced_as_a_whole(hello: Gallery) -> None:
    """What is not said again is gone; of a repository of which nothing was said ever, that is an error."""
    assert hello.refused("GetRepositoryCatalogData", repositoryName="hello") == (
        400,
        "RepositoryCatalogDataNotFoundException",
        f"Catalog data does not exist for the repository with name 'hello' in the registry with id '{ACCOUNT}'",
    )
    hello("PutRepositoryCatalogData", repositoryName="hello", catalogData=WHOLE)
    shorter = {"description": "Hello", "marketplaceCertified": False}
    for _ in range(2):
        answer = hello("PutRepositoryCatalogData", repositoryName="hello", catalogData={"description": "Hello"})
        assert answer == {"catalogData": shorter} == hello("GetRepositoryCatalogData", repositoryName="hello")


@pytest.mark.parametrize(
    ("member", "most"),
    [
        ("description", "d" * 1024),
        ("aboutText", "a" * 25_600),
        ("usageText", "u" * 25_600),
        ("architectures", ["x"] * 50),
    ],
)
def test_catalog_data_has_limits(hello: Gallery, member: str, most: Any) -> None:
    """A member may be as long as AWS says, and no longer."""
    hello("PutRepositoryCatalogData", repositoryName="hello", catalogData={member: most})
    more = most + most[:1]
    answer = hello.refused("PutRepositoryCatalogData", repositoryName="hello", catalogData={member: more})
    assert answer[1] == "InvalidParameterException"


def test_a_logo_has_an_address(hello: Gallery) -> None:
    """A logo that is given as bytes is answered as the URL where it is served."""
    said = hello("PutRepositoryCatalogData", repositoryName="hello", catalogData={"logoImageBlob": png()})
    assert said["catalogData"]["logoUrl"] == f"http://public.localhost:5050/logo/{hello.alias}/hello"


@pytest.mark.parametrize("logo", [b"GIF89a" + b"\0" * 50, png(59, 100), png(100, 2049), png()[:20]])
def test_a_logo_is_a_png_of_the_right_size(hello: Gallery, logo: bytes) -> None:
    """A logo is a PNG of 60 to 2048 pixels on each side."""
    hello("PutRepositoryCatalogData", repositoryName="hello", catalogData={"logoImageBlob": png(60, 2048)})
    assert hello.refused(
        "PutRepositoryCatalogData", repositoryName="hello", catalogData={"logoImageBlob": logo}
    ) == invalid("catalogData.logoImageBlob", "must be a PNG of 60 to 2048 pixels on each side")


def test_of_an_absent_repository_nothing_is_said(gallery: Gallery) -> None:
    """Catalog data needs its repository."""
    assert gallery.refused("PutRepositoryCatalogData", repositoryName="hello", catalogData=WHOLE) == ABSENT
    assert gallery.refused("GetRepositoryCatalogData", repositoryName="hello") == ABSENT


def test_a_registry_has_a_name(gallery: Gallery) -> None:
    """The gallery's name of a registry is set, replaced and taken away, before its first repository too."""
    assert gallery("GetRegistryCatalogData") == {"registryCatalogData": {}}
    for name in ("Us", "n" * 100, "n" * 100):
        assert gallery("PutRegistryCatalogData", displayName=name) == {"registryCatalogData": {"displayName": name}}
        assert gallery("GetRegistryCatalogData") == {"registryCatalogData": {"displayName": name}}
    assert gallery.refused("PutRegistryCatalogData", displayName="n" * 101)[1] == "InvalidParameterException"
    assert gallery("PutRegistryCatalogData") == {"registryCatalogData": {}} == gallery("GetRegistryCatalogData")


# Resource tags


def test_resource_tags_are_set_and_taken_away(hello: Gallery) -> None:
    """Setting a tag again replaces its value, and taking away what is gone is no error."""
    hello("TagResource", resourceArn=ARN, tags=[{"Key": "team", "Value": "red"}, {"Key": "empty"}])
    for _ in range(2):
        hello("TagResource", resourceArn=ARN, tags=[{"Key": "team", "Value": "blue"}])
    assert hello("ListTagsForResource", resourceArn=ARN) == {
        "tags": [{"Key": "empty", "Value": ""}, {"Key": "team", "Value": "blue"}]
    }
    for _ in range(2):
        hello("UntagResource", resourceArn=ARN, tagKeys=["team", "empty"])
    assert hello("ListTagsForResource", resourceArn=ARN) == {"tags": []}


def test_resource_tags_have_limits(hello: Gallery) -> None:
    """Fifty tags at the most, none without a key or twice, none that AWS keeps for itself."""
    fifty = [{"Key": f"k{number}", "Value": ""} for number in range(50)]
    hello("TagResource", resourceArn=ARN, tags=fifty)
    assert hello.refused("TagResource", resourceArn=ARN, tags=[{"Key": "one more", "Value": ""}])[1] == (
        "TooManyTagsException"
    )
    for wrong in ([{"Value": "v"}], [{"Key": "a"}, {"Key": "a"}], [{"Key": "aws:x", "Value": "v"}]):
        assert hello.refused("TagResource", resourceArn=ARN, tags=wrong)[1] == "InvalidTagParameterException"
        assert hello.refused("CreateRepository", repositoryName="new", tags=wrong)[1] == "InvalidTagParameterException"
    assert hello.refused("UntagResource", resourceArn=ARN, tagKeys=["aws:x"])[1] == "InvalidTagParameterException"
    many = [f"k{number}" for number in range(51)]
    assert hello.refused("UntagResource", resourceArn=ARN, tagKeys=many)[1] == "TooManyTagsException"
    too_many = [*fifty, {"Key": "one more", "Value": ""}]
    assert hello.refused("CreateRepository", repositoryName="new", tags=too_many)[1] == "TooManyTagsException"


@pytest.mark.parametrize("operation", ["TagResource", "UntagResource", "ListTagsForResource"])
def test_resource_tags_are_of_public_repositories(hello: Gallery, operation: str) -> None:
    """A private repository's ARN is none here, and a repository that is not there has no tags."""
    members: dict[str, Any] = {"TagResource": {"tags": []}, "UntagResource": {"tagKeys": []}}.get(operation, {})
    private = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/hello"
    assert hello.refused(operation, resourceArn=private, **members) == invalid("resourceArn", "Invalid ARN")
    answer = hello.refused(operation, resourceArn=ARN.replace("hello", "nowhere"), **members)
    assert answer[1] == "RepositoryNotFoundException"


# Region, account and policies


def test_public_registries_live_in_one_region(hello: Gallery) -> None:
    """Signed for any other region, every operation is refused as AWS refuses it, whatever regions are served."""
    for region in ("eu-west-1", "us-west-2"):
        answer = hello.send("DescribeRepositories", {}, region)
        assert answer.refusal == (
            400,
            "UnsupportedCommandException",
            f"This command is only supported in us-east-1, not in {region}",
        )
    assert hello.send("GetAuthorizationToken", {}, "eu-west-1").refusal[1] == "UnsupportedCommandException"


def test_another_account_may_not_manage(hello: Gallery) -> None:
    """Another account's administrator manages nothing here until the repository's policy and its own say so."""
    stranger = Gallery(hello.wire, hello.wire.keys[OTHER])
    members = {"repositoryName": "hello", "registryId": ACCOUNT}
    assert stranger.refused("DescribeImages", **members)[1] == "AccessDeniedException"
    statement = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"%s"},'
        '"Action":"ecr-public:DescribeImages"}]}'
    )
    hello("SetRepositoryPolicy", repositoryName="hello", policyText=statement % OTHER)
    assert stranger("DescribeImages", **members) == {"imageDetails": []}
    assert stranger.refused("DescribeImageTags", **members)[1] == "AccessDeniedException"


def test_policies_are_set_read_and_deleted(hello: Gallery) -> None:
    """A policy of ECR Public's actions is kept, replaced, read and taken away; of other actions it is none."""
    none = (
        400,
        "RepositoryPolicyNotFoundException",
        f"Repository policy does not exist for the repository with name 'hello' in the registry with id '{ACCOUNT}'",
    )
    assert hello.refused("GetRepositoryPolicy", repositoryName="hello") == none
    text = '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"%s"}]}'
    for _ in range(2):
        answer = hello("SetRepositoryPolicy", repositoryName="hello", policyText=text % "ecr-public:DescribeImages")
        assert (answer["registryId"], answer["repositoryName"]) == (ACCOUNT, "hello")
    assert "ecr-public:DescribeImages" in hello("GetRepositoryPolicy", repositoryName="hello")["policyText"]
    for wrong in ("ecr:BatchGetImage", "ecr-public:BatchGetImage"):
        assert hello.refused("SetRepositoryPolicy", repositoryName="hello", policyText=text % wrong) == invalid(
            "PolicyText", "Invalid repository policy provided"
        )
    assert "policyText" in hello("DeleteRepositoryPolicy", repositoryName="hello")
    assert hello.refused("DeleteRepositoryPolicy", repositoryName="hello") == none
    for operation, members in (
        ("SetRepositoryPolicy", {"policyText": text % "ecr-public:PutImage"}),
        ("GetRepositoryPolicy", {}),
        ("DeleteRepositoryPolicy", {}),
    ):
        answer_ = hello.refused(operation, repositoryName="nowhere", **members)
        assert answer_[1] == "RepositoryNotFoundException"


def test_nobody_locks_himself_out(hello: Gallery) -> None:
    """A policy that its writer could never set again is refused, unless it is forced."""
    text = '{"Statement":[{"Effect":"Deny","Principal":"*","Action":"ecr-public:SetRepositoryPolicy"}]}'
    assert hello.refused("SetRepositoryPolicy", repositoryName="hello", policyText=text) == invalid(
        "PolicyText", "The new repository policy will not allow you to update the repository policy in the future"
    )
    hello("SetRepositoryPolicy", repositoryName="hello", policyText=text, force=True)
    assert hello.refused("SetRepositoryPolicy", repositoryName="hello", policyText=text)[1] == "AccessDeniedException"
