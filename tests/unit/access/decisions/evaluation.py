"""What the pages on evaluation say: how the kinds of policies work together, in an account and across accounts."""

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

LOGIC: Final = "Policy evaluation logic"
SINGLE: Final = "Policy evaluation for requests within a single account"
CROSS: Final = "Cross-account policy evaluation logic"
BOUNDARIES: Final = "Permissions boundaries for IAM entities"
SESSIONS: Final = "Policies and permissions in IAM: Session policies"
TRUST: Final = "How to use trust policies with IAM roles"
TYPES: Final = "IAM roles: Compare IAM identity-based and resource-based policies"
CALLER: Final = "AWS STS API Reference: GetCallerIdentity"
DENY_ALLOW: Final = "How AWS enforcement code logic evaluates requests to allow or deny access"

CARLOS: Final = user("carlossalazar")
LOGS: Final = "arn:aws:s3:::amzn-s3-demo-bucket-carlossalazar-logs/log"
ROLE: Final = session("examplerole", "examplerolesessionname")
SAM: Final = federated("exampleuser", BOB)
SHIRLEY: Final = user("ShirleyRodriguez")
ZHANG: Final = user("Zhang")
MARIA: Final = user("Maria", ABROAD)

_OBJECT: Final = "arn:aws:s3:::bucket/key"
_READ: Final = [allow("s3:GetObject")]
_OTHER: Final = [allow("ec2:*")]
_LIST: Final = [allow(["s3:GetBucketLocation", "s3:ListAllMyBuckets"])]


def _to(*names: str) -> list[object]:
    return [allow("s3:*", None, principal=to(*names))]


_EVERYONE: Final = [allow("s3:*", None, principal="*")]


def _s3(page: str, says: str, allowed: bool, who: object, **more: object) -> Row:
    return Row(page, says, allowed, "s3:GetObject", _OBJECT, who, **more)  # type: ignore[arg-type]


