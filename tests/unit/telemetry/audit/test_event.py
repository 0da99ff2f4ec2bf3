"""telemetry.audit.event: CloudTrail's shape, and lines that are never too long."""

import json
from dataclasses import replace
from typing import Any

import pytest

from cargohold.telemetry.audit.event import LONGEST, MOST_ITEMS, Happened, Identity, Issuer, render

ACCOUNT = "123456789012"
ARN = f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/demo"
NOW = 1_772_366_400_999
ALICE = Identity("IAMUser", "AIDAALICE", f"arn:aws:iam::{ACCOUNT}:user/alice", ACCOUNT, "alice", "AKIAALICE")
PUSH = Happened(
    request_id="r-1",
    action="ecr:PutImage",
    identity=ALICE,
    client="192.0.2.1",
    user_agent="docker/29",
    region="eu-west-1",
    recipient=ACCOUNT,
    resources=(ARN,),
    parameters={"repositoryName": "demo"},
    elements={"image": {"imageId": {"imageTag": "v1"}}},
)


def event(happened: Happened) -> dict[str, Any]:
    line = render(happened, "e-1", NOW)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert len(line) <= LONGEST
    read: dict[str, Any] = json.loads(line)
    return read


def test_an_event_has_cloudtrail_s_shape() -> None:
    """Each member is CloudTrail's, in the form that CloudTrail gives it."""
    assert event(PUSH) == {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser",
            "principalId": "AIDAALICE",
            "arn": f"arn:aws:iam::{ACCOUNT}:user/alice",
            "accountId": ACCOUNT,
            "accessKeyId": "AKIAALICE",
            "userName": "alice",
        },
        "eventTime": "2026-03-01T12:00:00Z",
        "eventSource": "ecr.amazonaws.com",
        "eventName": "PutImage",
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "192.0.2.1",
        "userAgent": "docker/29",
        "requestParameters": {"repositoryName": "demo"},
        "responseElements": {"image": {"imageId": {"imageTag": "v1"}}},
        "requestID": "r-1",
        "eventID": "e-1",
        "readOnly": False,
        "resources": [{"ARN": ARN, "accountId": ACCOUNT, "type": "AWS::ECR::Repository"}],
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }


def test_a_role_s_session_names_its_role() -> None:
    """The issuer of a session is the role, and the session says when it began."""
    issuer = Issuer("AROADEPLOY", f"arn:aws:iam::{ACCOUNT}:role/ci/deploy", ACCOUNT, "deploy")
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/build-7"
    who = Identity("AssumedRole", "AROADEPLOY:build-7", arn, ACCOUNT, "build-7", "ASIAX", issuer, 1_772_362_800_000)
    identity = event(replace(PUSH, identity=who))["userIdentity"]
    assert "userName" not in identity
    assert identity["sessionContext"] == {
        "sessionIssuer": {
            "type": "Role",
            "principalId": "AROADEPLOY",
            "arn": issuer.arn,
            "accountId": ACCOUNT,
            "userName": "deploy",
        },
        "attributes": {"creationDate": "2026-03-01T11:00:00Z", "mfaAuthenticated": "false"},
    }


def test_a_refusal_has_its_code_and_sentence() -> None:
    """An error is told as the client read it; nobody proven is Unknown, and what is not known is empty."""
    told = event(Happened("r-2", "ecr:GetManifest", Identity(), "192.0.2.9", code="UNAUTHORIZED", message="No."))
    assert (told["errorCode"], told["errorMessage"]) == ("UNAUTHORIZED", "No.")
    assert told["userIdentity"] == {"type": "Unknown"}
    assert (told["requestParameters"], told["responseElements"], told["resources"]) == (None, None, [])


@pytest.mark.parametrize(
    ("arn", "kind"),
    [
        (f"arn:aws:iam::{ACCOUNT}:user/staff/alice", "AWS::IAM::User"),
        (f"arn:aws:iam::{ACCOUNT}:group/team", "AWS::IAM::Group"),
        (f"arn:aws:iam::{ACCOUNT}:role/deploy", "AWS::IAM::Role"),
        (f"arn:aws:iam::{ACCOUNT}:policy/push", "AWS::IAM::Policy"),
        (f"arn:aws:cargohold::{ACCOUNT}:account/*", None),
    ],
)
def test_resources_have_their_type(arn: str, kind: str | None) -> None:
    """A resource is told with its account and, where CloudFormation has a name for it, its type; `*` is none."""
    (resource,) = event(replace(PUSH, resources=("*", arn, arn)))["resources"]
    assert resource == {"ARN": arn, "accountId": ACCOUNT} | ({"type": kind} if kind else {})


@pytest.mark.parametrize("text", ["x" * 20_000, "\u2028\n" * 9_000, "\U0001f433" * 9_000])
def test_a_line_is_bounded_whatever_it_holds(text: str) -> None:
    """A line stays one line of at most 4096 bytes, and still says who, what, where and how it ended."""
    arns = tuple(f"{ARN}{number}{text}" for number in range(100))
    parameters = {"repositoryName": text}
    long = replace(
        PUSH, user_agent=text, code="Denied", message=text, resources=arns, parameters=parameters, client=text[:300]
    )
    told = event(long)
    assert (told["eventName"], told["errorCode"], told["userIdentity"]["arn"]) == ("PutImage", "Denied", ALICE.arn)
    assert 1 <= len(told["resources"]) <= MOST_ITEMS
