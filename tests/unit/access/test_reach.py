"""How far credentials reach, without a database."""

from dataclasses import replace

import pytest

from cargohold.access.demand import Demand
from cargohold.access.reach import within
from cargohold.core.arn import Registry
from cargohold.identity.principals import Credential, DownloadLimit

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
