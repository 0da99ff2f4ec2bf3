"""Operations on OpenID Connect providers, their client ids, thumbprints and tags.

Thumbprints are kept and shown. What proves an issuer's server is its certificate, by the system's authorities or the
operator's (`oidc_authorities`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cargohold.access.demand import Demand, Entity
from cargohold.aws.iam import present
from cargohold.aws.iam.demands import Needs, account, facts, on_anything
from cargohold.aws.iam.paging import listing
from cargohold.aws.iam.users import read_tags
from cargohold.aws.operation import Call, Scope, operation
from cargohold.core.arn import Registry
from cargohold.core.errors import NoSuchEntity
from cargohold.identity.oidc_provider import read_arn, read_url
from cargohold.identity.oidc_providers import NewProvider

if TYPE_CHECKING:
    from cargohold.aws.iam.empty import Empty
    from cargohold.aws.shapes import iam


def _on_new(scope: Scope, request: iam.CreateOpenIDConnectProviderRequest) -> Sequence[Demand]:
    entity = Entity("oidc-provider", read_url(request["Url"]), new=True)
    actions = ["iam:CreateOpenIDConnectProvider"]
    if request.get("Tags"):
        actions.append("iam:TagOpenIDConnectProvider")
    return [Demand(action, account(scope), entity=entity, facts=facts(request)) for action in actions]


def _on(action: str) -> Needs:
    """Demands the action on the provider of the request's `OpenIDConnectProviderArn`, whoever's it is."""

    def demands(scope: Scope, request: iam.GetOpenIDConnectProviderRequest) -> Sequence[Demand]:
        owner, url = read_arn(request["OpenIDConnectProviderArn"])
        registry = Registry(owner, account(scope).region)
        return (Demand(action, registry, entity=Entity("oidc-provider", url), facts=facts(request)),)

    return demands


def _url(call: Call, arn: str) -> str:
    """The provider's URL; raises NoSuchEntity for another account's."""
    owner, url = read_arn(arn)
    if owner != call.scope.account:
        raise NoSuchEntity(f"OpenIDConnect Provider not found for arn {arn}")
    return url


@operation("CreateOpenIDConnectProvider", _on_new)
async def create_provider(
    call: Call, request: iam.CreateOpenIDConnectProviderRequest
) -> iam.CreateOpenIDConnectProviderResponse:
    """The new provider's ARN. Its issuer is not asked: it may be one that only a file of keys speaks for."""
    new = NewProvider(
        request["Url"],
        request.get("ClientIDList", []),
        request.get("ThumbprintList", []),
        read_tags(request.get("Tags", ())),
    )
    made = await call.services.oidc_providers.create(call.scope.account, new)
    return {
        "OpenIDConnectProviderArn": made.arn,
        "Tags": present.tags(made.tags.items()) if made.tags else None,
    }


@operation("GetOpenIDConnectProvider", _on("iam:GetOpenIDConnectProvider"))
async def get_provider(
    call: Call, request: iam.GetOpenIDConnectProviderRequest
) -> iam.GetOpenIDConnectProviderResponse:
    url = _url(call, request["OpenIDConnectProviderArn"])
    found = await call.services.oidc_providers.get(call.scope.account, url)
    return {
        "Url": found.url,
        "ClientIDList": list(found.client_ids),
        "ThumbprintList": list(found.thumbprints),
        "CreateDate": found.created_at,
        "Tags": present.tags(found.tags.items()),
    }


@operation("ListOpenIDConnectProviders", on_anything("iam:ListOpenIDConnectProviders"))
async def list_providers(
    call: Call, _: iam.ListOpenIDConnectProvidersRequest
) -> iam.ListOpenIDConnectProvidersResponse:
    found = await call.services.oidc_providers.list(call.scope.account)
    return {"OpenIDConnectProviderList": [{"Arn": each.arn} for each in found]}


@operation("DeleteOpenIDConnectProvider", _on("iam:DeleteOpenIDConnectProvider"))
async def delete_provider(call: Call, request: iam.DeleteOpenIDConnectProviderRequest) -> Empty:
    """Ends every session that was given for one of its tokens, too."""
    url = _url(call, request["OpenIDConnectProviderArn"])
    await call.services.oidc_providers.delete(call.scope.account, url)
    return {}


@operation("AddClientIDToOpenIDConnectProvider", _on("iam:AddClientIDToOpenIDConnectProvider"))
async def add_client_id(call: Call, request: iam.AddClientIDToOpenIDConnectProviderRequest) -> Empty:
    url = _url(call, request["OpenIDConnectProviderArn"])
    await call.services.oidc_providers.add_client_id(call.scope.account, url, request["ClientID"])
    return {}


@operation("RemoveClientIDFromOpenIDConnectProvider", _on("iam:RemoveClientIDFromOpenIDConnectProvider"))
async def remove_client_id(call: Call, request: iam.RemoveClientIDFromOpenIDConnectProviderRequest) -> Empty:
    url = _url(call, request["OpenIDConnectProviderArn"])
    await call.services.oidc_providers.remove_client_id(call.scope.account, url, request["ClientID"])
    return {}


@operation("UpdateOpenIDConnectProviderThumbprint", _on("iam:UpdateOpenIDConnectProviderThumbprint"))
async def update_thumbprint(call: Call, request: iam.UpdateOpenIDConnectProviderThumbprintRequest) -> Empty:
    url = _url(call, request["OpenIDConnectProviderArn"])
    await call.services.oidc_providers.set_thumbprints(call.scope.account, url, request["ThumbprintList"])
    return {}


@operation("TagOpenIDConnectProvider", _on("iam:TagOpenIDConnectProvider"))
async def tag_provider(call: Call, request: iam.TagOpenIDConnectProviderRequest) -> Empty:
    url = _url(call, request["OpenIDConnectProviderArn"])
    await call.services.oidc_providers.tag(call.scope.account, url, read_tags(request["Tags"]))
    return {}


@operation("UntagOpenIDConnectProvider", _on("iam:UntagOpenIDConnectProvider"))
async def untag_provider(call: Call, request: iam.UntagOpenIDConnectProviderRequest) -> Empty:
    url = _url(call, request["OpenIDConnectProviderArn"])
    await call.services.oidc_providers.untag(call.scope.account, url, request["TagKeys"])
    return {}


@operation("ListOpenIDConnectProviderTags", _on("iam:ListOpenIDConnectProviderTags"))
async def list_provider_tags(
    call: Call, request: iam.ListOpenIDConnectProviderTagsRequest
) -> iam.ListOpenIDConnectProviderTagsResponse:
    url = _url(call, request["OpenIDConnectProviderArn"])
    wanted = listing(call, "ListOpenIDConnectProviderTags", request, url)
    page = await call.services.oidc_providers.list_tags(call.scope.account, url, wanted.after, wanted.limit)
    return {"Tags": present.tags(page.items), **wanted.end(page.after)}
