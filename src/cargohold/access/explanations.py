"""Explains what was denied, or what would be: reads the policies as they are now, and decides once more.

An account's administrators learn of policies of their own account only. Of something between two accounts each side's
policies are looked at for that side alone, and what the other's say is not told, beyond what a denial told already.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from sqlalchemy import Connection

from cargohold.access.caller import merged
from cargohold.access.context import DemandContext, Situation, Surroundings, Value, moment
from cargohold.access.evaluate import Ask, Held
from cargohold.access.explain import Explanation, explain
from cargohold.access.holdings import NOTHING, Holdings, find_holdings, gone, managed
from cargohold.access.policy import TRUSTED, Kind
from cargohold.access.question import Question, Who
from cargohold.access.simulate import ALLOW_ALL
from cargohold.access.sources import Source, Sources
from cargohold.access.store import explained, find_entity
from cargohold.access.store import holdings as rows
from cargohold.access.store.explained import SessionRow
from cargohold.access.suggest import Suggestion, of_resource, smallest
from cargohold.core.arn import iam_arn
from cargohold.core.clock import Clock
from cargohold.core.errors import MalformedPolicyDocument, NoSuchEntity, PolicyEvaluation
from cargohold.database import Database
from cargohold.identity import principal_names
from cargohold.identity.principals import Principal

_UNKNOWN: Final = ("aws:securetransport",)
"""Keys that only a request fills: nothing is said of them unless they are given."""

_OF_THE_PRINCIPAL: Final[tuple[Kind, ...]] = ("identity", "boundary", "session")

GONE_SESSION: Final = "No session of that name is there any more: what its session policy said is not known."
ANOTHER: Final = "Who was refused is gone: the policies told here are those of another of the same name."
ALLOWED_NOW: Final = (
    "It was refused then and would be allowed now: policies have changed since, or the credential itself does not "
    "reach this far, as a registry password reaches one region only."
)
NO_REPOSITORY: Final = "There is no such repository, so there is no policy of it yet."
NO_ROLE: Final = "There is no such role."
DENIED: Final = "A statement denies it, which no allow outweighs: that statement has to be changed."


@dataclass(frozen=True, slots=True)
class Answer:
    explanation: Explanation
    elsewhere: str | None
    """The other account whose policies have a say too, and are not looked at."""
    notes: Sequence[str]
    """Sentences for people."""


@dataclass(frozen=True, slots=True)
class _Asking:
    """Who asks, with what it holds."""

    principal: Principal
    sources: Sequence[Source] = ()
    session: SessionRow | None = None
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked for."""

    resource: str
    sources: Sequence[Source] = ()
    tags: Mapping[str, str] | None = None
    notes: Sequence[str] = ()


class Explanations:
    """Made once per process."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def explain(self, account: str, question: Question) -> Answer:
        """What the account may know of it; one of the two sides is the account's.

        Raises NoSuchEntity where the account has no such principal, and PolicyEvaluation.
        """
        work = partial(_read, account=account, question=question)
        asking, asked = await self._database.read(work)
        try:
            return _answer(account, question, asking, asked, self._clock())
        except MalformedPolicyDocument:
            raise PolicyEvaluation from None


def _answer(account: str, question: Question, asking: _Asking, asked: _Asked, now: int) -> Answer:
    who = asking.principal
    ask = Ask(who, question.demand.action, asked.resource, question.owner, _context(question, asking, asked, now))
    sources = Sources([*asking.sources, *asked.sources])
    notes = [*asking.notes, *asked.notes]
    if account == who.account == question.owner:
        found = explain(ask, sources)
        return Answer(found, None, [*notes, *_notes(question, found)])
    elsewhere = question.owner if account == who.account else who.account
    if elsewhere == who.account:
        ours = explain(ask, sources, Held((ALLOW_ALL,)))
    else:
        ours = replace(explain(ask._replace(owner=account), sources), ask=ask)
    refused = ours.explicit_deny or _denied_by(question, elsewhere)
    found = replace(ours, suggestions=() if refused else (*ours.suggestions, *_of_the_other(question, ask, elsewhere)))
    return Answer(found, elsewhere, [*notes, *_notes(question, found), *_notes_of_the_other(question, elsewhere)])


def _of_the_other(question: Question, ask: Ask, elsewhere: str) -> Iterator[Suggestion]:
    """What the other account has to have, as the demand alone says it, and its denial."""
    denial = question.denial
    if elsewhere == question.owner:
        suggestion = of_resource(ask)
    else:
        kinds = [kind for kind in _OF_THE_PRINCIPAL if kind == ("identity" if denial is None else denial.missing)]
        suggestion = smallest(ask, kinds[0]) if kinds else None
    if suggestion is not None:
        yield suggestion


def _denied_by(question: Question, elsewhere: str) -> bool:
    """Whether the denial was a statement's of a policy of that account."""
    denial = question.denial
    theirs = ("resource", "trust") if elsewhere == question.owner else _OF_THE_PRINCIPAL
    return denial is not None and any(each.effect == "Deny" and each.kind in theirs for each in denial.matched)


