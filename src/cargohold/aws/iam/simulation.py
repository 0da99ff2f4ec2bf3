"""Reads what a simulation is asked with, and refuses it in the words of AWS's simulator.

Sources: IAM API reference, "SimulateCustomPolicy", "SimulatePrincipalPolicy", "ContextEntry", "PolicyIdentifier";
sentences reported from AWS. Where none was found, they are ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from cargohold.access import values
from cargohold.access.context import Value
from cargohold.access.grammar import Kind, check
from cargohold.access.holdings import EntityArn, parse_entity
from cargohold.access.patterns import matcher, parse
from cargohold.access.policy import TRUSTED, Policy, compile_policy
from cargohold.access.simulate import ANYTHING
from cargohold.access.sources import Source
from cargohold.core.arn import PARTITION
from cargohold.core.errors import InvalidInput, MalformedPolicyDocument

if TYPE_CHECKING:
    from cargohold.aws.shapes.iam import ContextEntry, OrderedOrganizationPolicyType, PolicyIdentifier

_ACTION: Final = re.compile(r"[a-zA-Z0-9-]+:[a-zA-Z0-9]+")
_ARN: Final = re.compile(r"arn:[^:]+:[^:]+:[^:]*:[^:]*:.+", re.DOTALL)
_ROOT: Final = re.compile(rf"arn:{PARTITION}:iam::([0-9]{{12}}):root")
_POLICY: Final = re.compile(rf"arn:{PARTITION}:iam::(?:[0-9]{{12}}|aws):policy/[^*?]*?[^/]+", re.DOTALL)
_TRUSTED: Final = frozenset(map(str.lower, TRUSTED))
_LIST: Final = "List"
_READERS: Final[Mapping[str, Callable[[str], object]]] = {
    "numeric": values.number,
    "boolean": values.boolean,
    "ip": values.network,
    "binary": values.binary,
    "date": values.date,
}
"""What reads a value of each type; strings are as they are."""


def entity(arn: str) -> EntityArn:
    """The user, group or role of an ARN; raises InvalidInput."""
    found = parse_entity(arn)
    if found is None:
        raise InvalidInput(f"Invalid Entity Arn: {arn} does not clearly define entity type and name.")
    return found


def owned(account: str, arn: str) -> EntityArn:
    """The user, group or role whose policies are asked, which must be of the account; raises InvalidInput."""
    found = entity(arn)
    if found.account != account:
        raise InvalidInput(
            f"Invalid Policy Source Arn: caller's account {account} does not have access to policies in account "
            f"{found.account}"
        )
    return found


def given(texts: Iterable[str], kind: Kind, name: str) -> list[Source]:
    """Policies that the request brings, named by their place; raises InvalidInput for one that breaks the grammar."""
    return [_source(text, kind, f"{name}.{place}") for place, text in enumerate(texts, 1)]


def boundary(texts: Sequence[str]) -> list[Source]:
    """The permissions boundary that the request brings; there is one at the most."""
    if len(texts) > 1:
        raise InvalidInput("The list of Permissions Boundary policies cannot exceed 1 items.")
    return given(texts, "boundary", "PermissionsBoundaryPolicyInputList")


def resource_policy(text: str | None, caller: EntityArn | None, actions: Sequence[str]) -> list[Source]:
    """The policy that each resource is to have. Where roles are assumed it is their trust policy."""
    if text is None:
        return []
    if caller is None:
        raise InvalidInput("Invalid caller - Caller cannot be null or empty.")
    if caller.kind == "group":
        raise InvalidInput("Invalid caller - Caller must be an IAM user in this context.")
    trust = {action.lower() in _TRUSTED for action in actions}
    if len(trust) > 1:
        raise InvalidInput(f"Invalid Input Actions: {', '.join(actions)} require different authorization information.")
    return [_source(text, "trust" if trust == {True} else "resource", "ResourcePolicy")]


def levels(given_levels: Sequence[OrderedOrganizationPolicyType]) -> list[tuple[Policy, ...]]:
    """The service control policies of each level of an organization."""
    found = []
    for place, level in enumerate(given_levels, 1):
        texts = level.get("ServiceControlPolicyInputList", ())
        if not texts:
            raise InvalidInput(f"Organization policy at index {place} must contain at least one service control policy")
        found.append(tuple(compile_policy(_checked(text, "identity"), "identity") for text in texts))
    return found


def owner(arn: str | None) -> str | None:
    """The account that `ResourceOwner` names."""
    if arn is None:
        return None
    root = _ROOT.fullmatch(arn)
    if root is None:
        raise InvalidInput(f"'{arn}' is not a valid as a Resource Owner.")
    return root[1]


def actions(names: Sequence[str]) -> Sequence[str]:
    """What is simulated: names of actions, without wildcards."""
    for name in names:
        if _ACTION.fullmatch(name) is None:
            raise InvalidInput(f"Invalid Action Name: {name}")
    if not names:
        raise InvalidInput("ActionNames cannot be empty.")
    return names


def resources(arns: Sequence[str]) -> Sequence[str]:
    """What it is simulated on: `*` where nothing is named."""
    for arn in arns:
        if arn != ANYTHING and _ARN.fullmatch(arn) is None:
            raise InvalidInput(f"ResourceNames are not in a valid ARN format: {arn}.")
    return list(dict.fromkeys(arns)) or [ANYTHING]


def context(entries: Sequence[ContextEntry]) -> dict[str, Value]:
    """The context by key in lower case, each value read as its type says."""
    found: dict[str, Value] = {}
    for entry in entries:
        name, type_, texts = _parts(entry)
        if name.lower() in found:
            raise InvalidInput(f"Context key {name} is given more than once.")
        read = _READERS.get(type_.removesuffix(_LIST), str)
        for text in texts:
            if read(text) is None:
                raise InvalidInput(f"Invalid value for context key {name} of type {type_}: {text[:100]}")
        found[name.lower()] = tuple(texts) if type_.endswith(_LIST) else texts[0]
    return found


def kept(sources: Sequence[Source], exclusions: Sequence[PolicyIdentifier]) -> list[Source]:
    """The policies of an entity that `PolicyExclusionList` leaves."""
    tests = [_exclusion(each) for each in exclusions]
    return [source for source in sources if not any(test(source) for test in tests)]


def _parts(entry: ContextEntry) -> tuple[str, str, Sequence[str]]:
    """An entry's name, type and values; without a type it is a string, or a list of them."""
    name, texts = entry.get("ContextKeyName", ""), entry.get("ContextKeyValues", [])
    if not name:
        raise InvalidInput("A context entry must have a ContextKeyName.")
    type_ = entry.get("ContextKeyType", "string" if len(texts) == 1 else f"string{_LIST}")
    if not type_.endswith(_LIST) and len(texts) != 1:
        raise InvalidInput(f"Context key {name} of type {type_} must have exactly one value.")
    return name, type_, texts


