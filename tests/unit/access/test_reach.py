"""How far credentials reach, without a database."""

from dataclasses import replace

import pytest

from cargohold.access.demand import Demand
from cargohold.access.reach import HOST_ACTION, of_host, within
from cargohold.core.arn import Registry
from cargohold.identity.principals import Credential, DownloadLimit, Principal

HOME = Registry("123456789012", "eu-central-1")
ABROAD = Registry("210987654321", "eu-central-1")
DOWNLOAD = Credential("AKIA", HOME.region, 1, DownloadLimit(HOME, "app"))


@pytest.mark.parametrize(
    ("credential", "demand", "reached"),
    [
        (Credential("AKIA"), Demand("ecr:PutImage", HOME, "app"), True),
        (Credential("AKIA", HOME.region, 1), Demand("ecr:PutImage", HOME, "app"), True),
        (Credential("AKIA", HOME.region, 1), Demand("ecr:PutImage", ABROAD, "app"), True),
        (Credential("AKIA", HOME.region, 1), Demand("ecr:PutImage", replace(HOME, region="eu-west-1"), "app"), False),
        (DOWNLOAD, Demand("ecr:GetDownloadUrlForLayer", HOME, "app"), True),
        (DOWNLOAD, Demand("ecr:BatchCheckLayerAvailability", HOME, "app"), True),
        (DOWNLOAD, Demand("ecr:BatchGetImage", HOME, "app"), False),
        (DOWNLOAD, Demand("ecr:GetDownloadUrlForLayer", HOME, "apps"), False),
        (DOWNLOAD, Demand("ecr:GetDownloadUrlForLayer", HOME), False),
        (DOWNLOAD, Demand("ecr:GetDownloadUrlForLayer", ABROAD, "app"), False),
        (DOWNLOAD, Demand("ecr:GetDownloadUrlForLayer", replace(HOME, kind="public"), "app"), False),
        (DOWNLOAD, Demand("sts:GetCallerIdentity", HOME), False),
    ],
)
def test_tokens_and_downloads(credential: Credential, demand: Demand, reached: bool) -> None:
    """A registry token reaches its region, a download the blobs of its repository, a signature everything."""
    assert within(credential, None, demand) is reached
    assert within(credential, "assumed-role", demand) is reached


@pytest.mark.parametrize(
    ("action", "kinds"),
    [
        ("ecr:PutImage", {"assumed-role", "session", "federated-user"}),
        ("iam:ListUsers", {"assumed-role"}),
        ("sts:AssumeRole", {"assumed-role", "session"}),
        ("sts:GetCallerIdentity", {"assumed-role", "session", "federated-user"}),
        ("sts:GetSessionToken", {"assumed-role"}),
        ("sts:DecodeAuthorizationMessage", {"assumed-role"}),
    ],
)
def test_sessions(action: str, kinds: set[str]) -> None:
    """A user's sessions do not reach IAM, and of STS only what AWS leaves them; a role's sessions reach everything."""
    demand = Demand(action, HOME)
    assert {
        kind for kind in ("assumed-role", "session", "federated-user") if within(Credential("ASIA"), kind, demand)
    } == kinds


def test_hosts() -> None:
    """A host reaches its own credentials and nothing else, and nobody else reaches those."""
    arn = "arn:aws:cargohold::123456789012:host/i-1"
    host = Principal("i-1", arn, HOME.account, "host", "box")
    user = Principal("AIDA", arn, HOME.account, "user", "box")
    own = Demand(HOST_ACTION, HOME, arn=arn)
    assert of_host(host, own)
    assert not of_host(user, own)
    for demand in (
        Demand(HOST_ACTION, HOME, arn=f"{arn}2"),
        Demand(HOST_ACTION, HOME),
        Demand("cargohold:ListHosts", HOME, arn=arn),
        Demand("sts:GetCallerIdentity", HOME),
    ):
        assert not of_host(host, demand)
