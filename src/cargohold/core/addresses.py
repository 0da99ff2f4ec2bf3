"""Which registry a host name means, and how a registry is addressed.

    localhost:5050                                   the default account and region (docker trusts it without TLS)
    <account>.dkr.ecr.<region>.<domain>:5050         every registry, the default one too
    <account>.dkr.ecr.<region>.amazonaws.com         the same, where DNS or a hosts file points AWS's name at us

A host that is none of these is refused, so no URL is ever built from a name that a client made up.
"""

import ipaddress
import re
from dataclasses import dataclass, field

from cargohold.core.arn import Registry
from cargohold.core.errors import UnknownHost

_REGISTRY_HOST = re.compile(r"(?P<account>[0-9]{12})\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.(?P<domain>.+)")
_AWS_DOMAINS = frozenset({"amazonaws.com", "amazonaws.com.cn", "on.aws"})


@dataclass(frozen=True, slots=True)
class Addresses:
    """The names under which this deployment is reached."""

    account: str
    region: str
    regions: frozenset[str]
    domain: str = "localhost"
    port: int = 5050
    secure: bool = False
    _cache: dict[str, Registry] = field(default_factory=dict, compare=False, repr=False)

    @property
    def default(self) -> Registry:
        return Registry(self.account, self.region)

    @property
    def scheme(self) -> str:
        return "https" if self.secure else "http"

    def registry(self, host: str) -> Registry:
        """The registry that a Host header means (its port is ignored); raises UnknownHost."""
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
        return name if self.port == (443 if self.secure else 80) else f"{name}:{self.port}"

    def url(self, registry: Registry) -> str:
        """The registry's URL, without a slash at its end."""
        return f"{self.scheme}://{self.host(registry)}"

    def _resolve(self, host: str) -> Registry:
        name = _without_port(host).lower().rstrip(".")
        found = _REGISTRY_HOST.fullmatch(name)
        if found and found["domain"] in {self.domain, *_AWS_DOMAINS} and found["region"] in self.regions:
            return Registry(found["account"], found["region"])
        if name in {self.domain, "localhost"} or _is_address(name):
            return self.default
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
