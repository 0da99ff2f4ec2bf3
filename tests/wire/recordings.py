"""Replies that were recorded on AWS, which lie beside the project where it is developed, and how ours compare to them.

In a recording what differs from run to run is a token: `<user-name:1>`, `<datetime>`. The same token is the same text.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[3] / "shared" / "recordings"
RECORDED_ACCOUNT = "111111111111"
_TOKEN = re.compile(r"<[^<>]+>")


def recorded(service: str, case: str) -> Mapping[str, Any]:
    """The replies of one case, by their names. Skips the test where there are no recordings."""
    file = FOLDER / f"test_{service}.snapshot.json"
    if not file.exists():
        pytest.skip(f"there are no recordings of AWS in {file.parent.name}/ beside the project")
    found = [each for name, each in json.loads(file.read_text()).items() if name.partition("::")[2] == case]
    (only,) = found
    replies: Mapping[str, Any] = only["recorded-content"]
    return replies


def assert_as_recorded(ours: Any, theirs: Any, account: str, known: dict[str, str] | None = None) -> None:
    """Asserts that our parsed reply is the recorded one, member by member, but for what its tokens stand for."""
    known = {"<partition>": "aws"} if known is None else known
    if isinstance(theirs, dict):
        members = {name: value for name, value in ours.items() if name != "ResponseMetadata"}
        expected = {name: value for name, value in theirs.items() if name != "ResponseMetadata"}
        assert set(members) == set(expected)
        for name, value in expected.items():
            assert_as_recorded(members[name], value, account, known)
        if "ResponseMetadata" in theirs:
            assert ours["ResponseMetadata"]["HTTPStatusCode"] == theirs["ResponseMetadata"]["HTTPStatusCode"]
    elif isinstance(theirs, list):
        assert len(ours) == len(theirs)
        for mine, other in zip(ours, theirs, strict=True):
            assert_as_recorded(mine, other, account, known)
    elif theirs == "<datetime>":
        assert isinstance(ours, datetime)
    elif isinstance(theirs, str):
        _assert_text(ours, theirs.replace(RECORDED_ACCOUNT, account), known)
    else:
        assert ours == theirs


def _assert_text(ours: object, theirs: str, known: dict[str, str]) -> None:
    assert isinstance(ours, str)
    tokens = _TOKEN.findall(theirs)
    parts = [re.escape(part) for part in _TOKEN.split(theirs)]
    groups = [f"({re.escape(known[token]) if token in known else '.+'})" for token in tokens]
    pattern = "".join(part + group for part, group in zip(parts, [*groups, ""], strict=True))
    found = re.fullmatch(pattern, ours)
    assert found is not None, (ours, theirs)
    known.update(zip(tokens, found.groups(), strict=True))
