"""What the pages on conditions say: a condition block, a request's context, and whether the block holds."""

from typing import Final, NamedTuple

from tests.unit.access.decisions.row import Block, Context

OPERATORS: Final = "IAM JSON policy elements: Condition operators"
SETS: Final = "Set operators for multivalued context keys"
SINGLE: Final = "Single-valued vs. multivalued context keys"
LOGIC: Final = "Conditions with multiple context keys or values"
VARIABLES: Final = "IAM policy elements: Variables and tags"
GLOBAL: Final = "AWS global condition context keys"


class Holds(NamedTuple):
    page: str
    says: str
    condition: Block
    context: Context
    holds: bool


_IP: Final = {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:DB8:1234:5678::/64"]}}
_TEAM: Final = "aws:PrincipalTag/team"
_ARN: Final = "arn:aws:someservice:*:111122223333:finance/*"
_FAR: Final = "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"
_ISSUED: Final = "aws:TokenIssueTime"
_ATTRIBUTES: Final = "dynamodb:requestedAttributes"
_MESSAGE: Final = ["PostDateTime", "Message", "Tags"]
_ENVIRONMENTS: Final = {"ForAllValues:StringEquals": {"aws:TagKeys": ["environment", "cost-center"]}}


def _one(operator: str, key: str, values: object, given: str | None, holds: bool, says: str = "") -> Holds:
    context = {} if given is None else {key: given}
    return Holds(OPERATORS, says or f"{operator} {values} of {given}", {operator: {key: values}}, context, holds)


STRINGS: Final = (
    _one("StringEquals", _TEAM, "red", "red", True),
    _one("StringEquals", _TEAM, "red", "Red", False, "exact matching, case sensitive"),
    _one("StringEquals", _TEAM, "re*", "red", False, "wildcards are plain text in StringEquals"),
    _one("StringEquals", _TEAM, "re*", "re*", True, "wildcards are plain text in StringEquals"),
    _one("StringEquals", _TEAM, "red", None, False, "a key that is not there does not match"),
    _one("StringEquals", _TEAM, ["red", "blue"], "blue", True),
    _one("StringNotEquals", _TEAM, "red", "blue", True, "negated matching"),
    _one("StringNotEquals", _TEAM, "red", "red", False, "negated matching"),
    _one("StringNotEquals", _TEAM, "red", None, True, "a negated operator is true where the key is not there"),
    _one("StringNotEquals", _TEAM, ["red", "blue"], "blue", False, "negated values are a NOR"),
    _one("StringNotEquals", _TEAM, ["red", "blue"], "green", True, "negated values are a NOR"),
    _one("StringEqualsIgnoreCase", _TEAM, "red", "RED", True, "exact matching, ignoring case"),
    _one("StringNotEqualsIgnoreCase", _TEAM, "red", "RED", False, "negated matching, ignoring case"),
    _one("StringNotEqualsIgnoreCase", _TEAM, "red", "blue", True),
    _one("StringLike", "s3:prefix", ["", "home/", "home/Bob/*"], "home/Bob/x", True),
    _one("StringLike", "s3:prefix", ["", "home/", "home/Bob/*"], "", True),
    _one("StringLike", "s3:prefix", ["", "home/", "home/Bob/*"], "home/Eve/x", False),
    _one("StringLike", _TEAM, "r?d", "red", True, "? is one character"),
    _one("StringLike", _TEAM, "r?d", "rd", False, "? is one character"),
    _one("StringLike", _TEAM, "R*", "red", False, "case-sensitive matching"),
    _one("StringNotLike", _TEAM, "r*", "red", False),
    _one("StringNotLike", _TEAM, "r*", "blue", True),
    _one("StringNotLike", _TEAM, "r*", None, True, "StringNotLike of a key that is not there is true"),
    _one("StringLike", "aws:principalTAG/Team", "red", None, False),
    Holds(
        GLOBAL, "key names are not case-sensitive", {"StringEquals": {"AWS:sourceIP": "x"}}, {"aws:SourceIp": "x"}, True
    ),
)

NUMBERS: Final = (
    _one("NumericLessThanEquals", "s3:max-keys", "10", "10", True),
    _one("NumericLessThanEquals", "s3:max-keys", "10", "11", False),
    _one("NumericLessThanEquals", "s3:max-keys", "10", None, False),
    _one("NumericLessThan", "s3:max-keys", "10", "9.5", True, "integer or decimal values"),
    _one("NumericLessThan", "s3:max-keys", "10", "10", False),
    _one("NumericEquals", "s3:max-keys", "10", "10.0", True),
    _one("NumericEquals", "s3:max-keys", 10, "10", True),
    _one("NumericNotEquals", "s3:max-keys", "10", "11", True),
    _one("NumericNotEquals", "s3:max-keys", "10", "10", False),
    _one("NumericGreaterThan", "s3:max-keys", "10", "9", False, "numbers are not compared as text"),
    _one("NumericGreaterThanEquals", "s3:max-keys", "10", "10", True),
    _one("NumericGreaterThan", "aws:MultiFactorAuthAge", "3600", "4000", True),
)

DATES: Final = (
    _one("DateGreaterThan", _ISSUED, "2020-01-01T00:00:01Z", "2020-06-01T00:00:00Z", True),
    _one("DateGreaterThan", _ISSUED, "2020-01-01T00:00:01Z", "2020-01-01T00:00:01Z", False),
    _one("DateGreaterThan", _ISSUED, "2020-01-01T00:00:01Z", None, False, "long-term keys have no issue time"),
    _one("DateLessThan", _ISSUED, "2020-01-01T00:00:01Z", "2019-12-31T23:59:59Z", True),
    _one("DateLessThanEquals", _ISSUED, "2020-01-01", "2020-01-01T00:00:00Z", True, "W3C's ISO 8601: a day"),
    _one("DateGreaterThanEquals", _ISSUED, "2020-01", "2020-01-01T00:00:00Z", True, "W3C's ISO 8601: a month"),
    _one("DateEquals", _ISSUED, "2020", "2020-01-01T00:00:00Z", True, "W3C's ISO 8601: a year"),
    _one("DateEquals", _ISSUED, "2020-01-01T02:00:00+02:00", "2020-01-01T00:00:00Z", True, "W3C's ISO 8601: a zone"),
    _one("DateNotEquals", _ISSUED, "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z", False),
    _one("DateNotEquals", _ISSUED, "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z", True),
    _one("DateLessThan", "aws:EpochTime", "1577836801", "1577836800", True, "epoch (UNIX) time"),
    _one("DateLessThan", "aws:CurrentTime", "1577836801", "2020-01-01T00:00:00Z", True, "epoch (UNIX) time"),
)

OTHERS: Final = (
    _one("Bool", "aws:SecureTransport", "false", "false", True),
    _one("Bool", "aws:SecureTransport", "false", "true", False),
    _one("Bool", "aws:SecureTransport", False, "false", True),
    _one("Bool", "aws:MultiFactorAuthPresent", "true", None, False),
    _one("BinaryEquals", "key", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", True),
    _one("BinaryEquals", "key", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", "QUFB", False),
    Holds(OPERATORS, "an address of the IPv4 range", _IP, {"aws:SourceIp": "203.0.113.255"}, True),
    Holds(OPERATORS, "an address of the IPv6 range", _IP, {"aws:SourceIp": "2001:db8:1234:5678::1"}, True),
    Holds(OPERATORS, "an address of no range", _IP, {"aws:SourceIp": "203.0.114.1"}, False),
    Holds(OPERATORS, "no address, as behind a VPC endpoint", _IP, {}, False),
    _one("IpAddress", "aws:SourceIp", "203.0.113.7", "203.0.113.7", True, "/32 where there is no prefix"),
    _one("IpAddress", "aws:SourceIp", "203.0.113.7", "203.0.113.8", False, "/32 where there is no prefix"),
    _one("NotIpAddress", "aws:SourceIp", "203.0.113.0/24", "203.0.113.9", False),
    _one("NotIpAddress", "aws:SourceIp", "203.0.113.0/24", "198.51.100.1", True),
    _one("NotIpAddress", "aws:SourceIp", "203.0.113.0/24", "2001:db8::1", True),
    _one("NotIpAddress", "aws:SourceIp", "203.0.113.0/24", None, True),
    _one("StringLike", "aws:SourceArn", _ARN, _FAR, True, "with StringLike the match succeeds"),
    _one("ArnLike", "aws:SourceArn", _ARN, _FAR, False, "with ArnLike, which matches between colons, it fails"),
    _one("ArnEquals", "aws:SourceArn", _ARN, _FAR, False, "ArnEquals and ArnLike behave identically"),
    _one("ArnNotLike", "aws:SourceArn", _ARN, _FAR, True),
    _one("ArnEquals", "aws:SourceArn", "arn:aws:sns:*:1:a?c", "arn:aws:sns:eu-west-1:1:abc", True),
    _one("ArnLike", "aws:SourceArn", "arn:aws:sns:*:1:ABC", "arn:aws:sns:eu-west-1:1:abc", False, "case-sensitive"),
    _one("ArnNotEquals", "aws:PrincipalArn", "arn:aws:iam::1:role/*", "arn:aws:iam::1:role/a/b", False),
    _one("ArnLike", "aws:SourceArn", "arn:aws:sns:*:1:abc", None, False),
    _one("ArnNotLike", "aws:SourceArn", "arn:aws:sns:*:1:abc", None, True, "ArnNotLike of a missing key is true"),
    _one("StringLikeIfExists", "ec2:InstanceType", ["t1.*", "t2.*"], "t2.micro", True),
    _one("StringLikeIfExists", "ec2:InstanceType", ["t1.*", "t2.*"], "m5.large", False),
    _one("StringLikeIfExists", "ec2:InstanceType", ["t1.*", "t2.*"], None, True, "IfExists: no key, true"),
    _one("StringNotEqualsIfExists", _TEAM, "red", None, True, "still denied even if the tag is missing"),
    _one("BoolIfExists", "aws:MultiFactorAuthPresent", "false", None, True),
    _one("NumericLessThanIfExists", "aws:MultiFactorAuthAge", "3600", None, True),
    _one("Null", _ISSUED, "true", None, True, "true: the key does not exist"),
    _one("Null", _ISSUED, "true", "2020-01-01T00:00:00Z", False),
    _one("Null", _ISSUED, "false", "2020-01-01T00:00:00Z", True, "false: the key exists and is not null"),
    _one("Null", _ISSUED, "false", None, False),
)


def _set(operator: str, values: object, given: tuple[str, ...] | None, holds: bool, says: str) -> Holds:
    context = {} if given is None else {_ATTRIBUTES: given}
    return Holds(SETS, says, {operator: {_ATTRIBUTES: values}}, context, holds)


MANY: Final = (
    _set("ForAllValues:StringLike", _MESSAGE, ("PostDateTime", "Message"), True, "all requested attributes are listed"),
    _set("ForAllValues:StringLike", _MESSAGE, ("PostDateTime", "ID"), False, "ID is not within the list"),
    _set("ForAllValues:StringEquals", _MESSAGE, ("PostDateTime", "UserName"), False, "no match for UserName"),
    _set("ForAllValues:StringEquals", _MESSAGE, None, True, "ForAllValues is true where there are no keys"),
    _set("ForAllValues:StringEquals", _MESSAGE, (), True, "ForAllValues is true for an empty set"),
    _set("ForAnyValue:StringLike", ["ID", "PostDateTime"], ("PostDateTime", "Message"), True, "one match is enough"),
    _set("ForAnyValue:StringLike", ["ID", "PostDateTime"], ("UserName",), False, "none of the attributes match"),
    _set("ForAnyValue:StringLike", ["ID"], ("UserName", "Message", "ID"), True, "the last of them matches"),
    _set("ForAnyValue:StringEquals", ["ID"], None, False, "ForAnyValue is false where there are no keys"),
    _set("ForAnyValue:StringEquals", ["ID"], (), False, "ForAnyValue is false for an empty set"),
    _set("ForAnyValue:StringNotEquals", ["ID"], ("ID", "Tags"), True, "any value that is not listed"),
    _set("ForAnyValue:StringNotEquals", ["ID"], ("ID",), False, "no value that is not listed"),
    _set("ForAllValues:StringNotEquals", ["ID"], ("Message", "Tags"), True, "no value is listed"),
    _set("ForAllValues:StringNotEquals", ["ID"], ("Message", "ID"), False, "one value is listed"),
    _set("StringEquals", ["ID"], ("ID",), False, "multivalued keys require a set operator"),
    _set("StringNotEquals", ["ID"], ("Message",), False, "multivalued keys require a set operator"),
    Holds(SETS, "an empty text is an empty set", {"ForAllValues:StringEquals": {"k": "a"}}, {"k": ""}, True),
    Holds(SETS, "an empty text is an empty set", {"ForAnyValue:StringLike": {"k": "*"}}, {"k": ""}, False),
    Holds(SETS, "only these tag keys", _ENVIRONMENTS, {"aws:TagKeys": ("environment",)}, True),
    Holds(SETS, "another tag key", _ENVIRONMENTS, {"aws:TagKeys": ("environment", "owner")}, False),
    Holds(SETS, "no tag keys at all", _ENVIRONMENTS, {}, True),
)

_BOTH: Final = {"StringEquals": {_TEAM: ["red", "blue"], "aws:RequestedRegion": "eu-west-1"}, "Bool": {"b": "true"}}

TOGETHER: Final = (
    Holds(
        LOGIC, "all operators and keys", _BOTH, {_TEAM: "red", "aws:RequestedRegion": "eu-west-1", "b": "true"}, True
    ),
    Holds(LOGIC, "one key is not met", _BOTH, {_TEAM: "red", "aws:RequestedRegion": "us-east-1", "b": "true"}, False),
    Holds(
        LOGIC, "one operator is not met", _BOTH, {_TEAM: "red", "aws:RequestedRegion": "eu-west-1", "b": "false"}, False
    ),
    Holds(LOGIC, "one value of a key is enough", {"StringEquals": {_TEAM: ["red", "blue"]}}, {_TEAM: "blue"}, True),
    Holds(
        LOGIC,
        "the same key under two operators",
        {"StringLike": {_TEAM: "r*"}, "StringNotLike": {_TEAM: "*d"}},
        {_TEAM: "red"},
        False,
    ),
)

_SAME: Final = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
_DEFAULT: Final = {"StringEquals": {"aws:ResourceTag/owner": "${aws:userid, 'anonymous'}"}}
_HOME_FOLDER: Final = {"StringLike": {"s3:prefix": ["", "home/", "home/${aws:username}/*"]}}

FILLED: Final = (
    Holds(VARIABLES, "a tag as a variable", _SAME, {"aws:ResourceTag/team": "red", _TEAM: "red"}, True),
    Holds(VARIABLES, "a tag as a variable", _SAME, {"aws:ResourceTag/team": "red", _TEAM: "blue"}, False),
    Holds(
        VARIABLES, "any attempt to match a value that is not there fails", _SAME, {"aws:ResourceTag/team": "red"}, False
    ),
    Holds(VARIABLES, "one's own folder", _HOME_FOLDER, {"aws:username": "Bob", "s3:prefix": "home/Bob/a"}, True),
    Holds(VARIABLES, "another's folder", _HOME_FOLDER, {"aws:username": "Bob", "s3:prefix": "home/Eve/a"}, False),
    Holds(VARIABLES, "a list's other values still match", _HOME_FOLDER, {"s3:prefix": "home/"}, True),
    Holds(VARIABLES, "a default value", _DEFAULT, {"aws:ResourceTag/owner": "anonymous"}, True),
    Holds(
        VARIABLES,
        "a value before its default",
        _DEFAULT,
        {"aws:ResourceTag/owner": "anonymous", "aws:userid": "AIDA1"},
        False,
    ),
    Holds(
        VARIABLES,
        "a value before its default",
        _DEFAULT,
        {"aws:ResourceTag/owner": "AIDA1", "aws:userid": "AIDA1"},
        True,
    ),
    Holds(VARIABLES, "${*} is an asterisk", {"StringLike": {"k": "a${*}b"}}, {"k": "a*b"}, True),
    Holds(VARIABLES, "${*} is an asterisk", {"StringLike": {"k": "a${*}b"}}, {"k": "axb"}, False),
    Holds(VARIABLES, "${?} is a question mark", {"StringLike": {"k": "a${?}"}}, {"k": "ab"}, False),
    Holds(VARIABLES, "${$} is a dollar sign", {"StringEquals": {"k": "${$}1"}}, {"k": "$1"}, True),
    Holds(
        VARIABLES,
        "with ARN operators",
        {"ArnLike": {"k": "arn:aws:iam::1:user/${aws:username}"}},
        {"k": "arn:aws:iam::1:user/Bob", "aws:username": "Bob"},
        True,
    ),
    Holds(
        VARIABLES,
        "names of keys regardless of case",
        {"StringEquals": {"k": "${AWS:UserName}"}},
        {"k": "Bob", "aws:username": "Bob"},
        True,
    ),
    Holds(
        SINGLE,
        "no multivalued key as a variable",
        {"StringEquals": {"k": "${aws:TagKeys}"}},
        {"k": "a", "aws:TagKeys": ("a",)},
        False,
    ),
)

HOLDS: Final = STRINGS + NUMBERS + DATES + OTHERS + MANY + TOGETHER + FILLED
