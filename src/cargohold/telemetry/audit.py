"""The audit trail: one line for each request that a door decided, saying who did what to which resources.

Holds names only: ARNs, an action, a code. Source of the shape: CloudTrail's userIdentity, eventName, resources and
errorCode.
"""

from __future__ import annotations

from collections.abc import Sequence

from cargohold.telemetry import logs


def record(
    *,
    request_id: str,
    principal_arn: str | None,
    action: str,
    resources: Sequence[str],
    code: str,
    client: str,
) -> None:
    """Writes one audit line, whatever the log level is.

    `principal_arn` is None where nobody was proven; `action` is an IAM action (`ecr:PutImage`), `resources` are ARNs
    or `*`, `code` is the error's code as the client read it or empty for success, `client` is the peer's address.
    """
    logs.unfiltered().info(
        "audit",
        request_id=request_id,
        principal=principal_arn,
        action=action,
        resources=list(resources),
        code=code,
        client=client,
    )
