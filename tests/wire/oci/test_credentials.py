"""Who may come in at the OCI door: ECR's answers to tokens of every kind, and what is written down about it."""

from base64 import b64encode
from typing import Any, NoReturn

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from cargohold.core.arn import Target
from cargohold.core.clock import HOUR
from cargohold.core.digest import Digest, of
from cargohold.core.errors import Corrupt, StorageBusy, StorageFull
from cargohold.database.schema.identity import access_key
from cargohold.database.schema.registry import repository
from cargohold.identity import registry_token
from cargohold.identity.principals import Credential
from tests.bed.access import plain
from tests.bed.trail import events

from .bench import ABSENT, ACCOUNT, ADMINISTRATOR, HERE, IMAGE, LAYER, OTHER, REGION, Bench

CHALLENGE = 'Basic realm="http://localhost:5050/",service="ecr.amazonaws.com"'


def basic(text: str) -> dict[str, str]:
    return {"authorization": "Basic " + b64encode(text.encode()).decode()}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Basic"},
        {"authorization": "Basic !!!"},
        {"authorization": "Bearer token"},
        {"authorization": "Basic " + b64encode(b"\xff\xfe").decode()},
        basic("without a colon"),
    ],
)
def test_nobody_is_challenged_as_on_ecr(bench: Bench, headers: dict[str, str]) -> None:
    """No credentials, and what can be none, get ECR's 401: a Basic challenge and the text `Not Authorized`."""
    answer = bench.as_(None)("GET", "/v2/", headers=headers)
    assert (answer.status, answer.body, answer.code) == (401, b"Not Authorized\n", "UNAUTHORIZED")
    assert answer.headers["www-authenticate"] == CHALLENGE
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("text", ["AWS:", "AWS:wrong", "AWS:a.b", "aws:token", "somebody:password", ":"])
def test_a_wrong_password_is_told_so(bench: Bench, text: str) -> None:
    """A password that was never issued, or another user name, is refused in words and may be replaced."""
    answer = bench.as_(None)("GET", "/v2/", headers=basic(text))
    assert answer.refusal == (401, "UNAUTHORIZED", "Your Authorization Token is invalid.")
    assert answer.headers["www-authenticate"] == CHALLENGE


def test_a_token_of_another_region_names_both(bench: Bench) -> None:
    """A token opens the registries of its own region, and elsewhere the refusal says which one it is for."""
    abroad = bench.as_(bench.token(region="eu-west-1"))
    status, code, sentence = abroad("GET", "/v2/").refusal
    assert (status, code) == (401, "UNAUTHORIZED")
    assert "eu-west-1" in sentence
    assert REGION in sentence
    assert bench.as_(abroad.password, f"{ACCOUNT}.dkr.ecr.eu-west-1.localhost")("GET", "/v2/").status == 200


def test_a_token_lives_for_twelve_hours(bench: Bench) -> None:
    """A token opens the registry until its twelve hours are over, and then says what to do."""
    bench.clock.now += 12 * HOUR - 1
    assert bench("GET", "/v2/").status == 200
    bench.clock.now += 1
    sentence = "Your authorization token has expired. Reauthenticate and try again."
    assert bench("GET", "/v2/").refusal == (403, "DENIED", sentence)


def test_a_token_dies_with_its_key(bench: Bench) -> None:
    """A key that is switched off ends its tokens on the next request, on every path."""
    bench.create("demo")
    database: Any = bench.services.guard._database
    off = update(access_key).where(access_key.c.id == bench.keys[ACCOUNT]).values(status="Inactive")
    assert bench("GET", "/v2/").status == 200
    bench.runner.run(database.write(lambda connection: connection.execute(off) and None))
    for path in ("/v2/", "/v2/demo/manifests/v1", "/v2/_catalog"):
        answer = bench("GET", path)
        assert answer.refusal == (403, "DENIED", "The security token included in the request is invalid.")


