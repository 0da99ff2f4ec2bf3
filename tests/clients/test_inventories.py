"""What scanning finds in a tree of files is what the tool says that put it there."""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cargohold.scanning.inventory.python import normalised
from cargohold.scanning.package import Inventory

from .bed import inventories, rpms
from .bed.debian import debian_archive
from .bed.programs import Client, clean_environment, program

PYTHON = ("requests==2.32.3", "zope.interface==7.0.3", "jaraco.text==4.0.0", "typing_extensions==4.12.2")
NODE = ("express@4.19.2", "@babel/code-frame@7.24.7", "left-pad@1.3.0")


def client(name: str, **environment: str) -> Client:
    return Client([program(name)], clean_environment() | environment)


def test_debian(tmp_path: Path) -> None:
    """Of a system that debootstrap made: each package with version, architecture and source, as dpkg-query has it."""
    archive = debian_archive()
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path, (each for each in tar if "/var/lib/dpkg" in each.name), filter="tar")
    form = "${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\n"
    told = client("dpkg-query")(f"--admindir={tmp_path}/var/lib/dpkg", "--show", f"--showformat={form}").out
    found = inventories.of_archive(archive)
    ours = ["\t".join((each.name, each.version, each.arch, *each.source)) for each in found.packages]
    assert sorted(ours) == sorted(told.splitlines())
    assert (found.distribution.id, found.notes) == ("debian", ())


@pytest.fixture(scope="module")
def rpm_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root folder with a database that rpm wrote."""
    folder = tmp_path_factory.mktemp("rpm")
    rpms.install(folder / "root/var/lib/rpm", rpms.make_packages(folder))
    return folder / "root"


def rpm_says(root: Path) -> list[str]:
    return sorted(rpms.rpm(root / "var/lib/rpm")("-qa", "--qf", rpms.QUERY).out.splitlines())


def as_rpm_says(found: Inventory) -> list[str]:
    """Of a modularity label the name and the stream are kept, which is what advisories name."""
    return sorted(f"{each.name}\t{each.version}\t{each.arch}\t{each.module}" for each in found.packages)


def by_stream(lines: list[str]) -> list[str]:
    return [":".join(line.split(":")[:-2]) if line.count(":") > 2 else line for line in lines]


def test_rpm(rpm_database: Path) -> None:
    """Epochs, releases and modules of rpm's database as rpm itself prints them, and the files that packages own."""
    metadata = b"Name: plain\nVersion: 1.2\n"
    inventories.put(rpm_database, rpms.OWNED.lstrip("/"), metadata)
    found = inventories.of_tree(rpm_database)
    owned = [each for each in found.packages if each.kind == "pypi"]
    system = Inventory(found.distribution, tuple(each for each in found.packages if each.kind == "rpm"))
    assert as_rpm_says(system) == by_stream(rpm_says(rpm_database))
    assert [(each.name, each.owned) for each in owned] == [("plain", True)]
    assert found.notes == ()


@pytest.mark.parametrize("page", [512, 4096, 65536])
def test_rpm_in_berkeley_db(rpm_database: Path, tmp_path: Path, page: int) -> None:
    """The same headers in a hash of Berkeley DB are the same packages, whatever the size of its pages."""
    known = rpms.headers(rpm_database / "var/lib/rpm/rpmdb.sqlite")
    rpms.as_berkeley(known, tmp_path / "var/lib/rpm/Packages", page)
    assert as_rpm_says(inventories.of_tree(tmp_path)) == by_stream(rpm_says(rpm_database))


def test_rpm_in_ndb(rpm_database: Path, tmp_path: Path) -> None:
    """The same headers in rpm's own form of database are the same packages."""
    known = rpms.headers(rpm_database / "var/lib/rpm/rpmdb.sqlite")
    rpms.as_ndb(known, tmp_path / "usr/lib/sysimage/rpm/Packages.db")
    assert as_rpm_says(inventories.of_tree(tmp_path)) == by_stream(rpm_says(rpm_database))


