"""Orders of versions: those of the native tools, and what no order knows."""

import itertools
import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from cargohold.scanning.versions import NotComparable, order

STATUS = Path("/var/lib/dpkg/status")


@pytest.mark.parametrize(
    ("ecosystem", "ascending"),
    [
        ("Debian:12", ["1.0~rc1-1", "1.0-1", "1.0-1+b1", "1.0-1.1", "1.0.1-1", "1:0.1-1"]),
        ("Alpine:v3.18", ["1.0_rc1-r0", "1.0-r0", "1.0-r1", "1.0.1-r0", "1.1_alpha-r0", "1.1-r0"]),
        ("AlmaLinux:9", ["1.0~rc1-1.el9", "1.0-1.el9", "1.0-1.el9_1", "1.0-2.el9", "1.0^git1-1.el9", "1:0.1-1.el9"]),
        ("PyPI", ["1.0.dev1", "1.0a1", "1.0rc1", "1.0", "1.0.post1", "1.0.1", "1!0.1"]),
        ("npm", ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta", "1.0.0", "1.0.1"]),
        ("Go", ["1.19.13", "go1.20rc1", "1.20.0", "v1.20.1", "1.21.0"]),
        ("Maven", ["1.0-alpha-1", "1.0-rc1", "1.0", "1.0.1", "1.1"]),
        ("RubyGems", ["1.0.a", "1.0.rc1", "1.0", "1.0.1", "1.1"]),
        ("crates.io", ["0.0.0-0", "0.9.0-pre", "0.9.0", "0.10.0"]),
    ],
)
def test_ascending(ecosystem: str, ascending: list[str]) -> None:
    """Every version of the list is before every later one, in the order of its ecosystem."""
    key = order(ecosystem)
    for lower, higher in itertools.combinations(ascending, 2):
        assert key(lower) < key(higher), (lower, higher)


@pytest.mark.parametrize(
    ("ecosystem", "one", "other"),
    [
        ("Maven", "1.0", "1.0.RELEASE"),
        ("Maven", "1.0.Final", "1.0"),
        ("Go", "v1.2.3+incompatible", "1.2.3"),
        ("PyPI", "1.0", "1.0.0"),
    ],
)
def test_the_same(ecosystem: str, one: str, other: str) -> None:
    """Two spellings of one version are equal."""
    key = order(ecosystem)
    assert not key(one) < key(other)
    assert not key(other) < key(one)


@pytest.mark.parametrize(
    ("ecosystem", "text"),
    [("PyPI", "not a version"), ("Alpine:v3.18", "5.1p1--"), ("Go", "(devel)"), ("Pascal", "1.0")],
)
def test_not_comparable(ecosystem: str, text: str) -> None:
    """What an order does not know raises and is named."""
    with pytest.raises(NotComparable):
        order(ecosystem)(text)


@pytest.mark.skipif(shutil.which("dpkg") is None or not STATUS.exists(), reason="this system has no dpkg to ask")
def test_debian_as_dpkg(request: pytest.FixtureRequest) -> None:
    """Debian's order is dpkg's on pairs of real versions and of mutations of them (10,000 with --long)."""
    count = 10_000 if request.config.getoption("--long") else 300
    real = sorted(set(re.findall(r"^Version: (\S+)$", STATUS.read_text(), re.MULTILINE)))
    dice = random.Random(8)  # noqa: S311
    mutate = [
        str,
        lambda v: f"{v}~rc1",
        lambda v: f"{v}+b1",
        lambda v: f"1:{v.partition(':')[2] or v}",
        lambda v: v[:-1] or v,
    ]
    key = order("Debian:12")
    for _ in range(count):
        one = dice.choice(mutate)(dice.choice(real))
        other = dice.choice(mutate)(dice.choice([one, dice.choice(real)]))
        said = subprocess.run(["dpkg", "--compare-versions", one, "lt", other], check=False, capture_output=True)
        if said.returncode != 2:  # 2: the mutation is no version any more
            assert (said.returncode == 0) is (key(one) < key(other)), (one, other)
