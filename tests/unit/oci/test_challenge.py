"""oci.challenge: what who is not proven is told."""

from cargohold.core.addresses import Addresses
from cargohold.core.arn import Registry
from cargohold.oci.challenge import API_VERSION, NOT_AUTHORIZED, challenge

ADDRESSES = Addresses(
    "123456789012", "us-east-1", frozenset({"us-east-1", "eu-west-1"}), "example.com", 443, secure=True
)


def test_the_challenge_reads_as_on_ecr() -> None:
    """Scheme, realm, service and text are ECR's, so that clients ask their users in the same words."""
    url = ADDRESSES.url(Registry("210987654321", "eu-west-1"))
    assert challenge(url) == (
        "Www-Authenticate",
        'Basic realm="https://210987654321.dkr.ecr.eu-west-1.example.com/",service="ecr.amazonaws.com"',
    )
    assert NOT_AUTHORIZED == b"Not Authorized\n"
    assert API_VERSION == ("Docker-Distribution-Api-Version", "registry/2.0")
