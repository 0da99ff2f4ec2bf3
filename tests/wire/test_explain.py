"""ExplainAccess on the wire: why something is denied, what would allow it, and who may know."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from cargohold.access.explanations import ALLOWED_NOW, ANOTHER, DENIED, GONE_SESSION, NO_REPOSITORY, NO_ROLE
from cargohold.identity.accounts import NewKey

from .conftest import ACCOUNT, OTHER, Wire
from .query import Query, client
from .test_cargohold import Ours

PULL, PUSH = "ecr:BatchGetImage", "ecr:PutImage"
DEMO = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/demo"
THEIRS = f"arn:aws:ecr:us-east-1:{OTHER}:repository/demo"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
DEPLOY = f"arn:aws:iam::{ACCOUNT}:role/deploy"
RUN = f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/run"
READ_ONLY = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
ENCODED = ". Encoded authorization failure message: "


@pytest.fixture
def ours(wire: Wire) -> Ours:
    """Our own service, asked by the first account's administrator; both accounts have a repository demo."""
    for account in (ACCOUNT, OTHER):
        assert wire.send("CreateRepository", {"repositoryName": "demo"}, account).status == 200
    return Ours(wire, wire.keys[ACCOUNT])


@pytest.fixture
def iam(wire: Wire) -> Query:
    return client(wire, "iam")


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=4)


