"""The identity room's statements. Each is built once, on import, and each function takes the connection first.

Whoever changes what somebody may do calls `bump` in the same transaction, before all else; whoever only adds something
that may do nothing yet calls `hold`. Both keep everybody else from changing what IAM holds of the account until the
end, so nothing that is looked at after it changes, and what is counted against a quota stays counted. Locks are taken
in this order: the account, then a principal, then its access keys, then what belongs to them.
"""

from cargohold.identity.store.accounts import bump, hold

__all__ = ["bump", "hold"]
