"""GetAuthorizationToken: what `aws ecr get-login-password` and the credential helper read."""

import base64
from typing import Any

import pytest

ACCOUNT = "123456789012"
OTHER = "210987654321"
NOON = 1_772_366_400.0
TWELVE_HOURS = 12 * 3600


def test_one_entry_for_the_own_registry(wire: Any) -> None:
    """Without registryIds there is one entry: the own registry's address without a slash, valid for twelve hours."""
    answer = wire("GetAuthorizationToken")
    (entry,) = answer["authorizationData"]
    assert set(answer) == {"authorizationData"}
    assert set(entry) == {"authorizationToken", "expiresAt", "proxyEndpoint"}
    assert entry["expiresAt"] == NOON + TWELVE_HOURS
    assert entry["proxyEndpoint"] == "http://localhost:5050"


def test_the_token_is_a_user_and_a_password(wire: Any) -> None:
    """Once decoded the token is AWS and a password with exactly one colon between them, short enough for any store."""
    token = wire("GetAuthorizationToken")["authorizationData"][0]["authorizationToken"]
    user, password = base64.b64decode(token, validate=True).decode().split(":")
    assert user == "AWS"
    assert 0 < len(password) < 1024
    assert password.isascii()
    assert not set(password) & set(" \n\"'\\$`")


def test_each_listed_registry_has_an_entry(wire: Any) -> None:
    """Every listed registry has an entry with its own address, in order, and one token opens them all."""
    data = wire("GetAuthorizationToken", registryIds=[OTHER, ACCOUNT])["authorizationData"]
    assert [entry["proxyEndpoint"] for entry in data] == [
        f"http://{OTHER}.dkr.ecr.us-east-1.localhost:5050",
        "http://localhost:5050",
    ]
    assert len({entry["authorizationToken"] for entry in data}) == 1


def test_a_token_is_of_the_signatures_region(wire: Any) -> None:
    """In another region the address is that region's registry, and the token is another one."""
    here = wire("GetAuthorizationToken")["authorizationData"][0]
    there = wire.send("GetAuthorizationToken", {}, region="eu-west-1").body["authorizationData"][0]
    assert there["proxyEndpoint"] == f"http://{ACCOUNT}.dkr.ecr.eu-west-1.localhost:5050"
    assert there["authorizationToken"] != here["authorizationToken"]


def test_ten_registries_are_the_most(wire: Any) -> None:
    """registryIds takes one to ten accounts."""
    ids = [f"{number:012}" for number in range(11)]
    assert len(wire("GetAuthorizationToken", registryIds=ids[:10])["authorizationData"]) == 10


@pytest.mark.parametrize(
    ("ids", "reason"),
    [
        ([], "Member must have length greater than or equal to 1"),
        (["0" * 12] * 11, "Member must have length less than or equal to 10"),
    ],
)
def test_a_wrong_number_of_registries_is_refused(wire: Any, ids: list[str], reason: str) -> None:
    """registryIds of none or of more than ten is refused in ECR's sentence."""
    assert wire.refused("GetAuthorizationToken", registryIds=ids) == (
        400,
        "InvalidParameterException",
        f"Invalid parameter at 'registryIds' failed to satisfy constraint: '{reason}'",
    )


def test_a_registry_is_twelve_digits(wire: Any) -> None:
    """registryIds of anything but twelve digits is InvalidParameter."""
    answer = wire.refused("GetAuthorizationToken", registryIds=["12345678901a"])
    assert answer[:2] == (400, "InvalidParameterException")
    assert "[0-9]{12}" in answer[2]
