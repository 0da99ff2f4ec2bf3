"""Policies of repositories and registries: their operations, sentence by sentence, and what they do at the AWS door."""

import json
from dataclasses import replace
from typing import Any

import pytest

from cargohold.access import denial

from .conftest import ACCOUNT, OTHER, Wire
from .query import client

PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"]
PUSH = ["ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage"]
LOCKED_OUT = "The new repository policy will not allow you to update the repository policy in the future"
ADMINISTRATOR = f"arn:aws:iam::{ACCOUNT}:user/administrator"


def policy(principal: Any, action: Any, effect: str = "Allow", **more: Any) -> str:
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Sid": "one", "Effect": effect, "Principal": principal, "Action": action, **more}],
        }
    )


OPEN = policy({"AWS": OTHER}, [*PULL, *PUSH])
LAID_OUT = f"""{{
  "Version" : "2012-10-17",
  "Statement" : [ {{
    "Sid" : "one",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "{OTHER}"
    }},
    "Action" : [ "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability", \
"ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage" ]
  }} ]
}}"""


def invalid(reason: str) -> tuple[int, str, str]:
    sentence = f"Invalid parameter at 'PolicyText' failed to satisfy constraint: '{reason}'"
    return 400, "InvalidParameterException", sentence


@pytest.fixture
def demo(wire: Wire) -> Wire:
    """A client of a registry that has an empty repository demo."""
    wire("CreateRepository", repositoryName="demo")
    return wire


def as_user(wire: Wire, name: str, *statements: dict[str, Any]) -> Wire:
    """The client of a new user with one inline policy, or none."""
    iam = client(wire, "iam")
    iam("CreateUser", UserName=name)
    if statements:
        text = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam("PutUserPolicy", UserName=name, PolicyName="own", PolicyDocument=text)
    return replace(wire, keys={**wire.keys, ACCOUNT: iam.new_key(name)})


def allow(action: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": "*", **more}


def reason(refusal: tuple[int, str, str]) -> str:
    """The sentence of a denial, without the encoded message."""
    status, code, sentence = refusal
    assert (status, code) == (400, "AccessDeniedException")
    assert ". Encoded authorization failure message: " in sentence
    return sentence.partition(". Encoded")[0]


# A repository's policy


def test_a_policy_is_read_back(demo: Wire) -> None:
    """Set, Get and Delete answer the policy in ECR's layout, and afterwards there is none."""
    answer = {"registryId": ACCOUNT, "repositoryName": "demo", "policyText": LAID_OUT}
    assert demo("SetRepositoryPolicy", repositoryName="demo", policyText=OPEN) == answer
    assert demo("GetRepositoryPolicy", repositoryName="demo") == answer
    assert demo("DeleteRepositoryPolicy", repositoryName="demo") == answer
    missing = (
        400,
        "RepositoryPolicyNotFoundException",
        f"Repository policy does not exist for the repository with name 'demo' in the registry with id '{ACCOUNT}'",
    )
    assert demo.refused("GetRepositoryPolicy", repositoryName="demo") == missing
    assert demo.refused("DeleteRepositoryPolicy", repositoryName="demo") == missing


def test_another_policy_takes_its_place(demo: Wire) -> None:
    """A second policy replaces the first as a whole, and goes with its repository."""
    demo("SetRepositoryPolicy", repositoryName="demo", policyText=OPEN)
    demo("SetRepositoryPolicy", repositoryName="demo", policyText=policy("*", "ecr:ListImages"))
    held = json.loads(demo("GetRepositoryPolicy", repositoryName="demo")["policyText"])
    assert [each["Action"] for each in held["Statement"]] == ["ecr:ListImages"]
    demo("DeleteRepository", repositoryName="demo")
    demo("CreateRepository", repositoryName="demo")
    assert demo.refused("GetRepositoryPolicy", repositoryName="demo")[1] == "RepositoryPolicyNotFoundException"


@pytest.mark.parametrize("operation", ["SetRepositoryPolicy", "GetRepositoryPolicy", "DeleteRepositoryPolicy"])
def test_an_absent_repository(wire: Wire, operation: str) -> None:
    """A repository that does not exist is named."""
    members = {"policyText": OPEN} if operation.startswith("Set") else {}
    sentence = f"The repository with name 'absent' does not exist in the registry with id '{ACCOUNT}'"
    refused = wire.refused(operation, repositoryName="absent", **members)
    assert refused == (400, "RepositoryNotFoundException", sentence)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Invalid JSON syntax"),
        ("{", "Invalid JSON syntax"),
        ("[" * 5000, "Invalid JSON syntax"),
        ("[]", "Invalid repository policy provided"),
        ("{}", "Invalid repository policy provided"),
        (policy("*", "s3:GetObject"), "Invalid repository policy provided"),
        (policy("*", "ecr:NoSuchThing"), "Invalid repository policy provided"),
        (policy("*", PULL, "Maybe"), "Invalid repository policy provided"),
        (policy("*", PULL, Extra=1), "Invalid repository policy provided"),
        (json.dumps({"Statement": [allow(PULL)]}), "Invalid repository policy provided"),
        (policy({"AWS": f"arn:aws:iam::{ACCOUNT}:user/nobody"}, PULL), "Principal not found"),
        (policy({"AWS": [ADMINISTRATOR, f"arn:aws:iam::{ACCOUNT}:role/nobody"]}, PULL), "Principal not found"),
        (policy({"AWS": "000000000000"}, PULL), "Principal not found"),
        (policy("*", "ecr:*", "Deny"), LOCKED_OUT),
        (policy({"AWS": ADMINISTRATOR}, "ecr:SetRepositoryPolicy", "Deny"), LOCKED_OUT),
    ],
)
def test_what_is_no_policy(demo: Wire, text: str, said: str) -> None:
    """What is no policy, names nobody or would lock its writer out is refused, and the one before it stays."""
    demo("SetRepositoryPolicy", repositoryName="demo", policyText=OPEN)
    assert demo.refused("SetRepositoryPolicy", repositoryName="demo", policyText=text) == invalid(said)
    assert demo("GetRepositoryPolicy", repositoryName="demo")["policyText"] == LAID_OUT


