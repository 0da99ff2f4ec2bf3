"""InviteHost, JoinHost, ListHosts, RevokeHost and GetHostCredentials: machines that have an instance profile's role.

Sources: IAM user guide, "Use an IAM role to grant permissions to applications running on Amazon EC2 instances": who
gives a machine a role needs iam:PassRole on it, and the role must trust EC2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cargohold.access.demand import Demand, Entity
from cargohold.aws.ecr.paging import listing
from cargohold.aws.iam.demands import account
from cargohold.aws.iam.instance_profiles import EC2, PASSED_TO_EC2
from cargohold.aws.operation import Call, Scope, operation
from cargohold.core.arn import PARTITION, Registry
from cargohold.core.errors import RoleNotTrusting
from cargohold.identity import host
from cargohold.identity.hosts import Invite
from cargohold.identity.principals import Principal

if TYPE_CHECKING:
    from cargohold.aws.shapes import cargohold as shapes


def _on_hosts(action: str, scope: Scope) -> Demand:
    """Demands the action on all hosts of the caller's account: one is known by its name and by its id."""
    return Demand(action, Registry(scope.account, scope.region), arn=host.host_arn(scope.account, "*"))


def _invite_demands(scope: Scope, request: shapes.InviteHostRequest) -> Sequence[Demand]:
    """On the instance profile, so that a policy can say who gives out which."""
    entity = Entity("instance-profile", request["instanceProfileName"])
    return (Demand("cargohold:InviteHost", account(scope), entity=entity),)


@operation("InviteHost", _invite_demands)
async def invite_host(call: Call, request: shapes.InviteHostRequest) -> shapes.InviteHostResponse:
    """A join token, which is told this once. Who may not pass the profile's role on is denied, as by RunInstances."""
    profile = await call.services.instance_profiles.get(call.scope.account, request["instanceProfileName"])
    if profile.role is not None:
        role = Entity("role", profile.role.name)
        await call.require(Demand("iam:PassRole", account(call.scope), entity=role, facts=PASSED_TO_EC2))
    wanted = Invite(profile.name, call.region, request.get("hostName"))
    invited = await call.services.hosts.invite(call.scope.account, wanted)
    return {
        "joinToken": invited.token,
        "expiresAt": invited.expires_at,
        "instanceProfileArn": invited.profile_arn,
    }


def _join_demands(_: Scope, __: shapes.JoinHostRequest) -> Sequence[Demand]:
    """Nothing: nobody is named who could have it. The token is the proof, and the room judges it."""
    return ()


@operation("JoinHost", _join_demands)
async def join_host(call: Call, request: shapes.JoinHostRequest) -> shapes.JoinHostResponse:
    """The host, and its key, which is told this once; raises InvalidJoinToken."""
    joined = await call.services.hosts.join(request["joinToken"], request.get("hostName"))
    made = joined.host
    call.trail.principal = Principal(made.id, made.arn, made.account, "host", made.name, made.id, made.arn)
    call.trail.recipient, call.trail.resources = made.account, [made.arn]
    return {
        "host": _host(joined.host),
        "accessKeyId": joined.host.access_key_id,
        "secretAccessKey": joined.secret_access_key,
    }


def _list_demands(scope: Scope, _: shapes.ListHostsRequest) -> Sequence[Demand]:
    return (_on_hosts("cargohold:ListHosts", scope),)


@operation("ListHosts", _list_demands)
async def list_hosts(call: Call, request: shapes.ListHostsRequest) -> shapes.ListHostsResponse:
    """One page of the account's hosts, by name."""
    wanted = listing(call, "ListHosts", request, Registry(call.scope.account, call.region))
    page = await call.services.hosts.page(call.scope.account, wanted.after, wanted.limit)
    return {"hosts": [_host(each) for each in page.items], "nextToken": wanted.next_token(page.after)}


def _revoke_demands(scope: Scope, _: shapes.RevokeHostRequest) -> Sequence[Demand]:
    return (_on_hosts("cargohold:RevokeHost", scope),)


@operation("RevokeHost", _revoke_demands)
async def revoke_host(call: Call, request: shapes.RevokeHostRequest) -> shapes.RevokeHostResponse:
    """The host that was."""
    return {"host": _host(await call.services.hosts.revoke(call.scope.account, request["host"]))}


def _credentials_demands(scope: Scope, request: shapes.GetHostCredentialsRequest) -> Sequence[Demand]:
    arn = host.host_arn(scope.account, request["hostId"])
    return (Demand("cargohold:GetHostCredentials", Registry(scope.account, scope.region), arn=arn),)


@operation("GetHostCredentials", _credentials_demands)
async def get_host_credentials(
    call: Call, request: shapes.GetHostCredentialsRequest
) -> shapes.GetHostCredentialsResponse:
    """Six hours of the role that the host's instance profile holds; raises NoInstanceRole and RoleNotTrusting."""
    hosts = call.services.hosts
    held = await hosts.held(call.scope.account, request["hostId"])
    source = f"arn:{PARTITION}:ec2:{held.host.region}:{held.host.account}:instance/{held.host.id}"
    if not await call.services.trust.allows_service(held.role_id, held.role_arn, EC2, source):
        raise RoleNotTrusting(held.role_arn, EC2)
    issued = await hosts.begin_session(held)
    return {
        "credentials": {
            "accessKeyId": issued.session.id,
            "secretAccessKey": issued.secret_access_key,
            "sessionToken": issued.token,
            "expiration": issued.session.expires_at,
        },
        "roleName": held.role_name,
        "roleArn": held.role_arn,
        "instanceProfileArn": held.host.profile_arn,
        "instanceProfileId": held.host.profile_id,
        "issuedAt": issued.session.issued_at,
    }


def _host(of: host.Host) -> shapes.Host:
    return {
        "hostId": of.id,
        "hostName": of.name,
        "arn": of.arn,
        "region": of.region,
        "instanceProfileArn": of.profile_arn,
        "accessKeyId": of.access_key_id,
        "joinedAt": of.joined_at,
        "lastUsedAt": of.used_at,
    }
