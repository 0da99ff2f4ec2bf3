"""Every constraint of the model is held at its very edge, at every operation, in ECR's sentence."""

import pytest

from cargohold.aws import model
from tests.bed.place import Place

from .desk import Desk
from .edges import edges
from .test_successes import EVERY


@pytest.mark.parametrize(("service", "operation"), EVERY)
def test_past_an_edge(place: Place, service: str, operation: str) -> None:
    """One more or one less than the model allows is InvalidParameterException, which names the member and the limit."""
    desk = Desk(place, service)
    for edge in edges(model.load(service), operation):
        code, sentence = desk.refused(operation, dict(edge.past))
        assert (code, edge.path in sentence) == ("InvalidParameterException", True), (edge.path, sentence)
        assert sentence.startswith(f"Invalid parameter at '{edge.path}' failed to satisfy constraint: '"), sentence
        assert edge.constraint in sentence


@pytest.mark.parametrize(("service", "operation"), EVERY)
def test_at_an_edge(place: Place, service: str, operation: str) -> None:
    """What is exactly as much or as little as the model allows is not refused for it, nor is it a fault of ours."""
    desk = Desk(place, service)
    for edge in edges(model.load(service), operation):
        if edge.at is not None:
            answer = desk.send(operation, dict(edge.at))
            assert answer.status < 500, answer.body
            assert edge.constraint not in answer.document.get("message", "")
