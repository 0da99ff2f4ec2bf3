"""Constraints of the model: what is refused, and in which words."""

import re
import time
from typing import Any
from unicodedata import category

import pytest
from botocore.loaders import Loader
from hypothesis import example, given
from hypothesis import strategies as st

from cargohold.aws import model
from cargohold.aws.model import Service, service_from
from cargohold.aws.validation import LINEAR, ValidationFailed, compile_check, compile_pattern
from cargohold.core.errors import InvalidParameter
from cargohold.core.reference import REPOSITORY_NAME_PATTERN, is_repository_name

UUID = "01234567-89ab-cdef-0123-456789abcdef"


def of_botocore(name: str) -> Service:
    return service_from(name, Loader().load_service_model(name, "service-2"))


def refused(service: Service, operation: str, request: dict[str, Any]) -> str:
    """The sentence with which a request is refused."""
    check = compile_check(service, service.operations[operation].input)
    with pytest.raises((InvalidParameter, ValidationFailed)) as refusal:
        check(request)
    return str(refusal.value)


ECR = [
    pytest.param(
        "CreateRepository",
        {"repositoryName": "Demo"},
        "repositoryName",
        f"must satisfy regular expression '{REPOSITORY_NAME_PATTERN}'",
        id="pattern",
    ),
    pytest.param(
        "CreateRepository", {"repositoryName": "demo\n"}, "repositoryName", None, id="a line's end is no way out"
    ),
    pytest.param(
        "CreateRepository",
        {"repositoryName": "a"},
        "repositoryName",
        "Member must have length greater than or equal to 2",
        id="too short",
    ),
    pytest.param(
        "CreateRepository",
        {"repositoryName": "a" * 257},
        "repositoryName",
        "Member must have length less than or equal to 256",
        id="too long",
    ),
    pytest.param("CreateRepository", {}, "repositoryName", "Member must not be null", id="missing"),
    pytest.param(
        "CreateRepository",
        {"repositoryName": "demo", "imageTagMutability": "SOMETIMES"},
        "imageTagMutability",
        "Member must satisfy enum value set: [MUTABLE, IMMUTABLE, IMMUTABLE_WITH_EXCLUSION, MUTABLE_WITH_EXCLUSION]",
        id="enum",
    ),
    pytest.param(
        "CreateRepository",
        {"repositoryName": "demo", "encryptionConfiguration": {"kmsKey": "k"}},
        "encryptionConfiguration.encryptionType",
        "Member must not be null",
        id="missing in a structure",
    ),
    pytest.param(
        "CreateRepository",
        {"repositoryName": "demo", "tags": [{"Key": "a", "Value": "b"}, {"Key": "a"}]},
        "tags.2.member.value",
        "Member must not be null",
        id="missing in a list's structure",
    ),
    pytest.param(
        "DescribeRepositories",
        {"maxResults": 1001},
        "maxResults",
        "Member must have value less than or equal to 1000",
        id="number too large",
    ),
    pytest.param(
        "DescribeRepositories",
        {"maxResults": 0},
        "maxResults",
        "Member must have value greater than or equal to 1",
        id="number too small",
    ),
    pytest.param(
        "BatchGetImage",
        {"repositoryName": "demo", "imageIds": [{}] * 101},
        "imageIds",
        "Member must have length less than or equal to 100",
        id="list too long",
    ),
    pytest.param(
        "BatchGetImage",
        {"repositoryName": "demo", "imageIds": []},
        "imageIds",
        "Member must have length greater than or equal to 1",
        id="list too short",
    ),
    pytest.param(
        "GetAuthorizationToken",
        {"registryIds": ["12345"]},
        "registryIds",
        "Member must satisfy constraint: [Member must satisfy regular expression pattern: [0-9]{12}]",
        id="a list's string",
    ),
    pytest.param(
        "UploadLayerPart",
        {
            "repositoryName": "demo",
            "uploadId": UUID,
            "partFirstByte": 0,
            "partLastByte": 1,
            "layerPartBlob": bytes(20_971_521),
        },
        "layerPartBlob",
        "Member must have length less than or equal to 20971520",
        id="blob too long",
    ),
    pytest.param(
        "UploadLayerPart",
        {"repositoryName": "demo", "uploadId": UUID, "partFirstByte": -1, "partLastByte": 1, "layerPartBlob": b""},
        "partFirstByte",
        "Member must have value greater than or equal to 0",
        id="long too small",
    ),
]