def _notes(question: Question, found: Explanation) -> Iterator[str]:
    if found.explicit_deny:
        yield DENIED
    denial = question.denial
    if denial is not None and found.allowed and question.owner == question.who.account:
        yield ALLOWED_NOW


def _notes_of_the_other(question: Question, elsewhere: str) -> Iterator[str]:
    denial = question.denial
    kind = "policy of the resource" if elsewhere == question.owner else "policies of the principal"
    if _denied_by(question, elsewhere):
        yield f"A statement in the {kind} denied it: the administrator of account {elsewhere} can say which."
    else:
        yield f"The {kind} in account {elsewhere} must allow it too, which only that account may look at."
    if denial is not None and denial.missing is not None:
        yield f"When it was refused, what was missing was an allow in a policy of the kind: {denial.missing}."


def _context(question: Question, asking: _Asking, asked: _Asked, now: int) -> dict[str, Value]:
    """What is known of the request, over what follows from who asks, for what, and when."""
    situation = Situation(asking.principal, None, None, Surroundings(), now)
    known = dict(DemandContext(situation, question.demand, lambda: asked.tags or {}))
    for key in _UNKNOWN:
        del known[key]
    if not question.demand.registry.region:
        del known["aws:requestedregion"]
    if asking.session is not None:
        known["aws:tokenissuetime"] = moment(asking.session.issued_at)
        if asking.principal.kind != "federated-user":
            known["aws:multifactorauthpresent"] = "false"
    return {**{key: value for key, value in known.items() if value}, **question.context}


# Reading


def _read(connection: Connection, account: str, question: Question) -> tuple[_Asking, _Asked]:
    who = question.who
    asked = _what(connection, question) if question.owner == account else _Asked(question.demand.resource)
    if who.account == account:
        return _own(connection, question), asked
    return _Asking(_foreign(connection, who, asked.sources)), asked


def _own(connection: Connection, question: Question) -> _Asking:
    """A principal of the account, with what it holds."""
    who = question.who
    if not who.name:
        return _federated(connection, who)
    holdings = find_holdings(connection, who.account, who.kind, who.name)
    if holdings is None or (
        who.path is not None and (holdings.holder.path, holdings.holder.name) != (who.path, who.name)
    ):
        raise NoSuchEntity.named(who.kind, who.name)
    denial = question.denial
    was = holdings.holder.id if denial is None else denial.principal_id.partition(":")[0]
    notes = [] if was == holdings.holder.id else [ANOTHER]
    if not who.session:
        return _Asking(holdings.principal, holdings.sources, None, notes)
    return _of_session(connection, who, holdings, notes)


