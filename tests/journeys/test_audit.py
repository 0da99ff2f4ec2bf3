"""The audit trail of real servers: found through the API and the command, whoever wrote it, and without secrets."""

import base64
import contextlib
import http.client
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.client import BaseClient
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.clients.bed.programs import clean_environment
from tests.clients.bed.server import Server, password_of
from tests.clients.bed.wire import Wire

from .test_stories import image

CARGOHOLD = Path(sys.executable).parent / "cargohold"


def cargohold(server: Server, *arguments: str, **variables: str) -> str:
    """What a command prints that asks the server, found by the environment alone."""
    environment = clean_environment() | server.environment() | variables
    done = subprocess.run([CARGOHOLD, *arguments], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def found(server: Server, *filters: str, **variables: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in cargohold(server, "audit", "--json", *filters, **variables).splitlines()]


def test_a_push_is_found_by_its_repository(server: Server, ecr: BaseClient, wire: Wire, name: str) -> None:
    """The trail tells the steps of a push, newest first, whichever process served each of them."""
    ecr.create_repository(repositoryName=name)
    wire.push(name, "v1", image("audited"))
    wire.manifest(name, "v1")
    ecr.describe_images(repositoryName=name)
    names = [event["eventName"] for event in found(server, "--repository", name)]
    assert (names[0], names[-1]) == ("PutImage", "CreateRepository")
    assert set(names[1:-1]) <= {"CompleteLayerUpload", "UploadLayerPart", "InitiateLayerUpload"}
    lines = cargohold(server, "audit", "--repository", name, "--action", "ecr:PutImage").splitlines()
    assert len(lines) == 1
    assert f"user/administrator  ecr:PutImage  ok  repository/{name}  127.0.0.1" in lines[0]
    assert found(server, "--repository", name, "--until", "2h") == []


def test_an_account_works_from_the_first_minute(server: Server, name: str) -> None:
    """A new account's key makes a repository of its own; its owner sees that event, and the first account can."""
    made = json.loads(cargohold(server, "accounts", "create", "--json"))
    account, key = made["account"]["accountId"], made["accessKey"]
    assert account in cargohold(server, "accounts", "list")
    own = {"AWS_ACCESS_KEY_ID": key["accessKeyId"], "AWS_SECRET_ACCESS_KEY": key["secretAccessKey"]}
    environment = server.environment() | own
    client(environment, "ecr").create_repository(repositoryName=name)
    (event,) = found(server, "--repository", name, **own)
    assert (event["userIdentity"]["accountId"], event["recipientAccountId"]) == (account, account)
    assert found(server, "--repository", name) == []
    assert found(server, "--repository", name, "--account", account) == [event]
    denied = subprocess.run(
        [CARGOHOLD, "accounts", "list"],
        env=clean_environment() | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert denied.returncode == 1
    administrator = f"arn:aws:iam::{account}:user/administrator"
    assert denied.stderr.startswith(
        f"Error: User: {administrator} is not authorized to perform: cargohold:ListAccounts"
    )
    assert "Traceback" not in denied.stderr


def client(environment: dict[str, str], service: str, token: str | None = None) -> BaseClient:
    session = boto3.Session(
        environment["AWS_ACCESS_KEY_ID"],
        environment["AWS_SECRET_ACCESS_KEY"],
        token,
        region_name=environment["AWS_DEFAULT_REGION"],
    )
    once = Config(retries={"total_max_attempts": 1}, ignore_configured_endpoint_urls=True)
    return session.client(service, endpoint_url=environment["AWS_ENDPOINT_URL"], config=once)


def test_s30_no_secret_is_written_down(server: Server, ecr: BaseClient, name: str) -> None:
    """S30: of keys, sessions, passwords, signatures, presigned URLs and documents, used rightly and wrongly, nothing is
    in the log, in the trail or in what a search gives."""
    environment = server.environment()
    secrets = {"the administrator's secret": environment["AWS_SECRET_ACCESS_KEY"]}
    began = datetime.now(UTC) - timedelta(seconds=1)

    iam = client(environment, "iam")
    user = name.replace("/", "-")
    iam.create_user(UserName=user)
    made = iam.create_access_key(UserName=user)["AccessKey"]
    secrets["a user's secret"] = made["SecretAccessKey"]
    statement = {"Sid": "FindMe", "Effect": "Allow", "Action": "*", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=json.dumps(document))
    secrets["a policy's document"] = "FindMe"
    made_account = json.loads(cargohold(server, "accounts", "create", "--json"))
    secrets["an account's secret"] = made_account["accessKey"]["secretAccessKey"]

    session = client(environment, "sts").get_session_token()["Credentials"]
    secrets |= {"a session's secret": session["SecretAccessKey"], "a session's token": session["SessionToken"]}
    temporary = {
        "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
        "AWS_ENDPOINT_URL": environment["AWS_ENDPOINT_URL"],
        "AWS_DEFAULT_REGION": environment["AWS_DEFAULT_REGION"],
    }
    client(temporary, "ecr", session["SessionToken"]).create_repository(repositoryName=name)
    for token in (session["SessionToken"], session["SessionToken"] + "x"):
        refused(client(temporary | {"AWS_SECRET_ACCESS_KEY": "wrong-secret"}, "ecr", token).describe_repositories)

    password = password_of(ecr)
    secrets["a password"] = password
    secrets["its header"] = base64.b64encode(f"AWS:{password}".encode()).decode()
    pushed = image("secret")
    with Wire(server.port, password) as wire:
        wire.push(name, "v1", pushed)
        wire.ask("DELETE", f"/v2/{name}/manifests/absent")
    with Wire(server.port, password + "x") as wire:
        assert wire.ask("GET", f"/v2/{name}/manifests/v1").status == 401
    url = ecr.get_download_url_for_layer(repositoryName=name, layerDigest=next(iter(pushed.blobs)))["downloadUrl"]
    parts = urlsplit(url)
    secrets["a presigned download"] = parts.query.partition("=")[2]
    presigned = presigned_call(environment)
    secrets["a presigned call's signature"] = presigned.rpartition("X-Amz-Signature=")[2]
    download = f"{parts.path}?{parts.query}"
    paths = (download, f"{download}x", presigned, f"{presigned}0")
    assert [anonymous(server, path) for path in paths] == [200, 401, 200, 403]
    refused(iam.create_access_key, UserName=f"{made['SecretAccessKey']} ")

    searched = cargohold(server, "audit", "--json", "--all-accounts", "--limit", "1000", "--since", began.isoformat())
    assert "CreateAccessKey" in searched
    assert "InvalidSignatureException" in searched
    written = {path.name: path.read_text() for path in (server.data / "audit").iterdir()}
    assert len(written) >= 2
    for where, text in {**written, "the log": server.log.read_text(), "a search": searched}.items():
        assert not [kind for kind, secret in secrets.items() if secret in text], where


def anonymous(server: Server, path: str) -> int:
    """The status of a GET that says no more than its path and query."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        connection.request("GET", path, headers={"Host": server.host})
        return connection.getresponse().status


def refused(operation: Any, **members: Any) -> None:
    try:
        operation(**members)
    except ClientError:
        return
    raise AssertionError(operation)


def presigned_call(environment: dict[str, str]) -> str:
    """The path and query of a presigned GetCallerIdentity."""
    url = f"{environment['AWS_ENDPOINT_URL']}/?Action=GetCallerIdentity&Version=2011-06-15"
    request = AWSRequest("GET", url)
    key = Credentials(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"])
    SigV4QueryAuth(key, "sts", environment["AWS_DEFAULT_REGION"], expires=60).add_auth(request)
    parts = urlsplit(str(request.url))
    return f"/?{parts.query}"
