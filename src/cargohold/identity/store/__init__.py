"""The identity room's statements. Each is built once, on import, and each function takes the connection first.

Whoever changes what somebody may do calls `bump` in the same transaction, first: it also holds the account, so that
what is counted against one of its quotas afterwards nobody else adds to. Locks are taken in this order: the account,
then a principal, group or policy, then what belongs to it.
"""

from cargohold.identity.store.accounts import bump

__all__ = ["bump"]
