"""The form of an ARN in a Resource element as it is written.

Source: IAM User Guide, "IAM JSON policy elements: Resource"; sentences recorded and reported from AWS.
"""

import re
from typing import Final

from cargohold.access.patterns import ARN_PARTS
from cargohold.core.errors import MalformedPolicyDocument

_PARTITION: Final = re.compile(r"aws(-[a-z]+)*|\*")
_ACCOUNT: Final = re.compile(r"[0-9*?]*|aws")
_IAM_PATHS: Final = (
    "user/, federated-user/, role/, group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, "
    "saml-provider/, oidc-provider/, report/, access-report/"
)


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
