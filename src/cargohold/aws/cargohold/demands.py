"""What our own operations need.

Accounts are the first account's to make and to look at, so that no other account's administrator can: what is demanded
there is a resource of the first account, and no policy opens it to somebody else's.

    arn:aws:cargohold::<first account>:account/*    all accounts, and those to be made
    arn:aws:cargohold::<account>:audit              an account's own audit trail
    arn:aws:cargohold::<account>:access             who may do what in an account, and why
    arn:aws:cargohold::<first account>:storage      the blob store that all accounts share
    arn:aws:cargohold::<first account>:advisories   what images are held against
    arn:aws:cargohold::<account>:ignore-rules       what an account leaves out of its scans' counts
"""

from typing import Final

from cargohold.access.demand import Demand
from cargohold.aws.operation import Scope
from cargohold.core.arn import PARTITION, Registry

EVERY: Final = "*"


def on_accounts(action: str, scope: Scope, account: str = EVERY) -> Demand:
    """Demands the action on an account as the deployment has it, or on all of them."""
    arn = f"arn:{PARTITION}:cargohold::{scope.first}:account/{account}"
    return Demand(action, Registry(scope.first, scope.region), arn=arn)


def on_own_audit(action: str, scope: Scope) -> Demand:
    """Demands the action on the audit trail of the caller's account."""
    arn = f"arn:{PARTITION}:cargohold::{scope.account}:audit"
    return Demand(action, Registry(scope.account, scope.region), arn=arn)


def on_own_access(action: str, scope: Scope) -> Demand:
    """Demands the action on what decides access in the caller's account."""
    arn = f"arn:{PARTITION}:cargohold::{scope.account}:access"
    return Demand(action, Registry(scope.account, scope.region), arn=arn)


def on_storage(action: str, scope: Scope) -> Demand:
    """Demands the action on the blob store, which is the first account's to look after."""
    arn = f"arn:{PARTITION}:cargohold::{scope.first}:storage"
    return Demand(action, Registry(scope.first, scope.region), arn=arn)


def on_advisories(action: str, scope: Scope) -> Demand:
    """Demands the action on the advisories, which all accounts share."""
    arn = f"arn:{PARTITION}:cargohold::{scope.first}:advisories"
    return Demand(action, Registry(scope.first, scope.region), arn=arn)


def on_ignore_rules(action: str, scope: Scope) -> Demand:
    """Demands the action on the rules of the caller's account."""
    arn = f"arn:{PARTITION}:cargohold::{scope.account}:ignore-rules"
    return Demand(action, Registry(scope.account, scope.region), arn=arn)