def _of_session(connection: Connection, who: Who, holdings: Holdings, notes: Sequence[str]) -> _Asking:
    holder = holdings.holder
    row = explained.find_session(connection, holder.id, who.session)
    of_session = {} if row is None else json.loads(row.tags)
    principal = Principal(
        id=f"{holder.id}:{who.session}",
        arn=who.arn,
        account=who.account,
        kind="assumed-role",
        name=who.session,
        entity_id=holder.id,
        entity_arn=holdings.principal.arn,
        tags=merged(holdings.tags, of_session),
    )
    if row is None:
        return _Asking(principal, holdings.sources, None, (*notes, GONE_SESSION))
    limits = _session_policies(connection, who, row)
    return _Asking(principal, (*holdings.sources, *limits), row, notes)


def _federated(connection: Connection, who: Who) -> _Asking:
    """What its session policies leave of what the user behind it holds: nothing where it has none."""
    found = explained.find_federated(connection, who.account, who.session)
    holdings = None if found is None else find_holdings(connection, who.account, "user", found[0])
    if found is None or holdings is None:
        raise NoSuchEntity(f"The federated user with name {who.session} cannot be found.")
    row, id_ = found[1], f"{who.account}:{who.session}"
    tags = merged(holdings.tags, json.loads(row.tags))
    kind: Final = "federated-user"
    principal = Principal(id_, who.arn, who.account, kind, who.session, holdings.holder.id, who.arn, tags)
    limits = list(_session_policies(connection, who, row)) or [gone("session", who.account)]
    return _Asking(principal, (*holdings.sources, *limits), row)


def _session_policies(connection: Connection, who: Who, row: SessionRow) -> Iterator[Source]:
    if row.policy is not None:
        yield Source(row.policy, "session", "", "", f"the session policy of {who.arn}", who.account)
    for each in rows.get_managed(connection, json.loads(row.policy_ids)):
        yield from list(managed(each, "session")) or [gone("session", who.account)]


def _foreign(connection: Connection, who: Who, sources: Sequence[Source]) -> Principal:
    """As a policy of another account can name it: nothing that it holds is read.

    Whether it is there, and under which path, is its own account's to know, unless the policies looked at name it so.
    """
    if not who.name:
        return Principal("", who.arn, who.account, "federated-user", who.session, "", who.arn)
    holder = rows.find_holder(connection, who.account, who.kind, who.name)
    entity = iam_arn(who.account, who.kind, who.path or "/", who.name)
    if holder is not None:
        known = iam_arn(who.account, who.kind, holder.path, holder.name)
        entity = known if any(json.dumps(known) in source.text for source in sources) else entity
    kind: Final = "user" if who.kind == "user" else "assumed-role"
    return Principal("", who.arn, who.account, kind, who.session or who.name, "", entity)


def _what(connection: Connection, question: Question) -> _Asked:
    """What is asked for, of the account itself, with its own policies as they are shown to people."""
    demand = question.demand
    if demand.repository is not None or demand.action.startswith("ecr:"):
        return _repository(connection, question)
    if demand.entity is None:
        return _Asked(demand.resource)
    found = find_entity(connection, question.owner, demand.entity)
    tags = None if found is None or found.tags is None else json.loads(found.tags)
    if demand.action not in TRUSTED:
        return _Asked(demand.resource, (), tags)
    label = f"the trust policy of {demand.resource}"
    if found is None or found.trust_policy is None:
        return _Asked(demand.resource, [Source(NOTHING, "trust", "", "", label, question.owner)], None, [NO_ROLE])
    text = principal_names.show(connection, found.trust_policy)
    return _Asked(demand.resource, [Source(text, "trust", "", "", label, question.owner)], tags)


def _repository(connection: Connection, question: Question) -> _Asked:
    here, name = question.demand.registry, question.demand.repository or ""
    row = explained.find_repository(connection, here.account, here.region, here.kind, name)
    labels = {
        f"the policy of the repository {name}": row.policy,
        f"the registry policy of account {here.account}": row.registry_policy,
    }
    sources = [
        Source(principal_names.show(connection, text), "resource", "", "", label, here.account)
        for label, text in labels.items()
        if text is not None
    ]
    notes = [NO_REPOSITORY] if name and not row.there else []
    return _Asked(question.demand.resource, sources, json.loads(row.tags) if row.tags else None, notes)
