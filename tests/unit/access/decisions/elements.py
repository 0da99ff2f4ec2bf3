"""What the pages on the elements of a policy say: Action, Resource, Principal, their negations, variables, Version."""

from typing import Final

from tests.unit.access.decisions.row import (
    ABROAD,
    ANYBODY,
    BOB,
    HOME,
    Row,
    allow,
    deny,
    federated,
    root,
    session,
    to,
    user,
)

ACTION: Final = "IAM JSON policy elements: Action"
NOT_ACTION: Final = "IAM JSON policy elements: NotAction"
RESOURCE: Final = "IAM JSON policy elements: Resource"
NOT_RESOURCE: Final = "IAM JSON policy elements: NotResource"
PRINCIPAL: Final = "AWS JSON policy elements: Principal"
NOT_PRINCIPAL: Final = "AWS JSON policy elements: NotPrincipal"
VARIABLES: Final = "IAM policy elements: Variables and tags"
VERSION: Final = "IAM JSON policy elements: Version"
STATEMENT: Final = "IAM JSON policy elements: Effect"

EVE: Final = user("Eve")
AUDIT: Final = session("cross-account-read-only-role", "cross-account-audit-app", ABROAD)
FAR_BOB: Final = user("Bob", ABROAD)
BUCKET: Final = "arn:aws:s3:::BUCKETNAME/key"

_KEYS: Final = [allow("iam:*AccessKey*", f"arn:aws:iam::{HOME}:user/*")]
_DYNAMO: Final = [allow("dynamodb:*", f"arn:aws:dynamodb:us-east-2:{HOME}:table/${{aws:username}}")]
_TABLE: Final = f"arn:aws:dynamodb:us-east-2:{HOME}:table"
_QUEUES: Final = [allow("sqs:*", "arn:aws:sqs:us-east-2:*:${aws:username}-queue")]
_ACCOUNTING: Final = [allow("iam:GetUser", f"arn:aws:iam::{HOME}:user/accounting/*")]
_PAYROLL: Final = ["arn:aws:s3:::HRBucket/Payroll", "arn:aws:s3:::HRBucket/Payroll/*"]
_NOT_PAYROLL: Final = [allow("s3:*"), deny("s3:*", without=_PAYROLL)]
_NOT_DELETE: Final = [allow("", "arn:aws:s3:::*", but="s3:DeleteBucket")]
_NO_MFA: Final = [
    allow("*"),
    deny("", but="iam:*", condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}),
]
_ONE_NAME: Final = {"username": "Bob"}
_AS_BOB: Final = {"aws:username": "Bob"}

ACTIONS: Final = (
    Row(ACTION, "one action", True, "iam:ChangePassword", identity=[allow("iam:ChangePassword")]),
    Row(ACTION, "another action", False, "iam:CreateUser", identity=[allow("iam:ChangePassword")]),
    Row(
        ACTION,
        "a list of actions",
        True,
        "ec2:StopInstances",
        identity=[allow(["ec2:StartInstances", "ec2:StopInstances"])],
    ),
    Row(
        ACTION,
        "prefix and name are not case-sensitive",
        True,
        "iam:ListAccessKeys",
        identity=[allow("IAM:listaccesskeys")],
    ),
    Row(ACTION, "all actions of a service", True, "s3:GetObject", identity=[allow("s3:*")]),
    Row(ACTION, "all actions of another service", False, "ec2:RunInstances", identity=[allow("s3:*")]),
    Row(
        ACTION,
        "a wildcard within the name",
        True,
        "iam:CreateAccessKey",
        f"arn:aws:iam::{HOME}:user/Bob",
        identity=_KEYS,
    ),
    Row(
        ACTION, "a wildcard at the end too", True, "iam:ListAccessKeys", f"arn:aws:iam::{HOME}:user/Bob", identity=_KEYS
    ),
    Row(ACTION, "a name that lacks it", False, "iam:CreateUser", f"arn:aws:iam::{HOME}:user/Bob", identity=_KEYS),
    Row(ACTION, "? is one character", True, "s3:GetA", identity=[allow("s3:Get?")]),
    Row(ACTION, "? is one character", False, "s3:GetAcl", identity=[allow("s3:Get?")]),
    Row(NOT_ACTION, "all of S3 but deleting a bucket", True, "s3:GetObject", "arn:aws:s3:::a/b", identity=_NOT_DELETE),
    Row(NOT_ACTION, "deleting a bucket", False, "s3:DeleteBucket", "arn:aws:s3:::a", identity=_NOT_DELETE),
    Row(NOT_ACTION, "not ListAllMyBuckets, which requires *", False, "s3:ListAllMyBuckets", identity=_NOT_DELETE),
    Row(NOT_ACTION, "everything but IAM", True, "ec2:RunInstances", identity=[allow("", but="iam:*")]),
    Row(NOT_ACTION, "everything but IAM", False, "iam:CreateUser", identity=[allow("", but="iam:*")]),
    Row(
        NOT_ACTION,
        "denied without MFA",
        False,
        "ec2:RunInstances",
        identity=_NO_MFA,
        context={"aws:MultiFactorAuthPresent": "false"},
    ),
    Row(NOT_ACTION, "denied with long-term keys", False, "ec2:RunInstances", identity=_NO_MFA),
    Row(NOT_ACTION, "IAM's actions are spared", True, "iam:ListMFADevices", identity=_NO_MFA),
    Row(
        NOT_ACTION,
        "with MFA the denial has no effect",
        True,
        "ec2:RunInstances",
        identity=_NO_MFA,
        context={"aws:MultiFactorAuthPresent": "true"},
    ),
)

