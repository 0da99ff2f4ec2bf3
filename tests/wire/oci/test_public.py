"""The public registries' door: everybody pulls, principals push, and no private repository is ever met there."""

import base64
import json
import struct
from dataclasses import replace
from typing import Any

import pytest

from cargohold.core.arn import Registry, public_registry
from cargohold.core.digest import of
from cargohold.exchange import Reply
from cargohold.identity import public_token
from cargohold.identity.principals import Credential
from cargohold.oci.public_door import PublicDoor
from cargohold.registry.catalog import Catalog
from cargohold.registry.repository import NewRepository
from tests.wire.conftest import Wire
from tests.wire.query import Query, client

from .bench import ABSENT, ACCOUNT, CONFIG, IMAGE, LAYER, OCI_MANIFEST, OTHER, Bench

HOST = "public.localhost:5050"
THERE = public_registry(ACCOUNT)
CHALLENGE = f'Bearer realm="http://{HOST}/token/",service="{HOST}",scope="aws"'
MANIFEST = "/v2/ours/hello/manifests/v1"
BLOB = f"/v2/ours/hello/blobs/{of(LAYER)}"
UPLOADS = "/v2/ours/hello/blobs/uploads/"
POWER_USER = "arn:aws:iam::aws:policy/AmazonElasticContainerRegistryPublicPowerUser"
READ_ONLY = "arn:aws:iam::aws:policy/AmazonElasticContainerRegistryPublicReadOnly"
PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + struct.pack(">II", 60, 60)
"""As much of a PNG as is looked at."""
TWELVE_HOURS = 12 * 3_600_000


def password(bench: Bench, key_id: str) -> str:
    """What `aws ecr-public get-login-password` prints, decoded."""
    return public_token.issue(bench.services.tokens, Credential(key_id), bench.clock()).password


def create(bench: Bench, name: str, alias: str, registry: Registry = THERE) -> None:
    registries = bench.services.public.registries
    bench.runner.run(registries.create(registry, NewRepository(name), None))
    bench.runner.run(registries.add_alias(registry, alias))


@pytest.fixture
def admin(wire: Wire) -> Bench:
    """The administrator at the public host, with an image hello:v1 in the registry that is called ours."""
    keys = {account: key.access_key_id for account, key in wire.keys.items()}
    made = Bench(wire.services, wire.runner, wire.clock, keys)
    made = made.as_(password(made, keys[ACCOUNT]), HOST)
    create(made, "hello", "ours")
    made.push("ours/hello", "v1", IMAGE)
    return made


@pytest.fixture
def nobody(admin: Bench) -> Bench:
    """Who names nobody."""
    return admin.as_(None, HOST)


@pytest.fixture
def iam(wire: Wire) -> Query:
    return client(wire, "iam")


def user(admin: Bench, iam: Query, name: str, *policies: str) -> Bench:
    """A new user with AWS's policies, logged in to the public registries."""
    iam("CreateUser", UserName=name)
    for arn in policies:
        iam("AttachUserPolicy", UserName=name, PolicyArn=arn)
    return admin.as_(password(admin, iam.new_key(name).access_key_id), HOST)


def beside(bench: Bench, method: str, path: str, headers: dict[str, str] | None = None, *, port: bool = False) -> Reply:
    """A reply of the public registries' door on a path that is none of /v2/."""
    door = PublicDoor(bench.services, own_port=port)
    reply = bench.runner.run(door(bench.request(method, path, b"", headers or {})))
    assert isinstance(reply.body, bytes)
    return reply


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def told(reply: Reply) -> dict[str, Any]:
    assert isinstance(reply.body, bytes)
    found: dict[str, Any] = json.loads(reply.body)
    return found


# Pulling


