"""Whom policies of resources name: by ARN as people write and read them, by unique id as they are kept.

A user or role that is deleted and made anew has another id, so it regains nothing. Where the principal of an id still
lives its ARN shows, as it is now; else the id does. Accounts, `*`, services, identity providers and federated users
are kept as they are given.
Source: IAM user guide, "IAM JSON policy elements: Principal" (users and roles become principal ids when saved).
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from cargohold.core.arn import PARTITION, iam_arn, parse_iam, session_arn
from cargohold.core.errors import PrincipalNotFound
from cargohold.identity.store import principals
from cargohold.identity.store.principals import Named

_ACCOUNT: Final = re.compile(rf"([0-9]{{12}})|arn:{PARTITION}:iam::([0-9]{{12}}):root")
_SESSION: Final = re.compile(rf"arn:{PARTITION}:sts::([0-9]{{12}}):assumed-role/([^*?/]+)/([^*?/]+)")
_FEDERATED: Final = re.compile(rf"arn:{PARTITION}:sts::([0-9]{{12}}):federated-user/[^*?/]+")
_ID: Final = re.compile(r"(A(?:IDA|ROA)[A-Z0-9]+)(?::(.+))?")


class _Meant(NamedTuple):
    """What a written principal is about, as far as its form tells."""

    account: str = ""
    name: str = ""
    id: str = ""


def resolve(connection: Connection, document: str) -> str:
    """The policy with users, roles and their sessions by unique id; raises PrincipalNotFound for who does not exist.

    The document is JSON of the policy grammar.
    """
    meant = {name: _meant(name) for name in _names(_read(document)) if name != "*"}
    accounts = {each.account for each in meant.values() if each.account}
    there = principals.list_accounts(connection, accounts) if accounts else set()
    found = _found(connection, meant)
    ids: dict[str, str] = {}
    for name, each in meant.items():
        stored = _stored(name, each, found, there)
        if stored is None:
            raise PrincipalNotFound(name)
        ids[name] = stored
    return _replaced(document, ids)


def show(connection: Connection, document: str) -> str:
    """The policy with the ARNs of those who still live in place of their ids."""
    parsed = {name: match for name in _names(_read(document)) if (match := _ID.fullmatch(name))}
    if not parsed:
        return document
    living = {each.id: each for each in principals.list_by_id(connection, {match[1] for match in parsed.values()})}
    shown = {name: _shown(living[match[1]], match[2]) for name, match in parsed.items() if match[1] in living}
    return _replaced(document, shown)


def find_id(connection: Connection, arn: str) -> str | None:
    """The unique id of the user or role of exactly that ARN; None where there is none."""
    named = parse_iam(arn)
    if named is None:
        return None
    found = principals.list_by_name(connection, [named.account], [named.name])
    return next((each.id for each in found if _arn(each) == arn), None)


def _meant(name: str) -> _Meant:
    if account := _ACCOUNT.fullmatch(name):
        return _Meant(account=account[1] or account[2])
    if (entity := parse_iam(name)) is not None and entity.kind in ("user", "role"):
        return _Meant(entity.account, entity.name)
    if session := _SESSION.fullmatch(name):
        return _Meant(session[1], session[2])
    if federated := _FEDERATED.fullmatch(name):
        return _Meant(account=federated[1])
    if id_ := _ID.fullmatch(name):
        return _Meant(id=id_[1])
    return _Meant()


def _found(connection: Connection, meant: Mapping[str, _Meant]) -> list[Named]:
    """Whoever has one of the names or ids."""
    named = [each for each in meant.values() if each.name]
    ids = {each.id for each in meant.values() if each.id}
    found = principals.list_by_id(connection, ids) if ids else []
    if named:
        accounts, names = {each.account for each in named}, {each.name for each in named}
        found += principals.list_by_name(connection, accounts, names)
    return found


def _stored(name: str, meant: _Meant, found: list[Named], accounts: set[str]) -> str | None:
    """How a written principal is kept; None when there is none."""
    if meant.id:
        return name if any(each.id == meant.id for each in found) else None
    if not meant.name:
        return name if meant.account in accounts else None
    session = _SESSION.fullmatch(name)
    for each in found:
        if session is None and _arn(each) == name:
            return each.id
        if session is not None and (each.account, each.kind, each.name) == (meant.account, "role", meant.name):
            return f"{each.id}:{session[3]}"
    return None


def _shown(living: Named, session: str | None) -> str:
    if session is None:
        return _arn(living)
    return session_arn(living.account, "assumed-role", f"{living.name}/{session}")


def _arn(named: Named) -> str:
    return iam_arn(named.account, named.kind, named.path, named.name)


def _read(document: str) -> Any:
    return json.loads(document)


def _blocks(document: Any) -> list[dict[str, Any]]:
    """The Principal and NotPrincipal elements that name somebody of AWS."""
    statements = document.get("Statement", [])
    elements = (
        block.get(element)
        for block in (statements if isinstance(statements, list) else [statements])
        for element in ("Principal", "NotPrincipal")
    )
    return [element for element in elements if isinstance(element, dict) and "AWS" in element]


def _names(document: Any) -> Iterator[str]:
    for element in _blocks(document):
        names = element["AWS"]
        yield from names if isinstance(names, list) else [names]


def _replaced(document: str, by: Mapping[str, str]) -> str:
    """The document as it was given where nothing in it changes."""
    if all(name == other for name, other in by.items()):
        return document
    parsed = _read(document)
    for element in _blocks(parsed):
        names = element["AWS"]
        element["AWS"] = [by.get(name, name) for name in names] if isinstance(names, list) else by.get(names, names)
    return json.dumps(parsed)
