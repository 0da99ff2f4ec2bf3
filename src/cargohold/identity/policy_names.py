"""From a managed policy's ARN to its id and back, whether AWS wrote it or the account did."""

from collections.abc import Collection

from sqlalchemy import Connection

from cargohold.core.errors import NoSuchEntity
from cargohold.identity import aws_managed, policy
from cargohold.identity.policy import PolicyName
from cargohold.identity.store import policies as store


def find_id(connection: Connection, account: str, name: PolicyName) -> str | None:
    """The id of a policy that an account may attach: one of its own, or of AWS's."""
    if name.account == aws_managed.OWNER:
        known = aws_managed.by_arn(name.arn)
        return None if known is None else known.id
    found = store.find_policy(connection, name) if name.account == account else None
    return None if found is None else found.id


def get_attachable(connection: Connection, account: str, arn: str) -> str:
    """As find_id, by the ARN; raises ValidationError for what is no policy's, and NoSuchEntity."""
    policy_id = find_id(connection, account, policy.parse(arn))
    if policy_id is None:
        raise NoSuchEntity(f"Policy {arn} does not exist or is not attachable.")
    return policy_id


def list_names(connection: Connection, policy_ids: Collection[str]) -> dict[str, PolicyName]:
    """How policies are named, by their ids."""
    known = {each: aws_managed.find(each) for each in set(policy_ids)}
    own = store.list_names(connection, [each for each, found in known.items() if found is None])
    return own | {each: PolicyName(aws_managed.OWNER, found.path, found.name) for each, found in known.items() if found}
