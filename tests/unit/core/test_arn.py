"""ARNs of repositories: read and written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargohold.core.arn import Registry, parse_repository_arn
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