RESOURCES: Final = (
    Row(
        RESOURCE,
        "one queue",
        True,
        "sqs:SendMessage",
        f"arn:aws:sqs:us-east-2:{HOME}:queue1",
        identity=[allow("sqs:*", f"arn:aws:sqs:us-east-2:{HOME}:queue1")],
    ),
    Row(
        RESOURCE,
        "another queue",
        False,
        "sqs:SendMessage",
        f"arn:aws:sqs:us-east-2:{HOME}:queue2",
        identity=[allow("sqs:*", f"arn:aws:sqs:us-east-2:{HOME}:queue1")],
    ),
    Row(
        RESOURCE,
        "users below a path",
        True,
        "iam:GetUser",
        f"arn:aws:iam::{HOME}:user/accounting/Bob",
        identity=_ACCOUNTING,
    ),
    Row(RESOURCE, "users of another path", False, "iam:GetUser", f"arn:aws:iam::{HOME}:user/Bob", identity=_ACCOUNTING),
    Row(
        RESOURCE,
        "names are case-sensitive",
        False,
        "iam:GetUser",
        f"arn:aws:iam::{HOME}:user/Accounting/Bob",
        identity=_ACCOUNTING,
    ),
    Row(
        RESOURCE,
        "one of two tables",
        True,
        "dynamodb:GetItem",
        f"{_TABLE}/b",
        identity=[allow("dynamodb:*", [f"{_TABLE}/a", f"{_TABLE}/b"])],
    ),
    Row(
        RESOURCE,
        "* and ? in any segment",
        True,
        "sqs:SendMessage",
        f"arn:aws:sqs:us-west-2:{HOME}:queue1",
        identity=[allow("sqs:*", "arn:aws:sqs:us-*-?:*:queue?")],
    ),
    Row(
        RESOURCE,
        "an inner * stays in its segment",
        False,
        "s:A",
        "arn:aws:s:eu-1:1:x-2:1:q",
        identity=[allow("s:*", "arn:aws:s:e*2:1:q")],
    ),
    Row(
        RESOURCE,
        "a * that ends a segment may run past colons",
        True,
        "s:A",
        "arn:aws:s:eu-1:1:x-2:1:q",
        identity=[allow("s:*", "arn:aws:s:eu*:1:q")],
    ),
    Row(
        RESOURCE,
        "segments left out are *",
        True,
        "s3:GetObject",
        "arn:aws:s3:::a/b",
        identity=[allow("s3:*", "arn:aws:s3:*")],
    ),
    Row(
        RESOURCE,
        "an action without resources needs *",
        False,
        "ecr:GetAuthorizationToken",
        identity=[allow("ecr:*", "arn:aws:ecr:*:*:*")],
    ),
    Row(RESOURCE, "an action without resources has *", True, "ecr:GetAuthorizationToken", identity=[allow("ecr:*")]),
    Row(
        NOT_RESOURCE,
        "a listed folder",
        True,
        "s3:GetObject",
        "arn:aws:s3:::HRBucket/Payroll/may",
        identity=_NOT_PAYROLL,
    ),
    Row(
        NOT_RESOURCE,
        "the listed name itself",
        True,
        "s3:GetObject",
        "arn:aws:s3:::HRBucket/Payroll",
        identity=_NOT_PAYROLL,
    ),
    Row(
        NOT_RESOURCE,
        "what is not listed is denied",
        False,
        "s3:GetObject",
        "arn:aws:s3:::HRBucket/Bonus",
        identity=_NOT_PAYROLL,
    ),
    Row(
        NOT_RESOURCE,
        "with Allow, all that is not listed",
        True,
        "s3:GetObject",
        "arn:aws:s3:::other/x",
        identity=[allow("s3:*", without=_PAYROLL)],
    ),
    Row(
        NOT_RESOURCE,
        "with Allow, not what is listed",
        False,
        "s3:GetObject",
        _PAYROLL[0],
        identity=[allow("s3:*", without=_PAYROLL)],
    ),
)