WITHIN: Final = (
    Row(
        SINGLE,
        "the bucket's policy alone allows Carlos",
        True,
        "s3:PutObject",
        LOGS,
        CARLOS,
        identity=_LIST,
        resource=_to(CARLOS.arn),
    ),
    Row(
        SINGLE,
        "the user's policy alone allows",
        True,
        "s3:PutObject",
        LOGS,
        CARLOS,
        identity=[allow("s3:*")],
        resource=_to(BOB.arn),
    ),
    Row(
        SINGLE,
        "the bucket's policy denies what the user's allows",
        False,
        "s3:PutObject",
        LOGS,
        CARLOS,
        identity=[allow("s3:*")],
        resource=[deny("s3:*", None, principal=to(CARLOS.arn))],
    ),
    Row(
        SINGLE,
        "the user's policy denies what the bucket's allows",
        False,
        "s3:PutObject",
        LOGS,
        CARLOS,
        identity=[deny("s3:PutObject")],
        resource=_to(CARLOS.arn),
    ),
    Row(SINGLE, "neither allows", False, "s3:PutObject", LOGS, CARLOS, identity=_LIST, resource=_to(BOB.arn)),
    _s3(DENY_ALLOW, "the account's root user has full access", True, root()),
    _s3(DENY_ALLOW, "all requests are denied by default", False, BOB),
    _s3(
        DENY_ALLOW,
        "an explicit deny overrides an allow",
        False,
        BOB,
        identity=[allow("*"), deny("s3:GetObject", _OBJECT)],
    ),
    _s3(
        DENY_ALLOW,
        "a deny of another resource does not",
        True,
        BOB,
        identity=[allow("*"), deny("s3:*", "arn:aws:s3:::other/*")],
    ),
    _s3(
        DENY_ALLOW,
        "a deny whose condition does not hold",
        True,
        BOB,
        identity=[allow("*"), deny("*", condition={"Bool": {"aws:SecureTransport": "false"}})],
        context={"aws:SecureTransport": "true"},
    ),
    _s3(
        DENY_ALLOW,
        "a deny whose condition holds",
        False,
        BOB,
        identity=[allow("*"), deny("*", condition={"Bool": {"aws:SecureTransport": "false"}})],
        context={"aws:SecureTransport": "false"},
    ),
    _s3(DENY_ALLOW, "a boundary's deny", False, BOB, identity=_READ, boundary=[allow("*"), deny("s3:*")]),
    _s3(DENY_ALLOW, "a session policy's deny", False, ROLE, identity=_READ, session=[allow("*"), deny("s3:*")]),
    _s3(
        DENY_ALLOW,
        "a boundary's deny of what the resource gives",
        False,
        BOB,
        boundary=[deny("s3:*")],
        resource=_to(BOB.arn),
    ),
    _s3(
        DENY_ALLOW,
        "a deny of an account is of its users",
        False,
        BOB,
        identity=_READ,
        resource=[deny("s3:*", None, principal=to(HOME))],
    ),
    _s3(
        DENY_ALLOW,
        "a deny of a role is of its sessions",
        False,
        ROLE,
        identity=_READ,
        resource=[deny("s3:*", None, principal=to(ROLE.entity_arn))],
    ),
    _s3(LOGIC, "a user's ARN: no boundary limits it", True, BOB, boundary=_OTHER, resource=_to(BOB.arn)),
    _s3(LOGIC, "a user's ARN: its own policies need not allow", True, BOB, identity=_OTHER, resource=_to(BOB.arn)),
    _s3(
        LOGIC,
        "a role's ARN: its own policies need not allow",
        True,
        ROLE,
        identity=_OTHER,
        resource=_to(ROLE.entity_arn),
    ),
    _s3(LOGIC, "a role's ARN: the boundary limits it", False, ROLE, boundary=_OTHER, resource=_to(ROLE.entity_arn)),
    _s3(LOGIC, "a role's ARN: a boundary that allows", True, ROLE, boundary=_READ, resource=_to(ROLE.entity_arn)),
    _s3(
        LOGIC, "a role's ARN: the session policy limits it", False, ROLE, session=_OTHER, resource=_to(ROLE.entity_arn)
    ),
    _s3(LOGIC, "a role's ARN: a session policy that allows", True, ROLE, session=_READ, resource=_to(ROLE.entity_arn)),
    _s3(LOGIC, "a session's ARN: no boundary limits it", True, ROLE, boundary=_OTHER, resource=_to(ROLE.arn)),
    _s3(LOGIC, "a session's ARN: no session policy limits it", True, ROLE, session=_OTHER, resource=_to(ROLE.arn)),
    _s3(
        LOGIC,
        "a session's ARN: its role's policies need not allow",
        True,
        ROLE,
        identity=_OTHER,
        resource=_to(ROLE.arn),
    ),
    _s3(
        LOGIC,
        "a federated user's ARN: nothing limits it",
        True,
        SAM,
        boundary=_OTHER,
        session=_OTHER,
        resource=_to(SAM.arn),
    ),
    _s3(LOGIC, "the federating user: the session policy limits it", False, SAM, session=_OTHER, resource=_to(BOB.id)),
    _s3(
        LOGIC,
        "the federating user: the boundary limits it",
        False,
        SAM,
        session=_READ,
        boundary=_OTHER,
        resource=_to(BOB.id),
    ),
    _s3(LOGIC, "the federating user: both allow", True, SAM, session=_READ, boundary=_READ, resource=_to(BOB.id)),
    _s3(LOGIC, "the account: the user's own policies must allow", False, BOB, resource=_to(HOME)),
    _s3(LOGIC, "the account: the user's own policies allow", True, BOB, identity=_READ, resource=_to(HOME)),
)

