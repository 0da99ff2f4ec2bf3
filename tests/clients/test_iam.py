"""boto3 and the aws command line administer users, groups and keys as on AWS."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.client import BaseClient

from .bed.programs import Client
from .bed.server import ACCOUNT, Server

ACCESS = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"


@pytest.fixture
def iam(server: Server) -> Iterator[BaseClient]:
    client = server.client("iam")
    yield client
    client.close()


def test_a_user_from_its_making_to_its_end(server: Server, iam: BaseClient) -> None:
    """boto3 makes a user whose key opens what its group may, and takes everything away in AWS's order."""
    made = iam.create_user(UserName="Nadia", Path="/team/", Tags=[{"Key": "team", "Value": "red"}])["User"]
    iam.get_waiter("user_exists").wait(UserName="nadia", WaiterConfig={"Delay": 0, "MaxAttempts": 1})
    iam.create_group(GroupName="readers")
    iam.attach_group_policy(GroupName="readers", PolicyArn=ACCESS)
    iam.add_user_to_group(GroupName="readers", UserName="nadia")
    key = iam.create_access_key(UserName="nadia")["AccessKey"]
    theirs = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    ecr = server.client("ecr", **theirs)
    assert "repositories" in ecr.describe_repositories()
    with pytest.raises(ecr.exceptions.ClientError) as denied:
        ecr.create_repository(repositoryName="not-hers")
    arn = f"arn:aws:iam::{ACCOUNT}:user/team/Nadia"
    assert f"User: {arn} is not authorized to perform: ecr:CreateRepository" in str(denied.value)
    listed = iam.get_paginator("list_users").paginate(PaginationConfig={"PageSize": 1}).build_full_result()["Users"]
    assert [user["Arn"] for user in listed if user["UserId"] == made["UserId"]] == [arn]
    with pytest.raises(iam.exceptions.EntityAlreadyExistsException):
        iam.create_user(UserName="NADIA")
    with pytest.raises(iam.exceptions.DeleteConflictException, match="must delete access keys first"):
        iam.delete_user(UserName="Nadia")
    iam.delete_access_key(UserName="Nadia", AccessKeyId=key["AccessKeyId"])
    with pytest.raises(ecr.exceptions.ClientError, match="The security token included in the request is invalid"):
        ecr.describe_repositories()
    ecr.close()
    iam.remove_user_from_group(GroupName="readers", UserName="Nadia")
    iam.detach_group_policy(GroupName="readers", PolicyArn=ACCESS)
    iam.delete_group(GroupName="readers")
    iam.delete_user(UserName="Nadia")
    with pytest.raises(iam.exceptions.NoSuchEntityException, match="The user with name Nadia cannot be found"):
        iam.get_user(UserName="Nadia")


def test_the_command_line(aws: Client) -> None:
    """`aws iam` makes, shows, tags, renames and deletes a user, and finds the caller without a name."""

    def run(*words: str) -> Any:
        out = aws("iam", *words, "--output", "json").out
        return json.loads(out) if out.strip() else None

    run("create-user", "--user-name", "ops", "--tags", "Key=Cost Center,Value=42 / more")
    user = run("get-user", "--user-name", "ops")["User"]
    assert user["Tags"] == [{"Key": "Cost Center", "Value": "42 / more"}]
    run("tag-user", "--user-name", "ops", "--tags", "Key=team,Value=red")
    assert len(run("list-user-tags", "--user-name", "ops")["Tags"]) == 2
    run("update-user", "--user-name", "ops", "--new-user-name", "operator")
    run("delete-user", "--user-name", "operator")
    assert run("get-user")["User"]["UserName"] == "administrator"
    assert run("list-account-aliases")["AccountAliases"] == []
    assert run("get-account-summary")["SummaryMap"]["AccessKeysPerUserQuota"] == 2
