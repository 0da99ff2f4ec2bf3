"""A push to a repository that is not there: a creation template makes it, for who may create it.

Asked only where an upload begins in a private registry and there is no repository; the repository is made whole, with
all that its template says, or not at all. Source: Amazon ECR user guide, "Templates to control repositories created
during a pull through cache, create on push, or replication action".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cargohold.access.demand import Demand, Facts
from cargohold.core.errors import RepositoryNotCreated
from cargohold.registry.creation_template import CREATE_ON_PUSH

if TYPE_CHECKING:
    from cargohold.oci.call import Call
    from cargohold.registry.creation_template import Template


async def ensure_repository(call: Call, creating: Sequence[Demand]) -> bool:
    """Makes the repository that the call is about; whether it was this call that made it.

    `creating` is what the caller needs for that; what the new repository's own policy says is asked later. Raises
    RepositoryNotCreated where no template covers the name, AccessDenied, and what Repositories.create raises.
    """
    rooms, registry, name = call.services, call.asked.registry, call.asked.repository
    template = await rooms.creation_templates.find(registry, name, CREATE_ON_PUSH)
    if template is None:
        raise RepositoryNotCreated(name, registry.account)
    told = [replace(demand, facts=_facts(template)) for demand in creating]
    await rooms.guard.require(call.credential, told, (), call.surroundings)
    return await rooms.repositories.ensure(registry, template.repository(name))


def _facts(template: Template) -> Facts:
    """The resource tags that the repository begins with, as CreateRepository tells policies of them."""
    tags = template.resource_tags
    if not tags:
        return ()
    return (*((f"aws:RequestTag/{key}", value) for key, value in tags.items()), ("aws:TagKeys", tuple(tags)))
