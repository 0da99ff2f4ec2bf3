"""The aws command line and `cargohold explain`, asked why something is denied; unmodified, as everybody has them."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from .bed.programs import Client, clean_environment, program
from .bed.server import ACCOUNT, REGION, Server

USER = "why-not"
ARN = f"arn:aws:iam::{ACCOUNT}:user/{USER}"
PULL = "ecr:BatchGetImage"
ENCODED = "Encoded authorization failure message: "


def policy(*statements: dict[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture
def stranger(server: Server, aws: Client) -> Iterator[Client]:
    """aws, as a user who may list images and nothing else; the user ends with the test."""
    with closing(server.client("iam")) as iam:
        iam.create_user(UserName=USER)
        listing = policy({"Sid": "Lists", "Effect": "Allow", "Action": "ecr:ListImages", "Resource": "*"})
        iam.put_user_policy(UserName=USER, PolicyName="lists", PolicyDocument=listing)
        key = iam.create_access_key(UserName=USER)["AccessKey"]
        own = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
        yield replace(aws, environment=aws.environment | own)
        for name in iam.list_user_policies(UserName=USER)["PolicyNames"]:
            iam.delete_user_policy(UserName=USER, PolicyName=name)
        iam.delete_access_key(UserName=USER, AccessKeyId=key["AccessKeyId"])
        iam.delete_user(UserName=USER)


def test_a_policy_is_tried_before_it_is_attached(aws: Client, repository: str) -> None:
    """`aws iam simulate-custom-policy` decides by identity, boundary and resource policies that exist nowhere."""
    arn = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{repository}"
    identity = policy({"Effect": "Allow", "Action": "ecr:*", "Resource": "*"})
    bounds = policy({"Effect": "Allow", "Action": PULL, "Resource": "*"})
    denying = policy({"Effect": "Deny", "Principal": "*", "Action": PULL})

    def decided(*more: str) -> dict[str, str]:
        asked = ("--policy-input-list", identity, "--action-names", PULL, "ecr:PutImage", "--resource-arns", arn)
        results = json.loads(aws("iam", "simulate-custom-policy", *asked, *more).out)["EvaluationResults"]
        return {result["EvalActionName"]: result["EvalDecision"] for result in results}

    assert decided() == {PULL: "allowed", "ecr:PutImage": "allowed"}
    bounded = decided("--permissions-boundary-policy-input-list", bounds)
    assert bounded == {PULL: "allowed", "ecr:PutImage": "implicitDeny"}
    denied = decided("--resource-policy", denying, "--caller-arn", ARN)
    assert denied == {PULL: "explicitDeny", "ecr:PutImage": "allowed"}


def test_a_user_is_simulated(aws: Client, stranger: Client) -> None:
    """`aws iam simulate-principal-policy` decides by what is attached and names the policy; pages are followed."""
    assert stranger.command
    names = [f"ecr:{name}" for name in ("ListImages", "PutImage", "DescribeImages")]
    asked = ("--policy-source-arn", ARN, "--action-names", *names, "--page-size", "1")
    results = json.loads(aws("iam", "simulate-principal-policy", *asked).out)["EvaluationResults"]
    assert [result["EvalDecision"] for result in results] == ["allowed", "implicitDeny", "implicitDeny"]
    assert results[0]["MatchedStatements"][0]["SourcePolicyId"] == f"user_{USER}_lists"


def test_a_denial_is_decoded(aws: Client, stranger: Client, repository: str) -> None:
    """`aws sts decode-authorization-message` opens what the refusal of another command says."""
    shown = stranger.refused("ecr", "describe-images", "--repository-name", repository)
    encoded = shown.partition(ENCODED)[2].split()[0]
    decoded = aws("sts", "decode-authorization-message", "--encoded-message", encoded)
    message = json.loads(json.loads(decoded.out)["DecodedMessage"])
    assert (message["allowed"], message["explicitDeny"], message["missing"]) == (False, False, "identity")
    assert message["context"]["principal"]["arn"] == ARN
    assert message["context"]["action"] == "ecr:DescribeImages"


def test_what_is_suggested_helps(server: Server, aws: Client, stranger: Client, repository: str) -> None:
    """`cargohold explain` takes the whole refusal, and with the statement it prints the command is not refused."""
    asking = ("ecr", "describe-images", "--repository-name", repository)
    shown = stranger.refused(*asking)
    cargohold = Client([program("cargohold")], clean_environment() | server.environment())
    told = cargohold("explain", "-", given=shown.encode()).out
    assert "Denied: no identity-based policy allows it." in told
    assert f"To allow it, add to an identity-based policy of {ARN}:" in told
    added = json.loads(told[told.index("{") : told.rindex("}") + 1])
    put = ("--user-name", USER, "--policy-name", "more", "--policy-document", policy(added))
    aws("iam", "put-user-policy", *put)
    assert json.loads(stranger(*asking).out) == {"imageDetails": []}
    by_name = ("--principal", ARN, "--action", added["Action"], "--resource", added["Resource"])
    assert "Allowed." in cargohold("explain", *by_name).out
