"""A real Docker engine's first push to a repository that nobody created, and the aws command line beside it."""

import json
from typing import Any

from .bed.programs import Client
from .bed.server import ACCOUNT, Server, password_of

POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "ecr:BatchGetImage"}],
}
LIFECYCLE = {
    "rules": [
        {
            "rulePriority": 1,
            "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 10},
            "action": {"type": "expire"},
        }
    ]
}
PUSH_ONLY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [
                "ecr:GetAuthorizationToken",
                *(f"ecr:{action}" for action in ("BatchCheckLayerAvailability", "InitiateLayerUpload", "PutImage")),
                *(f"ecr:{action}" for action in ("UploadLayerPart", "CompleteLayerUpload", "BatchGetImage")),
            ],
            "Resource": "*",
        }
    ],
}


def answer(aws: Client, *arguments: str) -> Any:
    """What an `aws ecr` command prints."""
    return json.loads(aws("ecr", *arguments, "--output", "json").out)


def test_a_first_push_makes_its_repository(docker_in: Client, aws: Client, server: Server, hello: str) -> None:
    """docker pushes to a name that a template covers, and the repository is there with all that the template says."""
    template = [
        *("--prefix", "pushed", "--applied-for", "CREATE_ON_PUSH", "--description", "by docker"),
        *("--image-tag-mutability", "IMMUTABLE", "--resource-tags", "Key=team,Value=red"),
        *("--repository-policy", json.dumps(POLICY), "--lifecycle-policy", json.dumps(LIFECYCLE)),
    ]
    answer(aws, "create-repository-creation-template", *template)
    reference = f"{server.host}/pushed/team/hello:v1"
    docker_in("tag", hello, reference)
    docker_in("push", reference)
    (made,) = answer(aws, "describe-repositories", "--repository-names", "pushed/team/hello")["repositories"]
    assert made["imageTagMutability"] == "IMMUTABLE"
    tags = answer(aws, "list-tags-for-resource", "--resource-arn", made["repositoryArn"])["tags"]
    assert tags == [{"Key": "team", "Value": "red"}]
    policy = answer(aws, "get-repository-policy", "--repository-name", "pushed/team/hello")["policyText"]
    assert json.loads(policy) == POLICY
    lifecycle = answer(aws, "get-lifecycle-policy", "--repository-name", "pushed/team/hello")["lifecyclePolicyText"]
    assert json.loads(lifecycle) == LIFECYCLE
    docker_in("rmi", "--force", reference)
    docker_in("pull", reference)
    answer(aws, "delete-repository-creation-template", "--prefix", "pushed")


def test_without_a_template_docker_says_what_helps(docker_in: Client, aws: Client, server: Server, hello: str) -> None:
    """Where no template covers the name docker prints a sentence that says so, and nothing is made."""
    reference = f"{server.host}/uncovered/hello:v1"
    docker_in("tag", hello, reference)
    shown = docker_in.refused("push", reference)
    assert "The repository with name 'uncovered/hello' does not exist in the registry with id" in shown
    assert "no repository creation template for CREATE_ON_PUSH covers it" in shown
    assert "RepositoryNotFound" in aws.refused("ecr", "describe-repositories", "--repository-names", "uncovered/hello")


def test_e31_docker_says_that_its_user_may_not_create(docker: Client, aws: Client, server: Server, hello: str) -> None:
    """E31: A user who may push and not create reads which action is denied, and no repository is made."""
    answer(aws, "create-repository-creation-template", "--prefix", "denied", "--applied-for", "CREATE_ON_PUSH")
    aws("iam", "create-user", "--user-name", "pusher")
    policy = ("--policy-name", "push", "--policy-document", json.dumps(PUSH_ONLY))
    aws("iam", "put-user-policy", "--user-name", "pusher", *policy)
    key = json.loads(aws("iam", "create-access-key", "--user-name", "pusher", "--output", "json").out)["AccessKey"]
    pusher = server.client("ecr", AWS_ACCESS_KEY_ID=key["AccessKeyId"], AWS_SECRET_ACCESS_KEY=key["SecretAccessKey"])
    given = password_of(pusher).encode()
    docker("login", "--username", "AWS", "--password-stdin", server.host, given=given)
    reference = f"{server.host}/denied/hello:v1"
    docker("tag", hello, reference)
    shown = docker.refused("push", reference)
    assert "user/pusher is not authorized to perform: ecr:CreateRepository on resource" in shown
    assert "RepositoryNotFound" in aws.refused("ecr", "describe-repositories", "--repository-names", "denied/hello")
    answer(aws, "delete-repository-creation-template", "--prefix", "denied")


def test_a_pull_is_recorded(
    docker_in: Client, crane_in: Client, aws: Client, server: Server, hello: str, repository: str
) -> None:
    """What docker pulled has a lastRecordedPullTime, and what was only pushed has none.

    docker keeps manifests, so what it pulls is an image that it never saw: crane's, with another label.
    """
    reference = f"{server.host}/{repository}"
    docker_in("tag", hello, f"{reference}:v1")
    docker_in("push", f"{reference}:v1")
    crane_in("mutate", "--label", f"of={repository}", "--tag", f"{reference}:v2", f"{reference}:v1")
    described = ("describe-images", "--repository-name", repository, "--image-ids", "imageTag=v2")
    (pushed,) = answer(aws, *described)["imageDetails"]
    assert "lastRecordedPullTime" not in pushed
    docker_in("pull", f"{reference}:v2")
    (pulled,) = answer(aws, *described)["imageDetails"]
    assert pulled["lastRecordedPullTime"] >= pulled["imagePushedAt"]
