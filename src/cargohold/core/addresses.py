"""Which registry a host name means, and how a registry is addressed.

    localhost:5050                                   the default account and region (docker trusts it without TLS)
    <account>.dkr.ecr.<region>.<domain>:5050         every registry, the default one too
    <account>.dkr.ecr.<region>.amazonaws.com         the same, where DNS or a hosts file points AWS's name at us
    public.<domain>:5050/<alias>                     the public registries, each by its alias; public.ecr.aws likewise
    localhost:5051/<alias>                           the same on a port of their own, where names do not resolve

A host that is none of these is refused, so no URL is ever built from a name that a client made up.
"""

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Final

from cargohold.core.arn import Registry, public_registry
from cargohold.core.errors import UnknownHost

_REGISTRY_HOST = re.compile(r"(?P<account>[0-9]{12})\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.(?P<domain>.+)")
_AWS_DOMAINS = frozenset({"amazonaws.com", "amazonaws.com.cn", "on.aws"})
_AWS_PUBLIC = "public.ecr.aws"
_AWS_PUBLIC_HOSTS = frozenset({_AWS_PUBLIC, "ecr-public.aws.com"})
_PORT = re.compile(r"(?::[0-9]{1,5})?")

PUBLIC: Final = public_registry("")
"""What a public host means: the public registries; which of them, the alias in the path says."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """The names under which this deployment is reached."""

    account: str
    region: str
    regions: frozenset[str]
    domain: str = "localhost"
    port: int = 5050
    secure: bool = False
    public_port: int | None = None
    """The port on which every name means the public registries; None where there is none."""
    _cache: dict[str, Registry] = field(default_factory=dict, compare=False, repr=False)

    @property
    def default(self) -> Registry:
        return Registry(self.account, self.region)

    @property
    def scheme(self) -> str:
        return "https" if self.secure else "http"

    def registry(self, host: str) -> Registry:
        """The registry that a Host header means, whatever its port; PUBLIC for all public ones. Raises UnknownHost."""
        known = self._cache.get(host)
        if known is None:
            known = self._resolve(host)
            if len(self._cache) < 1000:
                self._cache[host] = known
        return known

    def host(self, registry: Registry) -> str:
        """`host:port` under which a registry is pushed to and pulled from; AWS's own domains name no registry alone."""
        if registry == self.default and self.domain not in _AWS_DOMAINS:
            name = self.domain
        else:
            name = f"{registry.account}.dkr.ecr.{registry.region}.{self.domain}"
        return self._with_port(name, self.port)

    def url(self, registry: Registry) -> str:
        """The registry's URL, without a slash at its end."""
        return f"{self.scheme}://{self.host(registry)}"

    @property
    def public_name(self) -> str:
        """`host:port` before the alias, under which public repositories are pushed to and pulled from."""
        if self.domain in _AWS_DOMAINS:
            return self._with_port(_AWS_PUBLIC, self.port)
        if self.public_port is not None:
            return self._with_port(self.domain, self.public_port)
        return self._with_port(f"public.{self.domain}", self.port)

    def public_origin(self, host: str, *, own_port: bool) -> str:
        """A Host header that means the public registries, in the form in which a URL may hold it.

        `own_port`: it came on their own port, where each of our names does. Raises UnknownHost.
        """
        raw = _without_port(host)
        name = raw.lower().rstrip(".")
        port = host[len(raw) + 2 * host.startswith("[") :]
        ours = self.registry(host) == PUBLIC or (own_port and (name in self._names or _is_address(name)))
        if not ours or _PORT.fullmatch(port) is None:
            raise UnknownHost(name)
        return (f"[{name}]" if ":" in name else name) + port

    @property
    def _names(self) -> frozenset[str]:
        return frozenset({self.domain, "localhost"})

    def _with_port(self, name: str, port: int) -> str:
        return name if port == (443 if self.secure else 80) else f"{name}:{port}"

    def _resolve(self, host: str) -> Registry:
        name = _without_port(host).lower().rstrip(".")
        found = _REGISTRY_HOST.fullmatch(name)
        if found and found["domain"] in {self.domain, *_AWS_DOMAINS} and found["region"] in self.regions:
            return Registry(found["account"], found["region"])
        if name in self._names or _is_address(name):
            return self.default
        if name == f"public.{self.domain}" or name in _AWS_PUBLIC_HOSTS:
            return PUBLIC
        raise UnknownHost(name)


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
