"""Characters that databases or encodings cannot hold, in every text of every operation's request."""

from collections.abc import Iterator
from typing import Any, Final

import pytest

from cargohold.aws import model
from cargohold.aws.model import Service
from tests.bed.place import Place

from .desk import Desk
from .successes import SUCCESSES
from .test_successes import EVERY

STRANGE: Final = {"NUL": "a\0b", "half a character": "a\ud800b", "outside the first plane": "a\U0001f433b"}


def texts(service: Service, shape: str, strange: str, held: Any) -> Iterator[Any]:
    """What is held, again and again, with the strange text in the place of one of the texts that its shape may have."""
    known = service.shapes[shape]
    if known["type"] == "string":
        yield strange
    elif known["type"] == "list":
        element = known["member"]["shape"]
        yield from ([each] for each in texts(service, element, strange, held[0] if held else None))
    elif known["type"] == "structure":
        whole = held or {}
        for member, part in known["members"].items():
            for each in texts(service, part["shape"], strange, whole.get(member)):
                yield {**whole, member: each}


@pytest.mark.parametrize(("service", "operation"), EVERY)
@pytest.mark.parametrize("strange", STRANGE.values(), ids=STRANGE)
def test_every_text_may_be_strange(place: Place, service: str, operation: str, strange: str) -> None:
    """Wherever a text may stand, one that cannot be kept is the client's error, and never a fault of ours."""
    desk, known = Desk(place, service), model.load(service)
    asked = known.operations[operation].input
    if asked is None:
        return
    for request in texts(known, asked, strange, SUCCESSES[service][operation](desk)):
        answer = desk.send(operation, request)
        assert answer.status in (200, 400), (request, answer.body)
