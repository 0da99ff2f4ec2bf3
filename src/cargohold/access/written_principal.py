"""The form of a Principal element as it is written. Whether those that it names exist, others say.

Source: IAM User Guide, "IAM JSON policy elements: Principal".
"""

import re
from typing import Any, Final

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
