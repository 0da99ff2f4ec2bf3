"""Readers of evidence, and images merged from layers."""

import contextlib
import gzip
import io
import json
import struct
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargohold.scanning.inventory import executable, java, node, rpm
from cargohold.scanning.inventory.merge import merge
from cargohold.scanning.limits import Limits
from cargohold.scanning.package import Distribution, Inventory, Package
from cargohold.scanning.stored import pack_inventory, pack_layer, unpack_inventory, unpack_layer
from tests.unit.scanning.bed import OS_RELEASE, archive, read, stanza

STATUS = "var/lib/dpkg/status"


def names(inventory: Inventory) -> list[tuple[str, str, str]]:
    return [(each.kind, each.name, each.version) for each in inventory.packages]


def test_debian() -> None:
    """dpkg's status names packages and the sources that they are built from; what was removed is not there."""
    status = (
        stanza("libssl3", "3.0.11-1+b1", Source="openssl (3.0.11-1)")
        + stanza("gone", "1", Status="deinstall ok config-files")
        + stanza("half", "2", Status="install ok half-configured")
    )
    found = merge([read(archive({STATUS: status, "etc/os-release": OS_RELEASE}))])
    assert found.distribution == Distribution("debian", "12", "bookworm", "Debian GNU/Linux 12 (bookworm)")
    assert names(found) == [("deb", "libssl3", "3.0.11-1+b1"), ("deb", "half", "2")]
    assert found.packages[0].source == ("openssl", "3.0.11-1")


def test_distroless() -> None:
    """status.d holds a file for each package, whose stanza has no state."""
    files = {
        "var/lib/dpkg/status.d/base": b"Package: base-files\nVersion: 12\n",
        "var/lib/dpkg/status.d/base.md5sums": b"d41d8cd9  etc/x\n",
        "usr/lib/os-release": OS_RELEASE,
    }
    found = merge([read(archive(files))])
    assert names(found) == [("deb", "base-files", "12")]
    assert found.distribution.id == "debian"


def test_alpine() -> None:
    """apk's database names the origin of a package."""
    installed = b"P:libcrypto3\nV:3.1.4-r5\nA:x86_64\no:openssl\nL:Apache-2.0\nF:lib\nR:libcrypto.so.3\n"
    installed += b"\nP:musl\nV:1.2.4-r2\no:musl\n"
    found = merge(
        [read(archive({"lib/apk/db/installed": installed, "etc/os-release": b"ID=alpine\nVERSION_ID=3.18.4\n"}))]
    )
    assert [each.source for each in found.packages] == [("openssl", "3.1.4-r5"), ("musl", "1.2.4-r2")]
    assert found.packages[0].license == "Apache-2.0"


def test_python_gems_and_owned_files() -> None:
    """Language packages are found by their metadata; one whose files dpkg's package owns is marked."""
    files = {
        STATUS: stanza("python3-six", "1.16.0-4"),
        "var/lib/dpkg/info/python3-six.list": b"/usr/lib/python3/dist-packages/six-1.16.0.egg-info\n/usr/bin/x\n",
        "usr/lib/python3/dist-packages/six-1.16.0.egg-info": b"Metadata-Version: 1.2\nName: six\nVersion: 1.16.0\n",
        "app/python3.11/Flask_Login-0.6.dist-info/METADATA": b"Name: Flask_Login\nVersion: 0.6\n\nName: x\n",
        "usr/lib/ruby/gems/3.1.0/specifications/rack-2.2.gemspec": b's.name = "rack".freeze\n  s.version = "2.2"\n',
    }
    found = merge([read(archive(files))])
    assert {(each.name, each.version, each.owned) for each in found.packages} == {
        ("python3-six", "1.16.0-4", False),
        ("six", "1.16.0", True),
        ("flask-login", "0.6", False),
        ("rack", "2.2", False),
    }


