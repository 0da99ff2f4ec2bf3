"""Sends requests and judges the answers."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.model import OperationModel, ServiceModel
from botocore.parsers import create_parser

from cargohold.aws import model
from tests.bed.codes import COMMON
from tests.bed.place import Answer, Place, yesterday

from .population import Pool, populate
from .requests import Ask, Maker

AGAIN: Final = 300
"""Requests after which what they deleted is made anew."""

_SHOWN = 1_500


@dataclass
class Report:
    """How often each operation gave each answer, and what was wrong."""

    answers: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @property
    def asked(self) -> int:
        return sum(counted.total() for counted in self.answers.values())

    @property
    def succeeded(self) -> set[tuple[str, str]]:
        """The operations that some request got through to."""
        return {operation for operation, counted in self.answers.items() if counted["200"]}


def run(place: Place, seed: int, requests: int, done: Callable[[], object] = lambda: None) -> Report:
    """Sends so many requests; the same seed sends the same ones to the same population. `done` is called after each."""
    pool, report = Pool(), Report()
    with yesterday(place):
        populate(place, pool)
    maker = Maker(seed, pool)
    for number in range(requests):
        if number % AGAIN == 0:
            populate(place, pool)
        ask = maker.make()
        answer = place.send(ask.service, ask.operation, ask.body, ask.caller)
        code = _judge(ask, answer, report)
        report.answers.setdefault((ask.service, ask.operation), Counter())[code] += 1
        if code == "200":
            pool.learn(answer.document)
        done()
    return report


def _judge(ask: Ask, answer: Answer, report: Report) -> str:
    """The code of the answer; what is wrong with it goes into the report."""
    found: dict[str, Any] = {}
    try:
        found = answer.document
    except ValueError:
        report.faults.append(_told(ask, answer, "the answer is not JSON"))
    code = "200" if answer.status == 200 else str(found.get("__type", "?"))
    report.faults += [_told(ask, answer, fault) for fault in _faults(ask, answer, code, found)]
    return code


def _faults(ask: Ask, answer: Answer, code: str, found: dict[str, Any]) -> Iterator[str]:
    known = _operation(ask)
    if code == "200":
        parsed = create_parser("json").parse(
            {"status_code": 200, "headers": {}, "body": answer.body}, known.output_shape
        )
        for member in set(found) - set(parsed):
            yield f"{member} is none of the answer's members"
        return
    declared = {shape.error_code or shape.name for shape in known.error_shapes} - {"ServerException"}
    if answer.status >= 500:
        yield "a fault of ours"
    elif code not in declared | COMMON:
        yield f"{code} is not declared"
    if not isinstance(found.get("message"), str) or not found["message"]:
        yield "the error says nothing"


def _operation(ask: Ask) -> OperationModel:
    if ask.service not in _MODELS:
        _MODELS[ask.service] = ServiceModel(model.document(ask.service), ask.service)
    return _MODELS[ask.service].operation_model(ask.operation)


_MODELS: dict[str, ServiceModel] = {}


def _told(ask: Ask, answer: Answer, fault: str) -> str:
    head = f"{ask.service} {ask.operation} by {ask.caller.account} in {ask.caller.region}: {fault}"
    return f"{head}\n  {ask.body[:_SHOWN]!r}\n  {answer.status} {answer.body[:_SHOWN]!r}"


def table(report: Report) -> str:
    """A line for each operation: how many requests, and how often each answer."""
    lines = []
    for (service, operation), counted in sorted(report.answers.items()):
        listed = ", ".join(f"{code} {times}" for code, times in counted.most_common())
        lines.append(f"{service} {operation}: {counted.total()} = {listed}")
    return "\n".join(lines)


def as_json(report: Report) -> str:
    """The same for machines."""
    return json.dumps({f"{service}:{name}": counted for (service, name), counted in sorted(report.answers.items())})
