"""Conditions beyond what the documentation shows: malformed values, and the edges of dates, numbers and addresses."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargohold.access import values
from cargohold.access.conditions import compiled, operator
from cargohold.access.patterns import Context


def holds(name: str, written: Any, context: Context, key: str = "k") -> bool:
    of = operator(name)
    assert of is not None
    texts = written if isinstance(written, list) else [written]
    return compiled(of, key, texts, variables=True)(context)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("NumericEquals", "ten"),
        ("NumericNotEquals", "ten"),
        ("NumericLessThan", "1e3"),
        ("NumericNotEquals", ["ten", "11"]),
        ("DateEquals", "yesterday"),
        ("DateNotEquals", "2026-13-01"),
        ("DateNotEquals", "2026-02-30T00:00:00Z"),
        ("Bool", "yes"),
        ("IpAddress", "10.0.0"),
        ("NotIpAddress", "10.0.0.0/33"),
        ("BinaryEquals", "no base64!"),
        ("ArnLike", "arn:aws:iam"),
        ("ArnNotLike", "arn:aws:iam::1:"[:-1]),
        ("StringNotEquals", "${aws:username}"),
        ("StringNotLike", ["red", "${aws:username}"]),
        ("ArnNotEquals", "arn:aws:iam::1:user/${aws:username}"),
    ],
)
@pytest.mark.parametrize("value", ["10", "2026-01-01T00:00:00Z", "true", "10.0.0.1", "arn:aws:iam::1:user/x", "x"])
def test_a_value_that_cannot_be_read_matches_nothing(name: str, written: Any, value: str) -> None:
    """A policy's value that is malformed, or whose variable has none, holds for no request, under a negation too."""
    assert not holds(name, written, {"k": value})


def test_values_beside_one_that_cannot_be_read_still_match() -> None:
    """Of alternatives, those that can be read count."""
    assert holds("NumericEquals", ["ten", "11"], {"k": "11"})
    assert holds("StringLike", ["${aws:username}", "x*"], {"k": "xy"})


@pytest.mark.parametrize(
    "name", ["NumericEquals", "DateEquals", "IpAddress", "BinaryEquals", "Bool", "NumericLessThan"]
)
def test_a_request_that_cannot_be_read_matches_nothing(name: str) -> None:
    """A request's value of another form is not equal to any."""
    written = {"DateEquals": "2026", "IpAddress": "10.0.0.0/8", "BinaryEquals": "QUFB", "Bool": "true"}
    assert not holds(name, written.get(name, "1"), {"k": "§"})


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970", 0),
        ("1970-01", 0),
        ("1970-01-02", 86_400),
        ("1970-01-01T00:01Z", 60),
        ("1970-01-01T00:00:01Z", 1),
        ("1970-01-01T00:00:01", 1),
        ("1970-01-01t1:00:00.5+01:00", 0.5),
        ("1970-01-01T00:00:00-0030", 1800),
        ("1970-01-01T00:00:00+23", -82_800),
        ("12345", 12_345),
        ("1577836800000", 1_577_836_800),
        ("-292275054", -292_275_054),
    ],
)
def test_dates_are_instants(text: str, seconds: float) -> None:
    """ISO 8601 in each of its lengths, seconds and milliseconds since 1970 name the same instants."""
    assert values.date(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "b",
        "234-13",
        "2016-12-13t2:00:00.593194+1",
        "1970-01-01T00:00:00.1999999999Z",
        "9223372036854775808",
        "0000",
        "1970-01-01T24:00:00Z",
        "1970-01-01T00:00:00+24:00",
        "1970-1-1",
        "１９７０",
    ],
)
def test_other_texts_are_no_dates(text: str) -> None:
    """What is neither ISO 8601 nor a number of seconds or milliseconds is no date."""
    assert values.date(text) is None


@given(st.text(max_size=40))
def test_readers_refuse_quietly(text: str) -> None:
    """No text makes a reader of values fail."""
    for name in values.READERS:
        holds(name, text, {"k": text})
    values.date(text)


@pytest.mark.parametrize(
    ("network", "address", "within"),
    [
        ("10.0.0.1/8", "10.255.0.1", True),
        ("0.0.0.0/0", "203.0.113.1", True),
        ("0.0.0.0/0", "2001:db8::1", False),
        ("::/0", "203.0.113.1", False),
        ("203.0.113.0/24", "::ffff:203.0.113.7", True),
        ("::ffff:203.0.113.0/120", "203.0.113.7", True),
        ("203.0.113.0/24", "203.0.113.7%eth0", False),
        ("2001:DB8::/32", "2001:0db8:ffff::", True),
    ],
)
def test_addresses_are_of_networks(network: str, address: str, within: bool) -> None:
    """A block holds the addresses of its own version; an IPv4 address written in IPv6 is that IPv4 address."""
    assert holds("IpAddress", network, {"k": address}) is within
    assert holds("NotIpAddress", network, {"k": address}) is not within


def test_binary_values_are_compared_as_bytes() -> None:
    """Base64 is read on both sides."""
    assert holds("BinaryEquals", "QUFB", {"k": "QUFB"})
    assert not holds("BinaryEquals", "QUFB", {"k": "QUFC"})


@pytest.mark.parametrize(
    "name",
    [
        "StringMatches",
        "NullIfExists",
        "ForAllValues:Null",
        "ForAnyValue::StringEquals",
        "stringequals",
        "",
        "IfExists",
        "StringEqualsIfExistsIfExists",
        "ForAllValues:ForAnyValue:StringEquals",
        "BinaryNotEquals",
    ],
)
def test_names_that_are_no_operators(name: str) -> None:
    """IAM has no such operator."""
    assert operator(name) is None


def test_any_value_of_a_missing_key_is_none_even_if_it_need_not_exist() -> None:
    """ForAnyValue is false where the key is missing, with IfExists too; ForAllValues is true."""
    assert not holds("ForAnyValue:StringEqualsIfExists", "a", {})
    assert not holds("ForAnyValue:StringNotEqualsIfExists", "a", {})
    assert holds("ForAllValues:StringEqualsIfExists", "a", {})


def test_a_multi_valued_key_needs_a_set_operator_even_if_it_need_not_exist() -> None:
    """IfExists does not let an operator for one value match a key of several."""
    assert not holds("StringEqualsIfExists", "a", {"k": ("a",)})
    assert not holds("StringNotEqualsIfExists", "b", {"k": ("a",)})


def test_no_values_are_no_alternatives() -> None:
    """An empty list of values is met by nothing, and its negation by everything."""
    assert not holds("StringEquals", [], {"k": "a"})
    assert holds("StringNotEquals", [], {"k": "a"})


def test_null_reads_its_value() -> None:
    """Null is met by `true` where there is no value and by `false` where there is one, and by no other text."""
    assert holds("Null", ["true", "false"], {})
    assert holds("Null", "TRUE", {"k": ()})
    assert not holds("Null", "absent", {})
    assert not holds("Null", "absent", {"k": "a"})


def test_bool_takes_a_variable() -> None:
    """A boolean may be a variable, as the page on operators has it."""
    assert holds("Bool", "${aws:SecureTransport}", {"k": "true", "aws:securetransport": "true"})
    assert not holds("Bool", "${aws:SecureTransport}", {"k": "true", "aws:securetransport": "false"})