def test_node() -> None:
    """node_modules counts as installed; a lockfile adds what is not there, and only what is not for developers."""
    lock = {
        "lockfileVersion": 3,
        "packages": {
            "": {"name": "app", "version": "1.0.0"},
            "node_modules/left": {"version": "1.0.0"},
            "node_modules/@scope/right": {"version": "2.0.0"},
            "node_modules/only-dev": {"version": "3.0.0", "dev": True},
            "node_modules/a/node_modules/left": {"version": "0.9.0"},
        },
    }
    files = {
        "app/package.json": b'{"name": "app", "version": "1.0.0"}',
        "app/package-lock.json": json.dumps(lock).encode(),
        "app/node_modules/left/package.json": b'{"name": "left", "version": "1.0.0", "license": "MIT"}',
        "app/node_modules/left/lib/package.json": b'{"name": "inner", "version": "1"}',
    }
    found = merge([read(archive(files))])
    assert sorted(names(found)) == [
        ("npm", "@scope/right", "2.0.0"),
        ("npm", "left", "0.9.0"),
        ("npm", "left", "1.0.0"),
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "yarn.lock",
            '# yarn lockfile v1\n\n"@a/b@^1.0.0":\n  version "1.2.3"\n  resolved "x"\n\nleft@^2:\n  version "2.1.0"\n',
        ),
        ("yarn.lock", '"@a/b@npm:^1.0.0":\n  version: 1.2.3\n  resolution: "x"\n\n"left@npm:^2":\n  version: 2.1.0\n'),
        (
            "pnpm-lock.yaml",
            "lockfileVersion: '6.0'\npackages:\n\n  /@a/b@1.2.3:\n    dev: false\n\n  /left@2.1.0(react@18.0.0):\n",
        ),
        (
            "pnpm-lock.yaml",
            "lockfileVersion: 5.4\npackages:\n\n  /@a/b/1.2.3:\n    dev: false\n\n  /left/2.1.0:\n    dev: false\n",
        ),
        (
            "pnpm-lock.yaml",
            "lockfileVersion: '9.0'\npackages:\n\n  '@a/b@1.2.3':\n    x: y\n\n  left@2.1.0:\n    x: y\n",
        ),
    ],
)
def test_lockfiles(name: str, text: str) -> None:
    """yarn's and pnpm's lockfiles, in each of their forms."""
    found = node.read_lockfile(f"app/{name}", text.encode())
    assert [(each.name, each.version) for each in found.packages] == [("@a/b", "1.2.3"), ("left", "2.1.0")]


def elf(sections: dict[str, bytes]) -> bytes:
    """A 64-bit little-endian executable of those sections."""
    table = [".shstrtab", *sections]
    strings = b"\0" + b"".join(name.encode() + b"\0" for name in table)
    body, headers = b"", [struct.pack("<IIQQQQIIQQ", *([0] * 10))]
    for name, data in {".shstrtab": strings, **sections}.items():
        headers.append(
            struct.pack(
                "<IIQQQQIIQQ", strings.index(name.encode() + b"\0"), 1, 0, 0, 64 + len(body), len(data), 0, 0, 1, 0
            )
        )
        body += data
    head = (
        b"\x7fELF\2\1\1"
        + bytes(9)
        + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 0, 64 + len(body), 0, 64, 0, 0, 64, len(headers), 1)
    )
    return head + body + b"".join(headers)


def prefixed(text: bytes) -> bytes:
    assert len(text) < 16384
    return bytes((len(text) & 0x7F | 0x80, len(text) >> 7)) + text


def test_go() -> None:
    """Modules with the version that replaced them, and the compiler's standard library."""
    lines = "path\tx\nmod\texample.com/app\t(devel)\t\n"
    lines += "dep\tgithub.com/a/b\tv1.0.0\th1:x\ndep\told\tv1.0.0\n=>\tnew\tv2.0.0\th1:y\n"
    modules = b"0" * 16 + lines.encode() + b"0" * 16
    data = b"\xff Go buildinf:\x08\x02" + bytes(16) + prefixed(b"go1.21.3") + prefixed(modules)
    found = executable.read("app", elf({".go.buildinfo": data}))
    assert [(each.name, each.version) for each in found.packages] == [
        ("stdlib", "1.21.3"),
        ("github.com/a/b", "v1.0.0"),
        ("new", "v2.0.0"),
    ]


def test_rust() -> None:
    """What `cargo auditable` leaves, without what only building needed."""
    listed = {"packages": [{"name": "serde", "version": "1.0.1"}, {"name": "cc", "version": "1.0", "kind": "build"}]}
    found = executable.read("app", elf({".dep-v0": zlib.compress(json.dumps(listed).encode())}))
    assert [(each.name, each.version) for each in found.packages] == [("serde", "1.0.1")]