def test_too_long_a_policy(demo: Wire) -> None:
    """A policy may have 10,240 characters, and not one more."""
    short = policy("*", PULL, Condition={"StringEquals": {"aws:username": "x"}})
    for size in (10_240, 10_241):
        text = short.replace('"x"', '"' + "x" * (size - len(short) + 1) + '"')
        assert len(text) == size
        answer = demo.send("SetRepositoryPolicy", {"repositoryName": "demo", "policyText": text})
        assert answer.status == (200 if size == 10_240 else 400), answer.body


def test_a_forced_policy(demo: Wire) -> None:
    """With `force` a policy may lock its writer out of the repository."""
    shut = policy("*", "ecr:*", "Deny")
    demo("SetRepositoryPolicy", repositoryName="demo", policyText=shut, force=True)
    refused = demo.refused("SetRepositoryPolicy", repositoryName="demo", policyText=OPEN, force=True)
    assert reason(refused).endswith("with an explicit deny in a resource-based policy")


def test_the_writer_of_a_grant_is_locked_out_too(demo: Wire) -> None:
    """Who may set the policy by the policy alone cannot set one that no longer lets it, unless it is forced."""
    grantee = as_user(demo, "ann")
    grants = policy({"AWS": f"arn:aws:iam::{ACCOUNT}:user/ann"}, "ecr:SetRepositoryPolicy")
    demo("SetRepositoryPolicy", repositoryName="demo", policyText=grants)
    assert grantee.refused("SetRepositoryPolicy", repositoryName="demo", policyText=OPEN) == invalid(LOCKED_OUT)
    grantee("SetRepositoryPolicy", repositoryName="demo", policyText=grants)
    grantee("SetRepositoryPolicy", repositoryName="demo", policyText=OPEN, force=True)
    assert "SetRepositoryPolicy" in reason(
        grantee.refused("SetRepositoryPolicy", repositoryName="demo", policyText=OPEN)
    )


def test_who_is_made_anew_regains_nothing(demo: Wire) -> None:
    """A deleted user shows by its id, and a new one of the same name has none of what the policy gave."""
    arn = f"arn:aws:iam::{ACCOUNT}:user/ann"
    ann = as_user(demo, "ann")
    demo("SetRepositoryPolicy", repositoryName="demo", policyText=policy({"AWS": arn}, "ecr:ListImages"))
    assert ann("ListImages", repositoryName="demo")["imageIds"] == []
    assert arn in demo("GetRepositoryPolicy", repositoryName="demo")["policyText"]
    iam = client(demo, "iam")
    iam("DeleteAccessKey", UserName="ann", AccessKeyId=ann.keys[ACCOUNT].access_key_id)
    iam("DeleteUser", UserName="ann")
    again = as_user(demo, "ann")
    assert "because no identity-based policy allows" in reason(again.refused("ListImages", repositoryName="demo"))
    shown = json.loads(demo("GetRepositoryPolicy", repositoryName="demo")["policyText"])
    assert shown["Statement"][0]["Principal"]["AWS"].startswith("AIDA")


