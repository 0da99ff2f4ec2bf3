"""Locked out of a running server: by one's own IAM change, by a lost key, by a policy that denies everybody."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.bed.engines import Engine
from tests.clients.bed.programs import Run, clean_environment, program, run
from tests.clients.bed.server import ACCOUNT, REGION, Server

from .conftest import database
from .test_access import OFTEN, denied, document

ADMINISTRATOR_ACCESS = "arn:aws:iam::aws:policy/AdministratorAccess"
SHUT = {"Effect": "Deny", "Principal": "*", "Action": "ecr:*"}


@dataclass
class Place:
    server: Server
    environment: dict[str, str]

    def recover(self, *options: str) -> Run:
        command = [program("cargohold"), "accounts", "recover", "--data", str(self.server.data), *options]
        return run(command, clean_environment() | self.environment)

    def told(self) -> list[str]:
        """What the account's root user did, as the trail's files have it."""
        files = self.server.data.joinpath("audit").iterdir()
        events = [json.loads(line) for file in files for line in file.read_text().splitlines()]
        return [each["eventName"] for each in events if each["userIdentity"]["type"] == "Root"]


@pytest.fixture
def place(engine: Engine, tmp_path: Path) -> Iterator[Place]:
    """A server of the story's own, with two doors: nobody else wants to be locked out."""
    made = Place(Server(tmp_path / "data", tmp_path / "server.log"), database(engine))
    made.server.start("--workers", "2", environment=made.environment)
    yield made
    made.server.stop()


def test_an_administrator_who_locked_himself_out_comes_back(place: Place) -> None:
    """The recovered key does everything on the next request at every door, the server never stopped, and the old key,
    which is the same user's, works again too."""
    with closing(place.server.client("iam")) as iam, closing(place.server.client("ecr")) as ecr:
        everything = {"Effect": "Deny", "Action": "*", "Resource": "*"}
        iam.put_user_policy(UserName="administrator", PolicyName="shut", PolicyDocument=document(everything))
        denied(iam.delete_user_policy, UserName="administrator", PolicyName="shut")
        denied(ecr.describe_repositories)
        place.server.data.joinpath("credentials").unlink()
        done = place.recover()
        assert done.code == 0, str(done)
        assert "inline policy         shut: " in done.out
        key = dict(line.split() for line in done.out.splitlines() if line.startswith("  AWS_"))
        assert place.server.environment().items() >= key.items()
        for _ in range(OFTEN):
            with closing(place.server.client("ecr")) as recovered:
                assert recovered.describe_repositories()["repositories"] == []
        with closing(place.server.client("iam")) as recovered:
            attached = recovered.list_attached_user_policies(UserName="administrator")["AttachedPolicies"]
        assert [each["PolicyArn"] for each in attached] == [ADMINISTRATOR_ACCESS]
        assert ecr.describe_repositories()["repositories"] == []
    assert place.told() == ["RecoverAccount"]
    assert key["AWS_SECRET_ACCESS_KEY"] not in place.server.log.read_text()


def test_a_policy_that_shuts_everybody_out_is_removed(place: Place) -> None:
    """A repository's policy that denies even its administrator is printed and gone, and the next request is served."""
    with closing(place.server.client("ecr")) as ecr:
        ecr.create_repository(repositoryName="shut")
        ecr.set_repository_policy(repositoryName="shut", policyText=document(SHUT), force=True)
        denied(ecr.delete_repository_policy, repositoryName="shut")
        done = place.recover("--repository", "shut")
        assert done.code == 0, str(done)
        assert done.out.startswith(f"The repository shut of account {ACCOUNT} in {REGION} has no policy any more.")
        assert '"Deny"' in done.out
        for _ in range(OFTEN):
            with closing(place.server.client("ecr")) as asking:
                assert asking.list_images(repositoryName="shut")["imageIds"] == []
    again, absent = place.recover("--repository", "shut"), place.recover("--repository", "none")
    assert (again.code, absent.code) == (1, 1)
    assert again.err.startswith("Error: Repository policy does not exist")
    assert absent.err.startswith("Error: The repository with name 'none' does not exist")
    assert place.told() == ["DeleteRepositoryPolicy"]


def test_recovery_works_without_a_server_and_not_without_the_root_key(place: Place) -> None:
    """Stopped, the folder gives a key that the next start knows; with another root key or none it gives nothing."""
    place.server.stop()
    root = place.server.data / "root.key"
    right = root.read_text()
    root.write_text("5eed" * 16)
    wrong = place.recover()
    root.unlink()
    missing = place.recover()
    assert (wrong.code, missing.code) == (1, 1)
    assert wrong.err.startswith("Error: The root key is not the one that secrets in ")
    assert missing.err.startswith("Error: There is no root key in ")
    assert wrong.out + missing.out == ""
    assert not root.exists()
    root.write_text(right)
    root.chmod(0o600)
    before = place.server.data.joinpath("credentials").read_text()
    assert place.recover().code == 0
    assert place.server.data.joinpath("credentials").read_text() != before
    place.server.start("--workers", "2", environment=place.environment)
    with closing(place.server.client("ecr")) as ecr:
        assert ecr.describe_repositories()["repositories"] == []