FILLED: Final = (
    Row(VARIABLES, "one's own table", True, "dynamodb:GetItem", f"{_TABLE}/Bob", identity=_DYNAMO, context=_AS_BOB),
    Row(VARIABLES, "another's table", False, "dynamodb:GetItem", f"{_TABLE}/Eve", identity=_DYNAMO, context=_AS_BOB),
    Row(
        VARIABLES,
        "a role has no user name",
        False,
        "dynamodb:GetItem",
        f"{_TABLE}/Bob",
        identity=_DYNAMO,
        who=session("ci", "run"),
    ),
    Row(
        VARIABLES,
        "text around a variable",
        True,
        "sqs:SendMessage",
        f"arn:aws:sqs:us-east-2:{HOME}:Bob-queue",
        identity=_QUEUES,
        context=_AS_BOB,
    ),
    Row(
        VARIABLES,
        "text around a variable",
        False,
        "sqs:SendMessage",
        f"arn:aws:sqs:us-east-2:{HOME}:Bob-q",
        identity=_QUEUES,
        context=_AS_BOB,
    ),
    Row(
        VARIABLES,
        "a tag in an ARN",
        True,
        "s3:GetObject",
        "arn:aws:s3:::bucket/sales",
        identity=[allow("s3:*", "arn:aws:s3:::bucket/${aws:PrincipalTag/department}")],
        context={"aws:PrincipalTag/department": "sales"},
    ),
    Row(
        VARIABLES,
        "a value's wildcards are plain text",
        False,
        "s3:GetObject",
        "arn:aws:s3:::bucket/sales",
        identity=[allow("s3:*", "arn:aws:s3:::bucket/${aws:PrincipalTag/department}")],
        context={"aws:PrincipalTag/department": "*"},
    ),
    Row(
        VARIABLES,
        "a missing value makes the statement invalid",
        True,
        "s3:GetObject",
        "arn:aws:s3:::b/k",
        identity=[allow("s3:*"), deny("s3:*", without="arn:aws:s3:::b/${aws:username}")],
    ),
    Row(
        VERSION,
        "variables are literal text in 2008-10-17",
        False,
        "s3:GetObject",
        "arn:aws:s3:::b/Bob",
        identity=[allow("s3:*", "arn:aws:s3:::b/${aws:username}")],
        context=_AS_BOB,
        version="2008-10-17",
    ),
    Row(
        VERSION,
        "variables are literal text without a Version",
        True,
        "s3:GetObject",
        "arn:aws:s3:::b/${aws:username}",
        identity=[allow("s3:*", "arn:aws:s3:::b/${aws:username}")],
        context=_AS_BOB,
        version=None,
    ),
    Row(STATEMENT, "nothing is allowed by default", False, "s3:GetObject", BUCKET),
    Row(
        STATEMENT,
        "a deny beside an allow",
        False,
        "s3:GetObject",
        BUCKET,
        identity=[allow("s3:*"), deny("s3:GetObject")],
    ),
)


def _given(says: str, allowed: bool, who: object, principal: object, page: str = PRINCIPAL, **more: object) -> Row:
    """A statement that allows everything to whom `principal` names, and nothing else."""
    elements = {"resource": [allow("s3:*", None, principal=principal)]} | more
    return Row(page, says, allowed, "s3:GetObject", BUCKET, who, **elements)  # type: ignore[arg-type]


