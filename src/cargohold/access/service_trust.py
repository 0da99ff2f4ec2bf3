"""Whether a role trusts a service of AWS's that hands its credentials to somebody, as EC2 does to an instance.

Source: IAM user guide, "AWS service principals", "aws:SourceArn" and "aws:SourceAccount".
"""

from datetime import UTC, datetime
from functools import partial
from typing import Final

from cargohold.access.caller import compiled
from cargohold.access.evaluate import Ask, Held, decide
from cargohold.access.store.holdings import find_trust_policy
from cargohold.core.clock import SECOND, Clock
from cargohold.database import Database
from cargohold.identity.principals import Principal

_NOTHING: Final = Held()


class ServiceTrust:
    """Made once per process."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def allows(self, role_id: str, role_arn: str, service: str, source: str) -> bool:
        """Whether the role's trust policy lets `service` call sts:AssumeRole for `source`, the ARN of who gets it."""
        policy = await self._database.read(partial(find_trust_policy, role_id=role_id))
        if policy is None:
            return False
        now, account = self._clock(), role_arn.split(":")[4]
        context = {
            "aws:currenttime": datetime.fromtimestamp(now // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "aws:epochtime": str(now // SECOND),
            "aws:principalisawsservice": "true",
            "aws:principalservicename": service,
            "aws:securetransport": "true",
            "aws:sourceaccount": account,
            "aws:sourcearn": source,
            "aws:resourceaccount": account,
        }
        principal = Principal(service, service, "", "service", service)
        ask = Ask(principal, "sts:AssumeRole", role_arn, account, context)
        return decide(ask, _NOTHING, [compiled(policy, "trust", "")]).allowed
