"""ARNs of repositories and of IAM: read and written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargohold.core.arn import (
    Registry,
    iam_arn,
    parse_iam,
    parse_public_repository_arn,
    parse_repository_arn,
    public_registry,
)
from cargohold.core.errors import InvalidParameter

REGION = "eu-central-1"
DEMO = f"arn:aws:ecr:{REGION}:123456789012:repository/demo"


@pytest.mark.parametrize("name", ["demo", "ab", "team/app", "a__b/c---d/e.f", "repository/repository", "a" * 256])
@pytest.mark.parametrize("account", ["123456789012", "000000000000"])
def test_what_is_written_is_read(account: str, name: str) -> None:
    """The ARN of a private repository is read as the registry and name that it was written of."""
    registry = Registry(account, REGION)
    assert parse_repository_arn(registry.repository_arn(name), REGION) == (registry, name)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("demo", id="a name"),
        pytest.param("arn:aws:ecr", id="cut short"),
        pytest.param("arn:aws:ecr:eu-central-1:123456789012", id="a registry"),
        pytest.param("arn:aws:ecr:eu-central-1:123456789012:repository", id="no name, no slash"),
        pytest.param("arn:aws:ecr:eu-central-1:123456789012:repository/", id="no name"),
        pytest.param("arn:aws:ecr:eu-central-1:123456789012:repository/a", id="a name too short"),
        pytest.param("arn:aws:ecr:eu-central-1:123456789012:repository/" + "a" * 257, id="a name too long"),
        pytest.param("arn:aws:ecr:eu-central-1:123456789012:repository/Demo", id="a name that cannot be"),
        pytest.param("arn:aws:ecr:eu-central-1:123456789012:repository/*", id="a wildcard"),
        pytest.param("arn:aws:ecr:eu-central-1:123456789012:repository/de*o", id="a wildcard in a name"),
        pytest.param("arn:aws:ecr:eu-central-1:123456789012:repository/../demo", id="a way up"),
        pytest.param("arn:aws:ecr:eu-central-1:123456789012:repository/demo:latest", id="an image"),
        pytest.param("arn:aws:ecr:eu-central-1:123456789012:registry/demo", id="another type"),
        pytest.param("arn:aws-cn:ecr:eu-central-1:123456789012:repository/demo", id="another partition"),
        pytest.param("arn:aws:ecs:eu-central-1:123456789012:repository/demo", id="another service"),
        pytest.param("arn:aws:ecr-public::123456789012:repository/demo", id="a public repository"),
        pytest.param("arn:aws:ecr:us-east-1:123456789012:repository/demo", id="another region"),
        pytest.param("arn:aws:ecr::123456789012:repository/demo", id="no region"),
        pytest.param("arn:aws:ecr:eu-central-1::repository/demo", id="no account"),
        pytest.param("arn:aws:ecr:eu-central-1:12345678901:repository/demo", id="eleven digits"),
        pytest.param("arn:aws:ecr:eu-central-1:1234567890123:repository/demo", id="thirteen digits"),
        pytest.param("arn:aws:ecr:eu-central-1:12345678901٢:repository/demo", id="a digit of another script"),
        pytest.param(f"{DEMO}\n", id="a line end behind"),
        pytest.param(f" {DEMO}", id="a space before"),
        pytest.param(f"{DEMO}\0", id="NUL"),
        pytest.param(DEMO.upper(), id="capitals"),
    ],
)
def test_anything_else_is_no_arn(text: str) -> None:
    """What is not the ARN of a repository of this partition and region is refused in ECR's sentence."""
    with pytest.raises(InvalidParameter) as refused:
        parse_repository_arn(text, REGION)
    assert str(refused.value) == "Invalid parameter at 'resourceArn' failed to satisfy constraint: 'Invalid ARN'"