@pytest.mark.parametrize(("operation", "request_", "member", "reason"), ECR)
def test_ecr_names_the_first_member_that_is_wrong(
    operation: str, request_: dict[str, Any], member: str, reason: str | None
) -> None:
    """ECR's sentence names one member and the constraint that it breaks."""
    reason = reason or f"must satisfy regular expression '{REPOSITORY_NAME_PATTERN}'"
    expected = f"Invalid parameter at '{member}' failed to satisfy constraint: '{reason}'"
    assert refused(model.load("ecr"), operation, request_) == expected


OTHERS = [
    pytest.param(
        "sts",
        "AssumeRole",
        {"RoleArn": "arn:aws:iam::123456789012:role/r", "RoleSessionName": "Session1:2"},
        "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\w+=,.@-]*",
        id="pattern, as recorded",
    ),
    pytest.param(
        "kms",
        "GenerateRandom",
        {"NumberOfBytes": 1025},
        "1 validation error detected: Value '1025' at 'numberOfBytes' failed to satisfy constraint: "
        "Member must have value less than or equal to 1024",
        id="range, as recorded",
    ),
    pytest.param(
        "kms",
        "Encrypt",
        {"KeyId": "k", "Plaintext": bytes(4097)},
        "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: "
        "Member must have length less than or equal to 4096",
        id="a sensitive value is not quoted, as recorded",
    ),
    pytest.param(
        "kms",
        "CreateKey",
        {"KeyUsage": "RANDOM", "Tags": [{"TagKey": "k" * 129, "TagValue": "v"}]},
        "2 validation errors detected: Value 'RANDOM' at 'keyUsage' failed to satisfy constraint: "
        "Member must satisfy enum value set: "
        "[SIGN_VERIFY, ENCRYPT_DECRYPT, GENERATE_VERIFY_MAC, KEY_AGREEMENT, ENCAPSULATE_DECAPSULATE]; "
        f"Value '{'k' * 129}' at 'tags.1.member.tagKey' failed to satisfy constraint: "
        "Member must have length less than or equal to 128",
        id="every error is listed",
    ),
    pytest.param(
        "sts",
        "GetAccessKeyInfo",
        {},
        "1 validation error detected: Value null at 'accessKeyId' failed to satisfy constraint: "
        "Member must not be null",
        id="missing",
    ),
]


@pytest.mark.parametrize(("service", "operation", "request_", "expected"), OTHERS)
def test_other_services_list_every_violation(
    service: str, operation: str, request_: dict[str, Any], expected: str
) -> None:
    """The sentence of the services other than ECR is the one that was recorded on AWS."""
    document = Loader().load_service_model(service, "service-2")
    for shape in document["shapes"].values():
        if r"\p{" in shape.get("pattern", ""):
            del shape["pattern"]
    assert refused(service_from(service, document), operation, request_) == expected


def test_a_map_is_named_as_a_whole() -> None:
    """A map's key or value that is wrong is told with every constraint that keys or values have."""
    shapes = {
        "In": {"type": "structure", "members": {"Labels": {"shape": "Map"}}},
        "Map": {"type": "map", "key": {"shape": "Key"}, "value": {"shape": "Value"}, "max": 2},
        "Key": {"type": "string", "max": 3, "min": 1},
        "Value": {"type": "string", "pattern": "[a-z]*"},
    }
    metadata = {"apiVersion": "1", "protocol": "json", "endpointPrefix": "test"}
    operations = {"Label": {"name": "Label", "input": {"shape": "In"}}}
    service = service_from("test", {"metadata": metadata, "shapes": shapes, "operations": operations})
    begin = "1 validation error detected: Value '{%s}' at 'labels' failed to satisfy constraint: "
    assert refused(service, "Label", {"Labels": {"keys": "a"}}) == begin % "keys=a" + (
        "Map keys must satisfy constraint: [Member must have length less than or equal to 3, "
        "Member must have length greater than or equal to 1]"
    )
    assert refused(service, "Label", {"Labels": {"a": "B"}}) == begin % "a=B" + (
        "Map value must satisfy constraint: [Member must satisfy regular expression pattern: [a-z]*]"
    )
    compile_check(service, "In")({"Labels": {"a": "b"}})


