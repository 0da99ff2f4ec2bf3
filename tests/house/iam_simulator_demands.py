"""What IAM's simulator demands: rows of the table in test_demands_aws.py."""

from collections.abc import Sequence
from typing import Any

USER = "arn:aws:iam::123456789012:user/team/alice"
OF_OTHER = "arn:aws:iam::210987654321:role/deploy"
UNCLEAR = "arn:aws:sts::123456789012:assumed-role/deploy/run"
POLICIES = {"PolicyInputList": ["{}"]}
ACTIONS = {"ActionNames": ["ecr:PutImage"]}

ROWS: Sequence[tuple[str, str, dict[str, Any], list[tuple[str, str]]]] = [
    ("iam", "SimulateCustomPolicy", {**POLICIES, **ACTIONS}, [("iam:SimulateCustomPolicy", "*")]),
    ("iam", "GetContextKeysForCustomPolicy", POLICIES, [("iam:GetContextKeysForCustomPolicy", "*")]),
    *[
        ("iam", name, {"PolicySourceArn": arn, **more}, [(f"iam:{name}", arn)])
        for name, more in (("SimulatePrincipalPolicy", ACTIONS), ("GetContextKeysForPrincipalPolicy", {}))
        for arn in (USER, OF_OTHER, UNCLEAR)
    ],
]