# Across accounts


def test_another_account_pushes_and_pulls_by_the_repositorys_policy(demo: Wire) -> None:
    """Whom the policy names pushes to and pulls from the other account's repository, and does nothing else there."""
    denied = reason(demo.send("ListImages", {"repositoryName": "demo", "registryId": ACCOUNT}, OTHER).refusal)
    assert denied.endswith("because no resource-based policy allows the ecr:ListImages action")
    demo("SetRepositoryPolicy", repositoryName="demo", policyText=OPEN)
    theirs = replace(demo, keys={ACCOUNT: demo.keys[OTHER]})

    def there(operation: str, **members: Any) -> Any:
        return theirs(operation, registryId=ACCOUNT, repositoryName="demo", **members)

    manifest = demo.manifest("demo", b"layer")
    upload = there("InitiateLayerUpload")["uploadId"]
    there("UploadLayerPart", uploadId=upload, partFirstByte=0, partLastByte=4, layerPartBlob=b"other")
    image = there("PutImage", imageManifest=manifest, imageTag="v1")["image"]
    assert image["registryId"] == ACCOUNT
    assert there("BatchGetImage", imageIds=[{"imageTag": "v1"}])["images"][0]["imageManifest"] == manifest
    layer = json.loads(manifest)["layers"][0]["digest"]
    assert there("GetDownloadUrlForLayer", layerDigest=layer)["layerDigest"] == layer
    for operation, members in (("ListImages", {}), ("DeleteRepository", {}), ("GetRepositoryPolicy", {})):
        refused = theirs.refused(operation, registryId=ACCOUNT, repositoryName="demo", **members)
        assert reason(refused).endswith(f"because no resource-based policy allows the ecr:{operation} action")
    absent = theirs.refused("ListImages", registryId=ACCOUNT, repositoryName="absent")
    assert reason(absent).endswith("because no resource-based policy allows the ecr:ListImages action")


def test_s13_policies_of_another_account(demo: Wire) -> None:
    """S13: Naming another account's registry opens no operation on its policies and settings."""
    demo("SetRepositoryPolicy", repositoryName="demo", policyText=OPEN)
    arn = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/demo"
    there = {"registryId": ACCOUNT, "repositoryName": "demo"}
    asked: list[tuple[str, dict[str, Any]]] = [
        ("SetRepositoryPolicy", {**there, "policyText": OPEN, "force": True}),
        ("GetRepositoryPolicy", there),
        ("DeleteRepositoryPolicy", there),
        ("PutImageTagMutability", {**there, "imageTagMutability": "IMMUTABLE"}),
        ("DeleteRepository", {**there, "force": True}),
        ("CreateRepository", {"registryId": ACCOUNT, "repositoryName": "mine"}),
        ("TagResource", {"resourceArn": arn, "tags": [{"Key": "k", "Value": "v"}]}),
        ("UntagResource", {"resourceArn": arn, "tagKeys": ["k"]}),
        ("ListTagsForResource", {"resourceArn": arn}),
    ]
    for operation, members in asked:
        refused = demo.send(operation, members, OTHER).refusal
        assert reason(refused).endswith(f"because no resource-based policy allows the ecr:{operation} action")
    # Those of the registry name none: they are about the caller's own.
    demo.send(
        "PutRegistryPolicy", {"registryId": ACCOUNT, "policyText": policy("*", "ecr:*", "Deny", Resource="*")}, OTHER
    )
    assert demo.refused("GetRegistryPolicy")[1] == "RegistryPolicyNotFoundException"
    assert demo("GetRepositoryPolicy", repositoryName="demo")["policyText"] == LAID_OUT


def test_a_repository_policy_gives_no_token(demo: Wire) -> None:
    """A login is given by the caller's own policies alone, whatever a repository's policy says."""
    demo("SetRepositoryPolicy", repositoryName="demo", policyText=policy("*", "ecr:*"))
    ann = as_user(demo, "ann")
    assert ann("ListImages", repositoryName="demo")["imageIds"] == []
    refused = reason(ann.refused("GetAuthorizationToken"))
    assert refused.endswith("because no identity-based policy allows the ecr:GetAuthorizationToken action")