def test_python(tmp_path: Path) -> None:
    """What `pip install --target` put into a folder is what `pip list` says of it, besides what setuptools carries."""
    pip = Client([sys.executable, "-m", "pip", "--disable-pip-version-check"], clean_environment())
    tree = tmp_path / "opt/app"
    pip("install", "--quiet", "--target", tree, *PYTHON)
    told = json.loads(pip("list", "--path", tree, "--format", "json").out)
    listed = sorted((normalised(each["name"]), each["version"]) for each in told)
    found = inventories.of_tree(tmp_path)
    assert sorted((each.name, each.version) for each in found.packages if "/_vendor/" not in each.path) == listed


def test_node(tmp_path: Path) -> None:
    """What `npm install` put into a folder is what `npm ls --all` says of it, each version of a package in it."""
    app = tmp_path / "srv/app"
    app.mkdir(parents=True)
    npm = Client([program("npm")], clean_environment(), app)
    npm("install", "--no-audit", "--no-fund", "--ignore-scripts", *NODE)
    listed = sorted(set(_dependencies(json.loads(npm("ls", "--all", "--json").out))))
    assert inventories.versions(inventories.of_tree(tmp_path), "npm") == listed
    shutil.rmtree(app / "node_modules")
    assert inventories.versions(inventories.of_tree(tmp_path), "npm") == listed


