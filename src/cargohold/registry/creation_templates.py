"""Creation templates of a registry: kept here, and found for the repository that a push is about to make.

They count when a repository is made; what was made before stays as it is.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection

from cargohold.core.arn import Registry
from cargohold.core.clock import Clock
from cargohold.core.errors import (
    InvalidParameter,
    LimitExceeded,
    MalformedPolicyDocument,
    PrincipalNotFound,
    TemplateAlreadyExists,
    TemplateNotFound,
)
from cargohold.core.paging import Page
from cargohold.database import Database
from cargohold.registry.creation_template import Template, check, choose, covering, forms
from cargohold.registry.limits import Limits
from cargohold.registry.resource_policies import Language
from cargohold.registry.store import creation_templates as store

__all__ = ["CreationTemplates", "Template", "Texts"]

_MEMBER: Final = "repositoryPolicy"
_POLICIES: Final = ("repository_policy", "lifecycle_policy")


@dataclass(frozen=True, slots=True)
class Texts:
    """What is known elsewhere of the two policies in a template; wiring passes it in."""

    policies: Language
    check_lifecycle: Callable[[str], None]
    """Raises InvalidParameter unless a text is a lifecycle policy."""


class CreationTemplates:
    def __init__(self, database: Database, clock: Clock, limits: Limits, texts: Texts) -> None:
        self._database = database
        self._clock = clock
        self._limits = limits
        self._texts = texts

    async def create(self, registry: Registry, new: Template) -> Template:
        """Keeps a template under a prefix that has none.

        Raises what it breaks (see creation_template.check), InvalidParameter for what is no policy,
        TemplateAlreadyExists and LimitExceeded.
        """
        now = self._clock()
        return await self._database.write(
            partial(self._add, registry=registry, new=replace(new, created_at=now, updated_at=now))
        )

    async def update(self, registry: Registry, prefix: str, changes: Mapping[str, Any]) -> Template:
        """The template with other values in place of some of its members; an empty policy takes it away.

        Raises TemplateNotFound and what `create` raises of the values.
        """
        changed = {**changes, "updated_at": self._clock()}
        return await self._database.write(partial(self._change, registry=registry, prefix=prefix, changes=changed))

    async def delete(self, registry: Registry, prefix: str) -> Template:
        """The template as it was. Raises TemplateNotFound."""
        return await self._database.write(partial(self._delete, registry=registry, prefix=prefix))

    async def describe(self, registry: Registry, prefixes: Sequence[str]) -> list[Template]:
        """The templates of those prefixes, by prefix; those that are not there are left out."""
        wanted = [form for prefix in prefixes for form in forms(prefix)]

        def work(connection: Connection) -> list[Template]:
            return [self._shown(connection, each) for each in store.list_named(connection, registry, wanted)]

        return await self._database.read(work)

    async def page(self, registry: Registry, after: str | None, limit: int) -> Page[Template]:
        """Up to `limit` templates by prefix, behind the prefix `after`."""

        def work(connection: Connection) -> list[Template]:
            found = store.list_page(connection, registry, after or "", limit + 1)
            return [self._shown(connection, each) for each in found]

        found = await self._database.read(work)
        items = tuple(found[:limit])
        return Page(items, items[-1].prefix if items and len(found) > limit else None)

    async def find(self, registry: Registry, name: str, scenario: str) -> Template | None:
        """The template that makes a repository of that name in that scenario, its policy as it is kept."""
        wanted = partial(store.list_named, of=registry, prefixes=covering(name))
        return choose(await self._database.read(wanted), name, scenario)

    def _add(self, connection: Connection, registry: Registry, new: Template) -> Template:
        kept = self._checked(connection, registry, new, _POLICIES)
        registry_id = store.hold(connection, registry)
        if store.list_named(connection, registry, forms(new.prefix)):
            raise TemplateAlreadyExists(new.prefix, registry.account)
        if store.count_templates(connection, registry_id) >= self._limits.creation_templates:
            raise LimitExceeded(
                f"The registry with id '{registry.account}' already has the maximum allowed number of repository "
                f"creation templates which is '{self._limits.creation_templates}'"
            )
        store.add_template(connection, registry_id, kept)
        return self._shown(connection, kept)

    def _change(self, connection: Connection, registry: Registry, prefix: str, changes: Mapping[str, Any]) -> Template:
        registry_id = store.hold(connection, registry)
        changed = replace(_get(connection, registry, prefix), **changes)
        kept = self._checked(connection, registry, changed, changes)
        store.save_template(connection, registry_id, kept)
        return self._shown(connection, kept)

    def _delete(self, connection: Connection, registry: Registry, prefix: str) -> Template:
        registry_id = store.hold(connection, registry)
        held = _get(connection, registry, prefix)
        store.delete_template(connection, registry_id, held.prefix)
        return self._shown(connection, held)

    def _checked(
        self, connection: Connection, registry: Registry, template: Template, given: Collection[str]
    ) -> Template:
        """The template as it is kept, checked as a whole; of its policies those that are `given`."""
        check(template, registry, self._limits)
        if "lifecycle_policy" in given and template.lifecycle_policy is not None:
            self._texts.check_lifecycle(template.lifecycle_policy)
        if "repository_policy" in given and template.repository_policy is not None:
            return replace(template, repository_policy=self._resolved(connection, template.repository_policy))
        return template

    def _resolved(self, connection: Connection, text: str) -> str:
        try:
            self._texts.policies.check(text)
            return self._texts.policies.resolve(connection, text)
        except MalformedPolicyDocument:
            raise InvalidParameter(_MEMBER, "Invalid repository policy provided") from None
        except PrincipalNotFound as error:
            raise InvalidParameter(_MEMBER, str(error)) from None

    def _shown(self, connection: Connection, kept: Template) -> Template:
        """With names in place of the ids that its policy is kept with."""
        if kept.repository_policy is None:
            return kept
        return replace(kept, repository_policy=self._texts.policies.show(connection, kept.repository_policy))


def _get(connection: Connection, registry: Registry, prefix: str) -> Template:
    held = store.list_named(connection, registry, forms(prefix))
    if not held:
        raise TemplateNotFound(prefix, registry.account)
    return held[0]
