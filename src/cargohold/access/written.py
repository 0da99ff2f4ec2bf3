"""The forms in which a policy may name principals and resources, checked when it is written.

Whether what is named exists, others say.
Sources: IAM User Guide, "IAM JSON policy elements: Principal", "IAM JSON policy elements: Resource"; sentences recorded
and reported from AWS.
"""

import re
from typing import Any, Final

from cargohold.access.patterns import ARN_PARTS
from cargohold.core.errors import MalformedPolicyDocument

_ARN: Final = r"arn:aws[a-z-]*"
_PATH: Final = r"[!-)+->@-~]"
"""A character of a name with its path: printable ASCII without wildcards."""
_NAME: Final = r"[!-)+-.0->@-~]"
"""A character of a name: likewise, without the slash."""
_FORMS: Final = {
    "AWS": re.compile(
        rf"\*|[0-9]{{12}}|{_ARN}:iam::[0-9]{{12}}:(root|(user|role)/{_PATH}+)"
        rf"|{_ARN}:sts::[0-9]{{12}}:(assumed-role/{_NAME}+/{_NAME}+|federated-user/{_NAME}+)"
        rf"|A(IDA|ROA)[A-Z0-9]{{13,124}}(:{_NAME}+)?"
    ),
    "Service": re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?"),
    "Federated": re.compile(rf"{_ARN}:iam::[0-9]{{12}}:(saml|oidc)-provider/{_PATH}+|[a-z0-9-]+(\.[a-z0-9-]+)+"),
    "CanonicalUser": re.compile(r"[0-9a-f]{64}"),
}

_PARTITION: Final = re.compile(r"aws(-[a-z]+)*|\*")
_ACCOUNT: Final = re.compile(r"[0-9*?]*|aws")
_IAM_PATHS: Final = (
    "user/, federated-user/, role/, group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, "
    "saml-provider/, oidc-provider/, report/, access-report/"
)


def check_principals(element: Any, *, canonical: bool) -> None:
    """Refuses what names nobody or nothing that can be named; `canonical` users are known to some services only."""
    if element is None:
        raise MalformedPolicyDocument("Missing required field Principal")
    if not isinstance(element, dict):
        raise MalformedPolicyDocument("Principal must be a JSON object.")
    if not element:
        raise MalformedPolicyDocument("Missing required field Principal cannot be empty!")
    for kind, names in element.items():
        form = _FORMS.get(kind)
        if form is None or (kind == "CanonicalUser" and not canonical):
            raise MalformedPolicyDocument(f'Invalid principal in policy: "{kind}"')
        for name in names if isinstance(names, list) else [names]:
            if not isinstance(name, str) or form.fullmatch(name) is None:
                raise MalformedPolicyDocument(f'Invalid principal in policy: "{kind.upper()}":"{name}"')
        if names == []:
            raise MalformedPolicyDocument("Missing required field Principal cannot be empty!")


def is_legacy_resource(text: str) -> bool:
    """Whether an ARN of AWS lacks segments, or has a service or an account of none of the known forms."""
    if not text.startswith("arn:aws"):
        return False
    parts = text.split(":", ARN_PARTS - 1)
    if len(parts) == ARN_PARTS:
        return not parts[2] or _ACCOUNT.fullmatch(parts[4]) is None
    return len(parts) > 3 and (parts[-1] != "*" or not parts[2])


def check_resource(text: str) -> None:
    """Refuses what is neither `*` nor an ARN, which may leave out its last segments."""
    if text == "*":
        return
    first, colon, _ = text.partition(":")
    if not colon or "$" in first:
        raise MalformedPolicyDocument(f'Resource {text} must be in ARN format or "*".')
    parts = ["arn", *text.split(":", ARN_PARTS - 1)[1:]]
    parts += ["*"] * (ARN_PARTS - len(parts))
    _, partition, service, region, _, path = parts
    if _PARTITION.fullmatch(partition) is None:
        raise MalformedPolicyDocument(f'Partition "{partition}" is not valid for resource "{":".join(parts)}".')
    if first != "arn":
        raise MalformedPolicyDocument(f'Resource {text} must be in ARN format or "*".')
    if not service or "*" in service or "?" in service:
        raise MalformedPolicyDocument("Resource vendor must be fully qualified and cannot contain regexes.")
    if service == "s3" and region not in {"", "*"}:
        raise MalformedPolicyDocument(f"Resource {text} can not contain region information.")
    if service == "iam":
        _check_iam(text, region, path)


def _check_iam(text: str, region: str, path: str) -> None:
    if region not in {"", "*"}:
        raise MalformedPolicyDocument(f"IAM resource {text} cannot contain region information.")
    if path != "*" and not path.startswith(tuple(_IAM_PATHS.split(", "))):
        raise MalformedPolicyDocument(f'IAM resource path must either be "*" or start with {_IAM_PATHS}.')
