"""Who may do what at the OCI door: policies of users, sessions and repositories, told as at the AWS door."""

from dataclasses import replace
from typing import Any

import pytest

from cargohold.access import denial
from cargohold.core.arn import Registry, Target
from cargohold.core.clock import HOUR
from cargohold.core.digest import of
from cargohold.identity import registry_token
from cargohold.identity.principals import Credential
from tests.bed.access import document, granting, plain, statement
from tests.wire.conftest import Wire
from tests.wire.query import Query, client

from .bench import ACCOUNT, HERE, IMAGE, LAYER, OTHER, REGION, Bench

PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"]
PUSH = ["ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage"]
READ_ONLY = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
FULL = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryFullAccess"
THERE = f"{OTHER}.dkr.ecr.{REGION}.localhost:5050"


@pytest.fixture
def bench(wire: Wire) -> Bench:
    """The administrator's client of the registry that `wire` is one of too, with an image demo:v1."""
    keys = {account: key.access_key_id for account, key in wire.keys.items()}
    made = Bench(wire.services, wire.runner, wire.clock, keys)
    made = made.as_(made.token())
    made.create("demo")
    made.push("demo", "v1", IMAGE)
    return made


@pytest.fixture
def iam(wire: Wire) -> Query:
    return client(wire, "iam")


def token(bench: Bench, key_id: str) -> str:
    """The registry password that a key, or a session's, is given."""
    return registry_token.issue(bench.services.tokens, Credential(key_id), REGION, bench.clock()).password


def as_user(bench: Bench, iam: Query, name: str, *policies: str) -> Bench:
    """The client of a new user with AWS's policies."""
    iam("CreateUser", UserName=name)
    for arn in policies:
        iam("AttachUserPolicy", UserName=name, PolicyArn=arn)
    return bench.as_(token(bench, iam.new_key(name).access_key_id))


def pulls(bench: Bench) -> bool:
    found = bench("GET", "/v2/demo/manifests/v1")
    assert found.status in (200, 403)
    return found.status == 200


def pushes(bench: Bench) -> bool:
    found = bench("POST", "/v2/demo/blobs/uploads/")
    assert found.status in (202, 403)
    return found.status == 202


def test_a_read_only_user(wire: Wire, bench: Bench, iam: Query) -> None:
    """A read-only user pulls and cannot push, and both doors say so in the same sentence."""
    ann = as_user(bench, iam, "ann", READ_ONLY)
    assert ann("GET", f"/v2/demo/blobs/{of(LAYER)}").body == LAYER
    assert pulls(ann)
    sentence = (
        f"User: arn:aws:iam::{ACCOUNT}:user/ann is not authorized to perform: ecr:InitiateLayerUpload on resource: "
        f"{HERE.repository_arn('demo')} because no identity-based policy allows the ecr:InitiateLayerUpload action"
    )
    assert plain(ann("POST", "/v2/demo/blobs/uploads/").refusal) == (403, "DENIED", sentence)
    signed = replace(wire, keys={ACCOUNT: iam.new_key("ann")})
    refused = plain(signed.refused("InitiateLayerUpload", repositoryName="demo"))
    assert refused == (400, "AccessDeniedException", sentence)


def test_the_message_opens(bench: Bench, iam: Query, furnished: Any) -> None:
    """The message behind a refused push opens to what was asked for, and is short enough for a terminal."""
    ann = as_user(bench, iam, "ann", READ_ONLY)
    said = ann("PUT", "/v2/demo/manifests/v2", IMAGE).refusal[2]
    told = denial.open(furnished.root, said.rpartition(" ")[2])
    assert (told.action, told.resource, told.missing) == ("ecr:PutImage", HERE.repository_arn("demo"), "identity")
    assert len(said) < 900