@pytest.mark.parametrize("token", ["no credentials", "an anonymous token"])
def test_everybody_pulls(nobody: Bench, token: str) -> None:
    """Without credentials, and with an anonymous token, all that belongs to a pull is served."""
    headers = bearer(told(beside(nobody, "GET", "/token/"))["token"]) if token == "an anonymous token" else {}
    found = nobody("GET", MANIFEST, headers=headers)
    assert (found.status, found.body) == (200, IMAGE)
    assert nobody("HEAD", MANIFEST, headers=headers).headers["docker-content-digest"] == of(IMAGE)
    assert nobody("GET", f"/v2/ours/hello/manifests/{of(IMAGE)}", headers=headers).body == IMAGE
    assert nobody("GET", BLOB, headers=headers).body == LAYER
    assert nobody("HEAD", BLOB, headers=headers).status == 200
    assert nobody("GET", BLOB, headers=headers | {"range": "bytes=2-4"}).body == LAYER[2:5]
    assert nobody("GET", "/v2/ours/hello/tags/list", headers=headers).json == {"name": "ours/hello", "tags": ["v1"]}
    assert nobody("GET", f"/v2/ours/hello/referrers/{of(IMAGE)}", headers=headers).json["manifests"] == []


def test_every_alias_addresses_the_registry(nobody: Bench) -> None:
    """A registry is found by its default alias and by those that it was given since, at once."""
    (default, given) = nobody.runner.run(nobody.services.public.registries.publisher(THERE)).aliases
    assert (default.is_default, default.is_primary, given.is_primary) == (True, False, True)
    assert nobody("GET", f"/v2/{default.name}/hello/manifests/v1").body == IMAGE
    assert nobody("GET", "/v2/later/hello/manifests/v1").status == 404
    nobody.runner.run(nobody.services.public.registries.add_alias(THERE, "later"))
    assert nobody("GET", "/v2/later/hello/manifests/v1").body == IMAGE


def test_pages_of_tags_are_linked_with_the_alias(nobody: Bench, admin: Bench) -> None:
    """The link to the next page leads on at the same registry."""
    admin.push("ours/hello", "v2", IMAGE)
    page = nobody("GET", "/v2/ours/hello/tags/list?n=1")
    assert page.headers["link"] == '</v2/ours/hello/tags/list?n=1&last=v1>; rel="next"'


@pytest.mark.parametrize(
    ("path", "refusal"),
    [
        ("/v2/nobody/hello/manifests/v1", (404, "NAME_UNKNOWN", "The registry with id 'nobody' does not exist")),
        ("/v2/ours/hello/manifests/v9", (404, "MANIFEST_UNKNOWN", "Requested image not found")),
        ("/v2/ours/nothing/manifests/v1", (404, "NAME_UNKNOWN", None)),
        (f"/v2/ours/hello/blobs/{ABSENT}", (404, "BLOB_UNKNOWN", None)),
        ("/v2/_catalog", (404, "UNSUPPORTED", "The public registries have no list of all repositories")),
        ("/v2/hello/manifests/v1", (404, "UNSUPPORTED", None)),
        ("/v2/Ours/hello/tags/lists", (404, "UNSUPPORTED", None)),
        ("/v2/ours/hello/manifests/../../x", (404, "UNSUPPORTED", None)),
    ],
)
def test_what_is_not_there(nobody: Bench, path: str, refusal: tuple[int, str, str | None]) -> None:
    """What is not there is told to everybody, for nothing here is a secret."""
    found = nobody("GET", path).refusal
    assert found == (refusal[0], refusal[1], refusal[2] or found[2])


# Tokens


def test_clients_find_a_bearer_challenge(nobody: Bench) -> None:
    """/v2/ answers who names nobody with the challenge that says where a token is, and any token with 200."""
    asked = nobody("GET", "/v2/")
    assert (asked.status, asked.body) == (401, b"Not Authorized\n")
    assert asked.headers["www-authenticate"] == CHALLENGE
    answer = told(beside(nobody, "GET", "/token/?service=x&scope=repository:ours/hello:pull"))
    assert answer["token"] == answer["access_token"]
    assert answer["expires_in"] == TWELVE_HOURS // 1000
    assert nobody("GET", "/v2/", headers=bearer(answer["token"])).status == 200


