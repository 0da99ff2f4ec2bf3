"""Whom a statement of a resource's policy is about: its Principal or NotPrincipal element.

What a statement gives depends on how it names who asks: `grant` says that as a bit, which `evaluate` weighs.
Sources: IAM User Guide, "IAM JSON policy elements: Principal", "IAM JSON policy elements: NotPrincipal", "Policy
evaluation for requests within a single account".
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cargohold.access.patterns import Context
from cargohold.identity.principals import Principal

NOBODY: Final = 0
ACCOUNT: Final = 1
"""The account: it may give the permission to its principals by their own policies."""
ENTITY: Final = 2
"""The role of a session, or the user behind a federated session: within the boundary and the session policies."""
EVERYONE: Final = 4
"""`*`: within the session policies."""
DIRECT: Final = 8
"""Who asks itself, a user or a session: whatever its own policies leave out."""

_ROOT: Final = re.compile(r"arn:[a-z-]+:iam::([0-9]{12}):root")
_ACCOUNT: Final = re.compile(r"[0-9]{12}")
_SERVICE_KEY: Final = "aws:principalservicename"
_PROVIDER_KEY: Final = "aws:federatedprovider"
_NAMED_ONLY: Final = ("service", "web-identity")


@dataclass(frozen=True, slots=True)
class Principals:
    """The principals of a statement by their forms."""

    everyone: bool = False
    accounts: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    """ARNs and unique ids of users, roles and sessions."""
    services: frozenset[str] = frozenset()
    providers: frozenset[str] = frozenset()
    """Of federated identities."""
    excepted: bool = False
    """NotPrincipal: all others."""
    denies: bool = False

    def grant(self, who: Principal, context: Context, *, bounded: bool) -> int:
        """How the statement names who asks; NOBODY: not at all. `bounded`: it has a permissions boundary."""
        if self.excepted:
            named = bool(self.services) and context.get(_SERVICE_KEY) in self.services
            named = named or (bool(self.providers) and context.get(_PROVIDER_KEY) in self.providers)
            return NOBODY if named else self._others(who, bounded=bounded)
        # `*` is everybody who has credentials of AWS's, and whoever else there is where it denies.
        found = EVERYONE if self.everyone and (self.denies or who.kind not in _NAMED_ONLY) else NOBODY
        if self.names and (who.arn in self.names or who.id in self.names):
            found |= DIRECT
        elif self.names and (who.entity_arn in self.names or who.entity_id in self.names):
            found |= DIRECT if who.kind == "user" else ENTITY
        if who.account in self.accounts:
            found |= DIRECT if is_root(who) else ACCOUNT
        if (self.services and context.get(_SERVICE_KEY) in self.services) or (
            self.providers and context.get(_PROVIDER_KEY) in self.providers
        ):
            found |= DIRECT if who.kind in ("anonymous", *_NAMED_ONLY) else ENTITY
        return found

    def _others(self, who: Principal, *, bounded: bool) -> int:
        """A denial spares only those whose account, user or role, and session are each listed, and no boundary's."""
        account = who.account in self.accounts
        entity = who.entity_arn in self.names or who.entity_id in self.names
        itself = who.arn in self.names or who.id in self.names
        if self.denies:
            listed = account and (is_root(who) or (itself and (entity or who.kind != "assumed-role")))
            spared = self.everyone or (listed and not bounded)
        else:
            spared = self.everyone or account or entity or itself
        return NOBODY if spared else EVERYONE


def is_root(who: Principal) -> bool:
    """Whether an account's root user asks, who may do everything in it."""
    return who.arn.endswith(":root")


def principals(element: Any, *, excepted: bool, denies: bool) -> Principals:
    """Reads an element that the grammar let through; what it does not know names nobody."""
    forms = {"AWS": [element]} if isinstance(element, str) else element
    by_form: Mapping[str, list[str]] = {
        form: [names] if isinstance(names, str) else list(names) for form, names in forms.items()
    }
    named = by_form.get("AWS", [])
    accounts = dict(_accounts(named))
    return Principals(
        everyone="*" in named,
        accounts=frozenset(accounts.values()),
        names=frozenset(named) - accounts.keys() - {"*", ""},
        services=frozenset(by_form.get("Service", [])),
        providers=frozenset(by_form.get("Federated", [])),
        excepted=excepted,
        denies=denies,
    )


def _accounts(names: Iterable[str]) -> Iterable[tuple[str, str]]:
    for name in names:
        root = _ROOT.fullmatch(name)
        if root is not None:
            yield name, root[1]
        elif _ACCOUNT.fullmatch(name):
            yield name, name
