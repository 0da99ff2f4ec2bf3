"""The registry token and the presigned download, as the OCI door sees them."""

import base64
import json
from dataclasses import replace

import pytest

from cargohold.core.arn import Registry, Target
from cargohold.core.clock import HOUR
from cargohold.core.digest import of
from cargohold.core.errors import ExpiredRegistryToken, InvalidRegistryToken
from cargohold.encryption.tokens import Tokens
from cargohold.exchange import Request
from cargohold.identity import registry_token
from cargohold.identity.principals import ANONYMOUS, Credential, DownloadLimit

from .conftest import ACCOUNT, HOST, NOON, REGISTRY, House, received

DIGEST = of(b"layer")
BLOB = f"http://{HOST}/v2/team/app/blobs/{DIGEST}"


def asking(authorization: str | None) -> Request:
    headers = {"Host": HOST} if authorization is None else {"Host": HOST, "Authorization": authorization}
    return received("GET", f"http://{HOST}/v2/", headers)


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.fixture
def password(house: House) -> str:
    credential = Credential(house.key.access_key_id)
    return registry_token.issue(house.tokens, credential, REGISTRY.region, house.clock()).password


def test_password(house: House, password: str) -> None:
    """The password of a key opens the registries of its region, of whichever account, as that key."""
    for account in (ACCOUNT, "999999999999"):
        credential = house.authenticator.registry(asking(basic("AWS", password)), Registry(account, REGISTRY.region))
        assert credential == Credential(house.key.access_key_id, REGISTRY.region, NOON)


def test_form(house: House) -> None:
    """A decoded authorizationToken is under 1 KiB, has exactly one colon and says when it expires: in twelve hours."""
    issued = registry_token.issue(house.tokens, Credential("AKIA" + "A" * 124), "us-gov-northwest-1", NOON)
    text = f"AWS:{issued.password}"
    assert text.count(":") == 1
    assert len(base64.b64encode(text.encode())) < 1024
    assert issued.expires_at == NOON + 12 * HOUR


def test_scheme_is_read_regardless_of_case(house: House, password: str) -> None:
    """`basic` is as good as `Basic`."""
    credential = house.authenticator.registry(asking(basic("AWS", password).replace("Basic", "basic")), REGISTRY)
    assert credential.access_key_id == house.key.access_key_id


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic QVdT",
        "Basic /////w==",
        "Basic é",
        "Basic QVdTOng= x",
        "Negotiate x",
        "AWS4-HMAC-SHA256 x",
    ],
)
def test_nobody(house: House, authorization: str | None) -> None:
    """Where nobody is named, or in no way that the registry knows, the door is left to challenge."""
    assert house.authenticator.registry(asking(authorization), REGISTRY) == ANONYMOUS


def test_bearer(house: House, password: str) -> None:
    """The private registry has no Bearer flow, as on ECR."""
    assert house.authenticator.registry(asking(f"Bearer {password}"), REGISTRY) == ANONYMOUS


def test_two_authorization_headers(house: House, password: str) -> None:
    """A request that names two has named nobody."""
    one = basic("AWS", password)
    request = replace(asking(f"{one},{one}"), repeated=frozenset({"authorization"}))
    assert house.authenticator.registry(request, REGISTRY) == ANONYMOUS


@pytest.mark.parametrize("user", ["aws", "AWS ", "", "administrator"])
def test_other_user(house: House, password: str, user: str) -> None:
    """The user name is AWS and nothing else."""
    with pytest.raises(InvalidRegistryToken, match="Your Authorization Token is invalid"):
        house.authenticator.registry(asking(basic(user, password)), REGISTRY)


def test_changed_password(house: House, password: str) -> None:
    """A password that is changed anywhere is refused."""
    for position in range(len(password)):
        changed = password[:position] + ("A" if password[position] != "A" else "B") + password[position + 1 :]
        with pytest.raises(InvalidRegistryToken):
            house.authenticator.registry(asking(basic("AWS", changed)), REGISTRY)


@pytest.mark.parametrize("password", ["", ".", "x", "e30.", "a:b", "eyJhbGciOiJub25lIn0.e30.", "A" * 100_000])
def test_made_up_password(house: House, password: str) -> None:
    """A password that this deployment did not issue is refused, a JWT without a signature too."""
    with pytest.raises(InvalidRegistryToken):
        house.authenticator.registry(asking(basic("AWS", password)), REGISTRY)


def test_password_of_another_deployment(house: House) -> None:
    """A password that another deployment issued is refused."""
    other = registry_token.issue(Tokens(b"o" * 32), Credential(house.key.access_key_id), REGISTRY.region, NOON)
    with pytest.raises(InvalidRegistryToken):
        house.authenticator.registry(asking(basic("AWS", other.password)), REGISTRY)


def test_other_region(house: House, password: str) -> None:
    """A password opens no registry of another region, and the answer names both regions."""
    with pytest.raises(InvalidRegistryToken, match=r"issued for the region eu-central-1, not for eu-west-1\."):
        house.authenticator.registry(asking(basic("AWS", password)), Registry(ACCOUNT, "eu-west-1"))


