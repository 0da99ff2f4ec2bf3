"""server.settings: where a value comes from, and what is refused."""

import os
from pathlib import Path

import pytest

from cargohold.registry.limits import Limits
from cargohold.server import settings
from cargohold.server.refusal import CannotStart
from cargohold.server.settings import Settings, is_loopback, load


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable of whoever runs the tests, and a data folder of the test's own."""
    for name in [name for name in os.environ if name.startswith("CARGOHOLD_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))


def refusal(flags: dict[str, object], config: Path | None = None) -> str:
    with pytest.raises(CannotStart) as caught:
        load(flags, config)
    return str(caught.value)


def test_the_defaults_need_nothing(tmp_path: Path) -> None:
    """Without any setting the server listens on loopback, port 5050, with its data in the user's data folder."""
    settings = load({})
    assert settings.data == tmp_path / "share" / "cargohold"
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 5050, 0)
    assert (settings.account, settings.regions, settings.domain) == ("123456789012", ("us-east-1",), "localhost")
    assert not settings.secure
    assert not settings.dev


def test_a_relative_xdg_folder_is_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A data home that is not absolute counts as unset, as the XDG specification asks."""
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load({}).data == tmp_path / ".local" / "share" / "cargohold"


def test_a_flag_wins_over_the_environment_and_that_over_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """For each setting the nearest source counts: flag, environment, file, default."""
    file = tmp_path / "config.toml"
    file.write_text('port = 1\nworkers = 2\naccount = "111111111111"\n')
    monkeypatch.setenv("CARGOHOLD_PORT", "3")
    monkeypatch.setenv("CARGOHOLD_WORKERS", "4")
    settings = load({"port": "5", "host": None}, file)
    assert (settings.port, settings.workers, settings.account) == (5, 4, "111111111111")
    assert {"port", "workers", "account"} == settings.model_fields_set


def test_the_file_in_the_data_folder_is_read_when_no_other_is_named(tmp_path: Path) -> None:
    """DIR/cargohold.toml counts without --config, and does not count with it."""
    (tmp_path / "cargohold.toml").write_text("port = 6000")
    other = tmp_path / "other.toml"
    other.write_text("workers = 3")
    assert load({"data": tmp_path}).port == 6000
    assert load({"data": tmp_path}, other).port == 5050


def test_the_file_can_be_named_by_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """CARGOHOLD_CONFIG is --config."""
    file = tmp_path / "config.toml"
    file.write_text(f'data = "{tmp_path}/elsewhere"')
    monkeypatch.setenv("CARGOHOLD_CONFIG", str(file))
    assert load({}).data == tmp_path / "elsewhere"


@pytest.mark.parametrize("text", ['regions = "eu-west-1, us-east-1,eu-west-1"', 'regions = ["eu-west-1", "us-east-1"]'])
def test_regions_are_a_list_in_either_form(text: str, tmp_path: Path) -> None:
    """Regions are separated by commas, or a list in TOML; a repeated one counts once."""
    file = tmp_path / "config.toml"
    file.write_text(text)
    assert load({}, file).regions == ("eu-west-1", "us-east-1")


def test_regions_come_from_the_environment_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    """CARGOHOLD_REGIONS is no JSON."""
    monkeypatch.setenv("CARGOHOLD_REGIONS", "eu-west-1,us-gov-west-1")
    assert load({}).regions == ("eu-west-1", "us-gov-west-1")


def test_nobody_is_a_trusted_proxy_until_somebody_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trusted proxies are networks and addresses, separated by commas; none by default, and none when it is empty."""
    assert load({}).trusted_proxies == load({"trusted_proxies": ""}).trusted_proxies == ()
    monkeypatch.setenv("CARGOHOLD_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1,fd00::/8")
    assert load({}).trusted_proxies == ("10.0.0.0/8", "192.0.2.1", "fd00::/8")


def test_quotas_are_ecrs_until_somebody_says_otherwise(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A registry has ECR's quotas, and those that are set instead, in the units that people use."""
    assert load({"data": tmp_path}).limits == Limits()
    monkeypatch.setenv("CARGOHOLD_QUOTA_IMAGES", "7")
    limits = load({"data": tmp_path, "quota_layer_mib": 3, "keep_deleted_hours": 2}).limits
    assert (limits.images_per_repository, limits.layer_bytes, limits.collection_lease) == (7, 3 << 20, 7_200_000)


@pytest.mark.parametrize("text", ['rate_limits = "PutImage=8"', "[rate_limits]\nPutImage = 8"])
def test_rates_are_shared_out_among_the_doors(text: str, tmp_path: Path) -> None:
    """Nothing is limited by default; a rate is divided by the processes that answer, written as text or as a table."""
    assert load({"data": tmp_path}).door_rates == {}
    (tmp_path / "cargohold.toml").write_text(text)
    assert load({"data": tmp_path, "workers": 4}).door_rates == {"ecr:PutImage": 2.0}
    with pytest.raises(CannotStart, match="rate_limits is wrong: 'PutImage' is neither aws nor"):
        load({"data": tmp_path, "rate_limits": "PutImage"})
    for misspelt in ("PutImages=8", "putimage=8", "ecr-public:ListImages=8"):
        with pytest.raises(CannotStart, match="names no operation of ECR"):
            load({"data": tmp_path, "rate_limits": misspelt})


def test_an_unknown_variable_is_refused_with_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt variable is named, with the one that was probably meant."""
    monkeypatch.setenv("CARGOHOLD_WROKERS", "2")
    assert refusal({}) == (
        "There is no setting CARGOHOLD_WROKERS, which the environment sets. Did you mean CARGOHOLD_WORKERS?"
    )


def test_an_unknown_key_in_the_file_is_refused_with_the_nearest(tmp_path: Path) -> None:
    """A misspelt key is named with its file and the key that was probably meant."""
    file = tmp_path / "config.toml"
    file.write_text("log-level = 'info'")
    assert refusal({}, file) == f"There is no setting log-level, which {file} sets. Did you mean log_level?"


def test_a_file_that_is_not_there_or_not_toml_is_refused(tmp_path: Path) -> None:
    """A configuration file that was named must be readable TOML."""
    file = tmp_path / "config.toml"
    assert refusal({}, file) == f"The configuration file {file} cannot be read: No such file or directory."
    file.write_text("port: 5050")
    assert refusal({}, file).startswith(f"The configuration file {file} is not TOML: ")


def test_the_data_folder_s_own_file_cannot_move_it(tmp_path: Path) -> None:
    """A file found in the data folder may not say that the data is elsewhere."""
    (tmp_path / "cargohold.toml").write_text("data = '/elsewhere'")
    assert "remove the key data" in refusal({"data": tmp_path})


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ({"port": "65536"}, "The setting port is wrong: Input should be less than or equal to 65535."),
        ({"port": "http"}, "The setting port is wrong: "),
        ({"workers": "-1"}, "The setting workers is wrong: "),
        ({"account": "12345"}, "The setting account is wrong: "),
        ({"regions": "Frankfurt"}, "The setting regions is wrong: 'Frankfurt' is not the name of a region"),
        ({"regions": ""}, "The setting regions is wrong: "),
        (
            {"trusted_proxies": "10.0.0.1/8"},
            "The setting trusted_proxies is wrong: '10.0.0.1/8' is not a network, such",
        ),
        ({"trusted_proxies": "proxy.example"}, "The setting trusted_proxies is wrong: 'proxy.example' is not a"),
        ({"domain": "Registry_1"}, "The setting domain is wrong: 'Registry_1' is not a domain name"),
        ({"database": "mysql://x"}, "The setting database is wrong: it is neither sqlite nor a URL that begins with"),
        (
            {"database": "cargohold.db"},
            "The setting database is wrong: it is neither sqlite nor a URL that begins with",
        ),
        ({"database_connections": "2"}, "The setting database_connections is wrong: "),
        ({"log_level": "loud"}, "The setting log_level is wrong: "),
        ({"tls_cert": "cert.pem"}, "tls_cert and tls_key are given together, or neither is."),
        (
            {"port": "7", "public_port": "7"},
            "public_port and port are the same: give the public registries another one",
        ),
        ({"tls_key": "key.pem"}, "tls_cert and tls_key are given together, or neither is."),
    ],
)
def test_a_wrong_value_is_refused_in_words(flags: dict[str, object], sentence: str) -> None:
    """The sentence names the setting and what is wrong with it."""
    assert refusal(flags).startswith(sentence)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "registry.example.com"])
def test_dev_is_refused_where_others_reach_it(host: str) -> None:
    """The well-known key pair never opens a registry that other machines can reach."""
    assert "so it needs a loopback host" in refusal({"dev": True, "host": host})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_dev_is_allowed_on_loopback(host: str) -> None:
    """Every loopback address may have development mode."""
    assert is_loopback(host)
    assert load({"dev": True, "host": host}).dev


@pytest.mark.parametrize(
    ("flags", "port"),
    [
        ({}, 5051),
        ({"port": "80"}, 81),
        ({"port": "65535"}, None),
        ({"port": "0"}, 0),
        ({"public_port": "0"}, None),
        ({"public_port": ""}, None),
        ({"port": "0", "public_port": "0"}, None),
        ({"port": "80", "public_port": "5051"}, 5051),
    ],
)
def test_the_public_registries_have_the_next_port(flags: dict[str, object], port: int | None) -> None:
    """The public registries' port is the one after the port for everything unless another is given; 0 is none."""
    assert load(flags).listen_public == port


def test_the_root_key_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A root key from the environment is in no repr and no refusal."""
    key = "c0ffee" * 10 + "c0ff"
    monkeypatch.setenv("CARGOHOLD_ROOT_KEY", key)
    settings = load({})
    assert settings.root_key is not None
    assert settings.root_key.get_secret_value() == key
    assert key not in repr(settings)
    assert key not in str(settings)
    assert "c0ffee" not in refusal({"root_key_file": "/key"})
    assert "c0ffee" not in refusal({"port": "-1"})


def test_the_database_is_the_data_folders_unless_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """SQLite needs no URL; PostgreSQL's may come as a flag, a variable or from the file."""
    url = "postgresql://cargohold@db.example.com:5433/registry?sslmode=verify-full"
    assert load({}).database_url is None
    assert load({"database": "sqlite"}).database_url is None
    assert load({"database": url}).database_url == url
    assert load({"database": "postgres://localhost/x"}).database_url == "postgres://localhost/x"
    file = tmp_path / "config.toml"
    file.write_text(f'database = "{url}"')
    assert load({}, file).database_url == url
    monkeypatch.setenv("CARGOHOLD_DATABASE", "sqlite")
    assert load({}, file).database_url is None


@pytest.mark.parametrize(("cores", "doors"), [(1, 1), (2, 2), (64, 4)])
def test_there_is_a_door_for_each_core(monkeypatch: pytest.MonkeyPatch, cores: int, doors: int) -> None:
    """Where nobody says how many, as many processes answer as there are cores, and no more than four."""
    monkeypatch.setattr(settings, "cores", lambda: cores)
    assert load({}).doors == doors
    assert load({"workers": 7}).doors == 7


def test_the_connections_of_a_start_are_those_of_all_its_processes() -> None:
    """E37: each door and the worker has its share."""
    assert load({"workers": 1}).connections == 2 * 8
    assert load({"workers": 3, "database_connections": 5}).connections == 4 * 5


def test_the_databases_password_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A URL with a password is in no repr and no refusal, its own included."""
    monkeypatch.setenv("CARGOHOLD_DATABASE", "postgresql://cargohold:hunter2@localhost/x")
    assert "hunter2" not in repr(load({})) + str(load({}))
    assert "hunter2" not in refusal({"port": "-1"})
    assert "hunter2" not in refusal({"database": "oracle://cargohold:hunter2@localhost/x"})


def test_paths_are_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A path keeps its meaning wherever a later process stands."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/somebody")
    settings = load({"data": "data", "tls_cert": "~/cert.pem", "tls_key": "key.pem"})
    assert settings.data == tmp_path / "data"
    assert settings.tls_cert == Path("/home/somebody/cert.pem")
    assert settings.tls_key == tmp_path / "key.pem"


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """`CARGOHOLD_PORT= cargohold serve` takes the default."""
    monkeypatch.setenv("CARGOHOLD_PORT", "")
    assert load({}).port == Settings.model_fields["port"].default


def test_issuers_and_their_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Files of keys are pairs in a flag and the environment, and a table in the file; issuers are a list."""
    cluster, lab = "https://kubernetes.default.svc.cluster.local", "https://gitlab.example.com/a=b"
    wanted = {cluster: tmp_path / "c.json", lab: tmp_path / "l.json"}
    assert load({"oidc_jwks": f"{cluster}={tmp_path}/c.json, {lab}={tmp_path}/l.json"}).oidc_jwks == wanted
    file = tmp_path / "config.toml"
    file.write_text(f'oidc_private_issuers = ["{lab}"]\n[oidc_jwks]\n"{cluster}" = "{tmp_path}/c.json"\n')
    settings = load({}, file)
    assert settings.oidc_jwks == {cluster: tmp_path / "c.json"}
    assert settings.oidc_private_issuers == (lab,)
    monkeypatch.setenv("CARGOHOLD_OIDC_PRIVATE_ISSUERS", f"{cluster},{lab}")
    assert load({}).oidc_private_issuers == (cluster, lab)
    assert load({}).oidc_jwks == {}


@pytest.mark.parametrize("flags", [{"oidc_jwks": "cluster=/keys"}, {"oidc_jwks": "x"}, {"oidc_private_issuers": "x"}])
def test_what_is_no_issuer(flags: dict[str, object]) -> None:
    """An issuer is named by its https URL."""
    assert "is not an issuer" in refusal(flags)
