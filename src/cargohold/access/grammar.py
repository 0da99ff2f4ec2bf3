"""The grammar of policies, checked when one is written: what is refused, in the words and in the order of IAM.

Policies of permissions (of identities, boundaries and sessions), of roles' trust and of resources have a grammar each.
Sources: IAM User Guide, "Grammar of the IAM JSON policy language"; sentences recorded and reported from AWS.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isfinite
from typing import Any, Final, Literal

from cargohold.access import conditions, values
from cargohold.access.ecr_actions import ECR_ACTIONS, ECR_PUBLIC_ACTIONS
from cargohold.access.patterns import matcher, parse
from cargohold.access.written import check_principals, check_resource, is_legacy_resource
from cargohold.core.errors import MalformedPolicyDocument

Kind = Literal["identity", "boundary", "session", "resource", "trust"]
Form = Literal["identity", "boundary", "session", "resource", "trust", "managed"]
"""What is written: a policy of a kind, or a managed policy, which needs a Version besides."""

SYNTAX: Final = "Syntax errors in policy."
LEGACY: Final = "The policy failed legacy parsing"
_NO_VENDOR: Final = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
_ACTIONS: Final = {"ecr": ECR_ACTIONS, "ecr-public": ECR_PUBLIC_ACTIONS}
_VERSIONS: Final = ("2008-10-17", "2012-10-17")
_VENDOR: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.")
_ALPHANUMERIC: Final = _VENDOR - {"-", "."}
_TOP: Final = frozenset({"Version", "Id", "Statement"})
_ELEMENTS: Final = ("Action", "Resource", "Principal")
_STATEMENT: Final = frozenset({"Sid", "Effect", "Condition", *_ELEMENTS, *(f"Not{name}" for name in _ELEMENTS)})
_TRUST_ACTIONS: Final = frozenset(
    f"sts:{name}"
    for name in ("assumerole", "assumerolewithsaml", "assumerolewithwebidentity", "setcontext", "setsourceidentity")
) | {"sts:tagsession"}

Block = Mapping[str, Any]


def check(text: str, kind: Form, service: str | None = None) -> None:
    """Raises MalformedPolicyDocument where `text` is no policy of that kind.

    `service` is the one whose actions a policy of a resource may name: `ecr`, `ecr-public`.
    """
    document = read(text, kind)
    if kind == "trust":
        _check_trust(document)
        return
    blocks = _structure(document)
    if kind == "managed" and document.get("Version") != _VERSIONS[1]:
        raise MalformedPolicyDocument("Policy document must be version 2012-10-17 or greater.")
    if any(_is_legacy(block) for block in blocks):
        raise MalformedPolicyDocument(LEGACY)
    _check_sids(blocks, alphanumeric=kind != "resource")
    _check_elements(blocks, kind)
    for block in blocks:
        for resource in _both(block, "Resource"):
            check_resource(resource)
    for block in blocks:
        for action in _both(block, "Action"):
            _check_action(action, service)


def read(text: str, kind: Form) -> dict[str, Any]:
    """The JSON object of a policy, whatever it says; a member that stands twice has no one meaning, and is refused."""
    try:
        document = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise MalformedPolicyDocument("This policy contains invalid Json" if kind == "trust" else SYNTAX) from error
    if not isinstance(document, dict):
        raise MalformedPolicyDocument("This policy contains invalid Json" if kind == "trust" else SYNTAX)
    return document


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice")
    return members


def _no_constant(name: str) -> None:
    raise ValueError(name)


def texts(value: Any) -> list[str]:
    """The values of a condition's key: text, or numbers and booleans as text."""
    given = value if isinstance(value, list) else [value]
    return [str(one).lower() if isinstance(one, bool) else str(one) for one in given]


# What any policy is made of


def _structure(document: Block) -> list[Block]:
    """The statements, whose members are known and of the right types; all else is a syntax error."""
    written = document.get("Statement")
    blocks = [written] if isinstance(written, dict) else written
    right = (
        document.keys() <= _TOP
        and document.get("Version", _VERSIONS[0]) in _VERSIONS
        and isinstance(document.get("Id", ""), str)
        and isinstance(blocks, list)
        and bool(blocks)
        and all(map(_is_statement, blocks))
    )
    if not right or not isinstance(blocks, list):
        raise MalformedPolicyDocument(SYNTAX)
    return blocks


def _is_statement(block: Any) -> bool:
    return (
        isinstance(block, dict)
        and block.keys() <= _STATEMENT
        and not any(name in block and f"Not{name}" in block for name in _ELEMENTS)
        and isinstance(block.get("Sid", ""), str)
        and isinstance(block.get("Effect"), str)
        and block["Effect"].lower() in {"allow", "deny"}
        and all(_is_text(block[name]) for name in ("Action", "NotAction", "Resource", "NotResource") if name in block)
        and _is_condition(block.get("Condition", {}))
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(one, str) for one in value))


def _is_condition(block: Any) -> bool:
    return isinstance(block, dict) and all(
        isinstance(keys, dict)
        and (not keys or conditions.operator(name) is not None)
        and all(_is_value(one) for value in keys.values() for one in (value if isinstance(value, list) else [value]))
        for name, keys in block.items()
    )


def _is_value(value: Any) -> bool:
    """A number beyond what can be read (`1e999`) could not be written again either."""
    return isinstance(value, str | bool | int) or (isinstance(value, float) and isfinite(value))


def _both(block: Block, name: str) -> list[str]:
    """The values of an element or of its negation."""
    value = block.get(name, block.get(f"Not{name}", []))
    return [value] if isinstance(value, str) else list(value)


