"""OpenID Connect providers on the wire, in the sequences in which terraform and the aws command line ask."""

from typing import Any

import pytest

from .conftest import ACCOUNT, NOON, OTHER, Wire
from .query import Query, client

URL = "https://token.actions.githubusercontent.com"
ARN = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
ABSENT = (404, "NoSuchEntity", f"OpenIDConnect Provider not found for arn {ARN}")
THUMBPRINT = "6938fd4d98bab03faadb97b34396831e3780aea1"


@pytest.fixture
def iam(wire: Wire) -> Query:
    return client(wire, "iam")


def made(iam: Query, **members: Any) -> dict[str, Any]:
    return iam("CreateOpenIDConnectProvider", Url=URL, ClientIDList=["sts.amazonaws.com"], **members)


def shown(iam: Query) -> dict[str, Any]:
    answer = iam("GetOpenIDConnectProvider", OpenIDConnectProviderArn=ARN)
    answer["CreateDate"] = answer["CreateDate"].timestamp() * 1000
    return answer


def test_a_provider_as_terraform_keeps_it(iam: Query) -> None:
    """aws_iam_openid_connect_provider: created with tags, read back, changed in each part, deleted, and found gone."""
    tag = {"Key": "Team", "Value": "hold"}
    answer = made(iam, ThumbprintList=[THUMBPRINT.upper()], Tags=[tag])
    assert answer == {"OpenIDConnectProviderArn": ARN, "Tags": [tag]}
    first = {
        "Url": "token.actions.githubusercontent.com",
        "ClientIDList": ["sts.amazonaws.com"],
        "ThumbprintList": [THUMBPRINT],
        "CreateDate": NOON,
        "Tags": [tag],
    }
    assert shown(iam) == first
    of = {"OpenIDConnectProviderArn": ARN}
    iam("UpdateOpenIDConnectProviderThumbprint", **of, ThumbprintList=["0" * 40])
    iam("AddClientIDToOpenIDConnectProvider", **of, ClientID="https://github.com/octo")
    iam("AddClientIDToOpenIDConnectProvider", **of, ClientID="https://github.com/octo")
    iam("RemoveClientIDFromOpenIDConnectProvider", **of, ClientID="sts.amazonaws.com")
    iam("RemoveClientIDFromOpenIDConnectProvider", **of, ClientID="sts.amazonaws.com")
    iam("UntagOpenIDConnectProvider", **of, TagKeys=["team"])
    iam("TagOpenIDConnectProvider", **of, Tags=[{"Key": "env", "Value": "prod"}])
    assert shown(iam) == first | {
        "ClientIDList": ["https://github.com/octo"],
        "ThumbprintList": ["0" * 40],
        "Tags": [{"Key": "env", "Value": "prod"}],
    }
    assert iam("ListOpenIDConnectProviderTags", **of)["Tags"] == [{"Key": "env", "Value": "prod"}]
    iam("DeleteOpenIDConnectProvider", **of)
    assert iam.refused("GetOpenIDConnectProvider", **of) == ABSENT
    assert iam.refused("DeleteOpenIDConnectProvider", **of) == ABSENT
    assert iam("ListOpenIDConnectProviders") == {"OpenIDConnectProviderList": []}


def test_a_provider_is_of_one_account(wire: Wire, iam: Query) -> None:
    """Each account has its own provider of a URL, lists its own only, and reaches no other's."""
    made(iam)
    theirs = client(wire, "iam", OTHER)
    assert theirs("ListOpenIDConnectProviders") == {"OpenIDConnectProviderList": []}
    status, code, _ = theirs.refused("DeleteOpenIDConnectProvider", OpenIDConnectProviderArn=ARN)
    assert (status, code) == (403, "AccessDenied")
    assert made(theirs)["OpenIDConnectProviderArn"] == ARN.replace(ACCOUNT, OTHER)
    assert iam("ListOpenIDConnectProviders") == {"OpenIDConnectProviderList": [{"Arn": ARN}]}


def test_a_url_is_taken_once(iam: Query) -> None:
    """A second provider of the same URL in one account is refused by its URL."""
    made(iam)
    sentence = f"Provider with url {URL} already exists."
    assert iam.refused("CreateOpenIDConnectProvider", Url=URL) == (409, "EntityAlreadyExists", sentence)


@pytest.mark.parametrize(
    "url",
    [
        "http://token.example.com",
        "https://token.example.com?x=1",
        "https://token.example.com#x",
        "https://user@token.example.com",
        "https://TOKEN.example.com",
        "https://sts",
        "https://aws/x",
        "https://token.example.com/\x7f",
        "https://",
        "token.example.com",
    ],
)
def test_what_is_no_issuer(iam: Query, url: str) -> None:
    """A URL that no issuer has, or whose claims would be a service's own condition keys, is refused."""
    assert iam.refused("CreateOpenIDConnectProvider", Url=url)[:2] == (400, "InvalidInput")


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"ThumbprintList": ["0" * 40] * 6}, "InvalidInput"),
        ({"ThumbprintList": ["g" * 40]}, "InvalidInput"),
        ({"ThumbprintList": ["0" * 39]}, "ValidationError"),
        ({"ClientIDList": [str(number) for number in range(101)]}, "LimitExceeded"),
    ],
)
def test_lists_have_limits(iam: Query, members: dict[str, Any], code: str) -> None:
    """Thumbprints are at most five SHA-1 sums, client ids at most a hundred."""
    assert iam.refused("CreateOpenIDConnectProvider", Url=URL, **members)[1] == code


def test_a_policy_may_ask_for_a_providers_tags(iam: Query) -> None:
    """aws:ResourceTag of a provider is what its tags say, whatever the case of the letters in its path."""
    arn = iam("CreateOpenIDConnectProvider", Url=f"{URL}/id/ABC", Tags=[{"Key": "team", "Value": "red"}])
    only = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Action": "iam:*",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:ResourceTag/team": "red"}},
        },
    }
    ann = iam.by_new_user("ann")
    iam("PutUserPolicy", UserName="ann", PolicyName="red", PolicyDocument=str(only).replace("'", '"'))
    of = {"OpenIDConnectProviderArn": arn["OpenIDConnectProviderArn"]}
    assert ann("GetOpenIDConnectProvider", **of)["Url"].endswith("/id/ABC")
    iam("UntagOpenIDConnectProvider", **of, TagKeys=["team"])
    assert ann.refused("GetOpenIDConnectProvider", **of)[1] == "AccessDenied"
