"""What a request to the OCI door is about, and what its handler may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cargohold.access.context import Surroundings
from cargohold.access.guard import Admission
from cargohold.core.arn import Registry, Target
from cargohold.exchange import Request
from cargohold.identity.principals import Credential

if TYPE_CHECKING:
    from cargohold.services import Services


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request names, before anybody looked whether it is there."""

    registry: Registry
    repository: str
    """A well-formed name; empty where the path names none."""
    reference: str
    """A tag, digest or upload id as the path has it, not checked yet; empty where the path has none."""
    parameters: Mapping[str, str]
    """The query, decoded; the last of a repeated parameter."""
    prefix: str = ""
    """What the path has before the repository's name: a public registry's alias with a slash."""

    @property
    def name(self) -> str:
        """The repository as clients name it here."""
        return self.prefix + self.repository


@dataclass(frozen=True, slots=True)
class Call:
    """One admitted request, as a handler sees it."""

    services: Services
    request: Request
    asked: Asked
    admission: Admission
    credential: Credential
    surroundings: Surroundings
    """Where it comes from, for whoever asks the guard once more."""

    @property
    def target(self) -> Target:
        """The repository of the path, as the guard found it."""
        return self.admission.targets[self.asked.registry, self.asked.repository]