def _dependencies(tree: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, each in tree.get("dependencies", {}).items():
        yield name, each["version"]
        yield from _dependencies(each)


@pytest.mark.parametrize("name", ["crane", "oras", "helm"])
def test_go(tmp_path: Path, name: str) -> None:
    """The modules of a program that Go built, and Go's own version, are what `go version -m` reads out of it."""
    shutil.copy(program(name), tmp_path / name)
    told = client("go", HOME=str(tmp_path))("version", "-m", tmp_path / name).out
    assert inventories.versions(inventories.of_tree(tmp_path, name), "golang") == sorted(_go_says(told))


def _go_says(told: str) -> set[tuple[str, str]]:
    lines = [line.split() for line in told.splitlines()]
    found = [("stdlib", lines[0][-1].removeprefix("go"))]
    for words in lines[1:]:
        if words[0] in ("mod", "dep"):
            found.append((words[1], words[2] if len(words) > 2 else ""))
        elif words[0] == "=>":
            found[-1] = (words[1], words[2] if len(words) > 2 else "")
    return {(path, version) for path, version in found if version not in ("", "(devel)")}


def test_jars(tmp_path: Path) -> None:
    """A jar in a jar in a war, named as Maven names them: by pom.properties, by manifest, and by file."""

    def archive(**entries: bytes) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
            for path, content in entries.items():
                made.writestr(path, content)
        return out.getvalue()

    def pom(group: str, name: str, version: str) -> dict[str, bytes]:
        text = f"#Generated by Maven\n#Sat Nov 28 2026\ngroupId={group}\nartifactId={name}\nversion={version}\n"
        return {f"META-INF/maven/{group}/{name}/pom.properties": text.encode()}

    inner = archive(**pom("org.apache.logging.log4j", "log4j-core", "2.14.1"))
    manifest = (
        b"Manifest-Version: 1.0\r\nImplementation-Title: jackson\r\nImplementation-Vendor-Id: com.fasterxml\r\n\r\n"
    )
    middle = archive(**pom("org.example", "library", "1.0-SNAPSHOT"), **{"lib/log4j-core-2.14.1.jar": inner})
    outer = archive(
        **pom("org.example", "app", "3.1"),
        **{"WEB-INF/lib/library.jar": middle, "WEB-INF/lib/commons-text-1.9.jar": archive(a=b"")},
        **{"WEB-INF/lib/jackson-databind-2.9.10.8.jar": archive(**{"META-INF/MANIFEST.MF": manifest})},
    )
    inventories.put(tmp_path, "srv/app.war", outer)
    assert inventories.versions(inventories.of_tree(tmp_path), "maven") == [
        ("com.fasterxml:jackson-databind", "2.9.10.8"),
        ("commons-text", "1.9"),
        ("org.apache.logging.log4j:log4j-core", "2.14.1"),
        ("org.example:app", "3.1"),
        ("org.example:library", "1.0-SNAPSHOT"),
    ]


def test_gems(tmp_path: Path) -> None:
    """A gem that is built and installed here, in two versions, and Ruby's own, are what `gem list` says."""
    home = tmp_path / "var/lib/gems"
    gem = Client([program("gem")], clean_environment() | {"GEM_HOME": str(home), "HOME": str(tmp_path)}, tmp_path)
    for version in ("1.0.2", "2.0.0.rc1"):
        fields = f's.name = "demo_gem"; s.version = "{version}"; s.summary = "s"; s.authors = ["a"]; s.license = "MIT"'
        (tmp_path / "demo.gemspec").write_text(f"Gem::Specification.new do |s|\n{fields.replace('; ', chr(10))}\nend\n")
        gem("build", "--silent", "demo.gemspec")
        gem("install", "--local", "--no-document", f"demo_gem-{version}.gem")
    for folder in gem("environment", "gempath").out.strip().split(os.pathsep):
        if (Path(folder) / "specifications").is_dir() and Path(folder) != home:
            shutil.copytree(Path(folder) / "specifications", tmp_path / folder.lstrip("/") / "specifications")
    listed = set()
    for line in gem("list", "--local", "--all").out.splitlines():
        name, _, told = line.rstrip(")").partition(" (")
        listed |= {(name, each.removeprefix("default: ").split()[0]) for each in told.split(", ") if each}
    assert ("demo_gem", "2.0.0.rc1") in listed
    assert inventories.versions(inventories.of_tree(tmp_path), "gem") == sorted(listed)


def test_rust_section(tmp_path: Path) -> None:
    """The list that `cargo auditable` writes is found in a real executable, without what only built it."""
    listed = {
        "packages": [
            {"name": "time", "version": "0.1.43", "source": "crates.io", "dependencies": [1]},
            {"name": "libc", "version": "0.2.147", "source": "crates.io"},
            {"name": "cc", "version": "1.0.83", "source": "crates.io", "kind": "build"},
            {"name": "app", "version": "0.1.0", "source": "local", "root": True, "dependencies": [0]},
        ]
    }
    section = inventories.put(tmp_path, "section", zlib.compress(json.dumps(listed).encode()))
    target = tmp_path / "tree/usr/bin/app"
    target.parent.mkdir(parents=True)
    client("objcopy")("--add-section", f".dep-v0={section}", shutil.which("true") or "/bin/true", target)
    found = inventories.versions(inventories.of_tree(tmp_path / "tree"), "cargo")
    assert found == [("app", "0.1.0"), ("libc", "0.2.147"), ("time", "0.1.43")]
    assert subprocess.run([target], check=False).returncode == 0


@pytest.mark.slow
def test_rust_build(tmp_path: Path, long: bool) -> None:
    """What `cargo auditable build` compiled in is what `cargo tree` says that the program is made of."""
    if not long:
        pytest.skip("cargo auditable itself builds in the long run (--long)")
    program("cargo-auditable")
    environment = clean_environment() | {"CARGO_TARGET_DIR": str(tmp_path / "target")}
    crate = tmp_path / "crate"
    cargo = Client([program("cargo")], environment, crate)
    inventories.put(crate, "src/main.rs", b'fn main() { println!("{}", itoa::Buffer::new().format(1)); }\n')
    needs = '[dependencies]\nitoa = "=1.0.11"\nsemver = "=1.0.23"\n[build-dependencies]\ncfg-if = "=1.0.0"\n'
    package = '[package]\nname = "demo"\nversion = "0.3.0"\nedition = "2021"\n'
    inventories.put(crate, "Cargo.toml", (package + needs).encode())
    inventories.put(crate, "build.rs", b"fn main() {}\n")
    cargo("auditable", "build", "--release")
    told = cargo("tree", "--edges", "normal", "--prefix", "none", "--format", "{p}").out
    listed = [(name, version.removeprefix("v")) for name, version in inventories.pairs(told.splitlines())]
    inventories.put(tmp_path, "tree/app", b"")
    shutil.copy(tmp_path / "target/release/demo", tmp_path / "tree/app")
    assert inventories.versions(inventories.of_tree(tmp_path / "tree"), "cargo") == sorted(listed)
