"""A first push makes its repository: by which template, like what, for whom, and what is said where it does not."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from cargohold.core.arn import Registry
from cargohold.identity import registry_token
from cargohold.identity.principals import Credential
from cargohold.registry.lifecycle_policies import get_policy
from tests.bed.access import document, granting, plain, statement
from tests.wire.conftest import Wire
from tests.wire.query import client

from .bench import ACCOUNT, HERE, IMAGE, LAYER, REGION, Bench, of

PUSH = ["ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage"]
LIFECYCLE = {
    "rules": [
        {
            "rulePriority": 1,
            "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 10},
            "action": {"type": "expire"},
        }
    ]
}


@pytest.fixture
def bench(wire: Wire) -> Bench:
    """The administrator's client of the registry that `wire` is one of too; it has no repository."""
    keys = {account: key.access_key_id for account, key in wire.keys.items()}
    made = Bench(wire.services, wire.runner, wire.clock, keys)
    return made.as_(made.token())


@pytest.fixture
def as_user(wire: Wire, bench: Bench) -> Callable[..., Bench]:
    """Makes the client of a new user who may do what the statements say."""
    iam = client(wire, "iam")

    def make(*statements: Any) -> Bench:
        iam("CreateUser", UserName="ann")
        iam("PutUserPolicy", UserName="ann", PolicyName="own", PolicyDocument=document(*statements))
        credential = Credential(iam.new_key("ann").access_key_id)
        return bench.as_(registry_token.issue(wire.services.tokens, credential, REGION, wire.clock()).password)

    return make


def template(wire: Wire, prefix: str, *scenarios: str, **members: Any) -> None:
    wire("CreateRepositoryCreationTemplate", prefix=prefix, appliedFor=scenarios or ["CREATE_ON_PUSH"], **members)


def names(wire: Wire) -> list[str]:
    return [each["repositoryName"] for each in wire("DescribeRepositories")["repositories"]]


def begin(bench: Bench, name: str, query: str = "") -> Any:
    return bench("POST", f"/v2/{name}/blobs/uploads/{query}")


def test_a_push_makes_a_repository_as_its_template_says(wire: Wire, bench: Bench) -> None:
    """The first push succeeds, and the repository has the template's mutability, tags and policies."""
    policy = granting({"AWS": ACCOUNT}, "ecr:BatchGetImage")
    filters = [{"filterType": "WILDCARD", "filter": "dev-*"}]
    mode = {"imageTagMutability": "IMMUTABLE_WITH_EXCLUSION", "imageTagMutabilityExclusionFilters": filters}
    tags = [{"Key": "team", "Value": "red"}]
    texts = {"repositoryPolicy": policy, "lifecyclePolicy": json.dumps(LIFECYCLE)}
    template(wire, "prod", **mode, resourceTags=tags, **texts)
    bench.push("prod/app", "v1", IMAGE)
    assert bench("GET", "/v2/prod/app/manifests/v1").body == IMAGE
    (made,) = wire("DescribeRepositories")["repositories"]
    assert made["repositoryName"] == "prod/app"
    assert {member: made[member] for member in mode} == mode
    assert made["encryptionConfiguration"] == {"encryptionType": "AES256"}
    assert wire("ListTagsForResource", resourceArn=made["repositoryArn"]) == {"tags": tags}
    kept = wire("GetRepositoryPolicy", repositoryName="prod/app")["policyText"]
    assert json.loads(kept) == json.loads(policy)


def test_the_lifecycle_policy_is_the_repositorys(wire: Wire, bench: Bench) -> None:
    """The new repository has the template's lifecycle policy, to be evaluated as one that was put."""
    template(wire, "prod", lifecyclePolicy=json.dumps(LIFECYCLE))
    assert begin(bench, "prod/app").status == 202
    target = wire.runner.run(wire.services.resource_policies.find_target(HERE, "prod/app"))
    kept = wire.runner.run(wire.database.read(lambda connection: get_policy(connection, target)))
    assert json.loads(kept.text) == LIFECYCLE