BOUND: Final = (
    Row(
        BOUNDARIES,
        "Shirley may not create users",
        False,
        "iam:CreateUser",
        who=SHIRLEY,
        identity=[allow("iam:CreateUser")],
        boundary=[allow(["s3:*", "cloudwatch:*", "ec2:*"])],
    ),
    Row(
        BOUNDARIES,
        "a boundary gives nothing",
        False,
        "s3:ListAllMyBuckets",
        who=SHIRLEY,
        identity=[allow("iam:CreateUser")],
        boundary=[allow(["s3:*", "cloudwatch:*", "ec2:*"])],
    ),
    Row(
        BOUNDARIES,
        "what both allow",
        True,
        "s3:ListAllMyBuckets",
        who=SHIRLEY,
        identity=[allow("s3:*")],
        boundary=[allow(["s3:*", "cloudwatch:*", "ec2:*"])],
    ),
    Row(
        BOUNDARIES,
        "Zhang creates a user with the boundary",
        True,
        "iam:CreateUser",
        f"arn:aws:iam::{HOME}:user/Nikhil",
        ZHANG,
        identity=[allow("iam:*")],
        boundary=[
            allow(
                "iam:CreateUser",
                condition={
                    "StringEquals": {"iam:PermissionsBoundary": f"arn:aws:iam::{HOME}:policy/XCompanyBoundaries"}
                },
            )
        ],
        context={"iam:PermissionsBoundary": f"arn:aws:iam::{HOME}:policy/XCompanyBoundaries"},
    ),
    Row(
        BOUNDARIES,
        "Zhang creates a user without it",
        False,
        "iam:CreateUser",
        f"arn:aws:iam::{HOME}:user/Nikhil",
        ZHANG,
        identity=[allow("iam:*")],
        boundary=[
            allow(
                "iam:CreateUser",
                condition={
                    "StringEquals": {"iam:PermissionsBoundary": f"arn:aws:iam::{HOME}:policy/XCompanyBoundaries"}
                },
            )
        ],
    ),
    Row(
        BOUNDARIES,
        "no edits of the boundary's policy",
        False,
        "iam:CreatePolicyVersion",
        f"arn:aws:iam::{HOME}:policy/XCompanyBoundaries",
        ZHANG,
        identity=[allow("iam:*")],
        boundary=[allow("iam:*"), deny("iam:CreatePolicyVersion", f"arn:aws:iam::{HOME}:policy/XCompanyBoundaries")],
    ),
    Row(
        BOUNDARIES,
        "one's own access keys",
        True,
        "iam:CreateAccessKey",
        f"arn:aws:iam::{HOME}:user/Nikhil",
        user("Nikhil"),
        identity=[allow("iam:*")],
        boundary=[allow("iam:*AccessKey*", "arn:aws:iam::*:user/${aws:username}")],
        context={"aws:username": "Nikhil"},
    ),
    Row(
        BOUNDARIES,
        "another's access keys",
        False,
        "iam:CreateAccessKey",
        f"arn:aws:iam::{HOME}:user/Zhang",
        user("Nikhil"),
        identity=[allow("iam:*")],
        boundary=[allow("iam:*AccessKey*", "arn:aws:iam::*:user/${aws:username}")],
        context={"aws:username": "Nikhil"},
    ),
    _s3(SESSIONS, "what role and session policy both allow", True, ROLE, identity=[allow("s3:*")], session=_READ),
    _s3(SESSIONS, "a session policy gives nothing", False, ROLE, identity=_OTHER, session=_READ),
    _s3(SESSIONS, "a session policy limits the role", False, ROLE, identity=[allow("s3:*")], session=_OTHER),
    _s3(SESSIONS, "no session policy limits nothing", True, ROLE, identity=_READ),
    _s3(
        SESSIONS,
        "boundary, session policy and role all allow",
        True,
        ROLE,
        identity=_READ,
        boundary=_READ,
        session=_READ,
    ),
    _s3(SESSIONS, "the boundary is missing", False, ROLE, identity=_READ, boundary=_OTHER, session=_READ),
)