@pytest.mark.parametrize(
    ("method", "path", "action", "resource"),
    [
        ("GET", "/v2/demo/manifests/v1", "BatchGetImage", "demo"),
        ("POST", "/v2/gone/blobs/uploads/", "InitiateLayerUpload", "gone"),
        ("GET", "/v2/_catalog", "DescribeRepositories", "*"),
    ],
)
def test_a_denial_reads_as_on_ecr(bench: Bench, method: str, path: str, action: str, resource: str) -> None:
    """Another account's principal is denied in IAM's sentence, and does not learn whether the repository exists."""
    bench.create("demo")
    sentence = (
        f"User: arn:aws:iam::{OTHER}:user/administrator is not authorized to perform: ecr:{action} "
        f"on resource: arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{resource} "
        f"because no resource-based policy allows the ecr:{action} action"
    )
    assert plain(bench.as_(bench.token(OTHER))(method, path).refusal) == (403, "DENIED", sentence)


def download(bench: Bench, digest: str, name: str = "demo") -> str:
    """The path and query of a presigned download."""
    credential = Credential(bench.keys[ACCOUNT])
    target = Target(HERE, name, None)
    query = registry_token.download_query(bench.services.tokens, credential, target, Digest(digest), bench.clock())
    return f"/v2/{name}/blobs/{digest}?{query}"


def test_a_download_needs_no_login(bench: Bench) -> None:
    """The URL of GetDownloadUrlForLayer gives its blob to who has no password, in whole, in part and by HEAD."""
    bench.create("demo")
    url = download(bench, bench.blob("demo", LAYER))
    nobody = bench.as_(None)
    assert nobody("GET", url).body == LAYER
    assert nobody("GET", url, headers={"range": "bytes=0-4"}).body == LAYER[:5]
    assert nobody("HEAD", url).headers["content-length"] == str(len(LAYER))


def test_s31_a_download_opens_nothing_else(bench: Bench) -> None:
    """S31: a presigned download opens no other blob, repository, path, method, registry or hour."""
    bench.create("demo")
    bench.create("other")
    bench.push("demo", "v1", IMAGE)
    bench.push("other", "v1", IMAGE)
    digest = of(LAYER)
    url, nobody = download(bench, digest), bench.as_(None)
    query = url.partition("?")[2]
    others = [
        ("GET", f"/v2/other/blobs/{digest}"),
        ("GET", f"/v2/demo/blobs/{ABSENT}"),
        ("GET", f"/v2/demo/manifests/{of(IMAGE)}"),
        ("GET", "/v2/demo/tags/list"),
        ("GET", "/v2/_catalog"),
        ("GET", "/v2/"),
        ("DELETE", f"/v2/demo/blobs/{digest}"),
        ("POST", "/v2/demo/blobs/uploads/"),
        ("PUT", f"/v2/demo/blobs/{digest}"),
    ]
    assert nobody("GET", url).status == 200
    for method, path in others:
        assert nobody(method, f"{path}?{query}").refusal[:2] == (401, "UNAUTHORIZED")
    elsewhere = bench.as_(None, f"{OTHER}.dkr.ecr.{REGION}.localhost")
    assert elsewhere("GET", url).refusal[:2] == (401, "UNAUTHORIZED")
    assert nobody("GET", url[:-1] + ("A" if url[-1] != "A" else "B")).refusal[:2] == (401, "UNAUTHORIZED")
    bench.clock.now += HOUR
    assert nobody("GET", url).refusal[:2] == (403, "DENIED")


def test_s31_a_download_ends_with_what_it_was_for(bench: Bench) -> None:
    """S31: a presigned download is worth nothing once its repository is deleted, or its key is switched off."""
    bench.create("demo")
    bench.push("demo", "v1", IMAGE)
    url, nobody = download(bench, of(LAYER)), bench.as_(None)
    assert nobody("GET", url, headers={"range": "bytes=0-4"}).body == LAYER[:5]
    for untaken in ("bytes=9999999-", f"bytes={len(LAYER)}-"):
        assert nobody("GET", url, headers={"range": untaken}).status == 416
    switch_key(bench, "Inactive")
    assert nobody("GET", url).status == 403
    switch_key(bench, "Active")
    assert nobody("GET", url).body == LAYER
    named = select(repository.c.id).where(repository.c.name == "demo")
    id_ = run(bench, lambda connection: connection.execute(named).scalar_one())
    bench.runner.run(bench.services.repositories.delete(Target(HERE, "demo", id_), True))
    assert nobody("GET", url).refusal[:2] == (404, "NAME_UNKNOWN")