def jar(**entries: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive_:
        for name, content in entries.items():
            archive_.writestr(name.replace("__", "/"), content)
    return out.getvalue()


POM = b"groupId=org.apache.logging.log4j\nartifactId=log4j-core\nversion=2.14.1\n"


def test_nested_jars() -> None:
    """A jar inside a war inside an ear is found; one without a pom goes by its manifest and name."""
    inner = jar(**{"META-INF/maven/g/a/pom.properties": POM})
    plain = jar(**{"META-INF/MANIFEST.MF": b"Implementation-Vendor-Id: com.example\r\nImplementation-Version: 3.1\r\n"})
    outer = jar(**{"lib/app.war": jar(**{"WEB-INF/lib/log4j.jar": inner, "WEB-INF/lib/thing-3.1.jar": plain})})
    found = java.read("opt/app.ear", outer, Limits())
    assert [(each.name, each.version) for each in found.packages] == [
        ("org.apache.logging.log4j:log4j-core", "2.14.1"),
        ("com.example:thing", "3.1"),
    ]


def test_jars_that_cost_too_much() -> None:
    """A zip bomb and jars nested without end leave a note; what was found before stays."""
    bomb = jar(**{"META-INF/maven/g/a/pom.properties": POM, "big.jar": b"\0" * 5_000_000})
    assert "more than is looked into" in java.read("a.jar", bomb, Limits(file=1_000_000)).note
    nested = b""
    for _ in range(8):
        nested = jar(**{"in.jar": nested or jar()})
    assert "more than is looked into" in java.read("a.jar", nested, Limits()).note
    assert "broken archive" in java.read("a.jar", b"no zip", Limits()).note


@given(st.binary(max_size=600))
def test_readers_survive_anything(data: bytes) -> None:
    """No bytes make a reader raise anything but what it says."""
    executable.read("a", b"\x7fELF" + data)
    java.read("a.jar", data, Limits())
    node.read_installed("a", data)
    node.read_lockfile("package-lock.json", data)
    for magic in (b"", b"SQLite format 3\0", b"RpmP", bytes(12) + struct.pack("<I", 0x061561)):
        with contextlib.suppress(rpm.Broken):
            rpm.read("a", magic + data)


def test_whiteouts() -> None:
    """A whiteout takes a file or a folder of the layers below away, an opaque folder everything in it."""
    low = archive(
        {
            "a/x.dist-info/METADATA": b"Name: x\nVersion: 1\n",
            "b/c/y.dist-info/METADATA": b"Name: y\nVersion: 1\n",
            "d/z.dist-info/METADATA": b"Name: z\nVersion: 1\n",
            "e/w.dist-info/METADATA": b"Name: w\nVersion: 1\n",
        }
    )
    high = archive(
        {
            "a/.wh.x.dist-info": b"",
            "b/.wh.c": b"",
            "d/.wh..wh..opq": b"",
            "d/new.dist-info/METADATA": b"Name: n\nVersion: 2\n",
        }
    )
    assert sorted(each.name for each in merge([read(low), read(high)]).packages) == ["n", "w"]


def test_the_layer_of_a_package_is_the_lowest_that_has_it() -> None:
    """A later dpkg status replaces the earlier; what it has in the same version stays the lower layer's."""
    base = read(archive({STATUS: stanza("a", "1") + stanza("b", "1")}), "sha256:base")
    top = read(archive({STATUS: stanza("a", "1") + stanza("b", "2")}), "sha256:top")
    found = merge([base, top])
    assert [(each.name, each.version, each.layer) for each in found.packages] == [
        ("a", "1", "sha256:base"),
        ("b", "2", "sha256:top"),
    ]


def test_a_file_that_proves_nothing_hides_a_lower_one() -> None:
    """A program that is replaced by one that is not built by Go takes its modules with it."""
    data = b"\xff Go buildinf:\x08\x02" + bytes(16) + prefixed(b"go1.21.3") + prefixed(b"")
    low = read(archive({"app": elf({".go.buildinfo": data})}, executable=True))
    high = read(archive({"app": elf({".text": b"x"})}, executable=True))
    assert [each.name for each in merge([low]).packages] == ["stdlib"]
    assert merge([low, high]).packages == ()


def test_kept_as_found() -> None:
    """What is stored of a layer and of an image comes back equal, file names that are no text too."""
    layer = read(
        gzip.compress(
            archive(
                {STATUS: stanza("a", "1"), "etc/os-release": OS_RELEASE, "x/.wh.\udcff": b"", "y/.wh..wh..opq": b""}
            )
        )
    )
    assert unpack_layer(pack_layer(layer)) == layer
    inventory = Inventory(Distribution("debian", "12"), (Package("deb", "a", "1", path="b\udcff"),), ("note",))
    assert unpack_inventory(pack_inventory(inventory)) == inventory


def test_what_is_too_large_is_noted() -> None:
    """A database that is larger than what is looked into is told, not passed over in silence."""
    found = merge([read(archive({STATUS: stanza("a", "1") * 100}), limits=Limits(file=1000))])
    assert found.packages == ()
    assert "too large to be looked into" in found.notes[0]
