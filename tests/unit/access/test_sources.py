"""access.sources and access.context_keys: statements are found in a policy's text, however it is written."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargohold.access.context_keys import context_keys
from cargohold.access.sources import line_of, position, spans


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in spans(text)]


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ('{"Statement":{"a":1}}', ['{"a":1}']),
        ('{"Statement":[{"a":1},{"b":2}]}', ['{"a":1}', '{"b":2}']),
        ('\n { "Version" : "x" , "Statement" : [ {"a":1} , {"b":[2]} ] , "Id" : "y" } ', ['{"a":1}', '{"b":[2]}']),
        ('{"Id":"\\"Statement\\":[{","Statement":[{"Sid":"]}, {\\\\\\""}]}', ['{"Sid":"]}, {\\\\\\""}']),
        ('{"Id":{"Statement":[{"no":1}]},"Statement":[{"yes":1}]}', ['{"yes":1}']),
        ('{"Statement":[]}', []),
        ('{"Version":"2012-10-17"}', []),
        ("{}", []),
    ],
)
def test_statements_are_found(text: str, statements: list[str]) -> None:
    """Each statement is found whole, whatever stands in strings and between."""
    assert found(text) == statements


def test_positions_count_from_one() -> None:
    """Lines end with a line feed, with or without a carriage return, and columns begin anew."""
    text = '{\r\n"Statement":[\r\n{"a":1},\r\n  {"b":2}]}'
    assert [position(text, span.before) for span in spans(text)] == [(2, 14), (3, 8)]
    assert [position(text, span.end) for span in spans(text)] == [(3, 8), (4, 10)]
    assert [line_of(text, span.start) for span in spans(text)] == [3, 4]


VALUES = st.recursive(st.text() | st.integers() | st.booleans(), lambda inner: st.lists(inner, max_size=3))
STATEMENTS = st.lists(st.dictionaries(st.text(), VALUES, max_size=4), max_size=4)


@given(STATEMENTS, st.sampled_from([None, 1, "\t"]), st.booleans(), st.text())
def test_whatever_is_written(
    statements: list[dict[str, object]], indent: int | str | None, ascii_only: bool, id_: str
) -> None:
    """What is found is what the JSON says, in every layout."""
    text = json.dumps({"Id": id_, "Statement": statements, "More": id_}, indent=indent, ensure_ascii=ascii_only)
    assert [json.loads(each) for each in found(text)] == statements


def test_keys_of_each_statement() -> None:
    """Keys are told apart by statement, in the order and spelling in which they stand."""
    condition = {"StringEquals": {"aws:PrincipalTag/a": "${aws:userid}", "AWS:username": "x"}, "Null": {}}
    blocks = [
        {"Resource": ["a${aws:username}", "${*}${ecr:x, 'y'}"], "Condition": condition},
        {"NotResource": "${aws:SourceIp}"},
    ]
    text = json.dumps({"Version": "2012-10-17", "Statement": blocks})
    first = ("aws:username", "ecr:x", "aws:PrincipalTag/a", "aws:userid")
    assert context_keys(text) == [first, ("aws:SourceIp",)]
    assert context_keys(text.replace("2012-10-17", "2008-10-17")) == [("aws:PrincipalTag/a", "AWS:username"), ()]