def _source(text: str, kind: Kind, id_: str) -> Source:
    return Source(_checked(text, kind), kind, id_)


def _checked(text: str, kind: Kind) -> str:
    try:
        check(text, kind)
    except MalformedPolicyDocument as malformed:
        raise InvalidInput(str(malformed)) from None
    return text


def _exclusion(identifier: PolicyIdentifier) -> Callable[[Source], bool]:
    if len(identifier) != 1:
        raise InvalidInput("A PolicyIdentifier must have exactly one member.")
    if "PolicyType" in identifier:
        type_ = identifier["PolicyType"]
        return lambda source: _type(source) == type_
    if "PolicyArn" in identifier:
        return _by_arn(identifier["PolicyArn"])
    inline = identifier["InlinePolicyIdentifier"]
    owner_of = (inline["AttachmentType"], inline["AttachmentName"])
    return lambda source: source.origin == "inline" and source.owner == owner_of and source.name == inline["PolicyName"]


def _type(source: Source) -> str:
    """As PolicyIdentifier names types."""
    if source.kind == "boundary":
        return "permission-boundary"
    return {"managed": "user-managed"}.get(source.origin, source.origin)


def _by_arn(arn: str) -> Callable[[Source], bool]:
    """An ARN in whose name one `*` and any `?` may stand."""
    if _POLICY.fullmatch(arn) is None or arn.count("*") > 1:
        raise InvalidInput(f"Invalid policy identifier: {arn}")
    accepts = matcher(parse(arn, variables=False))
    return lambda source: source.kind == "identity" and source.origin != "inline" and accepts(source.name)