@given(st.text() | st.builds(lambda tail: f"arn:aws:ecr:{REGION}:123456789012:repository/{tail}", st.text()))
def test_nothing_is_read_that_would_be_written_otherwise(text: str) -> None:
    """Whatever text is read as an ARN is exactly the ARN of what was read."""
    try:
        registry, name = parse_repository_arn(text, REGION)
    except InvalidParameter:
        return
    assert registry.repository_arn(name) == text


NAMES = st.from_regex(r"[A-Za-z0-9_+=,.@-]{1,64}", fullmatch=True)
PATHS = st.just("/") | st.from_regex(r"/[!-~]{1,20}/", fullmatch=True)


@given(st.sampled_from(["user", "group", "role", "policy"]), PATHS, NAMES)
def test_an_arn_of_iam_is_read_as_it_was_written(kind: str, path: str, name: str) -> None:
    """The ARN of a user, group, role or policy is read as the account, kind, path and name that it was written of."""
    assert parse_iam(iam_arn("123456789012", kind, path, name)) == ("123456789012", kind, path, name)


def test_a_policy_of_aws_is_read() -> None:
    """A managed policy that AWS wrote is of the account `aws`."""
    assert parse_iam("arn:aws:iam::aws:policy/job-function/Billing") == ("aws", "policy", "/job-function/", "Billing")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("alice", id="a name"),
        pytest.param("arn:aws:iam::123456789012:root", id="an account"),
        pytest.param("arn:aws:iam::123456789012:user", id="no slash, no name"),
        pytest.param("arn:aws:iam::123456789012:user/", id="no name"),
        pytest.param("arn:aws:iam::123456789012:user/path/", id="a path, no name"),
        pytest.param("arn:aws:iam::123456789012:user/*", id="a wildcard"),
        pytest.param("arn:aws:iam::123456789012:user/al?ce", id="a wildcard in a name"),
        pytest.param("arn:aws:iam::123456789012:user/a b", id="a space"),
        pytest.param("arn:aws:iam::123456789012:user/pa th/alice", id="a space in a path"),
        pytest.param("arn:aws:iam::123456789012:user/älice", id="a letter that no name has"),
        pytest.param("arn:aws:iam::123456789012:instance-profile/web", id="another kind"),
        pytest.param("arn:aws:iam::aws:user/alice", id="a user of AWS"),
        pytest.param("arn:aws:iam::aws:role/alice", id="a role of AWS"),
        pytest.param("arn:aws:sts::123456789012:assumed-role/web/me", id="another service"),
        pytest.param("arn:aws-cn:iam::123456789012:user/alice", id="another partition"),
        pytest.param("arn:aws:iam:us-east-1:123456789012:user/alice", id="a region"),
        pytest.param("arn:aws:iam::12345678901:user/alice", id="eleven digits"),
        pytest.param("arn:aws:iam::12345678901٢:user/alice", id="a digit of another script"),
        pytest.param("arn:aws:iam::123456789012:user/alice\n", id="a line end behind"),
    ],
)
def test_anything_else_is_no_arn_of_iam(text: str) -> None:
    """What does not name a user, group, role or policy of this partition is not read as one."""
    assert parse_iam(text) is None


@pytest.mark.parametrize("name", ["demo", "team/app", "a.b-c_d/e", "a" * 205])
def test_a_public_repositorys_arn_has_no_region(name: str) -> None:
    """The ARN of a public repository is read as the registry and name that it was written of."""
    registry = public_registry("123456789012")
    arn = registry.repository_arn(name)
    assert arn == f"arn:aws:ecr-public::123456789012:repository/{name}"
    assert parse_public_repository_arn(arn) == (registry, name)


@pytest.mark.parametrize("text", [DEMO, "arn:aws:ecr-public:us-east-1:123456789012:repository/demo", "", "demo"])
@pytest.mark.parametrize("behind", ["", "\n", "__a", "a" * 205])
def test_anything_else_is_no_public_arn(text: str, behind: str) -> None:
    """A private repository's ARN, one with a region and a name that none can have are refused in ECR's sentence."""
    with pytest.raises(InvalidParameter, match="'Invalid ARN'"):
        parse_public_repository_arn(text + behind)
