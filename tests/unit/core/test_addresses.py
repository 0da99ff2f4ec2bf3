"""core.addresses: host names to registries and back."""

from dataclasses import replace

import pytest

from cargohold.core.addresses import PUBLIC, Addresses
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


PUBLIC_HOSTS = [
    "public.localhost:5050",
    "PUBLIC.localhost.",
    "public.ecr.aws",
    "public.ecr.aws:5050",
    "ecr-public.aws.com",
]


@pytest.mark.parametrize("host", PUBLIC_HOSTS)
def test_a_public_host_means_the_public_registries(host: str) -> None:
    """Which of the public registries is meant no host says: the path's alias does."""
    assert HOME.registry(host) == PUBLIC


@pytest.mark.parametrize(
    ("addresses", "name"),
    [
        (HOME, "public.localhost:5050"),
        (replace(HOME, public_port=5051), "localhost:5051"),
        (replace(HOME, domain="example.com", port=443, secure=True), "public.example.com"),
        (replace(HOME, domain="example.com", public_port=5051), "example.com:5051"),
        (replace(HOME, domain="amazonaws.com", port=443, secure=True, public_port=5051), "public.ecr.aws"),
    ],
)
def test_how_public_repositories_are_addressed(addresses: Addresses, name: str) -> None:
    """By the port of their own where there is one, by name elsewhere, and as on AWS where AWS's domain is ours."""
    assert addresses.public_name == name


@pytest.mark.parametrize("host", ["localhost:5051", "127.0.0.1:7000", "[::1]:5051", "public.localhost", "LOCALHOST:51"])
def test_every_name_of_ours_is_public_on_the_public_port(host: str) -> None:
    """On the public registries' own port a client goes on at the host that it came to."""
    assert HOME.public_origin(host, own_port=True) == host.lower()


@pytest.mark.parametrize(
    "host", ["localhost:5050", "123456789012.dkr.ecr.us-east-1.localhost", "evil.example", "public.localhost:80/x", ""]
)
def test_s27_no_other_host_is_public(host: str) -> None:
    """Elsewhere only a public name is; none with anything behind its port."""
    with pytest.raises(UnknownHost):
        HOME.public_origin(host, own_port=False)


def test_s27_the_public_port_knows_our_names_only() -> None:
    """A private registry's name means nothing there, and neither does a stranger's."""
    for host in ("123456789012.dkr.ecr.us-east-1.localhost:5051", "evil.example:5051", 'localhost:1",realm="x'):
        with pytest.raises(UnknownHost):
            HOME.public_origin(host, own_port=True)