def test_expiry(house: House, password: str) -> None:
    """A password is good for twelve hours, and then refused in ECR's words."""
    house.clock.now = NOON + 12 * HOUR - 1
    assert house.authenticator.registry(asking(basic("AWS", password)), REGISTRY).issued_at == NOON
    house.clock.now = NOON + 12 * HOUR
    with pytest.raises(ExpiredRegistryToken, match="Your authorization token has expired"):
        house.authenticator.registry(asking(basic("AWS", password)), REGISTRY)


def test_nothing_secret_inside(house: House, password: str) -> None:
    """The password tells its holder nothing but the key's id, the region and the times."""
    payload = password.partition(".")[0]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims == {
        "key": house.key.access_key_id,
        "region": REGISTRY.region,
        "issued": NOON,
        "expires": NOON + 12 * HOUR,
    }


@pytest.fixture
def download(house: House) -> Request:
    """The request that a presigned download is for."""
    target = Target(REGISTRY, "team/app", 1)
    credential = Credential(house.key.access_key_id)
    query = registry_token.download_query(house.tokens, credential, target, DIGEST, house.clock())
    return received("GET", f"{BLOB}?{query}", {"Host": HOST})


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_download(house: House, download: Request, method: str) -> None:
    """A presigned download opens its blob to GET and HEAD, as its key and within its repository."""
    credential = house.authenticator.registry(replace(download, method=method), REGISTRY)
    limit = DownloadLimit(REGISTRY, "team/app")
    assert credential == Credential(house.key.access_key_id, REGISTRY.region, NOON, limit)


@pytest.mark.parametrize(
    "change",
    [
        {"method": "DELETE"},
        {"method": "POST"},
        {"path": f"/v2/team/app/blobs/{of(b'other')}"},
        {"path": f"/v2/team/other/blobs/{DIGEST}"},
        {"path": f"/v2/team/app/manifests/{DIGEST}"},
        {"path": f"/v2/team/app/blobs/{DIGEST}/"},
        {"path": f"//v2/team/app/blobs/{DIGEST}"},
        {"path": "/v2/"},
        {"path": "/v2/_catalog"},
    ],
)
def test_download_of_something_else(house: House, download: Request, change: dict[str, str]) -> None:
    """A presigned download opens no other method, blob, repository or path."""
    with pytest.raises(InvalidRegistryToken):
        house.authenticator.registry(replace(download, **change), REGISTRY)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "registry",
    [
        Registry("999999999999", "eu-central-1"),
        Registry(ACCOUNT, "eu-west-1"),
        Registry(ACCOUNT, "eu-central-1", "public"),
    ],
)
def test_download_from_another_registry(house: House, download: Request, registry: Registry) -> None:
    """A presigned download opens its registry only, although another may hold the same repository and digest."""
    with pytest.raises(InvalidRegistryToken):
        house.authenticator.registry(download, registry)


def test_changed_download(house: House, download: Request) -> None:
    """A presigned download's query stands alone and unchanged."""
    for query in (download.query + "&x=1", download.query[:-2], download.query.partition("=")[0] + "="):
        with pytest.raises(InvalidRegistryToken):
            house.authenticator.registry(replace(download, query=query), REGISTRY)


def test_download_expiry(house: House, download: Request) -> None:
    """A presigned download is good for an hour."""
    house.clock.now = NOON + HOUR - 1
    assert house.authenticator.registry(download, REGISTRY).limit is not None
    house.clock.now = NOON + HOUR
    with pytest.raises(ExpiredRegistryToken):
        house.authenticator.registry(download, REGISTRY)


def test_download_stays_narrow_beside_a_password(house: House, download: Request, password: str) -> None:
    """A password that is sent along does not widen a presigned download."""
    request = replace(download, headers={**download.headers, "authorization": basic("AWS", password)})
    assert house.authenticator.registry(request, REGISTRY).limit is not None


def test_purposes_are_apart(house: House, download: Request, password: str) -> None:
    """A password is no download, and a download is no password."""
    token = download.query.partition("=")[2]
    with pytest.raises(InvalidRegistryToken):
        house.authenticator.registry(asking(basic("AWS", token)), REGISTRY)
    with pytest.raises(InvalidRegistryToken):
        house.authenticator.registry(replace(download, query=f"X-Cargohold-Token={password}"), REGISTRY)


def test_download_of_the_longest_name(house: House) -> None:
    """A download of a repository with the longest name, by a sha512 digest, is still issued and read."""
    target = Target(REGISTRY, "a" * 256, 1)
    digest = of(b"layer", "sha512")
    query = registry_token.download_query(house.tokens, Credential("A" * 128), target, digest, NOON)
    request = received("GET", f"http://{HOST}/v2/{'a' * 256}/blobs/{digest}?{query}", {"Host": HOST})
    assert house.authenticator.registry(request, REGISTRY).access_key_id == "A" * 128