ACROSS: Final = (
    _s3(CROSS, "both accounts allow", True, MARIA, identity=_READ, resource=_to(MARIA.arn)),
    _s3(CROSS, "only the bucket's policy allows", False, MARIA, resource=_to(MARIA.arn)),
    _s3(CROSS, "only the user's policy allows", False, MARIA, identity=[allow("*")]),
    _s3(
        CROSS,
        "the bucket names the whole account",
        True,
        MARIA,
        identity=_READ,
        resource=_to(f"arn:aws:iam::{ABROAD}:root"),
    ),
    _s3(CROSS, "the bucket names another", False, MARIA, identity=_READ, resource=_to(BOB.arn)),
    _s3(CROSS, "everyone, and the user's policy allows", True, MARIA, identity=_READ, resource=_EVERYONE),
    _s3(CROSS, "everyone, and the user's policy does not", False, MARIA, resource=_EVERYONE),
    _s3(CROSS, "the user's policy denies", False, MARIA, identity=[allow("*"), deny("s3:*")], resource=_to(MARIA.arn)),
    _s3(
        CROSS,
        "the bucket's policy denies",
        False,
        MARIA,
        identity=_READ,
        resource=[*_EVERYONE, deny("s3:*", None, principal=to(ABROAD))],
    ),
    _s3(
        CROSS,
        "the boundary of the user must allow too",
        False,
        MARIA,
        identity=_READ,
        boundary=_OTHER,
        resource=_to(MARIA.arn),
    ),
    _s3(
        CROSS,
        "the session policy must allow too",
        False,
        session("r", "s", ABROAD),
        identity=_READ,
        session=_OTHER,
        resource=_to(f"arn:aws:sts::{ABROAD}:assumed-role/r/s"),
    ),
    _s3(CROSS, "the other account's root user", True, root(ABROAD), resource=_to(ABROAD)),
    _s3(CROSS, "the other account's root user, not named", False, root(ABROAD)),
    _s3(CROSS, "who did not sign in, where everyone may", True, ANYBODY, resource=_EVERYONE),
)

_THE_ROLE: Final = f"arn:aws:iam::{HOME}:role/deploy"


def _assume(says: str, allowed: bool, who: object, page: str = TRUST, **more: object) -> Row:
    return Row(page, says, allowed, "sts:AssumeRole", _THE_ROLE, who, **more)  # type: ignore[arg-type]


def _trusts(*names: str, **elements: object) -> list[object]:
    return [allow("sts:AssumeRole", None, principal=to(*names), **elements)]


_MAY: Final = [allow("sts:AssumeRole", _THE_ROLE)]
_EXTERNAL: Final = _trusts(ABROAD, condition={"StringEquals": {"sts:ExternalId": "12345"}})

ASSUME: Final = (
    _assume("named, in the same account", True, BOB, trust=_trusts(BOB.arn)),
    _assume("the account is named, and the user may", True, BOB, trust=_trusts(HOME), identity=_MAY),
    _assume("the account is named, and the user may not", False, BOB, trust=_trusts(HOME)),
    _assume("the user may, and the role does not trust it", False, BOB, trust=_trusts(CARLOS.arn), identity=_MAY),
    _assume(
        "role trust policies must explicitly allow", False, BOB, LOGIC, trust=_trusts(CARLOS.arn), identity=[allow("*")]
    ),
    _assume("across accounts both are needed", True, MARIA, trust=_trusts(MARIA.arn), identity=_MAY),
    _assume("across accounts the trust alone is not enough", False, MARIA, trust=_trusts(MARIA.arn)),
    _assume(
        "the external id is right", True, MARIA, trust=_EXTERNAL, identity=_MAY, context={"sts:ExternalId": "12345"}
    ),
    _assume("the external id is wrong", False, MARIA, trust=_EXTERNAL, identity=_MAY, context={"sts:ExternalId": "1"}),
    _assume("the external id is missing", False, MARIA, trust=_EXTERNAL, identity=_MAY),
    _assume("a role assumes another: chaining", True, ROLE, trust=_trusts(ROLE.entity_arn)),
    _assume("a user's deny stands above the trust", False, BOB, trust=_trusts(BOB.arn), identity=[deny("sts:*")]),
    _assume(
        "a service's trust is no user's",
        False,
        BOB,
        trust=[allow("sts:AssumeRole", None, principal={"Service": "ec2.amazonaws.com"})],
        identity=_MAY,
    ),
    Row(CALLER, "no permissions are required", True, "sts:GetCallerIdentity"),
    Row(CALLER, "even with an explicit deny", True, "sts:GetCallerIdentity", identity=[deny("sts:GetCallerIdentity")]),
)

ROWS: Final = WITHIN + BOUND + ACROSS + ASSUME