def statement(effect: str, action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def to(principal: Any, action: Any, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Principal": principal, "Action": action, **more}


def alice(iam: Query, *statements: Mapping[str, Any]) -> NewKey:
    """A user with one inline policy, or none; her key."""
    iam("CreateUser", UserName="alice")
    if statements:
        iam("PutUserPolicy", UserName="alice", PolicyName="own", PolicyDocument=document(*statements))
    return iam.new_key("alice")


def message(wire: Wire, key: NewKey, registry: str = ACCOUNT) -> str:
    """The encoded message of a push that is denied."""
    members = {"repositoryName": "demo", "registryId": registry, "imageManifest": "{}"}
    status, code, sentence = replace(wire, keys={ACCOUNT: key}).refused("PutImage", **members)
    assert (status, code) == (400, "AccessDeniedException")
    return sentence.partition(ENCODED)[2]


def suggested(answer: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(each["place"], json.loads(each["statement"])) for each in answer["suggestions"]]


def allowing(action: str, resource: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def test_a_denial_that_lacks_an_allow(wire: Wire, ours: Ours, iam: Query) -> None:
    """The message of a refusal is enough to be told who, what, why and the statement to add."""
    key = alice(iam, statement("Allow", PULL))
    answer = ours("ExplainAccess", encodedMessage=message(wire, key))
    assert answer == {
        "allowed": False,
        "explicitDeny": False,
        "principal": ALICE,
        "action": PUSH,
        "resource": DEMO,
        "reason": f"because no identity-based policy allows the {PUSH} action",
        "missing": "identity",
        "matchedStatements": [],
        "suggestions": answer["suggestions"],
        "notes": [],
    }
    assert suggested(answer) == [(f"an identity-based policy of {ALICE}", allowing(PUSH, DEMO))]


def test_the_suggestion_helps(wire: Wire, ours: Ours, iam: Query) -> None:
    """With the statement that is suggested the same request is not denied any more."""
    key = alice(iam)
    encoded = message(wire, key)
    ((_, added),) = suggested(ours("ExplainAccess", encodedMessage=encoded))
    iam("PutUserPolicy", UserName="alice", PolicyName="more", PolicyDocument=document(added))
    members = {"repositoryName": "demo", "imageManifest": "{}"}
    code = replace(wire, keys={ACCOUNT: key}).refused("PutImage", **members)[1]
    assert code == "InvalidParameterException"
    answer = ours("ExplainAccess", encodedMessage=encoded)
    assert (answer["allowed"], answer["suggestions"], answer["notes"]) == (True, [], [ALLOWED_NOW])


def test_a_denial_by_a_statement(wire: Wire, ours: Ours, iam: Query) -> None:
    """The statement that denies is shown with its policy, its lines and its text; nothing is suggested."""
    key = alice(iam, statement("Allow", "*"), statement("Deny", "ecr:Put*", Sid="NoPush"))
    answer = ours("ExplainAccess", encodedMessage=message(wire, key))
    assert (answer["explicitDeny"], answer["suggestions"], answer["notes"]) == (True, [], [DENIED])
    assert answer["reason"] == "with an explicit deny in an identity-based policy"
    denying, allowing_ = answer["matchedStatements"]
    text = denying.pop("statement")
    assert json.loads(text) == statement("Deny", "ecr:Put*", Sid="NoPush")
    assert denying == {
        "part": "denies",
        "kind": "identity",
        "policy": "own",
        "description": "the inline policy own of the user alice",
        "sid": "NoPush",
        "index": 1,
        "effect": "Deny",
        "firstLine": 9,
        "lastLine": 14,
        "conditionKeys": [],
    }
    assert allowing_["part"] == "allows"


def test_a_managed_policy_that_denies(ours: Ours, iam: Query) -> None:
    """A managed policy is named by its ARN, in the sentence too, as AWS does."""
    alice(iam, statement("Allow", "*"))
    made = iam("CreatePolicy", PolicyName="guard", PolicyDocument=document(statement("Deny", PUSH)))["Policy"]["Arn"]
    iam("AttachUserPolicy", UserName="alice", PolicyArn=made)
    answer = ours("ExplainAccess", principalArn=ALICE, action=PUSH, resourceArn=DEMO)
    assert answer["reason"] == f"with an explicit deny in an identity-based policy: {made}"
    assert answer["matchedStatements"][0]["policy"] == made


def test_what_is_allowed(ours: Ours, iam: Query) -> None:
    """Without a message, a principal, an action and a resource are asked about; a group's policies count."""
    alice(iam)
    iam("CreateGroup", GroupName="readers")
    iam("AttachGroupPolicy", GroupName="readers", PolicyArn=READ_ONLY)
    iam("AddUserToGroup", UserName="alice", GroupName="readers")
    answer = ours("ExplainAccess", principalArn=ALICE, action=PULL, resourceArn=DEMO)
    assert (answer["allowed"], answer["suggestions"]) == (True, [])
    assert [each["description"] for each in answer["matchedStatements"]] == [f"the managed policy {READ_ONLY}"]


def test_an_action_without_resources(ours: Ours, iam: Query) -> None:
    """Without a resource it is asked of `*`."""
    alice(iam)
    answer = ours("ExplainAccess", principalArn=ALICE, action="ecr:GetAuthorizationToken")
    assert [added for _, added in suggested(answer)] == [allowing("ecr:GetAuthorizationToken", "*")]


def test_a_condition(ours: Ours, iam: Query) -> None:
    """A statement whose condition does not hold is shown with its keys, and holds when they are given."""
    alice(iam, statement("Allow", PULL, Condition={"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}))
    asked = {"principalArn": ALICE, "action": PULL, "resourceArn": DEMO}
    (nearly,) = ours("ExplainAccess", **asked)["matchedStatements"]
    assert (nearly["part"], nearly["conditionKeys"]) == ("condition", ["aws:SourceIp"])
    given = [{"key": "aws:SourceIp", "values": ["192.0.2.7"]}]
    assert ours("ExplainAccess", **asked, context=given)["allowed"]


def test_resource_tags(wire: Wire, ours: Ours, iam: Query) -> None:
    """The tags of the repository are known."""
    alice(iam, statement("Allow", PULL, Condition={"StringEquals": {"ecr:ResourceTag/team": "red"}}))
    asked = {"principalArn": ALICE, "action": PULL, "resourceArn": DEMO}
    assert not ours("ExplainAccess", **asked)["allowed"]
    wire("TagResource", resourceArn=DEMO, tags=[{"Key": "team", "Value": "red"}])
    assert ours("ExplainAccess", **asked)["allowed"]


def test_a_boundary(ours: Ours, iam: Query) -> None:
    """The boundary that does not allow is named as the place for the statement."""
    alice(iam, statement("Allow", "*"))
    iam("PutUserPermissionsBoundary", UserName="alice", PermissionsBoundary=READ_ONLY)
    answer = ours("ExplainAccess", principalArn=ALICE, action=PUSH, resourceArn=DEMO)
    assert answer["missing"] == "boundary"
    place = f"its permissions boundary, the managed policy {READ_ONLY}"
    assert suggested(answer) == [(place, allowing(PUSH, DEMO))]


def test_a_repository_policy(wire: Wire, ours: Ours, iam: Query) -> None:
    """A repository's policy is shown with the user's ARN, and allows by itself."""
    alice(iam)
    wire("SetRepositoryPolicy", repositoryName="demo", policyText=document(to({"AWS": ALICE}, PULL, Sid="alice")))
    answer = ours("ExplainAccess", principalArn=ALICE, action=PULL, resourceArn=DEMO)
    (allowed,) = answer["matchedStatements"]
    assert (answer["allowed"], allowed["kind"], allowed["sid"]) == (True, "resource", "alice")
    assert allowed["description"] == "the policy of the repository demo"
    assert json.loads(allowed["statement"])["Principal"] == {"AWS": ALICE}


def test_a_registry_policy_denies(wire: Wire, ours: Ours, iam: Query) -> None:
    """A statement of the registry's policy that denies is found."""
    alice(iam, statement("Allow", "*"))
    wire("PutRegistryPolicy", policyText=document(to({"AWS": ALICE}, "ecr:ReplicateImage", "Deny", Resource=DEMO)))
    answer = ours("ExplainAccess", principalArn=ALICE, action="ecr:ReplicateImage", resourceArn=DEMO)
    assert answer["explicitDeny"]
    assert answer["matchedStatements"][0]["description"] == f"the registry policy of account {ACCOUNT}"


def test_a_repository_that_is_not_there(ours: Ours, iam: Query) -> None:
    """One's own repository that is not there is said to be missing."""
    alice(iam)
    answer = ours("ExplainAccess", principalArn=ALICE, action=PULL, resourceArn=DEMO + "x")
    assert answer["notes"] == [NO_REPOSITORY]


def role(iam: Query, trust: Mapping[str, Any], *statements: Mapping[str, Any]) -> None:
    iam("CreateRole", RoleName="deploy", AssumeRolePolicyDocument=document(trust))
    if statements:
        iam("PutRolePolicy", RoleName="deploy", PolicyName="own", PolicyDocument=document(*statements))


def test_a_session(wire: Wire, ours: Ours, iam: Query) -> None:
    """A session is held to its role's policies and to the policy it was given; when it is gone that is said."""
    administrator = f"arn:aws:iam::{ACCOUNT}:user/administrator"
    role(iam, to({"AWS": administrator}, "sts:AssumeRole"), statement("Allow", "*"))
    policy = document(statement("Allow", PULL))
    client(wire, "sts")("AssumeRole", RoleArn=DEPLOY, RoleSessionName="run", Policy=policy)
    answer = ours("ExplainAccess", principalArn=RUN, action=PUSH, resourceArn=DEMO)
    assert answer["missing"] == "session"
    assert suggested(answer) == [(f"the session policy that {RUN} is requested with", allowing(PUSH, DEMO))]
    other = ours("ExplainAccess", principalArn=RUN + "x", action=PUSH, resourceArn=DEMO)
    assert (other["allowed"], other["notes"]) == (True, [GONE_SESSION])
    assert ours("ExplainAccess", principalArn=DEPLOY, action=PUSH, resourceArn=DEMO)["allowed"]


def test_a_federated_user(wire: Wire, ours: Ours, iam: Query) -> None:
    """A federated user is held to the policy of its session and to the user's who got it."""
    key = alice(iam, statement("Allow", "*"))
    sts = client(wire, "sts").by(key)
    sts("GetFederationToken", Name="guest", Policy=document(statement("Allow", PULL)))
    guest = f"arn:aws:sts::{ACCOUNT}:federated-user/guest"
    assert ours("ExplainAccess", principalArn=guest, action=PULL, resourceArn=DEMO)["allowed"]
    assert ours("ExplainAccess", principalArn=guest, action=PUSH, resourceArn=DEMO)["missing"] == "session"
    code = ours.refused("ExplainAccess", principalArn=guest + "x", action=PULL)[1]
    assert code == "NoSuchEntityException"


def test_a_trust_policy(wire: Wire, ours: Ours, iam: Query) -> None:
    """What would let somebody assume a role stands in its trust policy."""
    key = alice(iam, statement("Allow", "*"))
    role(iam, to({"AWS": f"arn:aws:iam::{ACCOUNT}:user/administrator"}, "sts:AssumeRole"))
    sts = client(wire, "sts").by(key)
    sentence = sts.refused("AssumeRole", RoleArn=DEPLOY, RoleSessionName="run")[2]
    answer = ours("ExplainAccess", encodedMessage=sentence.partition(ENCODED)[2])
    assert suggested(answer) == [(f"the trust policy of {DEPLOY}", to({"AWS": ALICE}, "sts:AssumeRole"))]
    nobody = ours("ExplainAccess", principalArn=ALICE, action="sts:AssumeRole", resourceArn=DEPLOY + "x")
    assert NO_ROLE in nobody["notes"]


def test_somebody_made_anew(wire: Wire, ours: Ours, iam: Query) -> None:
    """A user that has been made anew since the refusal is said to be another."""
    encoded = message(wire, alice(iam))
    (key,) = iam("ListAccessKeys", UserName="alice")["AccessKeyMetadata"]
    iam("DeleteAccessKey", UserName="alice", AccessKeyId=key["AccessKeyId"])
    iam("DeleteUser", UserName="alice")
    gone = ours.refused("ExplainAccess", encodedMessage=encoded)
    assert gone == (400, "NoSuchEntityException", "The user with name alice cannot be found.")
    alice(iam)
    assert ours("ExplainAccess", encodedMessage=encoded)["notes"] == [ANOTHER]


# Between accounts


def test_both_sides_are_suggested(wire: Wire, ours: Ours, iam: Query) -> None:
    """Who asks for another account's repository is told what both accounts need, and whose the other is."""
    key = alice(iam)
    answer = ours("ExplainAccess", encodedMessage=message(wire, key, OTHER))
    assert (answer["allowed"], answer["elsewhere"]) == (False, OTHER)
    assert suggested(answer) == [
        (f"an identity-based policy of {ALICE}", allowing(PUSH, THEIRS)),
        (f"the policy of the repository demo of account {OTHER}", to({"AWS": ALICE}, PUSH)),
    ]
    assert all(OTHER in note or "missing" in note for note in answer["notes"])


def test_the_owner_of_the_repository(wire: Wire, ours: Ours, iam: Query) -> None:
    """The owner of the repository may open the message too, and sees its own policies, but none of the other's."""
    key = alice(iam, statement("Allow", "ecr:*", Sid="secret"))
    encoded = message(wire, key, OTHER)
    theirs = Ours(wire, wire.keys[OTHER])
    policy = document(to({"AWS": ACCOUNT}, PULL, Sid="pulls"))
    assert wire.send("SetRepositoryPolicy", {"repositoryName": "demo", "policyText": policy}, OTHER).status == 200
    answer = theirs("ExplainAccess", encodedMessage=encoded)
    assert (answer["missing"], answer["elsewhere"]) == ("resource", ACCOUNT)
    assert suggested(answer) == [
        (f"the policy of the repository demo of account {OTHER}", to({"AWS": ALICE}, PUSH)),
    ]
    assert "secret" not in json.dumps(answer)
    pulling = theirs("ExplainAccess", principalArn=ALICE, action=PULL, resourceArn=THEIRS)
    assert (pulling["allowed"], [each["sid"] for each in pulling["matchedStatements"]]) == (True, ["pulls"])


def test_nobody_learns_who_is_there(ours: Ours, iam: Query) -> None:
    """Another account's users are told apart by nothing: one that is not there is answered as one that is."""
    alice(iam, statement("Allow", "*"))
    theirs = replace(ours, key=ours.wire.keys[OTHER])
    answers = [
        theirs("ExplainAccess", principalArn=f"arn:aws:iam::{ACCOUNT}:user/{name}", action=PULL, resourceArn=THEIRS)
        for name in ("alice", "nobody")
    ]
    assert json.dumps(answers[0]).replace("alice", "nobody") == json.dumps(answers[1])


def test_nobody_learns_the_path_of_who_is_there(ours: Ours, iam: Query) -> None:
    """S24: Where another account keeps a role is not told to who only knows its name, until a policy names it so."""
    trust = document(to({"AWS": ACCOUNT}, "sts:AssumeRole"))
    iam("CreateRole", RoleName="deploy", Path="/hidden/", AssumeRolePolicyDocument=trust)
    theirs = replace(ours, key=ours.wire.keys[OTHER])

    def answer(name: str) -> str:
        session = f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/run"
        return json.dumps(theirs("ExplainAccess", principalArn=session, action=PULL, resourceArn=THEIRS))

    assert answer("deploy") == answer("absent").replace("absent", "deploy")
    assert answer("Deploy") == answer("absent").replace("absent", "Deploy")
    policy = document(to({"AWS": f"arn:aws:iam::{ACCOUNT}:role/hidden/deploy"}, PULL, Sid="pulls"))
    assert ours.wire.send("SetRepositoryPolicy", {"repositoryName": "demo", "policyText": policy}, OTHER).status == 200
    assert json.loads(answer("deploy"))["allowed"] is True


def test_the_others_policies_are_not_told(wire: Wire, ours: Ours, iam: Query) -> None:
    """What another account's repository says, denials too, is for that account alone to see."""
    key = alice(iam, statement("Allow", "*"))
    policy = document(to({"AWS": ACCOUNT}, "ecr:*", "Deny", Sid="secret"))
    assert wire.send("SetRepositoryPolicy", {"repositoryName": "demo", "policyText": policy}, OTHER).status == 200
    answer = ours("ExplainAccess", encodedMessage=message(wire, key, OTHER))
    assert (answer["elsewhere"], answer["suggestions"]) == (OTHER, [])
    assert "secret" not in json.dumps(answer)
    assert f"the administrator of account {OTHER} can say which" in " ".join(answer["notes"])


def test_a_message_of_others(wire: Wire, ours: Ours, iam: Query) -> None:
    """A message that is of neither side's account is refused, as one that nobody made is."""
    encoded = message(wire, alice(iam))
    theirs = replace(ours, key=wire.keys[OTHER])
    refused = (400, "InvalidAuthorizationMessageException")
    assert theirs.refused("ExplainAccess", encodedMessage=encoded)[:2] == refused
    assert ours.refused("ExplainAccess", encodedMessage="forged")[:2] == refused


# What is refused


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({}, "Give an encodedMessage, or a principalArn and an action"),
        ({"principalArn": ALICE}, "Give an encodedMessage, or a principalArn and an action"),
        (
            {"encodedMessage": "x", "action": PULL},
            "An encodedMessage says all that is asked: leave the other members out",
        ),
        ({"principalArn": "alice", "action": PULL}, "alice is not the ARN of a user, a role or a session"),
        ({"principalArn": ALICE, "action": "PutImage"}, "PutImage is not the name of an action, as ecr:PutImage is"),
        (
            {"principalArn": ALICE, "action": PULL, "resourceArn": DEMO + "*"},
            f"{DEMO}* is a pattern: name one resource, or * for an action that has none",
        ),
        ({"principalArn": ALICE, "action": PULL, "resourceArn": "demo"}, "demo is not an ARN"),
        (
            {"principalArn": f"arn:aws:iam::{OTHER}:user/bob", "action": PULL, "resourceArn": THEIRS},
            f"Neither the principal nor the resource is of account {ACCOUNT}",
        ),
    ],
)
def test_wrong_questions(ours: Ours, members: dict[str, Any], sentence: str) -> None:
    """What cannot be asked is refused in plain words."""
    assert ours.refused("ExplainAccess", **members) == (400, "ValidationException", sentence)


def test_who_may_ask(ours: Ours, iam: Query) -> None:
    """Who is not permitted to is denied, on what decides access in the account."""
    stranger = replace(ours, key=alice(iam))
    resource = stranger.denied("ExplainAccess", principalArn=ALICE, action=PULL)
    assert resource == f"arn:aws:cargohold::{ACCOUNT}:access"
