"""Policies that IAM refuses, by their kind, and the sentence that it refuses them with.

Each row is a document; `OK` stands for a statement that nothing is wrong with.
"""

import json
from typing import Any, Final

SYNTAX: Final = "Syntax errors in policy."
LEGACY: Final = "The policy failed legacy parsing"
VENDOR: Final = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
COLONS: Final = "Actions/Condition can contain only one colon."
ACTIONS: Final = "Policy statement must contain actions."
RESOURCES: Final = "Policy statement must contain resources."
UNIQUE: Final = "Statement IDs (SID) in a single policy must be unique."
PATHS: Final = (
    'IAM resource path must either be "*" or start with user/, federated-user/, role/, group/, instance-profile/, '
    "mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/."
)
SID: Final = (
    "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
)
BUCKET: Final = "arn:aws:s3:::example_bucket"
OK: Final = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": BUCKET}
TRUSTED: Final = {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"}
NAMED: Final = {"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}


def policy(*statements: Any, version: Any = "2012-10-17", **more: Any) -> str:
    return json.dumps({"Version": version, "Statement": list(statements)} | more)


def ok(**changed: Any) -> dict[str, Any]:
    return _changed(OK, changed)


def trusted(**changed: Any) -> dict[str, Any]:
    return _changed(TRUSTED, changed)


def named(**changed: Any) -> dict[str, Any]:
    return _changed(NAMED, changed)


def _changed(block: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    """With members changed or, where they are None, left out."""
    given = {key: value for key, value in changed.items() if value is not None}
    return {key: value for key, value in block.items() if key not in changed} | given


def when(**operators: Any) -> dict[str, Any]:
    return ok(Condition=operators)


IDENTITY: Final[list[tuple[str, str]]] = [
    ("This is not a json document", SYNTAX),
    ("", SYNTAX),
    ("[]", SYNTAX),
    ('"policy"', SYNTAX),
    ("{}", SYNTAX),
    ("[" * 10_000, SYNTAX),
    ('{"Version": NaN, "Statement": []}', SYNTAX),
    ('{"Version": ' + "9" * 5000 + "}", SYNTAX),
    (policy(OK) + "x", SYNTAX),
    (f'{{"Version": "2012-10-17", "Statement": {json.dumps(OK)}, "Statement": {json.dumps(OK)}}}', SYNTAX),
    ('{"Statement": {"Effect": "Deny", "Effect": "Allow", "Action": "*", "Resource": "*"}}', SYNTAX),
    (policy(OK, version="2013-10-17"), SYNTAX),
    (policy(OK, version=["2012-10-17"]), SYNTAX),
    (policy(OK, version={}), SYNTAX),
    (json.dumps({"Version": "2012-10-17"}), SYNTAX),
    (json.dumps({"Version": "2012-10-17", "Statement": None}), SYNTAX),
    (json.dumps({"Version": "2012-10-17", "Statement": "hello"}), SYNTAX),
    (policy(), SYNTAX),
    (policy("afd"), SYNTAX),
    (policy(OK, None), SYNTAX),
    (policy(OK, **{"Extra field": "value"}), SYNTAX),
    (policy(ok(**{"Extra field": "value"})), SYNTAX),
    (policy(ok(action="s3:ListBucket")), SYNTAX),
    (policy(OK, Id=["one"]), SYNTAX),
    (policy(OK, Id={}), SYNTAX),
    (policy(ok(Sid={})), SYNTAX),
    (policy(ok(Sid=[])), SYNTAX),
    (policy(ok(Sid=1)), SYNTAX),
    (policy(ok(Effect=None)), SYNTAX),
    (policy(ok(Effect="invalid")), SYNTAX),
    (policy(ok(Effect=["Allow"])), SYNTAX),
    (policy(ok(Resource={"a": BUCKET})), SYNTAX),
    (policy(ok(Resource=["adfdf", {}])), SYNTAX),
    (policy(ok(Resource=7)), SYNTAX),
    (policy(ok(NotResource=[])), SYNTAX),
    (policy(ok(NotResource="*")), SYNTAX),
    (policy(ok(Action=[[]])), SYNTAX),
    (policy(ok(Action={})), SYNTAX),
    (policy(ok(Action=123)), SYNTAX),
    (policy(ok(NotAction="s3s:ListBucket", Action=[])), SYNTAX),
    (policy(ok(NotAction="iam:dsf")), SYNTAX),
    (policy(ok(Condition=[])), SYNTAX),
    (policy(ok(Condition="a")), SYNTAX),
    (policy(ok(Condition=[{"ForAllValues:StringEquals": {"aws:TagKeys": "a"}}])), SYNTAX),
    (policy(when(a="b")), SYNTAX),
    (policy(when(DateGreaterThan="b")), SYNTAX),
    (policy(when(DateGreaterThan=[])), SYNTAX),
    (policy(when(DateGreaterThan={"a": {}})), SYNTAX),
    (policy(when(StringEquals={"a": [{}]})), SYNTAX),
    (policy(when(StringEquals={"a": [None]})), SYNTAX),
    (policy(when(x={"a": "1"})), SYNTAX),
    (policy(when(**{"ForAnyValue::StringEqualsIfExists": {"a": "asf"}})), SYNTAX),
    (policy(when(NullIfExists={"a": "true"})), SYNTAX),
    (policy(ok(Effect="denY")), LEGACY),
    (policy(ok(Effect="aLLow", Sid="sdf"), ok(Sid="sdf")), LEGACY),
    (policy(ok(Resource="arn:aws:s3::example_bucket")), LEGACY),
    (policy(ok(Resource="arn:aws:s3::example_bucket", Action=None)), LEGACY),
    (policy(ok(Resource=None, NotResource="arn:aws:s3::example_bucket")), LEGACY),
    (policy(ok(Resource="arn:aws::fdsasf")), LEGACY),
    (policy(ok(Resource="arn:aws::::example_bucket")), LEGACY),
    (policy(ok(Resource="arn:awss3::example-bucket/*")), LEGACY),
    (policy(ok(Resource="arn:aws:iam::${aws:PrincipalAccount}:role/x")), LEGACY),
    (policy(ok(Resource="arn:aws:iam::ACCOUNT_ID:role/x")), LEGACY),
    (policy(when(DateGreaterThan={"a": "sdfdsf"})), LEGACY),
    (policy(when(DateLessThanEquals={"a": "234-13"})), LEGACY),
    (policy(when(DateLessThanEquals={"a": "2016-12-13t2:00:00.593194+1"})), LEGACY),
    (policy(when(DateLessThanEquals={"a": "2016-12-13t2:00:00.1999999999+10:59"})), LEGACY),
    (policy(when(DateLessThan={"a": "9223372036854775808"})), LEGACY),
    (policy(when(**{"ForAllValues:DateLessThanIfExists": {"a": ["2020", "b"]}})), LEGACY),
    (policy(ok(Action=None, Resource=None, Condition={"DateGreaterThan": {"a": "x"}})), LEGACY),
    (policy(ok(Resource="arn:error:s3:::example_bucket", Condition={"DateGreaterThan": {"a": "x"}})), LEGACY),
    (policy(ok(Sid="sdf"), {"Sid": "sdf", "Effect": "Allow"}), UNIQUE),
    (
        policy(ok(Sid="not alpha")),
        SID,
    ),
    (policy(ok(Principal="*")), "Policy document should not specify a principal."),
    (policy(ok(NotPrincipal={"AWS": "*"})), "Policy document should not specify a principal."),
    (policy(ok(Action=None)), ACTIONS),
    (policy(ok(Action=[])), ACTIONS),
    (policy({"Effect": "Allow"}), ACTIONS),
    (policy({"Effect": "Deny"}, OK), ACTIONS),
    (policy(ok(Resource=None)), RESOURCES),
    (policy(ok(Resource=[])), RESOURCES),
    (policy(ok(Resource=None, Action="invalid")), RESOURCES),
    (policy(ok(Resource="invalid resource")), 'Resource invalid resource must be in ARN format or "*".'),
    (policy(ok(Resource="")), 'Resource  must be in ARN format or "*".'),
    (policy(ok(Resource=["adf"], Action="s:3:ListBucket")), 'Resource adf must be in ARN format or "*".'),
    (policy(ok(Resource="**")), 'Resource ** must be in ARN format or "*".'),
    (policy(ok(Resource="x:aws:s3:::b")), 'Resource x:aws:s3:::b must be in ARN format or "*".'),
    (policy(ok(Resource="a:bsdf")), 'Partition "bsdf" is not valid for resource "arn:bsdf:*:*:*:*".'),
    (policy(ok(Resource="a:b:cadfsdf")), 'Partition "b" is not valid for resource "arn:b:cadfsdf:*:*:*".'),
    (policy(ok(Resource="a:b:c:d:e:f:g:h")), 'Partition "b" is not valid for resource "arn:b:c:d:e:f:g:h".'),
    (policy(ok(Resource="aws:s3:::b")), 'Partition "s3" is not valid for resource "arn:s3:::b:*".'),
    (policy(ok(Resource="s3::b/*")), 'Partition "" is not valid for resource "arn::b/*:*:*:*".'),
    (policy(ok(Resource="arn:aws2:s3:::b")), 'Partition "aws2" is not valid for resource "arn:aws2:s3:::b".'),
    (
        policy(ok(Resource=["arn:error:s3:::b", "arn:error:s3::b"])),
        'Partition "error" is not valid for resource "arn:error:s3:::b".',
    ),
    (policy(ok(Resource="arn:aws")), "Resource vendor must be fully qualified and cannot contain regexes."),
    (policy(ok(Resource="arn:aws:*:::b")), "Resource vendor must be fully qualified and cannot contain regexes."),
    (policy(ok(Resource="arn:aws:s?:::b")), "Resource vendor must be fully qualified and cannot contain regexes."),
    (
        policy(ok(Resource="arn:aws:s3:us-east-1::b")),
        "Resource arn:aws:s3:us-east-1::b can not contain region information.",
    ),
    (
        policy(ok(Resource="arn:aws:iam:us-east-1::b")),
        "IAM resource arn:aws:iam:us-east-1::b cannot contain region information.",
    ),
    (policy(ok(Resource="arn:aws:iam:::b")), PATHS),
    (policy(ok(Action="invalid")), VENDOR),
    (policy(ok(Action="")), VENDOR),
    (policy(ok(Action=None, NotAction="")), VENDOR),
    (policy(ok(Action="a a:ListBucket")), "Vendor a a is not valid"),
    (policy(ok(Action=":ListBucket")), "Vendor  is not valid"),
    (policy(ok(Action="s*:ListBucket")), "Vendor s* is not valid"),
    (policy(ok(Action="s3:List:Bucket")), COLONS),
    (policy(OK, ok(Action="s:3s:ListBucket")), COLONS),
]

VERSION: Final = "Policy document must be version 2012-10-17 or greater."
MANAGED: Final[list[tuple[str, str]]] = [
    (json.dumps({"Statement": OK}), VERSION),
    (policy(OK, version="2008-10-17"), VERSION),
    (json.dumps({"Statement": ok(Effect="denY")}), VERSION),
    (policy(OK, version="2013-10-17"), SYNTAX),
]

TRUST: Final[list[tuple[str, str]]] = [
    ("{not valid json", "This policy contains invalid Json"),
    ("[]", "This policy contains invalid Json"),
    ('{"Version": "2012-10-17", "Version": "2012-10-17"}', "This policy contains invalid Json"),
    ('{"probe": 1}', "Unknown field probe"),
    (policy(TRUSTED, version="2020-01-01"), "The policy must contain a valid version string"),
    (policy(), "Could not parse the policy: Statement is empty!"),
    (json.dumps({"Version": "2012-10-17"}), "Could not parse the policy: Statement is empty!"),
    (policy("afd"), SYNTAX),
    (json.dumps({"Statement": "afd"}), SYNTAX),
    (policy(trusted(_comment="x")), "Unknown field _comment"),
    (policy(trusted(Effect=None)), "Missing required field Effect"),
    (policy(trusted(Effect="allow")), "Invalid effect: allow"),
    (policy(trusted(Effect=[])), "Invalid effect: []"),
    (policy(trusted(Principal=None)), "Missing required field Principal"),
    (policy(trusted(Principal={})), "Missing required field Principal cannot be empty!"),
    (policy(trusted(Principal={"AWS": []})), "Missing required field Principal cannot be empty!"),
    (policy(trusted(Principal="*")), "Principal must be a JSON object."),
    (policy(trusted(Principal=["*"])), "Principal must be a JSON object."),
    (
        policy(trusted(Principal=None, NotPrincipal={"AWS": "*"})),
        "Allow with NotPrincipal is not allowed.",
    ),
    (
        policy(trusted(Effect="Deny", Principal=None, NotPrincipal={"AWS": "*"})),
        "AssumeRole policy must not contain NotPrincipal field.",
    ),
    (policy(trusted(Principal={"Wrong": "*"})), 'Invalid principal in policy: "Wrong"'),
    (policy(trusted(Principal={"CanonicalUser": "a" * 64})), 'Invalid principal in policy: "CanonicalUser"'),
    (policy(trusted(Principal={"AWS": "bob"})), 'Invalid principal in policy: "AWS":"bob"'),
    (policy(trusted(Principal={"AWS": ""})), 'Invalid principal in policy: "AWS":""'),
    (policy(trusted(Principal={"AWS": 123456789012})), 'Invalid principal in policy: "AWS":"123456789012"'),
    (policy(trusted(Principal={"AWS": ["*", "1234"]})), 'Invalid principal in policy: "AWS":"1234"'),
    (
        policy(trusted(Principal={"AWS": "arn:aws:iam::123456789012:role/*"})),
        'Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:role/*"',
    ),
    (
        policy(trusted(Principal={"AWS": "arn:aws:sts::123456789012:assumed-role/ci/*"})),
        'Invalid principal in policy: "AWS":"arn:aws:sts::123456789012:assumed-role/ci/*"',
    ),
    (
        policy(trusted(Principal={"AWS": "arn:aws:iam::123456789012:group/g"})),
        'Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:group/g"',
    ),
    *(
        (policy(trusted(Principal={"AWS": f"{place}{odd}"})), f'Invalid principal in policy: "AWS":"{place}{odd}"')
        for odd in ("\x00", "a\x00b", "\ud800", "é", "a b", "a\x7f")
        for place in (
            "arn:aws:iam::123456789012:user/",
            "arn:aws:sts::123456789012:assumed-role/ci/",
            "AIDACKCEVSQ6C2EXAMPLE:",
        )
    ),
    (
        policy(trusted(Principal={"Federated": "arn:aws:iam::123456789012:oidc-provider/\x00"})),
        'Invalid principal in policy: "FEDERATED":"arn:aws:iam::123456789012:oidc-provider/\x00"',
    ),
    (policy(trusted(Principal={"Service": "*"})), 'Invalid principal in policy: "SERVICE":"*"'),
    (policy(trusted(Principal={"Service": "ec2"})), 'Invalid principal in policy: "SERVICE":"ec2"'),
    (policy(trusted(Principal={"Federated": "*"})), 'Invalid principal in policy: "FEDERATED":"*"'),
    (policy(trusted(Condition={"x": {"a": "b"}})), SYNTAX),
    (policy(trusted(Condition={"DateLessThan": {"a": "b"}})), LEGACY),
    (policy(trusted(NotAction="sts:AssumeRole")), SYNTAX),
    (policy(trusted(Action={})), SYNTAX),
    (policy(trusted(Sid=[])), SYNTAX),
    (policy(trusted(Action=None)), "Missing required field Action"),
    (policy(trusted(Action=[])), "Missing required field Action"),
    (policy(trusted(Action="*")), "AssumeRole policy may only specify STS AssumeRole actions."),
    (policy(trusted(Action="sts:*")), "AssumeRole policy may only specify STS AssumeRole actions."),
    (policy(trusted(Action="ecr:GetImage")), "AssumeRole policy may only specify STS AssumeRole actions."),
    (policy(trusted(Resource="*")), "Has prohibited field Resource"),
    (policy(trusted(NotResource="*")), "AssumeRole policy must not contain resources."),
    (policy(trusted(Sid="a"), trusted(Sid="a")), "The Statement Ids in the policy are not unique"),
]

RESOURCE: Final[list[tuple[str, str]]] = [
    ("no json", SYNTAX),
    (policy(named(Extra=1)), SYNTAX),
    (policy(named(Effect="Maybe")), SYNTAX),
    (policy(named(NotPrincipal="*")), SYNTAX),
    (policy(named(Sid="one"), named(Sid="one")), UNIQUE),
    (policy(named(Principal=None)), "Missing required field Principal"),
    (policy(named(Principal=7)), "Principal must be a JSON object."),
    (policy(named(Principal="123456789012")), "Principal must be a JSON object."),
    (policy(named(Principal={})), "Missing required field Principal cannot be empty!"),
    (policy(named(Principal={"AWS": "nobody"})), 'Invalid principal in policy: "AWS":"nobody"'),
    (policy(named(Principal={"Nobody": "*"})), 'Invalid principal in policy: "Nobody"'),
    (policy(named(Principal=None, NotPrincipal="*")), "Allow with NotPrincipal is not allowed."),
    (policy(named(Action=None)), ACTIONS),
    (policy(named(Action="BatchGetImage")), VENDOR),
    (policy(named(Condition={"NumericEquals": {"aws:x": "BEYOND"}})).replace('"BEYOND"', "1e999"), SYNTAX),
    (policy(named(Condition={"NumericEquals": {"aws:x": ["1", "BEYOND"]}})).replace('"BEYOND"', "-1e999"), SYNTAX),
    (policy(named(Action="s3:GetObject")), "Action s3:GetObject is not valid"),
    (policy(named(Action="ecr:NoSuchAction")), "Action ecr:NoSuchAction is not valid"),
    (policy(named(Action="ecr:NoSuch*")), "Action ecr:NoSuch* is not valid"),
    (policy(named(Action="ecr:Put:Image")), COLONS),
    (policy(named(Resource="my-repo")), 'Resource my-repo must be in ARN format or "*".'),
    (policy(named(Resource="arn:aws:ecr:us-east-1:my:repository/a")), LEGACY),
]
