"""boto3 and the aws command line administer users, groups, keys, roles and policies as on AWS."""

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


def test_a_role_from_its_making_to_its_end(iam: BaseClient) -> None:
    """boto3 makes a role and a policy, reads both back decoded, pages through lists, and takes everything away."""
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    iam.create_role(RoleName="Builder", Path="/ci/", AssumeRolePolicyDocument=json.dumps(document, indent=2))
    iam.get_waiter("role_exists").wait(RoleName="builder", WaiterConfig={"Delay": 0, "MaxAttempts": 1})
    assert iam.get_role(RoleName="builder")["Role"]["AssumeRolePolicyDocument"] == document
    push = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecr:Put*", "Resource": "*"}]}
    arn = iam.create_policy(PolicyName="builders-push", PolicyDocument=json.dumps(push))["Policy"]["Arn"]
    iam.get_waiter("policy_exists").wait(PolicyArn=arn, WaiterConfig={"Delay": 0, "MaxAttempts": 1})
    version = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]
    assert version["Document"] == push
    for each in (arn, ACCESS):
        iam.attach_role_policy(RoleName="Builder", PolicyArn=each)
    pages = iam.get_paginator("list_attached_role_policies").paginate(
        RoleName="Builder", PaginationConfig={"PageSize": 1}
    )
    attached = [each["PolicyArn"] for each in pages.build_full_result()["AttachedPolicies"]]
    assert attached == [ACCESS, arn]
    iam.put_role_policy(RoleName="Builder", PolicyName="own", PolicyDocument=json.dumps(push))
    assert iam.get_role_policy(RoleName="Builder", PolicyName="own")["PolicyDocument"] == push
    everything = iam.get_paginator("get_account_authorization_details").paginate(PaginationConfig={"PageSize": 2})
    roles = {each["RoleName"]: each for each in everything.build_full_result()["RoleDetailList"]}
    assert roles["Builder"]["RolePolicyList"] == [{"PolicyName": "own", "PolicyDocument": push}]
    with pytest.raises(iam.exceptions.DeleteConflictException, match="must delete policies first"):
        iam.delete_role(RoleName="Builder")
    iam.delete_role_policy(RoleName="Builder", PolicyName="own")
    for each in attached:
        iam.detach_role_policy(RoleName="Builder", PolicyArn=each)
    iam.delete_role(RoleName="Builder")
    iam.delete_policy(PolicyArn=arn)
    with pytest.raises(iam.exceptions.NoSuchEntityException, match=f"Policy {arn} was not found"):
        iam.get_policy(PolicyArn=arn)


def test_roles_and_policies_on_the_command_line(aws: Client) -> None:
    """`aws iam` takes documents as text and shows them as JSON, lists policies, and is told what is malformed."""

    def run(*words: str) -> Any:
        out = aws("iam", *words, "--output", "json").out
        return json.loads(out) if out.strip() else None

    trust = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    run("create-role", "--role-name", "task", "--assume-role-policy-document", json.dumps(document))
    assert run("get-role", "--role-name", "task")["Role"]["AssumeRolePolicyDocument"] == document
    run("attach-role-policy", "--role-name", "task", "--policy-arn", ACCESS)
    listed = run("list-policies", "--scope", "AWS", "--only-attached")["Policies"]
    assert ACCESS in {each["Arn"] for each in listed}
    named = run("list-entities-for-policy", "--policy-arn", ACCESS, "--entity-filter", "Role")["PolicyRoles"]
    assert [each["RoleName"] for each in named] == ["task"]
    refused = aws.refused("iam", "create-policy", "--policy-name", "broken", "--policy-document", "{}")
    assert "(MalformedPolicyDocument) when calling the CreatePolicy operation: Syntax errors in policy." in refused
    run("detach-role-policy", "--role-name", "task", "--policy-arn", ACCESS)
    run("delete-role", "--role-name", "task")
