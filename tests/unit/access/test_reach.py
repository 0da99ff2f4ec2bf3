"""Decisions, without a database."""

from dataclasses import replace

import pytest

from cargohold.access.demand import Demand
from cargohold.access.reach import decide, within
from cargohold.core.arn import Registry
from cargohold.identity.principals import Credential, DownloadLimit, Principal

HOME = Registry("123456789012", "eu-central-1")
ABROAD = Registry("210987654321", "eu-central-1")
ADMINISTRATOR = Principal("AIDA1", "arn:aws:iam::123456789012:user/administrator", HOME.account, "user", "a", True)
USER = replace(ADMINISTRATOR, administrator=False)


@pytest.mark.parametrize(
    ("principal", "demand", "reason"),
    [
        (ADMINISTRATOR, Demand("ecr:PutImage", HOME, "app"), None),
        (ADMINISTRATOR, Demand("ecr:GetAuthorizationToken", HOME), None),
        (ADMINISTRATOR, Demand("ecr:PutImage", replace(HOME, region="eu-west-1"), "app"), None),
        (ADMINISTRATOR, Demand("ecr:PutImage", ABROAD, "app"), "resource-based"),
        (ADMINISTRATOR, Demand("ecr:DescribeRepositories", ABROAD), "resource-based"),
        (USER, Demand("ecr:PutImage", HOME, "app"), "identity-based"),
        (USER, Demand("ecr:GetAuthorizationToken", HOME), "identity-based"),
        (USER, Demand("ecr:PutImage", ABROAD, "app"), "resource-based"),
        (USER, Demand("sts:GetCallerIdentity", HOME), None),
        (USER, Demand("sts:getcalleridentity", HOME), "identity-based"),
    ],
)
def test_decide(principal: Principal, demand: Demand, reason: str | None) -> None:
    """An administrator may do everything in its account; whoever may not is told which kind of policy is missing."""
    decision = decide(Credential("AKIA"), principal, demand)
    assert decision.allowed is (reason is None)
    assert decision.reason == (
        "" if reason is None else f"because no {reason} policy allows the {demand.action} action"
    )


DOWNLOAD = Credential("AKIA", HOME.region, 1, DownloadLimit(HOME, "app"))


def test_a_credential_that_does_not_reach_decides() -> None:
    """What an administrator may do is not done with a credential that does not reach that far."""
    abroad = Demand("ecr:PutImage", replace(HOME, region="eu-west-1"), "app")
    assert decide(Credential("AKIA"), ADMINISTRATOR, abroad).allowed
    assert decide(Credential("AKIA", HOME.region, 1), ADMINISTRATOR, abroad) == within(
        Credential("AKIA", HOME.region, 1), abroad
    )
    assert not decide(DOWNLOAD, USER, Demand("sts:GetCallerIdentity", HOME)).allowed


@pytest.mark.parametrize(
    ("credential", "demand", "allowed"),
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
    ],
)
def test_within(credential: Credential, demand: Demand, allowed: bool) -> None:
    """A registry token reaches its region, a download the blobs of its repository, a signature everything."""
    decision = within(credential, demand)
    assert decision.allowed is allowed
    assert decision.reason == ("" if allowed else f"because no session policy allows the {demand.action} action")
