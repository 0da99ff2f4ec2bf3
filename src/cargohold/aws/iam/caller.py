"""The user that a request means when it names none: the caller."""

from __future__ import annotations

from collections.abc import Mapping

from cargohold.aws.operation import Call
from cargohold.core.errors import ValidationError


def user_name(call: Call, request: Mapping[str, object]) -> str:
    """The name in `UserName`, else the caller's own; raises ValidationError when the caller is no user."""
    named = request.get("UserName")
    if named is not None:
        return str(named)
    principal = call.admission.principal
    if principal.kind != "user":
        raise ValidationError("Must specify userName when calling with non-User credentials")
    return principal.name