def test_a_password_is_changed_for_a_token(admin: Bench, nobody: Bench) -> None:
    """/token/ gives who logs in a token of that principal, which is over when the password is."""
    admin.clock.now += 3_600_000
    answer = told(beside(admin, "GET", "/token/?account=AWS&client_id=docker&offline_token=true"))
    assert answer["expires_in"] == (TWELVE_HOURS - 3_600_000) // 1000
    token = bearer(answer["token"])
    assert nobody("GET", "/v2/", headers=token).status == 200
    assert nobody("POST", UPLOADS, headers=token).status == 202
    admin.clock.now += TWELVE_HOURS - 3_600_000
    late = nobody("GET", MANIFEST, headers=token)
    assert late.refusal == (
        401,
        "DENIED",
        "Your authorization token has expired. Reauthenticate and try again.",
    )
    assert late.headers["www-authenticate"] == CHALLENGE
    assert nobody("GET", "/v2/", headers=token).status == 401


def test_the_apis_token_is_a_bearer_token_as_it_is(admin: Bench, nobody: Bench) -> None:
    """What GetAuthorizationToken answers may be sent as it is, and as Basic."""
    encoded = base64.b64encode(f"AWS:{admin.password}".encode()).decode()
    assert nobody("POST", UPLOADS, headers=bearer(encoded)).status == 202
    assert nobody("POST", UPLOADS, headers=bearer(admin.password or "")).status == 202
    assert admin("POST", UPLOADS).status == 202


@pytest.mark.parametrize("header", ["Bearer x", "Bearer ", "Basic eDp5", "Basic QVdTOng="])
def test_what_nobody_issued_is_refused(nobody: Bench, header: str) -> None:
    """A token or password that was not issued here opens nothing, not even what is open to who brings none."""
    for path in ("/v2/", MANIFEST):
        found = nobody("GET", path, headers={"authorization": header})
        assert (found.status, found.code) == (401, "UNAUTHORIZED")
        assert found.headers["www-authenticate"] == CHALLENGE
    assert beside(nobody, "GET", "/token/", {"authorization": header}).status == 401


def test_s3_no_token_opens_the_other_kind_of_registry(admin: Bench, nobody: Bench) -> None:
    """A private registry's password is none here, and what is issued here is none there."""
    admin.create("demo")
    private = admin.as_(admin.token(), HOST)
    assert private("GET", MANIFEST).status == 401
    there = admin.as_(admin.password, "localhost:5050")
    assert there("GET", "/v2/demo/tags/list").status == 401
    anonymous = bearer(told(beside(nobody, "GET", "/token/"))["token"])
    assert admin.as_(None, "localhost:5050")("GET", "/v2/demo/tags/list", headers=anonymous).status == 401


def test_a_principal_that_is_gone_pulls_only_without_its_token(admin: Bench, iam: Query, nobody: Bench) -> None:
    """S9: a token ends with its principal's key, at /token/ too; who then brings none still pulls."""
    iam("CreateUser", UserName="ann")
    key = iam.new_key("ann").access_key_id
    ann = admin.as_(password(admin, key), HOST)
    assert ann("GET", MANIFEST).status == 200
    iam("DeleteAccessKey", UserName="ann", AccessKeyId=key)
    assert (ann("GET", MANIFEST).status, ann("GET", "/v2/").status) == (403, 403)
    assert beside(ann, "GET", "/token/").status == 403
    assert nobody("GET", MANIFEST).status == 200


def test_the_token_endpoint_only_answers_get(nobody: Bench) -> None:
    """Clients that POST for a token are told what is allowed, and go on with GET."""
    reply = beside(nobody, "POST", "/token/")
    assert (reply.status, dict(reply.headers)["Allow"]) == (405, "GET, HEAD")
    assert beside(nobody, "GET", "/token").status == 200


# Pushing