# The registry's policy


def test_a_registry_policy_is_read_back(wire: Wire) -> None:
    """Put, Get and Delete answer the registry's policy, which each region has of its own."""
    missing = (
        400,
        "RegistryPolicyNotFoundException",
        f"Registry policy does not exist in the registry with id '{ACCOUNT}'",
    )
    assert wire.refused("GetRegistryPolicy") == wire.refused("DeleteRegistryPolicy") == missing
    text = policy({"AWS": [ADMINISTRATOR, OTHER]}, "ecr:ReplicateImage", Resource="*")
    answer = wire("PutRegistryPolicy", policyText=text)
    assert (answer["registryId"], json.loads(answer["policyText"])) == (ACCOUNT, json.loads(text))
    assert answer["policyText"].startswith('{\n  "Version" : "2012-10-17",\n  "Statement" : [ {\n    "Sid" : "one",')
    assert wire("GetRegistryPolicy") == answer
    assert wire.send("GetRegistryPolicy", {}, region="eu-west-1").refusal == missing
    assert wire.send("GetRegistryPolicy", {}, OTHER).refusal[1] == "RegistryPolicyNotFoundException"
    assert wire("DeleteRegistryPolicy") == answer
    assert wire.refused("GetRegistryPolicy") == missing


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Invalid registry policy provided"),
        ("{", "Invalid registry policy provided"),
        (policy("*", "s3:GetObject", Resource="*"), "Invalid registry policy provided"),
        (policy({"AWS": f"arn:aws:iam::{ACCOUNT}:user/nobody"}, "ecr:*", Resource="*"), "Principal not found"),
        (policy("*", "ecr:*", "Deny", Resource="*"), LOCKED_OUT.replace("repository", "registry")),
        (policy("*", "ecr:Put*", "Deny", Resource="*"), LOCKED_OUT.replace("repository", "registry")),
    ],
)
def test_what_is_no_registry_policy(wire: Wire, text: str, said: str) -> None:
    """What is no policy, names nobody or would lock its writer out is refused: nobody else could open the registry."""
    assert wire.refused("PutRegistryPolicy", policyText=text) == invalid(said)


