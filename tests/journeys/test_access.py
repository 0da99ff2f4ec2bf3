"""Who may do what, as a story through both doors of a real server: given, told why not, and taken away again."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from tests.clients.bed.images import Image, make_image, make_layer
from tests.clients.bed.server import ACCOUNT, REGION, Server, password_of
from tests.clients.bed.wire import Answer, Wire

READ_ONLY = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
POWER = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser"
OFTEN = 24
"""Questions on as many connections: with two doors the kernel gives some of them to each."""


@pytest.fixture(scope="session")
def iam(server: Server) -> Iterator[BaseClient]:
    with closing(server.client("iam")) as client:
        yield client


class Person:
    """A user with a key, as AWS's SDK and a registry client see the server."""

    def __init__(self, server: Server, iam: BaseClient, name: str) -> None:
        self.server, self.iam, self.name = server, iam, name
        self.arn = iam.create_user(UserName=name)["User"]["Arn"]
        key = iam.create_access_key(UserName=name)["AccessKey"]
        self.key_id = key["AccessKeyId"]
        self.keys = {"AWS_ACCESS_KEY_ID": self.key_id, "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}

    def client(self, service: str) -> BaseClient:
        return self.server.client(service, **self.keys)

    def password(self) -> str:
        with closing(self.client("ecr")) as ecr:
            return password_of(ecr)

    def ask_often(self, password: str, path: str) -> list[Answer]:
        """The same question on many connections, so that every door answers it."""
        answers = []
        for _ in range(OFTEN):
            with Wire(self.server.port, password) as wire:
                answers.append(wire.ask("GET", path))
        return answers


@pytest.fixture
def person(server: Server, iam: BaseClient, name: str) -> Person:
    return Person(server, iam, name.replace("/", "-"))


@pytest.fixture
def held(ecr: BaseClient, wire: Wire, name: str) -> Image:
    """The image v1 of the story's repository."""
    ecr.create_repository(repositoryName=name, tags=[{"Key": "team", "Value": "hold"}])
    image = make_image([make_layer({"content": name.encode()})], ["/content"])
    wire.push(name, "v1", image)
    return image


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def denied(operation: Callable[..., Any], **members: Any) -> str:
    with pytest.raises(ClientError) as caught:
        operation(**members)
    assert caught.value.response["Error"]["Code"].startswith("AccessDenied")
    return str(caught.value.response["Error"]["Message"]).partition(". Encoded authorization failure message: ")[0]


def said(answer: Answer) -> str:
    assert (answer.status, answer.errors[0]["code"]) == (403, "DENIED")
    return str(answer.errors[0]["message"]).partition(". Encoded authorization failure message: ")[0]


def test_a_reader_pulls_and_cannot_push(person: Person, held: Image, name: str) -> None:
    """One sentence says at both doors what may not be done, on what and why; what may be done is done at both."""
    person.iam.attach_user_policy(UserName=person.name, PolicyArn=READ_ONLY)
    arn = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{name}"
    sentence = (
        f"User: {person.arn} is not authorized to perform: ecr:InitiateLayerUpload on resource: {arn} "
        "because no identity-based policy allows the ecr:InitiateLayerUpload action"
    )
    with Wire(person.server.port, person.password()) as theirs, closing(person.client("ecr")) as ecr:
        assert theirs.manifest(name, "v1") == held.manifest
        for digest, blob in held.blobs.items():
            assert theirs.blob(name, digest) == blob
        assert said(theirs.ask("POST", f"/v2/{name}/blobs/uploads/")) == sentence
        assert ecr.describe_images(repositoryName=name)["imageDetails"][0]["imageTags"] == ["v1"]
        assert denied(ecr.initiate_layer_upload, repositoryName=name) == sentence
        put = {"Content-Type": held.media_type}
        assert "ecr:PutImage" in said(theirs.ask("PUT", f"/v2/{name}/manifests/v2", held.manifest, put))


def test_what_is_taken_away_is_gone_on_the_next_request_of_every_door(person: Person, held: Image, name: str) -> None:
    """S9: a policy, a membership, a key and the user itself: each ends the login that was made with it at once."""
    iam, path = person.iam, f"/v2/{name}/manifests/v1"
    group = f"{person.name}-group"
    iam.create_group(GroupName=group)
    iam.attach_group_policy(GroupName=group, PolicyArn=READ_ONLY)
    iam.add_user_to_group(GroupName=group, UserName=person.name)
    password = person.password()
    assert {answer.status for answer in person.ask_often(password, path)} == {200}
    iam.remove_user_from_group(GroupName=group, UserName=person.name)
    assert {answer.status for answer in person.ask_often(password, path)} == {403}
    iam.attach_user_policy(UserName=person.name, PolicyArn=POWER)
    assert {answer.status for answer in person.ask_often(password, path)} == {200}
    iam.put_user_policy(
        UserName=person.name,
        PolicyName="not-yet",
        PolicyDocument=document({"Effect": "Deny", "Action": "ecr:*", "Resource": "*"}),
    )
    answers = person.ask_often(password, path)
    assert {said(answer).partition(f"repository/{name} ")[2] for answer in answers} == {
        "with an explicit deny in an identity-based policy"
    }
    iam.delete_user_policy(UserName=person.name, PolicyName="not-yet")
    assert {answer.status for answer in person.ask_often(password, path)} == {200}
    iam.update_access_key(UserName=person.name, AccessKeyId=person.key_id, Status="Inactive")
    assert {answer.status for answer in person.ask_often(password, path)} == {403}
    iam.update_access_key(UserName=person.name, AccessKeyId=person.key_id, Status="Active")
    assert {answer.status for answer in person.ask_often(password, path)} == {200}
    iam.delete_access_key(UserName=person.name, AccessKeyId=person.key_id)
    assert {answer.status for answer in person.ask_often(password, path)} == {403}


def test_a_repository_policy_gives_and_a_recreated_user_regains_nothing(
    person: Person, held: Image, ecr: BaseClient, name: str
) -> None:
    """A user without a policy of its own pulls by the repository's; another of the same name does not."""
    login = {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}
    person.iam.put_user_policy(UserName=person.name, PolicyName="login", PolicyDocument=document(login))
    pull = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    policy = document({"Sid": "one", "Effect": "Allow", "Principal": {"AWS": person.arn}, "Action": pull})
    path = f"/v2/{name}/manifests/v1"
    with Wire(person.server.port, person.password()) as theirs:
        assert "no identity-based policy allows" in said(theirs.ask("GET", path))
        ecr.set_repository_policy(repositoryName=name, policyText=policy)
        assert theirs.manifest(name, "v1") == held.manifest
        for digest in held.blobs:
            theirs.blob(name, digest)
    shown = json.loads(ecr.get_repository_policy(repositoryName=name)["policyText"])
    assert shown["Statement"][0]["Principal"] == {"AWS": person.arn}

    iam = person.iam
    iam.delete_user_policy(UserName=person.name, PolicyName="login")
    iam.delete_access_key(UserName=person.name, AccessKeyId=person.key_id)
    iam.delete_user(UserName=person.name)
    shown = json.loads(ecr.get_repository_policy(repositoryName=name)["policyText"])
    assert shown["Statement"][0]["Principal"]["AWS"].startswith("AIDA")
    again = Person(person.server, iam, person.name)
    iam.put_user_policy(UserName=again.name, PolicyName="login", PolicyDocument=document(login))
    with Wire(again.server.port, again.password()) as theirs:
        assert theirs.ask("GET", path).status == 403


def test_resource_tags_open_a_repository(person: Person, held: Image, ecr: BaseClient, name: str) -> None:
    """A policy on ecr:ResourceTag counts for both doors, and ends with the tag."""
    login = {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}
    condition = {"StringEquals": {"ecr:ResourceTag/team": "hold"}}
    read = {"Effect": "Allow", "Action": ["ecr:BatchGetImage", "ecr:DescribeImages"], "Resource": "*"}
    iam = person.iam
    text = document(login, read | {"Condition": condition})
    iam.put_user_policy(UserName=person.name, PolicyName="team", PolicyDocument=text)
    arn = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{name}"
    with Wire(person.server.port, person.password()) as theirs, closing(person.client("ecr")) as mine:
        assert theirs.manifest(name, "v1") == held.manifest
        assert mine.describe_images(repositoryName=name)["imageDetails"]
        ecr.untag_resource(resourceArn=arn, tagKeys=["team"])
        assert theirs.ask("GET", f"/v2/{name}/manifests/v1").status == 403
        assert "no identity-based policy allows" in denied(mine.describe_images, repositoryName=name)


def test_a_boundary_bounds_and_a_denial_names_it(person: Person, held: Image, name: str) -> None:
    """A power user within a boundary that only reads cannot push; the sentence says that the boundary is why."""
    person.iam.attach_user_policy(UserName=person.name, PolicyArn=POWER)
    person.iam.put_user_permissions_boundary(UserName=person.name, PermissionsBoundary=READ_ONLY)
    with Wire(person.server.port, person.password()) as theirs:
        assert theirs.manifest(name, "v1") == held.manifest
        refused = said(theirs.ask("POST", f"/v2/{name}/blobs/uploads/"))
        assert refused.endswith("because no permissions boundary allows the ecr:InitiateLayerUpload action")
        person.iam.delete_user_permissions_boundary(UserName=person.name)
        theirs.want(204, "DELETE", theirs.begin(name))
