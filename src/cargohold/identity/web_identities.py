"""Who a web identity token speaks for: proven with the keys of a provider of the account that is asked for a role."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from cargohold.core.clock import Clock
from cargohold.core.errors import InvalidIdentityToken, InvalidInput
from cargohold.identity import web_token
from cargohold.identity.oidc_provider import Provider, read_url
from cargohold.identity.oidc_providers import OidcProviders
from cargohold.identity.web_token import Claims, Key

FindKeys = Callable[[str, str], Awaitable[Sequence[Key]]]
"""From an issuer and a key's id to its keys of that id; raises IssuerUnreachable."""


@dataclass(frozen=True, slots=True)
class WebIdentity:
    """Somebody for whom a provider vouches."""

    provider: Provider
    claims: Claims

    @property
    def id(self) -> str:
        """As CloudTrail names it."""
        return f"{self.provider.arn}:{self.claims.audience}:{self.claims.subject}"


class WebIdentities:
    """Made once per process."""

    def __init__(self, providers: OidcProviders, keys: FindKeys, clock: Clock) -> None:
        self._providers = providers
        self._keys = keys
        self._clock = clock

    async def proven(self, account: str, token: str) -> WebIdentity:
        """White space around the token does not count: SDKs send a file as it is, with its last line break.

        Raises InvalidIdentityToken, ExpiredIdentityToken and IssuerUnreachable.
        """
        token = token.strip()
        head = web_token.read_head(token)
        provider = await self._provider(account, head.issuer)
        keys = await self._keys(provider.issuer, head.kid)
        return WebIdentity(provider, web_token.verify(token, head, keys, provider, self._clock()))

    async def _provider(self, account: str, issuer: str) -> Provider:
        try:
            found = await self._providers.find(account, read_url(issuer))
        except InvalidInput:
            found = None
        if found is None:
            raise InvalidIdentityToken(f"No OpenIDConnect provider found in your account for {issuer[:255]}")
        return found