def test_a_push_stays_at_its_registry(admin: Bench) -> None:
    """Every Location of a push has the alias, in each of its steps."""
    begun = admin("POST", UPLOADS)
    assert begun.headers["location"].startswith(UPLOADS)
    assert admin("PATCH", begun.headers["location"], b"data").status == 202
    assert admin("GET", begun.headers["location"]).headers["range"] == "0-3"
    done = admin("PUT", f"{begun.headers['location']}?digest={of(b'data')}")
    assert (done.status, done.headers["location"]) == (201, f"/v2/ours/hello/blobs/{of(b'data')}")
    put = admin("PUT", "/v2/ours/hello/manifests/v2", IMAGE, {"content-type": OCI_MANIFEST})
    assert (put.status, put.headers["location"]) == (201, f"/v2/ours/hello/manifests/{of(IMAGE)}")
    assert admin("DELETE", "/v2/ours/hello/manifests/v2").status == 202
    assert admin("DELETE", f"/v2/ours/hello/blobs/{of(b'data')}").status == 202
    forgotten = admin("POST", UPLOADS).headers["location"]
    assert admin("DELETE", forgotten).status == 204


def test_who_may_push_is_iams_to_say(admin: Bench, iam: Query) -> None:
    """AWS's policies for public registries mean what they say; ECR's private ones mean nothing here."""
    power, reader = user(admin, iam, "power", POWER_USER), user(admin, iam, "reader", READ_ONLY)
    assert power("POST", UPLOADS).status == 202
    assert power("DELETE", MANIFEST).status == 403
    refused = reader("POST", UPLOADS)
    assert (refused.status, refused.code) == (403, "DENIED")
    assert f"ecr-public:InitiateLayerUpload on resource: {THERE.repository_arn('hello')}" in refused.refusal[2]
    assert reader("GET", MANIFEST).status == 200
    private = user(admin, iam, "private", "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryFullAccess")
    assert private("POST", UPLOADS).status == 403


def test_another_account_pulls_and_does_not_push(admin: Bench) -> None:
    """Another account's administrator may do what everybody may."""
    stranger = admin.as_(password(admin, admin.keys[OTHER]), HOST)
    assert stranger("GET", MANIFEST).status == 200
    assert stranger("POST", UPLOADS).status == 403
    assert stranger("PUT", MANIFEST, IMAGE, {"content-type": OCI_MANIFEST}).status == 403


@pytest.mark.parametrize("path", ["/v2/ours/new/blobs/uploads/", "/v2/nobody/hello/blobs/uploads/"])
def test_no_push_makes_a_repository(admin: Bench, path: str) -> None:
    """A push needs a registry and a repository that are there: nothing is created on push."""
    found = admin("POST", path)
    assert (found.status, found.code) == (404, "NAME_UNKNOWN")


@pytest.mark.parametrize("query", [f"mount={of(LAYER)}&from=ours/hello", f"mount={of(LAYER)}"])
def test_a_layer_is_mounted_from_the_same_registry(admin: Bench, query: str) -> None:
    """A layer of another repository of the registry is there at once, whether it is named or not."""
    create(admin, "second", "aside")
    found = admin("POST", f"/v2/ours/second/blobs/uploads/?{query}")
    assert (found.status, found.headers["location"]) == (201, f"/v2/ours/second/blobs/{of(LAYER)}")


# What is private stays private


def test_s16_private_repositories_are_nowhere_here(admin: Bench, nobody: Bench) -> None:
    """A private repository of the same name is another one, and none of its tags and blobs is found here by anybody."""
    secret = b"a private layer"
    private = admin.as_(admin.token(), "localhost:5050")
    for name in ("hello", "ours/hello", "secret"):
        private.create(name)
        private.blob(name, secret)
        private.push(name, "private", IMAGE)
    for client_ in (nobody, admin):
        assert client_("GET", "/v2/ours/hello/tags/list").json["tags"] == ["v1"]
        assert client_("GET", f"/v2/ours/hello/blobs/{of(secret)}").status == 404
        assert client_("GET", "/v2/ours/secret/manifests/private").status == 404
        assert client_("GET", f"/v2/ours/secret/blobs/{of(secret)}").status == 404
    for query in (f"mount={of(secret)}&from=secret", f"mount={of(secret)}", f"mount={of(secret)}&from=ours/secret"):
        assert admin("POST", f"{UPLOADS}?{query}").status == 202
    assert nobody("GET", f"/v2/ours/hello/blobs/{of(secret)}").status == 404