def switch_key(bench: Bench, status: str) -> None:
    changed = update(access_key).where(access_key.c.id == bench.keys[ACCOUNT]).values(status=status)
    run(bench, lambda connection: connection.execute(changed) and None)


def run(bench: Bench, work: Any) -> Any:
    database: Any = bench.services.guard._database
    return bench.runner.run(database.write(work))


class Failing:
    """A room in which everything raises."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, _name: str) -> Any:
        async def fail(*_: object, **__: object) -> NoReturn:
            raise self._error

        return fail


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(StorageFull(), 503, "UNAVAILABLE"), (StorageBusy(), 503, "UNAVAILABLE"), (Corrupt(), 500, "UNKNOWN")],
)
def test_our_own_faults_are_told_as_such(bench: Bench, error: Exception, status: int, code: str) -> None:
    """A full, busy or damaged store is our fault, and the client reads so in words."""
    failing: Any = Failing(error)
    door = bench.with_services(images=failing, blobs=failing, uploads=failing)
    bench.create("demo")
    for method, path in (("GET", "manifests/v1"), ("GET", f"blobs/{ABSENT}"), ("POST", "blobs/uploads/")):
        assert door(method, f"/v2/demo/{path}").refusal == (status, code, str(error))


def test_what_is_changed_or_refused_leaves_one_line(bench: Bench) -> None:
    """The audit trail has who did what to which repository and how it ended; an admitted read leaves no line."""
    bench.create("demo")
    arn = HERE.repository_arn("demo")

    def audits(client: Bench, method: str, path: str) -> list[dict[str, Any]]:
        before = events(bench.services.audit.folder)
        client(method, path)
        return [event for event in events(bench.services.audit.folder) if event not in before]

    def line(client: Bench, method: str, path: str) -> tuple[object, ...]:
        (event,) = audits(client, method, path)
        assert (event["requestID"], event["sourceIPAddress"]) == ("request-1", "127.0.0.1")
        arns = [resource["ARN"] for resource in event["resources"]]
        return event["userIdentity"].get("arn"), event["eventName"], arns, event.get("errorCode")

    for path in ("/v2/", "/v2/demo/tags/list", "/v2/demo/manifests/v1"):
        assert audits(bench, "GET", path) == []
    missing = (ADMINISTRATOR, "BatchDeleteImage", [arn], "MANIFEST_UNKNOWN")
    assert line(bench, "DELETE", "/v2/demo/manifests/v1") == missing
    assert line(bench, "GET", "/v2/demo/nothing") == (ADMINISTRATOR, "Unknown", [], "UNSUPPORTED")
    stranger = f"arn:aws:iam::{OTHER}:user/administrator"
    denied = (stranger, "BatchGetImage", [arn], "DENIED")
    assert line(bench.as_(bench.token(OTHER)), "GET", "/v2/demo/manifests/v1") == denied
    nobody = (None, "BatchGetImage", [arn], "UNAUTHORIZED")
    assert line(bench.as_(None), "GET", "/v2/demo/manifests/v1") == nobody
    assert line(bench.as_(None, "evil.example"), "GET", "/v2/") == (None, "Unknown", [], "UNSUPPORTED")


def test_no_line_holds_a_secret(bench: Bench) -> None:
    """Neither a password nor a presigned query is written down, whatever becomes of the request."""
    bench.create("demo")
    url = download(bench, bench.blob("demo", LAYER))
    secrets = (str(bench.password), url.partition("=")[2])
    with capture_logs() as lines:
        bench("DELETE", "/v2/demo/manifests/v1")
        bench.as_(f"{bench.password}x")("GET", "/v2/")
        bench.as_(None)("GET", url)
        bench.as_(None)("GET", url.replace("/blobs/", "/blobs/x"))
        bench("GET", "/v2/nothing/here?" + url.partition("?")[2])
    written = str([lines, events(bench.services.audit.folder)])
    assert len(events(bench.services.audit.folder)) == 5
    assert not [secret for secret in secrets if secret in written]
