"""Rate limits at the AWS door: off by default, by account and action where an operator gives them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cargohold.access.rates import Rates
from cargohold.aws.door import AwsDoor

THROTTLED = (400, "ThrottlingException", "Rate exceeded")
OTHER = "210987654321"


@pytest.fixture
def limited(wire: Any) -> Callable[..., Any]:
    """Makes a client of a registry with rates, on a clock of seconds that stands still."""

    def make(**rates: float) -> Any:
        given = Rates({f"ecr:{name}": rate for name, rate in rates.items()}, lambda: 0.0)
        services = replace(wire.services, rates=given)
        return replace(wire, services=services, door=AwsDoor(services))

    return make


def test_nothing_is_limited_by_default(wire: Any) -> None:
    """Without rates an account may ask as often as it likes."""
    assert wire.services.rates is None
    for _ in range(200):
        wire("DescribeRepositories")


def test_more_than_the_rate_is_throttled(limited: Callable[..., Any]) -> None:
    """Past its rate an account is told ThrottlingException, `Rate exceeded`, for that operation and no other."""
    wire = limited(DescribeRepositories=3)
    for _ in range(3):
        wire("DescribeRepositories")
    assert wire.refused("DescribeRepositories") == THROTTLED
    wire("CreateRepository", repositoryName="demo")


def test_another_account_is_not_held_up(limited: Callable[..., Any]) -> None:
    """What one account used up, another still has."""
    wire = limited(DescribeRepositories=1)
    wire("DescribeRepositories")
    assert wire.refused("DescribeRepositories") == THROTTLED
    assert wire.send("DescribeRepositories", {}, account=OTHER).status == 200


def test_referrers_count_as_images(limited: Callable[..., Any]) -> None:
    """ListImageReferrers, which is authorised as BatchGetImage, is counted as BatchGetImage."""
    wire = limited(BatchGetImage=1)
    wire("CreateRepository", repositoryName="demo")
    wire("BatchGetImage", repositoryName="demo", imageIds=[{"imageTag": "a"}])
    subject = {"imageDigest": "sha256:" + "0" * 64}
    assert wire.refused("ListImageReferrers", repositoryName="demo", subjectId=subject) == THROTTLED
