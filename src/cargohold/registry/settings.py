"""Settings of a registry, which ECR calls account settings: each account has them once in each region.

Source: Amazon ECR API reference, GetAccountSetting and PutAccountSetting; user guide, "Private registry settings".
"""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection

from cargohold.core.arn import Registry
from cargohold.core.errors import InvalidParameter, ValidationError
from cargohold.database import Database
from cargohold.registry.store import settings

BLOB_MOUNTING: Final = "BLOB_MOUNTING"

VALUES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "BASIC_SCAN_TYPE_VERSION": ("AWS_NATIVE",),
        "REGISTRY_POLICY_SCOPE": ("V2",),
        BLOB_MOUNTING: ("ENABLED", "DISABLED"),
    }
)
"""What each setting may be; it is the first until somebody sets it."""


class RegistrySettings:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, registry: Registry, name: str) -> str:
        """The setting's value. Raises InvalidParameter for a name that is no setting's."""
        default = _values(name)[0]
        kept = await self._database.read(partial(settings.find_setting, of=registry, name=name))
        return default if kept is None else kept

    async def put(self, registry: Registry, name: str, value: str) -> None:
        """In force on the next request. Raises InvalidParameter, and ValidationError for a value it may not have."""
        allowed = _values(name)
        if value not in allowed:
            raise ValidationError(f"The account setting {name} may be {' or '.join(allowed)} here")
        await self._database.write(partial(settings.save_setting, of=registry, name=name, value=value))


def mounts(connection: Connection, registry: Registry) -> bool:
    """Whether blobs may be mounted from one repository of the registry to another."""
    kept = settings.find_setting(connection, registry, BLOB_MOUNTING)
    return (kept or VALUES[BLOB_MOUNTING][0]) == "ENABLED"


def _values(name: str) -> tuple[str, ...]:
    if name not in VALUES:
        raise InvalidParameter("name", f"Member must satisfy enum value set: [{', '.join(VALUES)}]")
    return VALUES[name]