_ROLE: Final = session("examplerole", "one")
_SOME: Final = [allow("s3:*")]
_BOB_ONLY: Final = [
    allow("s3:*", None, principal="*"),
    deny("s3:*", None, notPrincipal=to(FAR_BOB.arn, f"arn:aws:iam::{ABROAD}:root")),
]
_BOB_ALONE: Final = [allow("s3:*", None, principal="*"), deny("s3:*", None, notPrincipal=to(FAR_BOB.arn))]


def _audit(*names: str) -> list[object]:
    return [allow("s3:*", None, principal="*"), deny("s3:*", None, notPrincipal=to(*names))]


_THREE: Final = (AUDIT.arn, AUDIT.entity_arn, f"arn:aws:iam::{ABROAD}:root")

PRINCIPALS: Final = (
    _given("a user by its ARN", True, BOB, to(BOB.arn)),
    _given("another user", False, EVE, to(BOB.arn)),
    _given("a list is an OR", True, EVE, to(BOB.arn, EVE.arn)),
    _given("a user by its unique id", True, BOB, to(BOB.id)),
    _given("a recreated user has another id", False, user("Bob"), to("AIDAGONE000000000000")),
    _given("a role, and its session asks", True, _ROLE, to(_ROLE.entity_arn)),
    _given("a role by its unique id", True, _ROLE, to(_ROLE.entity_id)),
    _given("one session of a role", True, _ROLE, to(_ROLE.arn)),
    _given("another session of the role", False, session("examplerole", "two"), to(_ROLE.arn)),
    _given("a federated user", True, federated("Sam", BOB), to(f"arn:aws:sts::{HOME}:federated-user/Sam")),
    _given("everyone", True, BOB, "*"),
    _given("everyone, written as AWS", True, EVE, to("*")),
    _given("everyone, who did not sign in too", True, ANYBODY, "*"),
    _given("an account is not who did not sign in", False, ANYBODY, to(HOME)),
    _given("an account does not give by itself", False, BOB, to(f"arn:aws:iam::{HOME}:root")),
    _given("an account's root user", True, root(), to(f"arn:aws:iam::{HOME}:root")),
    _given("an account, by its number", True, FAR_BOB, to(ABROAD), identity=_SOME),
    _given("an account, by its ARN", True, FAR_BOB, to(f"arn:aws:iam::{ABROAD}:root"), identity=_SOME),
    _given("another account", False, FAR_BOB, to("999999999999"), identity=_SOME),
    _given("a service", False, BOB, {"Service": "lambda.amazonaws.com"}),
    _given(
        "a service that asks",
        True,
        ANYBODY,
        {"Service": "lambda.amazonaws.com"},
        context={"aws:PrincipalServiceName": "lambda.amazonaws.com"},
    ),
    _given(
        "another service that asks",
        False,
        ANYBODY,
        {"Service": "lambda.amazonaws.com"},
        context={"aws:PrincipalServiceName": "ecs.amazonaws.com"},
    ),
    _given("Bob and his account are spared", True, FAR_BOB, None, NOT_PRINCIPAL, resource=_BOB_ONLY, identity=_SOME),
    _given(
        "all others are denied", False, user("Eve", ABROAD), None, NOT_PRINCIPAL, resource=_BOB_ONLY, identity=_SOME
    ),
    _given(
        "without its account the user is denied",
        False,
        FAR_BOB,
        None,
        NOT_PRINCIPAL,
        resource=_BOB_ALONE,
        identity=_SOME,
    ),
    _given(
        "a boundary's user is always denied",
        False,
        FAR_BOB,
        None,
        NOT_PRINCIPAL,
        resource=_BOB_ONLY,
        identity=_SOME,
        boundary=_SOME,
    ),
    _given(
        "session, role and account are spared",
        True,
        AUDIT,
        None,
        NOT_PRINCIPAL,
        resource=_audit(*_THREE),
        identity=_SOME,
    ),
    _given(
        "without the role the session is denied",
        False,
        AUDIT,
        None,
        NOT_PRINCIPAL,
        resource=_audit(_THREE[0], _THREE[2]),
        identity=_SOME,
    ),
    _given(
        "without the account the session is denied",
        False,
        AUDIT,
        None,
        NOT_PRINCIPAL,
        resource=_audit(*_THREE[:2]),
        identity=_SOME,
    ),
    _given(
        "without the session it is denied",
        False,
        AUDIT,
        None,
        NOT_PRINCIPAL,
        resource=_audit(*_THREE[1:]),
        identity=_SOME,
    ),
)

ROWS: Final = ACTIONS + RESOURCES + FILLED + PRINCIPALS