def test_public_repositories_are_nowhere_at_private_hosts(admin: Bench) -> None:
    """A private host knows no alias and no public repository, and demands credentials as ever."""
    private = admin.as_(admin.token(), "localhost:5050")
    for path in (MANIFEST, "/v2/hello/manifests/v1"):
        assert private("GET", path).refusal[1] == "NAME_UNKNOWN"
        assert private.as_(None, "localhost:5050")("GET", path).status == 401
    private.create("mine")
    assert private("POST", f"/v2/mine/blobs/uploads/?mount={of(LAYER)}&from=hello").status == 202
    assert private("POST", f"/v2/mine/blobs/uploads/?mount={of(LAYER)}").status == 202


def test_e27_nobody_writes_without_a_name(nobody: Bench) -> None:
    """E27: whatever the verb, who names nobody changes nothing, also with an anonymous token."""
    for headers in ({}, bearer(told(beside(nobody, "GET", "/token/"))["token"])):
        for method, path in (
            ("POST", UPLOADS),
            ("POST", f"{UPLOADS}?mount={of(CONFIG)}&from=ours/hello"),
            ("POST", f"{UPLOADS}?digest={of(b'x')}"),
            ("PUT", MANIFEST),
            ("DELETE", MANIFEST),
            ("DELETE", BLOB),
            ("GET", f"{UPLOADS}u1"),
            ("PATCH", f"{UPLOADS}u1"),
            ("PUT", f"{UPLOADS}u1?digest={of(b'x')}"),
            ("DELETE", f"{UPLOADS}u1"),
        ):
            found = nobody(method, path, headers=headers)
            assert (found.status, found.code) == (401, "UNAUTHORIZED"), (method, path)
    assert nobody("GET", MANIFEST).body == IMAGE


# Hosts and logos


def test_on_its_own_port_every_name_is_public(nobody: Bench) -> None:
    """On the public registries' port the challenge leads on to the host and port that the client came to."""
    here = nobody.as_(None, "127.0.0.1:5051")
    reply = beside(here, "GET", "/v2/", port=True)
    assert dict(reply.headers)["Www-Authenticate"].startswith('Bearer realm="http://127.0.0.1:5051/token/"')
    assert beside(here, "GET", MANIFEST, port=True).body == IMAGE
    assert beside(here, "GET", MANIFEST).status == 400
    assert beside(nobody.as_(None, "evil.example:5051"), "GET", "/v2/", port=True).status == 400


def test_a_logo_is_served(nobody: Bench) -> None:
    """The PNG of a repository's catalog data is served to everybody; where there is none, nothing is."""
    assert beside(nobody, "GET", "/logo/ours/hello").status == 404
    target = nobody.runner.run(nobody.services.public.registries.find("ours", "hello"))
    assert target is not None
    nobody.runner.run(nobody.services.public.registries.set_catalog(target, Catalog(logo=PNG)))
    reply = beside(nobody, "GET", "/logo/ours/hello")
    assert (reply.status, reply.body) == (200, PNG)
    assert ("Content-Type", "image/png") in reply.headers
    for path in ("/logo/ours/nothing", "/logo/nobody/hello", "/logo/ours", "/logo/ours/../hello"):
        assert beside(nobody, "GET", path).status == 404
    assert beside(nobody, "POST", "/logo/ours/hello").status == 405


def test_behind_tls_the_challenge_is_of_tls(nobody: Bench) -> None:
    """Where the request came over TLS the realm is of TLS too."""
    door = PublicDoor(nobody.services)
    request = replace(nobody.request("GET", "/v2/", b"", {}), scheme="https")
    reply = nobody.runner.run(door(request))
    assert dict(reply.headers)["Www-Authenticate"].startswith(f'Bearer realm="https://{HOST}/token/"')
