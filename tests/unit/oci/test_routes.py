"""oci.routes: which route a raw path is, and that no path is too strange to be refused."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as some

from cargohold.core.arn import Registry
from cargohold.oci import routes
from cargohold.oci.routes import ROUTES, find, parse

HERE = Registry("123456789012", "us-east-1")
DIGEST = "sha256:" + "a" * 64


def served(method: str, path: str, query: str = "") -> tuple[str, str, str]:
    route, asked = find(method, path, query, HERE)
    return route.name, asked.repository, asked.reference


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/v2/", ("CheckVersion", "", "")),
        ("GET", "/v2", ("CheckVersion", "", "")),
        ("HEAD", "/v2/", ("CheckVersion", "", "")),
        ("GET", "/v2/_catalog", ("ListRepositories", "", "")),
        ("GET", "/v2/demo/tags/list", ("ListTags", "demo", "")),
        ("GET", "/v2/a1/b2/c3/tags/list", ("ListTags", "a1/b2/c3", "")),
        ("GET", "/v2/demo/manifests/latest", ("GetManifest", "demo", "latest")),
        ("HEAD", "/v2/demo/manifests/latest", ("GetManifest", "demo", "latest")),
        ("PUT", f"/v2/demo/manifests/{DIGEST}", ("PutManifest", "demo", DIGEST)),
        ("DELETE", "/v2/demo/manifests/latest", ("DeleteManifest", "demo", "latest")),
        ("GET", f"/v2/demo/blobs/{DIGEST}", ("GetBlob", "demo", DIGEST)),
        ("HEAD", f"/v2/demo/blobs/{DIGEST}", ("HeadBlob", "demo", DIGEST)),
        ("DELETE", f"/v2/demo/blobs/{DIGEST}", ("DeleteBlob", "demo", DIGEST)),
        ("POST", "/v2/demo/blobs/uploads/", ("StartUpload", "demo", "")),
        ("POST", "/v2/demo/blobs/uploads", ("StartUpload", "demo", "")),
        ("GET", "/v2/demo/blobs/uploads/u1", ("GetUpload", "demo", "u1")),
        ("PATCH", "/v2/demo/blobs/uploads/u1", ("PatchUpload", "demo", "u1")),
        ("PUT", "/v2/demo/blobs/uploads/u1", ("PutUpload", "demo", "u1")),
        ("DELETE", "/v2/demo/blobs/uploads/u1", ("DeleteUpload", "demo", "u1")),
    ],
)
def test_a_path_is_its_route(method: str, path: str, expected: tuple[str, str, str]) -> None:
    """Each method and path of the specification finds its route, its repository and its reference."""
    assert served(method, path) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v2/tags/list/tags/list", ("ListTags", "tags/list", "")),
        ("/v2/blobs/uploads/manifests/v1", ("GetManifest", "blobs/uploads", "v1")),
        ("/v2/manifests/latest/manifests/v1", ("GetManifest", "manifests/latest", "v1")),
        ("/v2/a1/manifests/blobs/uploads/u1", ("GetUpload", "a1/manifests", "u1")),
        ("/v2/a1/blobs/uploads/blobs/x", ("GetBlob", "a1/blobs/uploads", "x")),
        ("/v2/a1/tags/list/manifests/list", ("GetManifest", "a1/tags/list", "list")),
        ("/v2/uploads/uploads/blobs/uploads/u1", ("GetUpload", "uploads/uploads", "u1")),
        ("/v2/v2/manifests/v2", ("GetManifest", "v2", "v2")),
    ],
)
def test_a_path_is_read_from_its_end(path: str, expected: tuple[str, str, str]) -> None:
    """A repository may be named after any part of the API, and its routes are still found."""
    assert served("GET", path) == expected


@pytest.mark.parametrize("colon", ["%3A", "%3a"])
def test_a_digest_may_be_escaped(colon: str) -> None:
    """The colon of a digest is the same whether it is escaped or not."""
    escaped = DIGEST.replace(":", colon)
    assert served("GET", f"/v2/demo/blobs/{escaped}")[2] == DIGEST
    assert served("GET", f"/v2/demo/manifests/{escaped}")[2] == DIGEST


def test_a_query_is_decoded() -> None:
    """Escapes in the query are read, blank parameters kept, and of a repeated one the last counts."""
    _, asked = find("POST", "/v2/demo/blobs/uploads/", "digest=sha256%3Aab&from=a%2Fb&n=&x=1&x=2", HERE)
    assert asked.parameters == {"digest": "sha256:ab", "from": "a/b", "n": "", "x": "2"}


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a",
        "A1",
        "a1/",
        "/a1",
        "a1//b1",
        "a1/../b1",
        "..",
        "../../etc",
        "a1%2fb1",
        "a1%2Fb1",
        "%2e%2e",
        "a1%00",
        "a1\x00",
        "a1 b1",
        "a1%20b1",
        "ünïcode",
        "%C3%BC1",
        "a1\n",
        "a1?b",
        "a" * 257,
        "a1/" + "b1/" * 1000 + "c1",
        "-a1",
        "a1-",
        "a1..b1",
        "a1___b1",
    ],
)
@pytest.mark.parametrize(
    "rest", ["manifests/latest", "tags/list", f"blobs/{DIGEST}", "blobs/uploads/u1", "blobs/uploads/"]
)
def test_s26_a_hostile_name_finds_no_route_of_the_table(name: str, rest: str) -> None:
    """A name outside the grammar never reaches a handler, under any path that holds a name."""
    for method in ("GET", "PUT", "POST", "PATCH", "DELETE"):
        route, _ = find(method, f"/v2/{name}/{rest}", "", HERE)
        assert route not in ROUTES


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/v1/",
        "/v2//",
        "/v2/demo",
        "/v2/demo/",
        "/v2/manifests/latest",
        "/v2/tags/list",
        "/v2/demo/manifests/latest/",
        "/v2/demo/tags/list/",
        "/v2/demo/tags",
        "/v2/demo/tags/other",
        "/v2/demo/blobs/uploads/u1/",
        "/v2/demo/uploads/u1",
        f"/v2/demo/referrers/{DIGEST}/",
        "/v2/referrers",
        "/v2/demo/manifests%2flatest",
        "/v2%2fdemo/manifests/latest",
        "/V2/demo/manifests/latest",
        "//v2/demo/manifests/latest",
        "/v2/_catalog/demo",
    ],
)
def test_other_paths_are_no_route(path: str) -> None:
    """What the table does not have is not served, and nothing is guessed."""
    assert find("GET", path, "", HERE)[0] not in ROUTES


@pytest.mark.parametrize(("path", "methods"), [(route.path, route.methods) for route in ROUTES])
def test_other_methods_are_no_route(path: str, methods: tuple[str, ...]) -> None:
    """A method that a path does not have finds no route of the table."""
    real = path.replace("<name>", "demo").replace("<reference>", "v1").replace("<digest>", DIGEST).replace("<id>", "u1")
    assert find(methods[0], real, "", HERE)[0] in ROUTES
    for method in ("OPTIONS", "TRACE", "CONNECT", "get", "PROPFIND", ""):
        assert find(method, real, "", HERE)[0] not in ROUTES


@given(some.text(), some.text())
def test_no_path_is_too_strange(path: str, query: str) -> None:
    """Whatever is sent as path and query, finding the route does not fail."""
    for prefix in ("", "/v2/", "/v2/demo/manifests/", "/v2/demo/blobs/uploads/"):
        find("GET", prefix + path, query, HERE)
        find("GET", prefix + quote(path), quote(query), HERE)
        parse(prefix + path)


def test_no_two_routes_share_a_place() -> None:
    """Each method on each path, and each route's name, stands in the table once."""
    places = [(method, route.path) for route in ROUTES for method in route.methods]
    names = [route.name for route in ROUTES]
    assert len(set(places)) == len(places)
    assert len(set(names)) == len(names)
    assert {route.path for route in ROUTES} == {
        routes.VERSION, routes.CATALOG, routes.TAGS, routes.MANIFEST, routes.REFERRERS, routes.BLOB, routes.UPLOADS,
        routes.UPLOAD,
    }  # fmt: skip


def test_reads_are_the_routes_that_change_nothing() -> None:
    """GET and HEAD only read; every other route, and one that refuses, is not told as a read."""
    reading = {route.name for route in ROUTES if route.only_reads}
    assert reading == {
        "CheckVersion",
        "ListRepositories",
        "ListTags",
        "GetManifest",
        "ListReferrers",
        "GetBlob",
        "HeadBlob",
        "GetUpload",
    }
    assert not find("GET", "/v2/nothing/here", "", HERE)[0].only_reads