def test_secrets_of_a_list_are_not_quoted() -> None:
    """A sentence about a list of sensitive texts does not tell them."""
    shapes = {
        "In": {"type": "structure", "members": {"Codes": {"shape": "Codes"}}},
        "Codes": {"type": "list", "member": {"shape": "Code"}},
        "Code": {"type": "string", "max": 3, "sensitive": True},
    }
    metadata = {"apiVersion": "1", "protocol": "json", "endpointPrefix": "test"}
    operations = {"Use": {"name": "Use", "input": {"shape": "In"}}}
    service = service_from("test", {"metadata": metadata, "shapes": shapes, "operations": operations})
    assert refused(service, "Use", {"Codes": ["hush-hush"]}) == (
        "1 validation error detected: Value at 'codes' failed to satisfy constraint: "
        "Member must satisfy constraint: [Member must have length less than or equal to 3]"
    )


def test_what_is_right_passes() -> None:
    """A request that keeps every constraint, and one with only optional members left out, is accepted."""
    service = model.load("ecr")
    compile_check(service, "CreateRepositoryRequest")({"repositoryName": "team/app", "registryId": "123456789012"})
    compile_check(service, "DescribeRepositoriesRequest")({})
    compile_check(service, None)({})


@pytest.mark.parametrize("service", ["ecr", "sts", "iam"])
def test_no_pattern_can_be_made_to_run_for_long(service: str) -> None:
    """Every pattern of a model decides within milliseconds on text made to make it try again and again."""
    beginnings = ("", "a", "arn:aws:secretsmanager:", "arn:aws:iam::123456789012:role/", "sha256:")
    units = ("a", "a-", "-", "a/", "/", "a.", "a_", "*", "a*", "0", "aa/", "a--", "+")
    for shape in model.load(service).shapes.values():
        if "pattern" not in shape:
            continue
        longest = min(shape.get("max", 2000), 2000)
        matches = compile_pattern(shape["pattern"]).fullmatch
        began = time.process_time()
        for beginning in beginnings:
            for unit in units:
                for ending in ("!", "\n", "-", "/"):
                    matches((beginning + unit * longest)[: longest - 1] + ending)
        assert time.process_time() - began < 1, shape["pattern"]


@given(st.text(alphabet="a0*._-/!", max_size=9))
@example("a.-a")
@example("a.")
def test_linear_patterns_mean_the_same(text: str) -> None:
    """A pattern that replaces one of the model's accepts what the model's accepts, and nothing else."""
    for original, linear in LINEAR.items():
        assert bool(re.fullmatch(linear, text)) == bool(re.fullmatch(original, text))


@given(st.text(alphabet="a0._-/A", min_size=2, max_size=9))
def test_the_model_and_the_core_agree_on_names(text: str) -> None:
    """A repository name passes validation exactly when the core takes it."""
    check = compile_check(model.load("ecr"), "CreateRepositoryRequest")
    if is_repository_name(text):
        check({"repositoryName": text})
    else:
        with pytest.raises(InvalidParameter):
            check({"repositoryName": text})


@pytest.mark.parametrize("text", ["Straße", "ключ", "日本語", "Ⅷ½²", "a b\u00a0c\u2003d\u2028", "_.:/=+-@", "𝒜"])
def test_tags_of_every_script(text: str) -> None:
    """Letters, numbers and separators of every script are taken in tags, as AWS's pattern names them."""
    compile_check(model.load("iam"), "Tag")({"Key": text, "Value": text})


@pytest.mark.parametrize("text", ["a\tb", "a\nb", "é!", "a\u0301", "☃", "a\x00", "&", "\u200b"])
def test_signs_that_no_tag_has(text: str) -> None:
    """Controls, marks, symbols and other punctuation are refused in tags."""
    with pytest.raises(ValidationFailed, match="tag"):
        compile_check(model.load("iam"), "TagUserRequest")({"UserName": "alice", "Tags": [{"Key": text, "Value": "v"}]})


@given(st.text(max_size=5))
def test_the_pattern_is_unicodes(text: str) -> None:
    """A character is taken exactly where Unicode calls it a letter, a number or a separator, or AWS's list has it."""
    matches = compile_pattern(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*").fullmatch
    assert bool(matches(text)) == all(each in "_.:/=+-@" or category(each)[0] in "LZN" for each in text)
