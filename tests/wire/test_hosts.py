"""Hosts on the wire: who becomes one, what it gets, and how it ends."""

import hashlib
from typing import Any

import pytest
from sqlalchemy import select

from cargohold.core.clock import HOUR, MINUTE
from cargohold.database.schema.identity import access_key, host_invitation, session

from . import hosts as bed
from .conftest import ACCOUNT, NOON, OTHER, Wire
from .hosts import EC2, GONE, REFUSED, Yard, trusting_service
from .query import client
from .sts import INVALID_TOKEN, READ_ONLY, policy, trusting


@pytest.fixture
def yard(wire: Wire) -> Yard:
    """A yard with the instance profile `web`."""
    made = bed.yard(wire)
    made.profile()
    return made


def test_a_host_pulls_with_its_role(yard: Yard) -> None:
    """A host that joined gets six hours of its profile's role, under its own id, and logs in at the registry."""
    yard.wire("CreateRepository", repositoryName="app")
    host = yard.host()
    answer = yard("GetHostCredentials", host.key, hostId=host.id)
    assert answer["roleArn"] == f"arn:aws:iam::{ACCOUNT}:role/web"
    assert answer["instanceProfileArn"] == f"arn:aws:iam::{ACCOUNT}:instance-profile/web"
    assert (answer["issuedAt"] * 1000, answer["credentials"]["expiration"] * 1000) == (NOON, NOON + 6 * HOUR)
    role = yard.credentials(host)
    assert role("GetCallerIdentity")["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/web/{host.id}"
    assert yard.bureau.get("/v2/app/tags/list", yard.bureau.password(role))[0] == 200
    denied = yard.bureau.ecr(role, "CreateRepository", repositoryName="nope")
    assert denied.body["__type"] == "AccessDeniedException"


def test_hosts_are_listed(yard: Yard) -> None:
    """A list goes by name, page by page, and says when a host last asked; keys' secrets are not in it."""
    for name in ("b", "C", "a"):
        yard.host(name)
    found, token = [], {}
    while True:
        page = yard("ListHosts", maxResults=1, **token)
        found += page["hosts"]
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert [each["hostName"] for each in found] == ["a", "b", "C"]
    assert {each["instanceProfileArn"] for each in found} == {f"arn:aws:iam::{ACCOUNT}:instance-profile/web"}
    assert {each["joinedAt"] * 1000 for each in found} == {NOON}
    assert all("lastUsedAt" not in each for each in found)
    host = yard.host("d")
    yard.credentials(host)
    yard.wire.runner.run(yard.wire.uses.settled())
    (last,) = (each for each in yard("ListHosts")["hosts"] if each["hostName"] == "d")
    assert last["lastUsedAt"] * 1000 == NOON
    assert set(last) == {
        *("hostId", "hostName", "arn", "region", "instanceProfileArn", "accessKeyId", "joinedAt", "lastUsedAt")
    }


# Join tokens


def test_a_token_is_good_once(yard: Yard) -> None:
    """Whoever has a token that was used gets nothing, and learns nothing."""
    token = yard.invite()
    yard.join(token)
    assert yard.cannot_join(token, hostName="thief") == REFUSED


def test_a_token_is_good_for_ten_minutes(yard: Yard) -> None:
    """At ten minutes a token is over; a moment before it is not."""
    late, in_time = yard.invite(), yard.invite()
    yard.wire.clock.now += 10 * MINUTE - 1
    yard.join(in_time)
    yard.wire.clock.now += 1
    assert yard.cannot_join(late, hostName="late") == REFUSED


def test_guessing_ends_a_token(yard: Yard) -> None:
    """After five wrong second halves even the right one is refused."""
    token = yard.invite()
    first = token.partition(".")[0]
    for number in range(5):
        assert yard.cannot_join(f"{first}.{number:032x}", hostName="guess") == REFUSED
    assert yard.cannot_join(token, hostName="box") == REFUSED


def test_wrong_tokens(yard: Yard) -> None:
    """What is no token, half of one, or two halves of two is refused alike."""
    one, two = yard.invite(), yard.invite()
    mixed = f"{one.partition('.')[0]}.{two.partition('.')[2]}"
    for wrong in (
        "0",
        one.partition(".")[0],
        f"{one.partition('.')[0]}.",
        f".{one.partition('.')[2]}",
        mixed,
        f"{one}.0",
    ):
        assert yard.cannot_join(wrong, hostName="box") == REFUSED
    assert yard.join(one).id != yard.join(two, "other").id


def test_a_token_opens_its_own_profile_alone(yard: Yard) -> None:
    """A token of another profile makes a host of that one, whatever the thief would like."""
    yard.profile("less")
    host = yard.join(yard.invite("less"))
    assert yard.credentials(host)("GetCallerIdentity")["Arn"].endswith(f":assumed-role/less/{host.id}")


def test_only_a_hash_is_kept(yard: Yard) -> None:
    """The database holds the hash of a token's second half, which the audit trail does not hold either."""
    token = yard.invite()
    first, _, second = token.partition(".")
    ((id_, kept),) = yard.bureau.read(select(host_invitation.c.id, host_invitation.c.token_hash))
    assert (id_, bytes(kept)) == (first, hashlib.sha256(second.encode()).digest())


def test_an_invitation_ends_with_its_profile(yard: Yard) -> None:
    """A token of a profile that was deleted is good for nothing, also when there is one of that name again."""
    token = yard.invite()
    iam, named = yard.bureau.iam, {"InstanceProfileName": "web"}
    iam("RemoveRoleFromInstanceProfile", **named, RoleName="web")
    iam("DeleteInstanceProfile", **named)
    iam("CreateInstanceProfile", **named)
    assert yard.cannot_join(token, hostName="box") == REFUSED


def test_names(yard: Yard) -> None:
    """The invitation's name counts before the machine's; one that is taken is refused, and the token stays good."""
    named = yard.invite(hostName="box")
    assert yard.join(named, "ignored")
    assert [each["hostName"] for each in yard("ListHosts")["hosts"]] == ["box"]
    taken = "A host with the name BOX exists already: revoke it, or give this one another name."
    assert yard.refused("InviteHost", instanceProfileName="web", hostName="BOX")[1:] == (
        "EntityAlreadyExistsException",
        taken,
    )
    token = yard.invite()
    assert yard.cannot_join(token, hostName="BOX")[1:] == ("EntityAlreadyExistsException", taken)
    assert yard.cannot_join(token)[1] == "ValidationException"
    yard.join(token, "other")


@pytest.mark.parametrize(
    "members", [{"joinToken": "x" * 200}, {"joinToken": "ü"}, {"joinToken": "0", "hostName": "a b"}]
)
def test_malformed(yard: Yard, members: dict[str, Any]) -> None:
    """What is malformed is refused before it is looked up."""
    assert yard.send("JoinHost", members, None).refusal[1] == "ValidationException"


# What a host may do


def test_a_host_may_do_nothing_else(yard: Yard) -> None:
    """A host's key opens its own credentials alone: not another host's, not STS, not the registry."""
    host, other = yard.host(), yard.host("other")
    resource = f"arn:aws:cargohold::{ACCOUNT}:host/"
    no_policy = "because no identity-based policy allows the"
    for members, operation, on in (
        ({"hostId": other.id}, "GetHostCredentials", f"{resource}{other.id}"),
        ({}, "ListHosts", f"{resource}*"),
        ({"host": "other"}, "RevokeHost", f"{resource}*"),
    ):
        sentence = (
            f"User: {resource}{host.id} is not authorized to perform: cargohold:{operation} on resource: {on} "
            f"{no_policy} cargohold:{operation} action"
        )
        assert yard.refused(operation, host.key, **members) == (400, "AccessDeniedException", sentence)
    sts = yard.bureau.sts.by(host.key)
    assert sts.refused("GetCallerIdentity")[1] == "AccessDenied"
    assert sts.refused("GetSessionToken")[1] == "AccessDenied"
    assert yard.bureau.refused(sts, f"arn:aws:iam::{ACCOUNT}:role/web")[1] == "AccessDenied"
    assert yard.bureau.iam.by(host.key).refused("ListUsers")[1] == "AccessDenied"
    assert yard.bureau.ecr(sts, "GetAuthorizationToken").body["__type"] == "AccessDeniedException"


def test_policies_that_are_open_to_all_are_not_open_to_hosts(yard: Yard) -> None:
    """A repository's policy for everybody gives a host's key nothing."""
    yard.wire("CreateRepository", repositoryName="app")
    everybody = policy({"Effect": "Allow", "Principal": "*", "Action": "ecr:*"})
    yard.wire("SetRepositoryPolicy", repositoryName="app", policyText=everybody)
    sts = yard.bureau.sts.by(yard.host().key)
    refused = yard.bureau.ecr(sts, "ListImages", repositoryName="app")
    assert refused.body["__type"] == "AccessDeniedException"


def test_a_host_s_name_is_no_user_s(yard: Yard) -> None:
    """A user may have the name of a host; IAM knows the host's key as nobody's."""
    host = yard.host("bob")
    yard.bureau.iam("CreateUser", UserName="bob")
    assert yard.bureau.iam("ListAccessKeys", UserName="bob")["AccessKeyMetadata"] == []
    refused = yard.bureau.iam.refused("GetAccessKeyLastUsed", AccessKeyId=host.key.access_key_id)
    assert refused[1] in ("NoSuchEntity", "AccessDenied")
    names = [each["UserName"] for each in yard.bureau.iam("ListUsers")["Users"]]
    assert names == ["administrator", "bob"]


def test_nobody_else_asks_for_a_host(yard: Yard) -> None:
    """Not even an administrator gets a role by asking as a host; another account's cannot end one or see it."""
    host = yard.host()
    absent = f"The host {host.id} cannot be found."
    for account in (ACCOUNT, OTHER):
        refused = yard.refused("GetHostCredentials", yard.wire.keys[account], hostId=host.id)
        assert refused[1] == "AccessDeniedException"
    assert yard.refused("RevokeHost", yard.wire.keys[OTHER], host=host.id)[2] == absent
    assert yard("ListHosts", yard.wire.keys[OTHER])["hosts"] == []


# Trust


@pytest.mark.parametrize(
    "trust",
    [
        trusting(ACCOUNT),
        policy({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}),
        trusting_service("ecs-tasks.amazonaws.com"),
        trusting_service(Condition={"StringEquals": {"aws:SourceAccount": OTHER}}),
        trusting_service(Condition={"Bool": {"aws:PrincipalIsAWSService": "false"}}),
        policy(
            {"Effect": "Allow", "Principal": {"Service": EC2}, "Action": "sts:AssumeRole"},
            {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"},
        ),
        policy({"Effect": "Allow", "Principal": {"Service": EC2}, "Action": "sts:TagSession"}),
    ],
    ids=["account", "everybody", "another service", "another account", "no service", "denied", "another action"],
)
def test_a_role_must_trust_ec2(yard: Yard, trust: str) -> None:
    """A role whose trust policy does not let EC2 have it is handed to no host."""
    yard.profile("shy", trust)
    host = yard.host("shy", "shy")
    arn = f"arn:aws:iam::{ACCOUNT}:role/shy"
    told = f"EC2 cannot assume the role {arn}: its trust policy does not let {EC2} call sts:AssumeRole"
    assert yard.no_credentials(host) == (400, "RoleNotTrustingException", told)


def test_trust_may_ask_who_gets_it(yard: Yard) -> None:
    """A trust policy may name the account and the instances that EC2 gets the role for."""
    source = {"ArnLike": {"aws:SourceArn": f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance/i-*"}}
    account = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    yard.profile("choosy", trusting_service(Condition={**source, **account}))
    assert yard.credentials(yard.host("one", "choosy"))("GetCallerIdentity")["Account"] == ACCOUNT


def test_who_may_not_pass_a_role_invites_no_host_to_it(yard: Yard) -> None:
    """InviteHost needs iam:PassRole on the profile's role, so that nobody gets by a host what is not his to give."""
    iam = yard.bureau.iam
    bob = iam.by_new_user("bob")
    profile = f"arn:aws:iam::{ACCOUNT}:instance-profile/web"
    invite = {"Effect": "Allow", "Action": "cargohold:InviteHost", "Resource": profile}
    passes = {
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": f"arn:aws:iam::{ACCOUNT}:role/web",
        "Condition": {"StringEquals": {"iam:PassedToService": EC2}},
    }
    asked = {"instanceProfileName": "web"}
    assert "cargohold:InviteHost on resource: " + profile in yard.refused("InviteHost", bob.key, **asked)[2]
    iam("PutUserPolicy", UserName="bob", PolicyName="own", PolicyDocument=policy(invite))
    refused = yard.refused("InviteHost", bob.key, **asked)
    assert refused[1] == "AccessDeniedException"
    assert f"iam:PassRole on resource: arn:aws:iam::{ACCOUNT}:role/web" in refused[2]
    iam("PutUserPolicy", UserName="bob", PolicyName="own", PolicyDocument=policy(invite, passes))
    yard.join(yard("InviteHost", bob.key, **asked)["joinToken"])


# Its end


def test_s9_revoking_a_host_ends_all_it_has(yard: Yard) -> None:
    """On the next request its key, its sessions and the passwords that they fetched are refused; others' are not."""
    yard.wire("CreateRepository", repositoryName="app")
    host, other = yard.host(), yard.host("other")
    role, theirs = yard.credentials(host), yard.credentials(other)
    password = yard.bureau.password(role)
    assert yard.bureau.get("/v2/app/tags/list", password)[0] == 200
    assert yard("RevokeHost", host="BOX")["host"]["hostId"] == host.id
    assert yard.no_credentials(host) == GONE
    assert role.refused("GetCallerIdentity") == INVALID_TOKEN
    assert yard.bureau.get("/v2/app/tags/list", password)[0] == 403
    assert theirs("GetCallerIdentity")["Account"] == ACCOUNT
    absent = "The host box cannot be found."
    assert yard.refused("RevokeHost", host="box") == (400, "NoSuchEntityException", absent)
    assert yard.bureau.read(select(access_key.c.id).where(access_key.c.id == host.key.access_key_id)) == []
    assert yard.join(yard.invite(), "box").id != host.id


def test_s9_taking_the_role_out_ends_what_hosts_hold_of_it(yard: Yard) -> None:
    """The profile's hosts lose the role on the next request; a user's session of the same role goes on."""
    host = yard.host()
    role = yard.credentials(host)
    iam, both = yard.bureau.iam, {"InstanceProfileName": "web", "RoleName": "web"}
    also = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    ec2 = {"Effect": "Allow", "Principal": {"Service": EC2}, "Action": "sts:AssumeRole"}
    iam("UpdateAssumeRolePolicy", RoleName="web", PolicyDocument=policy(ec2, also))
    persons = yard.bureau.assume(f"arn:aws:iam::{ACCOUNT}:role/web")
    iam("RemoveRoleFromInstanceProfile", **both)
    assert role.refused("GetCallerIdentity") == INVALID_TOKEN
    none = f"arn:aws:iam::{ACCOUNT}:instance-profile/web holds no role"
    assert yard.no_credentials(host) == (400, "NoInstanceRoleException", none)
    assert persons("GetCallerIdentity")["Account"] == ACCOUNT
    iam("AddRoleToInstanceProfile", **both)
    assert yard.credentials(host)("GetCallerIdentity")["Account"] == ACCOUNT


def test_deleting_the_role_or_the_profile_leaves_the_host_without(yard: Yard) -> None:
    """A role or a profile that is made anew under the same name is not the host's; the host stays in the list."""
    host = yard.host()
    role = yard.credentials(host)
    iam, both = yard.bureau.iam, {"InstanceProfileName": "web", "RoleName": "web"}
    iam("RemoveRoleFromInstanceProfile", **both)
    iam("DetachRolePolicy", RoleName="web", PolicyArn=READ_ONLY)
    iam("DeleteRole", RoleName="web")
    iam("DeleteInstanceProfile", InstanceProfileName="web")
    assert role.refused("GetCallerIdentity") == INVALID_TOKEN
    yard.profile()
    assert yard.no_credentials(host)[1:] == ("NoInstanceRoleException", "The host's instance profile was deleted")
    (listed,) = yard("ListHosts")["hosts"]
    assert "instanceProfileArn" not in listed
    yard("RevokeHost", host=host.id)


def test_a_session_ends_by_itself(yard: Yard) -> None:
    """After six hours a host's session is over, whatever the longest session of its role is."""
    role = yard.credentials(yard.host())
    yard.wire.clock.now += 6 * HOUR - 1
    assert role("GetCallerIdentity")["Account"] == ACCOUNT
    yard.wire.clock.now += 1
    assert role.refused("GetCallerIdentity")[1] == "ExpiredToken"


def test_a_session_names_the_host_s_key(yard: Yard) -> None:
    """The rows that a host leaves end with it: they name its key, and no foreign key keeps them."""
    host = yard.host()
    yard.credentials(host)
    rows = yard.bureau.read(select(session.c.access_key_id, session.c.name, session.c.kind))
    assert [tuple(row) for row in rows] == [(host.key.access_key_id, host.id, "assumed-role")]
    yard("RevokeHost", host=host.id)
    assert yard.bureau.read(select(session.c.id)) == []


def test_joining_is_audited(yard: Yard, wire: Wire) -> None:
    """The audit trail of the account says which host joined; the token is not in it."""
    token = yard.invite()
    host = yard.join(token)
    found = yard("SearchAudit", action="cargohold:JoinHost")["events"]
    assert [each["principal"] for each in found] == [f"arn:aws:cargohold::{ACCOUNT}:host/{host.id}"]
    assert token.partition(".")[2] not in str(yard("SearchAudit")["events"])
    assert client(wire, "sts")("GetCallerIdentity")["Account"] == ACCOUNT