COVERED = [
    pytest.param("app", "root", id="what no prefix covers"),
    pytest.param("aa", "root", id="a prefix is no repository of its own"),
    pytest.param("aab/app", "root", id="a prefix ends at a slash"),
    pytest.param("aa/app", "aa", id="a prefix"),
    pytest.param("aa/b", "aa", id="the longer prefix itself"),
    pytest.param("aa/b/app", "aa/b", id="the longest prefix, given with a slash"),
    pytest.param("aa/b/c/d/app", "aa/b", id="far below"),
    pytest.param("aa/x/app", "aa", id="a longer one of another scenario"),
]


@pytest.mark.parametrize(("name", "by"), COVERED)
def test_the_longest_prefix_counts(wire: Wire, bench: Bench, name: str, by: str) -> None:
    """The longest template for pushes that covers the name makes the repository, ROOT where no other does."""
    for prefix, tag in (("ROOT", "root"), ("aa", "aa"), ("aa/b/", "aa/b")):
        template(wire, prefix, resourceTags=[{"Key": "by", "Value": tag}])
    template(wire, "aa/x", "PULL_THROUGH_CACHE", "REPLICATION")
    assert begin(bench, name).status == 202
    tags = wire("ListTagsForResource", resourceArn=HERE.repository_arn(name))["tags"]
    assert tags == [{"Key": "by", "Value": by}]


@pytest.mark.parametrize("query", ["", f"?digest={of(LAYER)}", f"?mount={of(LAYER)}&from=other", f"?mount={of(LAYER)}"])
def test_without_a_template_a_push_says_what_to_do(wire: Wire, bench: Bench, query: str) -> None:
    """Where no template for pushes covers the name, nothing is made, and the sentence says what would help."""
    template(wire, "other")
    template(wire, "ROOT", "REPLICATION")
    assert begin(bench, "prod/app", query).refusal == (
        404,
        "NAME_UNKNOWN",
        (
            f"The repository with name 'prod/app' does not exist in the registry with id '{ACCOUNT}', and no "
            "repository creation template for CREATE_ON_PUSH covers it. Create the repository, or such a template"
        ),
    )
    assert names(wire) == []


def test_e31_who_may_not_create(wire: Wire, as_user: Callable[..., Bench]) -> None:
    """E31: Who may push but not create is told so at the first push, by action and ARN, and no repository is made."""
    template(wire, "ROOT")
    ann = as_user(statement("Allow", PUSH))
    assert plain(begin(ann, "prod/app").refusal) == (
        403,
        "DENIED",
        (
            f"User: arn:aws:iam::{ACCOUNT}:user/ann is not authorized to perform: ecr:CreateRepository on resource: "
            f"{HERE.repository_arn('prod/app')} because no identity-based policy allows the ecr:CreateRepository action"
        ),
    )
    assert names(wire) == []
    wire("CreateRepository", repositoryName="prod/app")
    assert begin(ann, "prod/app").status == 202


def test_who_may_create_but_not_push(wire: Wire, as_user: Callable[..., Bench]) -> None:
    """CreateRepository alone makes nothing by a push."""
    template(wire, "ROOT")
    ann = as_user(statement("Allow", "ecr:CreateRepository"))
    assert begin(ann, "prod/app").status == 403
    assert names(wire) == []


@pytest.mark.parametrize(("team", "status"), [("red", 202), ("blue", 403), (None, 403)])
def test_conditions_on_the_tags_that_it_begins_with(
    wire: Wire, as_user: Callable[..., Bench], team: str | None, status: int
) -> None:
    """A policy on aws:RequestTag is asked of the template's resource tags."""
    tags = {} if team is None else {"resourceTags": [{"Key": "team", "Value": team}]}
    template(wire, "ROOT", **tags)
    red = {"StringEquals": {"aws:RequestTag/team": "red"}}
    ann = as_user(statement("Allow", PUSH), statement("Allow", "ecr:CreateRepository", Condition=red))
    assert begin(ann, "app").status == status
    assert names(wire) == (["app"] if status == 202 else [])


def test_the_new_repository_admits_the_push(wire: Wire, as_user: Callable[..., Bench]) -> None:
    """The template's policy counts from the push that makes the repository on."""
    template(wire, "ROOT", repositoryPolicy=granting("*", "ecr:InitiateLayerUpload", "Deny"))
    ann = as_user(statement("Allow", [*PUSH, "ecr:CreateRepository"]))
    code, sentence = begin(ann, "app").refusal[1:]
    assert code == "DENIED"
    assert "with an explicit deny in a resource-based policy" in sentence
    assert names(wire) == ["app"]