def _is_legacy(block: Block) -> bool:
    return (
        block["Effect"] not in {"Allow", "Deny"}
        or any(map(is_legacy_resource, _both(block, "Resource")))
        or any(values.date(date) is None for date in _dates(block.get("Condition", {})))
    )


def _dates(block: Block) -> Iterable[str]:
    for name, keys in block.items():
        operator = conditions.operator(name)
        if operator is not None and operator.base.startswith("Date"):
            for value in keys.values():
                yield from texts(value)


def _check_sids(blocks: Sequence[Block], *, alphanumeric: bool) -> None:
    sids = [block["Sid"] for block in blocks if block.get("Sid")]
    if len(set(sids)) < len(sids):
        raise MalformedPolicyDocument("Statement IDs (SID) in a single policy must be unique.")
    if alphanumeric and not all(set(sid) <= _ALPHANUMERIC for sid in sids):
        raise MalformedPolicyDocument(
            "Statement IDs (SID) must be alpha-numeric. "
            "Check that your input satisfies the regular expression [0-9A-Za-z]*"
        )


def _check_elements(blocks: Sequence[Block], kind: Form) -> None:
    for block in blocks:
        if kind == "resource":
            _check_whom(block)
        elif "Principal" in block or "NotPrincipal" in block:
            raise MalformedPolicyDocument("Policy document should not specify a principal.")
        if not _both(block, "Action"):
            raise MalformedPolicyDocument("Policy statement must contain actions.")
        if kind != "resource" and not _both(block, "Resource"):
            raise MalformedPolicyDocument("Policy statement must contain resources.")


def _check_whom(block: Block) -> None:
    if "NotPrincipal" in block and block["Effect"] == "Allow":
        raise MalformedPolicyDocument("Allow with NotPrincipal is not allowed.")
    written = block.get("Principal", block.get("NotPrincipal"))
    if written != "*":
        check_principals(written, canonical=True)


def _check_action(action: str, service: str | None) -> None:
    vendor, colon, name = action.partition(":")
    if action == "*":
        return
    if not colon:
        raise MalformedPolicyDocument(_NO_VENDOR)
    if not vendor or not set(vendor) <= _VENDOR:
        raise MalformedPolicyDocument(f"Vendor {vendor} is not valid")
    if ":" in name:
        raise MalformedPolicyDocument("Actions/Condition can contain only one colon.")
    if service is not None and not _is_of(service, action):
        raise MalformedPolicyDocument(f"Action {action} is not valid")


def _is_of(service: str, action: str) -> bool:
    """Whether a service has an action of that name, in which `*` and `?` may stand."""
    accepts = matcher(parse(action.lower(), variables=False))
    return any(map(accepts, _ACTIONS[service]))


# Trust policies


def _check_trust(document: Block) -> None:
    _known_fields(document, _TOP)
    if document.get("Version", _VERSIONS[0]) not in _VERSIONS:
        raise MalformedPolicyDocument("The policy must contain a valid version string")
    written = document.get("Statement")
    blocks = [written] if isinstance(written, dict) else written
    if not blocks:
        raise MalformedPolicyDocument("Could not parse the policy: Statement is empty!")
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise MalformedPolicyDocument(SYNTAX)
    for block in blocks:
        for rule in _TRUST_RULES:
            rule(block)
    sids = [block["Sid"] for block in blocks if block.get("Sid")]
    if len(set(sids)) < len(sids):
        raise MalformedPolicyDocument("The Statement Ids in the policy are not unique")


def _known_fields(block: Block, known: frozenset[str]) -> None:
    for name in block:
        if name not in known:
            raise MalformedPolicyDocument(f"Unknown field {name}")


def _trust_fields(block: Block) -> None:
    _known_fields(block, _STATEMENT)
    if "Effect" not in block:
        raise MalformedPolicyDocument("Missing required field Effect")
    if block["Effect"] not in ("Allow", "Deny"):
        raise MalformedPolicyDocument(f"Invalid effect: {block['Effect']}")


def _trust_principal(block: Block) -> None:
    if "NotPrincipal" in block:
        allows = block["Effect"] == "Allow"
        raise MalformedPolicyDocument(
            "Allow with NotPrincipal is not allowed."
            if allows
            else "AssumeRole policy must not contain NotPrincipal field."
        )
    written = block.get("Principal")
    if isinstance(written, str):
        raise MalformedPolicyDocument("Principal must be a JSON object.")
    check_principals(written, canonical=False)


def _trust_condition(block: Block) -> None:
    right = _is_condition(block.get("Condition", {})) and isinstance(block.get("Sid", ""), str)
    if not right or ("Action" in block and "NotAction" in block):
        raise MalformedPolicyDocument(SYNTAX)
    if any(values.date(date) is None for date in _dates(block.get("Condition", {}))):
        raise MalformedPolicyDocument(LEGACY)


def _trust_action(block: Block) -> None:
    if not all(_is_text(block[name]) for name in ("Action", "NotAction") if name in block):
        raise MalformedPolicyDocument(SYNTAX)
    actions = _both(block, "Action")
    if not actions:
        raise MalformedPolicyDocument("Missing required field Action")
    if not all(action.lower() in _TRUST_ACTIONS for action in actions):
        raise MalformedPolicyDocument("AssumeRole policy may only specify STS AssumeRole actions.")


def _trust_resource(block: Block) -> None:
    if "Resource" in block:
        raise MalformedPolicyDocument("Has prohibited field Resource")
    if "NotResource" in block:
        raise MalformedPolicyDocument("AssumeRole policy must not contain resources.")


_TRUST_RULES: Final[Sequence[Callable[[Block], None]]] = (
    _trust_fields,
    _trust_principal,
    _trust_condition,
    _trust_action,
    _trust_resource,
)
"""What each statement of a trust policy keeps to, in the order in which IAM looks."""
