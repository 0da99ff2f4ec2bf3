"""core.addresses: host names to registries and back."""

import pytest

from cargohold.core.addresses import Addresses
from cargohold.core.arn import Registry
from cargohold.core.errors import UnknownHost

HOME = Addresses("123456789012", "us-east-1", frozenset({"us-east-1", "eu-west-1"}))
OTHER = Registry("999999999999", "eu-west-1")


@pytest.mark.parametrize("host", ["localhost:5050", "LOCALHOST", "127.0.0.1:5050", "[::1]:5050", "10.1.2.3"])
def test_local_names_mean_the_default_registry(host: str) -> None:
    """localhost and plain addresses mean the default account and region, with or without a port."""
    assert HOME.registry(host) == Registry("123456789012", "us-east-1")


@pytest.mark.parametrize(
    "host",
    [
        "999999999999.dkr.ecr.eu-west-1.localhost:5050",
        "999999999999.dkr.ecr.eu-west-1.amazonaws.com",
        "999999999999.dkr-ecr.eu-west-1.on.aws",
        "999999999999.DKR.ecr.EU-west-1.localhost.",
    ],
)
def test_registry_names_carry_account_and_region(host: str) -> None:
    """A registry's own name says its account and region, under our domain and under AWS's."""
    assert HOME.registry(host) == OTHER


@pytest.mark.parametrize(
    "host",
    ["evil.example", "999999999999.dkr.ecr.ap-south-1.localhost", "1.dkr.ecr.us-east-1.localhost", "", "a/b",
     "999999999999.dkr.ecr.eu-west-1.evil.example"],
)  # fmt: skip
def test_names_that_are_not_ours_are_refused(host: str) -> None:
    """A host name, account or region that is not ours is refused, so nothing is built from it."""
    with pytest.raises(UnknownHost, match="Could not resolve registry id from host"):
        HOME.registry(host)


@pytest.mark.parametrize("registry", [HOME.default, OTHER])
def test_an_address_leads_back_to_its_registry(registry: Registry) -> None:
    """The host made for a registry means that registry."""
    assert HOME.registry(HOME.host(registry)) == registry


def test_the_port_is_left_out_where_it_is_the_schemes_own() -> None:
    """With TLS on 443 the URL carries no port."""
    home = Addresses("123456789012", "us-east-1", frozenset({"us-east-1"}), "example.com", 443, secure=True)
    assert home.url(home.default) == "https://example.com"
    assert HOME.url(HOME.default) == "http://localhost:5050"
    assert HOME.url(OTHER) == "http://999999999999.dkr.ecr.eu-west-1.localhost:5050"


def test_remembered_names_are_bounded() -> None:
    """A client that invents addresses cannot make the memory of names grow without end."""
    home = Addresses("123456789012", "us-east-1", frozenset({"us-east-1"}))
    for number in range(1500):
        home.registry(f"localhost:{number}")
    assert len(home._cache) == 1000


def test_an_aws_domain_alone_is_no_registry() -> None:
    """Under a domain of AWS's each registry has its whole name: ECR's credential helper knows no other."""
    addresses = Addresses("123456789012", "eu-central-1", frozenset({"eu-central-1"}), "amazonaws.com", 443, True)
    assert addresses.url(addresses.default) == "https://123456789012.dkr.ecr.eu-central-1.amazonaws.com"
