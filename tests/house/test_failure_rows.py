"""What failed in other registries and was promised not to fail here: each row is named by a test, S and E rows alike.

S: classes of vulnerabilities; E: outages from bugs that were fixed. A test names a row in its name (`test_s7_…`) or at
the beginning of its docstring (`S7: …`).
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

TESTS = Path(__file__).parents[1]

ROWS: Final = {
    "S1": "an unbounded manifest body",
    "S2": "allocation driven by an integer of the client's",
    "S3": "a token that chooses how it is proven",
    "S5": "a blob readable where it was deleted, for it is somewhere else",
    "S7": "a blob read across repositories by its digest",
    "S8": "an existing tag overwritten by a second way of pushing",
    "S9": "a policy, a membership or a key that counts after it was taken away",
    "S10": "somebody else's upload",
    "S13": "another account's policies and settings, by its id",
    "S12": "whoever is asked, made to ask for more than was meant",
    "S14": "an operation that another one's permission opens",
    "S16": "private in one plane only",
    "S17": "who asks, and what limits them, lost on the way into a token",
    "S18": "an operation that no model has, on a public address",
    "S19": "members that nobody asked for, and that count",
    "S20": "a statement changed by a token or a filter",
    "S23": "who exists, told by the error",
    "S24": "what exists, told to who may not know",
    "S25": "a manifest that is two things",
    "S26": "paths in names, uploads and digests",
    "S27": "a Location or challenge poisoned by headers",
    "S28": "slow and idle clients",
    "S29": "a layer that is made to exhaust who reads it",
    "S30": "secrets in what is written down",
    "S31": "a presigned URL that opens too much",
    "S32": "a signed request that is changed, late or sent again",
    "S34": "a clean bill for what was not looked at",
    "E1": "a tag listed for its neighbours",
    "E2": "a repository listed for its neighbours",
    "E3": "the page behind the last name",
    "E4": "Content-Range in HTTP's form",
    "E5": "a blob that is really stored after a stale answer",
    "E7": "the folder made durable after a rename",
    "E8": "the Location after a refused mount",
    "E9": "a blob fetched after its last reference is deleted",
    "E10": "a push that repairs a damaged blob",
    "E14": "what uploads of a deleted repository left",
    "E18": "the offset after a part that broke off",
    "E22": "the final PUT of a large blob under a second",
    "E25": "the children of an index that retention keeps",
    "E26": "identical small layers pushed in parallel",
    "E27": "a private image, anonymously, on every verb",
    "E28": "immutability on docker push as on PutImage",
    "E29": "sizes and types of what docker pushed",
    "E30": "one repository's failure in a run over all of them, told",
    "E31": "a repository half made by a first push that may not make it",
    "E33": "a deletion that costs what the repository holds",
    "E34": "a large deletion undone",
    "E38": "proxies that change slashes and framing",
    "E39": "no Accept header",
    "E40": "a Location that takes a query",
}

_IN_NAME = re.compile(r"(?<=_)[se][0-9]+(?=_)")
_IN_DOCSTRING = re.compile(r"^((?:[SE][0-9]+(?:, )?)+):")


def test_every_row_is_named_by_a_test() -> None:
    """No row of the list is without a test that says which row it is about."""
    assert set(ROWS) - {row for row, _ in named()} == set()


def test_names_and_docstrings_agree() -> None:
    """A test whose docstring begins with rows does not have others in its name."""
    for row, test in named():
        of_name, of_docstring = in_name(test), in_docstring(test)
        assert not of_name or not of_docstring or of_name == of_docstring, (row, test.name)


def named() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Every row that a test names, with that test."""
    for file in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield from ((row, node) for row in in_name(node) | in_docstring(node))


def in_name(test: ast.FunctionDef) -> set[str]:
    return {row.upper() for row in _IN_NAME.findall(test.name)}


def in_docstring(test: ast.FunctionDef) -> set[str]:
    found = _IN_DOCSTRING.match(ast.get_docstring(test) or "")
    return set(found[1].split(", ")) if found else set()
