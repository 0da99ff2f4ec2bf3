"""Access keys, and the account as a whole, on the wire."""

import json
import re

import pytest

from cargohold.core.clock import MINUTE
from cargohold.identity.accounts import NewKey

from .conftest import ACCOUNT, NOON, OTHER, Wire
from .query import Query, client

NOT_VALID = (403, "InvalidClientTokenId", "The security token included in the request is invalid.")


@pytest.fixture
def iam(wire: Wire) -> Query:
    """IAM, asked by the account's administrator."""
    return client(wire, "iam")


def absent(key: str) -> tuple[int, str, str]:
    return (404, "NoSuchEntity", f"The Access Key with id {key} cannot be found.")


def own_keys(iam: Query, user: str) -> None:
    """AWS's own example of a policy that lets users keep their own keys."""
    statement = {
        "Effect": "Allow",
        "Action": ["iam:*AccessKey*", "iam:GetAccessKeyLastUsed"],
        "Resource": f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    iam("PutUserPolicy", UserName=user, PolicyName="own-keys", PolicyDocument=document)


def test_create_and_list(iam: Query) -> None:
    """CreateAccessKey tells the secret, and nothing tells it again."""
    iam("CreateUser", UserName="Alice")
    made = iam("CreateAccessKey", UserName="alice")["AccessKey"]
    assert re.fullmatch(r"AKIA[A-Z2-7]{16}", made["AccessKeyId"])
    assert (made["UserName"], made["Status"]) == ("Alice", "Active")
    assert made["CreateDate"].timestamp() * 1000 == NOON
    secret = made.pop("SecretAccessKey")
    status, listed = iam.send("ListAccessKeys", {"UserName": "alice"})
    assert (status, listed["AccessKeyMetadata"], listed["IsTruncated"]) == (200, [made], False)
    assert secret not in str(listed)


def test_a_third_key(iam: Query) -> None:
    """A user has two keys at the most."""
    iam("CreateUser", UserName="alice")
    ids = sorted(iam.new_key("alice").access_key_id for _ in range(2))
    full = (409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
    assert iam.refused("CreateAccessKey", UserName="alice") == full
    listed = iam.every("ListAccessKeys", "AccessKeyMetadata", UserName="alice", MaxItems=1)
    assert [key["AccessKeyId"] for key in listed] == ids


def test_users_keep_their_own_keys(iam: Query) -> None:
    """Without a user's name a request is about the caller's keys; a policy on one's own user opens them alone."""
    alice = iam.by_new_user("alice")
    bob = iam.by_new_user("bob")
    own_keys(iam, "alice")
    second = alice("CreateAccessKey")["AccessKey"]
    assert second["UserName"] == "alice"
    assert len(alice("ListAccessKeys")["AccessKeyMetadata"]) == 2
    assert alice("UpdateAccessKey", AccessKeyId=second["AccessKeyId"], Status="Inactive") == {}
    assert alice("GetAccessKeyLastUsed", AccessKeyId=second["AccessKeyId"])["UserName"] == "alice"
    assert alice("DeleteAccessKey", AccessKeyId=second["AccessKeyId"]) == {}
    for operation in ("CreateAccessKey", "ListAccessKeys"):
        denied = alice.refused(operation, UserName="bob")[2]
        assert f"iam:{operation} on resource: arn:aws:iam::{ACCOUNT}:user/bob" in denied
    of_bob = alice.refused("GetAccessKeyLastUsed", AccessKeyId=bob.key.access_key_id)
    assert f"iam:GetAccessKeyLastUsed on resource: arn:aws:iam::{ACCOUNT}:user/bob" in of_bob[2]
    assert alice.refused("DeleteAccessKey", AccessKeyId=bob.key.access_key_id) == absent(bob.key.access_key_id)


def test_status_is_in_force_on_the_next_request(wire: Wire, iam: Query) -> None:
    """A key that is made inactive proves nothing at once, at every service, and proves again when it is active."""
    alice = iam.by_new_user("alice")
    own_keys(iam, "alice")
    key = alice.key.access_key_id
    sts = client(wire, "sts").by(alice.key)
    assert alice("ListAccessKeys")["AccessKeyMetadata"][0]["Status"] == "Active"
    iam("UpdateAccessKey", UserName="alice", AccessKeyId=key, Status="Inactive")
    assert alice.refused("ListAccessKeys") == NOT_VALID
    assert sts.refused("GetCallerIdentity") == NOT_VALID
    iam("UpdateAccessKey", UserName="alice", AccessKeyId=key, Status="Active")
    assert sts("GetCallerIdentity")["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/alice"


def test_a_key_ends_its_sessions(wire: Wire, iam: Query) -> None:
    """With a key, made inactive or deleted, end the sessions that it began."""
    alice = iam.by_new_user("alice")
    sts = client(wire, "sts")
    begun = sts.by(alice.key)("GetSessionToken")["Credentials"]
    session = sts.by(NewKey(begun["AccessKeyId"], begun["SecretAccessKey"]), begun["SessionToken"])
    assert session("GetCallerIdentity")["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/alice"
    key = {"UserName": "alice", "AccessKeyId": alice.key.access_key_id}
    iam("UpdateAccessKey", **key, Status="Inactive")
    assert session.refused("GetCallerIdentity")[0] == 403
    iam("UpdateAccessKey", **key, Status="Active")
    assert session("GetCallerIdentity")["UserId"]
    iam("DeleteAccessKey", **key)
    assert session.refused("GetCallerIdentity")[0] == 403
    assert alice.refused("ListAccessKeys") == NOT_VALID


def test_keys_that_are_not_there(iam: Query) -> None:
    """A key of another user, of another account, or of nobody is not found."""
    iam("CreateUser", UserName="alice")
    iam("CreateUser", UserName="bob")
    key = iam.new_key("alice").access_key_id
    for user, wrong in (("bob", key), ("alice", "AKIA" + "A" * 16)):
        assert iam.refused("DeleteAccessKey", UserName=user, AccessKeyId=wrong) == absent(wrong)
        assert iam.refused("UpdateAccessKey", UserName=user, AccessKeyId=wrong, Status="Active") == absent(wrong)
    other = client(iam.wire, "iam", OTHER)
    assert other.refused("GetAccessKeyLastUsed", AccessKeyId=key) == absent(key)
    assert iam.refused("DeleteAccessKey", UserName="nobody", AccessKeyId=key)[1] == "NoSuchEntity"


def test_statuses(iam: Query) -> None:
    """A status that is none is refused by the model, and one that only AWS sets by its name."""
    iam("CreateUser", UserName="alice")
    key = {"UserName": "alice", "AccessKeyId": iam.new_key("alice").access_key_id}
    sentence = (
        "1 validation error detected: Value 'Gone' at 'status' failed to satisfy constraint: "
        "Member must satisfy enum value set: [Active, Inactive, Expired]"
    )
    assert iam.refused("UpdateAccessKey", **key, Status="Gone") == (400, "ValidationError", sentence)
    assert iam.refused("UpdateAccessKey", **key, Status="Expired")[:2] == (400, "ValidationError")


def test_last_used(wire: Wire, iam: Query) -> None:
    """A key's last use shows time, service and region, renewed after a quarter of an hour; of a new key it is N/A."""
    iam("CreateUser", UserName="alice")
    key = iam.new_key("alice")
    asked = {"AccessKeyId": key.access_key_id}
    never = {"UserName": "alice", "AccessKeyLastUsed": {"ServiceName": "N/A", "Region": "N/A"}}
    assert iam("GetAccessKeyLastUsed", **asked) == never
    sts = Query(wire, "sts", key, region="eu-west-1")
    for minutes, shown in ((0, 0), (14, 0), (1, 15)):
        wire.clock.now += minutes * MINUTE
        sts("GetCallerIdentity")
        wire.runner.run(wire.uses.settled())
        used = iam("GetAccessKeyLastUsed", **asked)["AccessKeyLastUsed"]
        assert (used["ServiceName"], used["Region"]) == ("sts", "eu-west-1")
        assert used["LastUsedDate"].timestamp() * 1000 == NOON + shown * MINUTE


def test_a_wrong_signature_is_no_use(wire: Wire, iam: Query) -> None:
    """Who knows a key's id but not its secret leaves no trace of its use."""
    iam("CreateUser", UserName="alice")
    key = iam.new_key("alice").access_key_id
    assert iam.by(NewKey(key, "guessed")).refused("ListUsers")[1] == "SignatureDoesNotMatch"
    wire.runner.run(wire.uses.settled())
    assert "LastUsedDate" not in iam("GetAccessKeyLastUsed", AccessKeyId=key)["AccessKeyLastUsed"]


def test_alias(iam: Query) -> None:
    """An account has one alias, which a new one replaces, and which no other account may have."""
    assert iam("ListAccountAliases") == {"AccountAliases": [], "IsTruncated": False}
    for alias in ("first", "second"):
        assert iam("CreateAccountAlias", AccountAlias=alias) == {}
        assert iam("ListAccountAliases") == {"AccountAliases": [alias], "IsTruncated": False}
    other = client(iam.wire, "iam", OTHER)
    taken = (409, "EntityAlreadyExists", "The account alias second already exists.")
    assert other.refused("CreateAccountAlias", AccountAlias="second") == taken
    gone = (404, "NoSuchEntity", "The account alias second cannot be found.")
    assert other.refused("DeleteAccountAlias", AccountAlias="second") == gone
    assert iam("DeleteAccountAlias", AccountAlias="second") == {}
    assert other("CreateAccountAlias", AccountAlias="second") == {}
    for wrong in ("ab", "a--b", "-ab", "Abc", ACCOUNT):
        assert iam.refused("CreateAccountAlias", AccountAlias=wrong)[1] == "ValidationError"


def test_summary(iam: Query) -> None:
    """GetAccountSummary counts what there is and tells the quotas."""
    iam("CreateUser", UserName="alice")
    iam("CreateGroup", GroupName="admins")
    statement = {"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    made = iam("CreatePolicy", PolicyName="p", PolicyDocument=document)["Policy"]["Arn"]
    iam("CreatePolicyVersion", PolicyArn=made, PolicyDocument=document)
    summary = iam("GetAccountSummary")["SummaryMap"]
    counted = {name: summary[name] for name in ("Users", "Groups", "Roles", "Policies", "PolicyVersionsInUse")}
    assert counted == {"Users": 2, "Groups": 1, "Roles": 0, "Policies": 1, "PolicyVersionsInUse": 2}
    assert (summary["UsersQuota"], summary["GroupsQuota"], summary["AccessKeysPerUserQuota"]) == (5000, 300, 2)
    assert (summary["MFADevices"], summary["AccountMFAEnabled"], summary["AccountAccessKeysPresent"]) == (0, 0, 0)