def test_s9_a_pull_ends_at_the_next_request(bench: Bench, iam: Query) -> None:
    """S9: A registry token that is good for hours does nothing once its user's policy, group or key is gone."""
    ann = as_user(bench, iam, "ann", READ_ONLY)
    assert pulls(ann)
    iam("DetachUserPolicy", UserName="ann", PolicyArn=READ_ONLY)
    assert not pulls(ann)
    iam("CreateGroup", GroupName="readers")
    iam("AttachGroupPolicy", GroupName="readers", PolicyArn=READ_ONLY)
    iam("AddUserToGroup", GroupName="readers", UserName="ann")
    assert pulls(ann)
    iam("RemoveUserFromGroup", GroupName="readers", UserName="ann")
    assert not pulls(ann)
    iam("AddUserToGroup", GroupName="readers", UserName="ann")
    (key,) = iam("ListAccessKeys", UserName="ann")["AccessKeyMetadata"]
    iam("UpdateAccessKey", UserName="ann", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    invalid = (403, "DENIED", "The security token included in the request is invalid.")
    assert ann("GET", "/v2/demo/manifests/v1").refusal == invalid


@pytest.mark.parametrize(
    ("policy", "may"),
    [(None, (True, True)), (statement("Allow", PULL), (True, False)), (statement("Deny", "*"), (False, False))],
    ids=["none", "pull", "nothing"],
)
def test_s17_a_registry_token_carries_its_session(
    wire: Wire, bench: Bench, iam: Query, policy: Any, may: tuple[bool, bool]
) -> None:
    """S17: The password that a session gets opens no more than the session's own policy does."""
    assumed = assume(wire, iam, **({} if policy is None else {"Policy": document(policy)}))
    carried = bench.as_(token(bench, assumed))
    assert (pulls(carried), pushes(carried)) == may


def test_s17_a_registry_token_carries_the_boundary(wire: Wire, bench: Bench, iam: Query) -> None:
    """S17: A boundary that is set after the password was given bounds it from the next request on."""
    carried = bench.as_(token(bench, assume(wire, iam)))
    assert pushes(carried)
    edge = iam("CreatePolicy", PolicyName="edge", PolicyDocument=document(statement("Allow", PULL)))["Policy"]["Arn"]
    iam("PutRolePermissionsBoundary", RoleName="deploy", PermissionsBoundary=edge)
    assert pulls(carried)
    said = plain(carried("POST", "/v2/demo/blobs/uploads/").refusal)[2]
    assert said.startswith(f"User: arn:aws:sts::{ACCOUNT}:assumed-role/deploy/ci is not authorized to perform: ")
    assert said.endswith("because no permissions boundary allows the ecr:InitiateLayerUpload action")


@pytest.mark.parametrize(
    ("condition", "may"),
    [
        ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, True),
        ({"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, False),
        ({"StringEquals": {"aws:PrincipalTag/team": "red"}}, True),
        ({"StringEquals": {"aws:PrincipalTag/team": "blue"}}, False),
        ({"StringEquals": {"ecr:ResourceTag/env": "dev"}}, True),
        ({"StringEquals": {"ecr:ResourceTag/env": "prod"}}, False),
        ({"StringEquals": {"aws:RequestedRegion": REGION}}, True),
        ({"StringLike": {"aws:UserAgent": "docker/*"}}, True),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, False),
        ({"DateGreaterThan": {"aws:TokenIssueTime": "2026-03-01T11:59:59Z"}}, True),
        ({"DateGreaterThan": {"aws:TokenIssueTime": "2026-03-01T12:00:00Z"}}, False),
        ({"DateLessThan": {"aws:CurrentTime": "2026-03-01T12:30:00Z"}}, True),
    ],
)
def test_s17_conditions_hold_at_the_oci_door(bench: Bench, iam: Query, condition: Any, may: bool) -> None:
    """S17: What a policy asks of a pull is what is true of that pull, not of the moment when the password was given."""
    bench.runner.run(bench.services.repositories.add_resource_tags(target(bench), {"env": "dev"}))
    ann = as_user(bench, iam, "ann")
    iam("TagUser", UserName="ann", Tags=[{"Key": "team", "Value": "red"}])
    allowed = document(statement("Allow", PULL, Condition=condition))
    iam("PutUserPolicy", UserName="ann", PolicyName="own", PolicyDocument=allowed)
    found = ann("GET", "/v2/demo/manifests/v1", headers={"user-agent": "docker/29.0 go/1.26"})
    assert found.status == (200 if may else 403)


def test_tokens_issued_before_a_moment_are_revoked(bench: Bench, iam: Query) -> None:
    """A Deny on aws:TokenIssueTime ends the passwords that were given before, and no other."""
    ann = as_user(bench, iam, "ann", READ_ONLY)
    revoked = statement("Deny", "*", Condition={"DateLessThan": {"aws:TokenIssueTime": "2026-03-01T13:00:00Z"}})
    bench.clock.now += 2 * HOUR
    assert pulls(ann)
    iam("PutUserPolicy", UserName="ann", PolicyName="revoked", PolicyDocument=document(revoked))
    assert not pulls(ann)
    assert pulls(bench.as_(token(bench, iam.new_key("ann").access_key_id)))


def test_another_account_pushes_and_pulls(wire: Wire, bench: Bench) -> None:
    """Whom a repository's policy names pushes to it and pulls from it at the other account's host, and does no more."""
    theirs = bench.as_(bench.token(OTHER))
    assert not pulls(theirs)
    wire("SetRepositoryPolicy", repositoryName="demo", policyText=granting({"AWS": OTHER}, PULL + PUSH))
    assert pulls(theirs)
    theirs.push("demo", "v2", IMAGE)
    assert bench("GET", "/v2/demo/manifests/v2").body == IMAGE
    for method, path, action in (
        ("GET", "/v2/demo/tags/list", "ListImages"),
        ("DELETE", "/v2/demo/manifests/v1", "BatchDeleteImage"),
        ("GET", "/v2/_catalog", "DescribeRepositories"),
    ):
        said = plain(theirs(method, path).refusal)[2]
        assert said.endswith(f"because no resource-based policy allows the ecr:{action} action")
    wire("DeleteRepositoryPolicy", repositoryName="demo")
    assert not pulls(theirs)


def test_a_mount_across_accounts_stays_within_the_registry(wire: Wire, bench: Bench) -> None:
    """A repository's policy lets another account read a blob, and no mount carries it into that account's registry."""
    wire("SetRepositoryPolicy", repositoryName="demo", policyText=granting("*", "ecr:*"))
    bench.create("mine", Registry(OTHER, REGION))
    theirs = bench.as_(bench.token(OTHER), THERE)
    answer = theirs("POST", f"/v2/mine/blobs/uploads/?mount={of(LAYER)}&from=demo")
    assert answer.status == 202
    assert theirs("GET", f"/v2/mine/blobs/{of(LAYER)}").status == 404


def test_a_mount_asks_for_its_source_in_the_same_surroundings(wire: Wire, bench: Bench, iam: Query) -> None:
    """A blob is mounted from where a policy lets its caller read from this address, and from nowhere else."""
    bench.create("copy")
    ann = as_user(bench, iam, "ann")
    copies = statement("Allow", PUSH, HERE.repository_arn("copy"))

    def status(network: str) -> int:
        here = {"Condition": {"IpAddress": {"aws:SourceIp": network}}}
        text = document(copies, statement("Allow", PULL, HERE.repository_arn("demo"), **here))
        iam("PutUserPolicy", UserName="ann", PolicyName="own", PolicyDocument=text)
        return ann("POST", f"/v2/copy/blobs/uploads/?mount={of(LAYER)}").status

    assert status("198.51.100.0/24") == 202
    assert status("127.0.0.0/8") == 201


def test_the_catalog_is_given_as_a_whole(bench: Bench, iam: Query) -> None:
    """The catalog needs DescribeRepositories on all repositories: a policy for some of them does not open it."""
    ann = as_user(bench, iam, "ann")
    for resource, status in ((HERE.repository_arn("demo"), 403), (HERE.repository_arn("*"), 200)):
        text = document(statement("Allow", "ecr:DescribeRepositories", resource))
        iam("PutUserPolicy", UserName="ann", PolicyName="own", PolicyDocument=text)
        assert ann("GET", "/v2/_catalog").status == status


def target(bench: Bench) -> Target:
    (held,) = bench.runner.run(bench.services.repositories.page(HERE, None, 1)).items
    return Target(HERE, held.name, held.id)


def assume(wire: Wire, iam: Query, **members: Any) -> str:
    """The key id of a session of the role deploy, which has all of ECR."""
    trust = granting({"AWS": ACCOUNT}, "sts:AssumeRole")
    arn = iam("CreateRole", RoleName="deploy", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam("AttachRolePolicy", RoleName="deploy", PolicyArn=FULL)
    sts = client(wire, "sts")
    session = sts("AssumeRole", RoleArn=arn, RoleSessionName="ci", **members)["Credentials"]
    return str(session["AccessKeyId"])
