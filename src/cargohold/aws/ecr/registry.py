"""DescribeRegistry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargohold.aws.ecr.demands import on_registry, own_registry
from cargohold.aws.operation import Call, operation

if TYPE_CHECKING:
    from cargohold.aws.shapes.ecr import DescribeRegistryRequest, DescribeRegistryResponse


@operation("DescribeRegistry", on_registry("ecr:DescribeRegistry"))
async def describe_registry(call: Call, _: DescribeRegistryRequest) -> DescribeRegistryResponse:
    """A registry replicates nothing until replication is built, which no operation can configure yet."""
    return {"registryId": own_registry(call).account, "replicationConfiguration": {"rules": []}}
