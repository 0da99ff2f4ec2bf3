"""What evaluations leave behind for others to see: events of the registry, and lines of the audit trail.

Sources: Amazon ECR user guide, "Events and EventBridge" and "Logging Amazon ECR actions with AWS CloudTrail".
"""

from typing import Any, Final

from sqlalchemy import Connection

from cargohold.lifecycle.evaluation import Claim
from cargohold.lifecycle.select import Decision
from cargohold.registry import events
from cargohold.telemetry.audit.event import Happened, Identity
from cargohold.telemetry.audit.trail import Audit

SERVICE: Final = "lifecycle.ecr.amazonaws.com"
"""Who acts when a lifecycle policy does."""


def deleted_by(decision: Decision) -> str:
    """Who deleted an image, as `cargohold images list --deleted` tells it."""
    return f"{SERVICE} (rule {decision.priority})"


def publish_expired(connection: Connection, held: Claim, decision: Decision, now: int) -> None:
    """An event for each tag that went with the image, or one for an image that had none."""
    detail: dict[str, Any] = {
        "result": "SUCCESS",
        "repository-name": held.target.name,
        "image-digest": decision.image.digest,
        "action-type": "DELETE",
    }
    kind = events.IMAGE_ACTION if decision.image.subject_digest is None else events.REFERRER_ACTION
    for tag in decision.image.tags:
        events.publish(connection, held.registry_id, kind, {**detail, "image-tag": tag}, now)
    if not decision.image.tags:
        events.publish(connection, held.registry_id, kind, detail, now)


def record(audit: Audit, held: Claim, decision: Decision, evaluation: str) -> None:
    """The audit trail's line on what was done to an image; `evaluation` is an id that those of one run share."""
    registry = held.target.registry
    audit.write(
        Happened(
            request_id=evaluation,
            action="ecr:PolicyExecutionEvent",
            identity=Identity(kind="AWSService", account=registry.account, invoked_by=SERVICE),
            client=SERVICE,
            user_agent=SERVICE,
            region=registry.region,
            recipient=registry.account,
            resources=(registry.repository_arn(held.target.name),),
            parameters={
                "repositoryName": held.target.name,
                "rulePriority": decision.priority,
                "action": decision.action.upper(),
            },
            elements={"imageDigest": decision.image.digest, "imageTags": list(decision.image.tags[:10])},
        )
    )
