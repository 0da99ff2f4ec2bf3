"""Which roles trust a service of AWS's: those whose trust policy names it, and lets it have the role."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cargohold.access.trust import Trust
from tests.bed.access import NOW, House, document, furnish, granting, trusting
from tests.bed.engines import Engine, Place

EC2 = "ec2.amazonaws.com"
ARN = "arn:aws:iam::123456789012:role/web"
SOURCE = "arn:aws:ec2:eu-central-1:123456789012:instance/i-0123456789abcdef0"
NAMED = {"Service": EC2}


@pytest.fixture(scope="module")
def furnished(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = engine.make(tmp_path_factory.mktemp("furnished"))

    async def work() -> None:
        database = engine.open(place)
        await database.write(furnish)
        await database.close()

    asyncio.run(work())
    return place


@pytest.fixture
def house(engine: Engine, furnished: Place, tmp_path: Path) -> Iterator[House]:
    """A house with two accounts, on each database."""
    place = engine.copy(furnished, tmp_path)
    with engine.borrowed(place) as database:
        yield House(database)
    engine.drop(place)


def allows(house: House, trust: str, service: str = EC2) -> bool:
    role_id = house.role("web", trust)
    return asyncio.run(Trust(house.database, lambda: NOW).allows_service(role_id, ARN, service, SOURCE))


def denying(principal: Any, **more: Any) -> str:
    """EC2 is let, and somebody denied."""
    let = {"Effect": "Allow", "Principal": NAMED, "Action": "sts:AssumeRole"}
    return document(let, {"Effect": "Deny", "Principal": principal, "Action": "sts:AssumeRole", **more})


@pytest.mark.parametrize(
    "trust",
    [
        trusting(NAMED),
        trusting({"Service": ["ecs-tasks.amazonaws.com", EC2]}),
        granting(NAMED, "sts:*"),
        granting(NAMED, ["sts:TagSession", "sts:assumerole"]),
        trusting(NAMED, Condition={"StringEquals": {"aws:SourceAccount": "123456789012"}}),
        trusting(NAMED, Condition={"ArnEquals": {"aws:SourceArn": SOURCE}}),
        trusting(NAMED, Condition={"Bool": {"aws:PrincipalIsAWSService": "true"}}),
        trusting(NAMED, Condition={"DateLessThan": {"aws:CurrentTime": "2026-03-02T00:00:00Z"}}),
        denying({"Service": "lambda.amazonaws.com"}),
        denying({"AWS": "210987654321"}),
    ],
)
def test_who_is_named_is_trusted(house: House, trust: str) -> None:
    """A service that a statement names gets the role, where the statement's conditions hold and nobody denies it."""
    assert allows(house, trust)


@pytest.mark.parametrize(
    "trust",
    [
        trusting("*"),
        trusting({"AWS": "*"}),
        trusting({"AWS": "123456789012"}),
        trusting({"Service": "ec2.amazonaws.com.cn"}),
        trusting({"Service": "lambda.amazonaws.com"}),
        granting(NAMED, "sts:TagSession"),
        trusting(NAMED, Condition={"StringEquals": {"aws:SourceAccount": "210987654321"}}),
        trusting(NAMED, Condition={"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}),
        trusting(NAMED, Condition={"StringEquals": {"sts:ExternalId": "x"}}),
        denying({"AWS": "*"}),
        denying(NAMED),
    ],
)
def test_nobody_else_is(house: House, trust: str) -> None:
    """Everybody is no service: `*` names AWS's principals, and denies services as well."""
    assert not allows(house, trust)


def test_a_role_that_is_not_there_trusts_nobody(house: House) -> None:
    """A role that went meanwhile is handed to nobody."""
    assert not asyncio.run(Trust(house.database, lambda: NOW).allows_service("AROAGONE", ARN, EC2, SOURCE))
