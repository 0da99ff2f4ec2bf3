"""Every modelled error of every operation is met by a request, or is in a table with the reason why none meets it."""

from collections.abc import Iterator
from typing import Final

import pytest

from cargohold.aws import model
from tests.bed.place import ACCOUNT, ELSEWHERE, OTHER, Caller, Place

from .desk import Desk
from .refusals import CRAMPED, REFUSALS, UNREACHABLE, Refusal, success
from .test_successes import EVERY

LIMIT: Final = "LimitExceededException"
UNSUPPORTED: Final = "UnsupportedCommandException"


def declared() -> Iterator[tuple[str, str, str]]:
    """Every error that an operation's model names."""
    for service, operation in EVERY:
        for error in model.document(service)["operations"][operation].get("errors", ()):
            yield service, operation, error["shape"]


def row(operation: str, error: str) -> Refusal | None:
    found = REFUSALS.get(error)
    return found if callable(found) or found is None else found.get(operation)


def reason(service: str, operation: str, error: str) -> str | None:
    """Why no request of this operation meets the error."""
    found = UNREACHABLE.get(error)
    if isinstance(found, str) or found is None:
        return None if row(operation, error) else found
    return found.get(f"{service}:{operation}", found.get(operation))


def reachable() -> list[tuple[str, str, str]]:
    return [each for each in declared() if row(*each[1:]) and not reason(*each)]


def test_every_error_has_its_row() -> None:
    """Each modelled error is met by a request, or is in a table with the test or the reason."""
    for service, operation, error in declared():
        told = [row(operation, error), reason(service, operation, error), error == UNSUPPORTED]
        if error == LIMIT:
            told.append(operation in CRAMPED)
        assert any(told), (service, operation, error)


@pytest.mark.parametrize(("service", "operation", "error"), reachable())
def test_every_error_is_met(place: Place, service: str, operation: str, error: str) -> None:
    """The request is refused with the very error, in a sentence."""
    desk, make = Desk(place, service), row(operation, error)
    assert make is not None
    code, sentence = desk.refused(operation, make(desk, operation))
    assert code == error
    assert len(sentence) > 10


@pytest.mark.parametrize(
    ("service", "operation"),
    [(service, name) for service, name, error in declared() if error == LIMIT and name in CRAMPED],
)
def test_every_quota_is_met(cramped: Place, service: str, operation: str) -> None:
    """What would be one too many is LimitExceededException, in a sentence."""
    desk = Desk(cramped, service, Caller(OTHER if operation == "CreateRepository" else ACCOUNT))
    code, sentence = desk.refused(operation, CRAMPED[operation](desk, operation))
    assert code == LIMIT
    assert len(sentence) > 10


@pytest.mark.parametrize(
    ("service", "operation"), [(service, name) for service, name, error in declared() if error == UNSUPPORTED]
)
def test_the_public_registry_is_in_one_region(place: Place, service: str, operation: str) -> None:
    """What would succeed is UnsupportedCommandException in a region that has no public registry."""
    desk = Desk(place, service)
    request = success(desk, operation)
    assert desk.elsewhere(ELSEWHERE).refused(operation, request)[0] == UNSUPPORTED