def test_two_first_pushes_at_once(wire: Wire, bench: Bench) -> None:
    """Of several first pushes at once one makes the repository, and all go on."""
    template(wire, "ROOT")

    async def pushes() -> list[Any]:
        requests = [bench.request("POST", "/v2/prod/app/blobs/uploads/", b"", {}) for _ in range(8)]
        return await asyncio.gather(*(bench.exchange(each) for each in requests))

    answers = wire.runner.run(pushes())
    assert [each.status for each in answers] == [202] * 8
    assert len({each.headers["location"] for each in answers}) == 8
    assert names(wire) == ["prod/app"]


def test_a_full_registry(wire_with: Callable[..., Any]) -> None:
    """A push that would be one repository too many is refused, and makes none."""
    wire = wire_with(repositories=1)
    bench = Bench(wire.services, wire.runner, wire.clock, {ACCOUNT: wire.keys[ACCOUNT].access_key_id})
    bench = bench.as_(bench.token())
    template(wire, "ROOT")
    assert begin(bench, "one").status == 202
    status, code, sentence = begin(bench, "two").refusal
    assert (status, code) == (403, "DENIED")
    assert "maximum allowed number of repositories" in sentence
    assert names(wire) == ["one"]


def test_reading_makes_nothing(wire: Wire, bench: Bench) -> None:
    """Pulls, looks and other requests to a repository that is not there make none, and neither does ECR's API."""
    template(wire, "ROOT")
    for method, path in (
        ("GET", "manifests/v1"),
        ("HEAD", "manifests/v1"),
        ("HEAD", f"blobs/{of(LAYER)}"),
        ("GET", f"blobs/{of(LAYER)}"),
        ("GET", "tags/list"),
        ("GET", f"referrers/{of(LAYER)}"),
        ("PATCH", "blobs/uploads/u1"),
        ("PUT", "manifests/v1"),
        ("DELETE", "manifests/v1"),
    ):
        assert bench(method, f"/v2/prod/app/{path}").code == "NAME_UNKNOWN", (method, path)
    assert wire.refused("InitiateLayerUpload", repositoryName="prod/app")[1] == "RepositoryNotFoundException"
    assert names(wire) == []


def test_it_is_made_in_the_registry_of_the_host(wire: Wire, bench: Bench) -> None:
    """Templates are of the registry that the host names: another region's makes nothing here."""
    template(wire, "ROOT")
    there = Registry(ACCOUNT, "eu-west-1")
    west = bench.as_(bench.token(region="eu-west-1"), wire.services.addresses.host(there))
    assert begin(west, "app").code == "NAME_UNKNOWN"
    assert names(wire) == []


def test_the_audit_trail_tells_of_both(wire: Wire, bench: Bench) -> None:
    """That a push made its repository is an event of its own, beside the upload's."""
    template(wire, "ROOT")
    written: list[Any] = []
    told = bench.with_services(audit=Kept(written))
    for _ in range(2):
        assert begin(told, "app").status == 202
    assert [each.action for each in written] == [
        "ecr:CreateRepository",
        "ecr:InitiateLayerUpload",
        "ecr:InitiateLayerUpload",
    ]
    assert written[0].parameters == {"registryId": ACCOUNT, "repositoryName": "app"}
    assert written[0].resources == (HERE.repository_arn("app"),)
    assert written[0].identity.name == "administrator"


def test_what_a_refused_push_made_is_told_too(wire: Wire, bench: Bench, as_user: Callable[..., Bench]) -> None:
    """A push that the template's policy refuses has made the repository, and the trail tells who did."""
    template(wire, "ROOT", repositoryPolicy=granting("*", "ecr:InitiateLayerUpload", "Deny"))
    written: list[Any] = []
    ann = as_user(statement("Allow", [*PUSH, "ecr:CreateRepository"])).with_services(audit=Kept(written))
    assert begin(ann, "app").status == 403
    assert [(each.action, each.code, each.identity.name) for each in written] == [
        ("ecr:CreateRepository", "", "ann"),
        ("ecr:InitiateLayerUpload", "DENIED", "ann"),
    ]


class Kept:
    """An audit trail that keeps what is written."""

    def __init__(self, written: list[Any]) -> None:
        self._written = written

    def write(self, happened: Any) -> None:
        self._written.append(happened)