def test_a_registry_policy_is_asked_at_every_request(demo: Wire) -> None:
    """A registry's policy denies administrators what it denies, and lets other accounts into what it names."""
    demo("CreateRepository", repositoryName="team/app")
    statements = [
        {"Effect": "Deny", "Principal": "*", "Action": "ecr:DeleteRepository", "Resource": "*"},
        {
            "Effect": "Allow",
            "Principal": {"AWS": OTHER},
            "Action": "ecr:ListImages",
            "Resource": f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/team/*",
        },
    ]
    demo("PutRegistryPolicy", policyText=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    refused = reason(demo.refused("DeleteRepository", repositoryName="demo"))
    assert refused.endswith("with an explicit deny in a resource-based policy")
    theirs = {"registryId": ACCOUNT}
    assert demo.send("ListImages", {**theirs, "repositoryName": "team/app"}, OTHER).status == 200
    assert demo.send("ListImages", {**theirs, "repositoryName": "demo"}, OTHER).refusal[1] == "AccessDeniedException"
    demo("DeleteRegistryPolicy")
    demo("DeleteRepository", repositoryName="demo")


# What policies may ask of a request


def test_tags_in_conditions(wire: Wire) -> None:
    """Tags that a request brings, their keys, and tags that a repository has are what policies can ask for."""
    asks = {
        "StringEquals": {"aws:RequestTag/team": "red"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["team", "env"]},
    }
    ann = as_user(
        wire,
        "ann",
        allow(["ecr:CreateRepository", "ecr:TagResource"], Condition=asks),
        allow("ecr:UntagResource", Condition={"ForAllValues:StringEquals": {"aws:TagKeys": ["env"]}}),
        allow("ecr:ListImages", Condition={"StringEquals": {"ecr:ResourceTag/team": "red"}}),
    )

    def tags(**pairs: str) -> list[dict[str, str]]:
        return [{"Key": key, "Value": value} for key, value in pairs.items()]

    ann("CreateRepository", repositoryName="red", tags=tags(team="red", env="dev"))
    for given in ([], tags(team="blue"), tags(team="red", cost="1")):
        assert "ecr:CreateRepository" in reason(ann.refused("CreateRepository", repositoryName="xx", tags=given))
    arn = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/red"
    assert ann("ListImages", repositoryName="red")["imageIds"] == []
    ann("TagResource", resourceArn=arn, tags=tags(team="red"))
    assert "ecr:TagResource" in reason(ann.refused("TagResource", resourceArn=arn, tags=tags(team="blue")))
    ann("UntagResource", resourceArn=arn, tagKeys=["env"])
    assert "ecr:UntagResource" in reason(ann.refused("UntagResource", resourceArn=arn, tagKeys=["env", "team"]))
    wire("UntagResource", resourceArn=arn, tagKeys=["team"])
    assert "ecr:ListImages" in reason(ann.refused("ListImages", repositoryName="red"))


def test_s9_a_power_ends_at_the_next_request(demo: Wire) -> None:
    """S9: Taking a policy away, leaving a group and switching a key off are in force at the very next request."""
    iam = client(demo, "iam")
    ann = as_user(demo, "ann")
    read_only = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"

    def may() -> bool:
        return ann.send("ListImages", {"repositoryName": "demo"}).status == 200

    assert not may()
    iam("AttachUserPolicy", UserName="ann", PolicyArn=read_only)
    assert may()
    iam("DetachUserPolicy", UserName="ann", PolicyArn=read_only)
    assert not may()
    iam("CreateGroup", GroupName="readers")
    iam("AttachGroupPolicy", GroupName="readers", PolicyArn=read_only)
    iam("AddUserToGroup", GroupName="readers", UserName="ann")
    assert may()
    iam("RemoveUserFromGroup", GroupName="readers", UserName="ann")
    assert not may()
    iam("AddUserToGroup", GroupName="readers", UserName="ann")
    key = ann.keys[ACCOUNT].access_key_id
    iam("UpdateAccessKey", UserName="ann", AccessKeyId=key, Status="Inactive")
    unknown = (400, "UnrecognizedClientException", "The security token included in the request is invalid.")
    assert ann.refused("ListImages", repositoryName="demo") == unknown
    iam("UpdateAccessKey", UserName="ann", AccessKeyId=key, Status="Active")
    assert may()


def test_the_encoded_message_tells_why(demo: Wire, furnished: Any) -> None:
    """A denial's message opens to the principal, the action, the resource and the kind of policy that is missing."""
    ann = as_user(demo, "ann", allow("ecr:Describe*"))
    sentence = ann.refused("ListImages", repositoryName="demo")[2]
    told = denial.open(furnished.root, sentence.rpartition(" ")[2])
    assert (told.action, told.resource) == ("ecr:ListImages", f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/demo")
    assert (told.principal_arn, told.missing) == (f"arn:aws:iam::{ACCOUNT}:user/ann", "identity")
    assert len(sentence) < 900


@pytest.mark.parametrize(
    "strange", ["\\u0000", "\\ud800", "\\u0007", "é", "\\u00e9", "雪", "\\ud83d\\ude00", "\\u2028", '\\"', "a:b/*?${x}"]
)
def test_strange_text_in_a_policy(demo: Wire, strange: str) -> None:
    """Whatever stands in a policy's id is refused in words, or kept and read back as it was, on every engine."""
    text = (
        '{"Version": "2012-10-17", "Id": "'
        + strange
        + '", "Statement": '
        + json.dumps(json.loads(policy({"AWS": ADMINISTRATOR}, PULL))["Statement"])
        + "}"
    )
    answer = demo.send("SetRepositoryPolicy", {"repositoryName": "demo", "policyText": text})
    if answer.status == 200:
        held = demo("GetRepositoryPolicy", repositoryName="demo")["policyText"]
        assert json.loads(held) == json.loads(answer.body["policyText"]) == json.loads(text)
    else:
        assert answer.refusal == invalid("Invalid repository policy provided")


@pytest.mark.parametrize("character", ["\0", "\ud800"])
def test_text_that_no_database_keeps(demo: Wire, character: str) -> None:
    """A policy with a character that cannot be stored is refused as what it is, not with a fault of ours."""
    answer = demo.send("SetRepositoryPolicy", {"repositoryName": "demo", "policyText": OPEN + character})
    assert answer.status == 400
