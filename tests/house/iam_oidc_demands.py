"""What operations on OpenID Connect providers demand: rows of the table in test_demands_aws.py."""

from collections.abc import Sequence
from typing import Any

ACCOUNT = "123456789012"
OTHER = "210987654321"
URL = "https://token.example.com/id/ABC"
ARN = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.example.com/id/ABC"
OF_OTHER = ARN.replace(ACCOUNT, OTHER)
TAGS = {"Tags": [{"Key": "k", "Value": "v"}]}

Row = tuple[str, str, dict[str, Any], list[tuple[str, str]]]


def _on(name: str, arn: str = ARN, **members: Any) -> Row:
    """An operation that demands the action of its own name on the provider."""
    return ("iam", name, {"OpenIDConnectProviderArn": arn, **members}, [(f"iam:{name}", arn)])


ROWS: Sequence[Row] = [
    ("iam", "CreateOpenIDConnectProvider", {"Url": URL}, [("iam:CreateOpenIDConnectProvider", ARN)]),
    (
        "iam",
        "CreateOpenIDConnectProvider",
        {"Url": URL, **TAGS},
        [("iam:CreateOpenIDConnectProvider", ARN), ("iam:TagOpenIDConnectProvider", ARN)],
    ),
    ("iam", "ListOpenIDConnectProviders", {}, [("iam:ListOpenIDConnectProviders", "*")]),
    _on("GetOpenIDConnectProvider"),
    _on("GetOpenIDConnectProvider", OF_OTHER),
    _on("DeleteOpenIDConnectProvider"),
    _on("AddClientIDToOpenIDConnectProvider", ClientID="x"),
    _on("RemoveClientIDFromOpenIDConnectProvider", ClientID="x"),
    _on("UpdateOpenIDConnectProviderThumbprint", ThumbprintList=["0" * 40]),
    _on("TagOpenIDConnectProvider", **TAGS),
    _on("UntagOpenIDConnectProvider", TagKeys=["k"]),
    _on("ListOpenIDConnectProviderTags"),
]
