"""Every setting: its name, default, rule and sentence; and where its value comes from.

A flag wins over an environment variable (`CARGOHOLD_PORT`), that over the configuration file (`port = …`), that over
the default. A key that is not in the table is an error. docs/settings.md is generated from the table.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from cargohold.access import rates
from cargohold.core.clock import HOUR
from cargohold.registry.limits import Limits
from cargohold.scanning.advisories.source import Source
from cargohold.server.folder import default_data
from cargohold.server.proxies import network
from cargohold.server.refusal import CannotStart

PREFIX: Final = "CARGOHOLD_"
FILE_NAME: Final = "cargohold.toml"
"""Read from the data folder where `--config` names no other file."""

MOST_DOORS: Final = 4
"""Processes that answer requests where nobody says how many; each holds some 30 MiB and its database connections."""

_SQLITE: Final = "sqlite"
_LAST_PORT: Final = 65_535
_POSTGRESQL = re.compile(r"postgres(?:ql)?://")
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9]")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


class Settings(BaseSettings):
    """The values of one start. Made by `load`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="forbid", frozen=True, hide_input_in_errors=True, env_ignore_empty=True
    )

    data: Path = Field(
        default_factory=default_data, description="The folder that holds everything: database, blobs, keys."
    )
    host: str = Field("127.0.0.1", description="The address to listen on; 0.0.0.0 for every IPv4 address.")
    port: int = Field(5050, ge=0, le=65535, description="The port for everything; 0 takes a free one.")
    public_port: int | None = Field(
        None,
        ge=0,
        le=65535,
        description="The port on which every name of the server means the public registries, so that they need no DNS; "
        "the one after `port` where it is not given (5051), 0 for none.",
    )
    account: str = Field(
        "123456789012",
        pattern=r"^[0-9]{12}$",
        description="The 12 digits of the AWS account that a new data folder gets; the folder remembers them.",
    )
    regions: Annotated[tuple[str, ...], NoDecode] = Field(
        ("us-east-1",),
        min_length=1,
        description="The regions served, separated by commas; the first is the default one. The folder remembers them.",
    )
    domain: str = Field(
        "localhost",
        description="Registries are reached at <account>.dkr.ecr.<region>.<domain>, the default one at <domain> too.",
    )
    database: SecretStr = Field(
        SecretStr(_SQLITE),
        description="sqlite, in the data folder; or postgresql://user@host:5432/name. Other users can read a command "
        "line: a password is better kept in the environment, the file or ~/.pgpass.",
    )
    database_connections: int = Field(
        8,
        ge=3,
        le=1000,
        description="How many connections to PostgreSQL each process uses at the most; there are workers + 1 of them.",
    )
    workers: int = Field(
        0,
        ge=0,
        le=256,
        description=f"How many processes answer requests; 0: one per core, and {MOST_DOORS} at the most.",
    )
    tls_cert: Path | None = Field(None, description="The certificate chain in PEM; TLS is on when it is given.")
    tls_key: Path | None = Field(None, description="The certificate's private key in PEM.")
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Networks of proxies, separated by commas, whose X-Forwarded-For and X-Forwarded-Proto say where a "
        "request comes from: for the audit trail, and for policies that ask for an address or for TLS.",
    )
    dev: bool = Field(
        default=False,
        description="Adds the access key test with the secret test; only with a loopback host.",
    )
    root_key: SecretStr | None = Field(
        None,
        description="The key that seals secrets: 32 bytes in hexadecimal or base64, in place of DIR/root.key. "
        "Has no flag, because other users can read a command line.",
    )
    root_key_file: Path | None = Field(None, description="A file that holds the root key, in place of DIR/root.key.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least that is logged: debug, info (one line per request), warning or error."
    )

    audit: Literal["file", "stdout"] = Field(
        "file", description="Where the audit trail goes: file (DIR/audit) or stdout, for somebody else to collect."
    )
    audit_keep_days: int = Field(
        90, ge=1, le=36_500, description="How many days the audit trail's files are kept, if there is room for them."
    )
    audit_keep_mib: int = Field(
        1024, ge=1, le=1 << 30, description="How many MiB all of the audit trail's files may take; the oldest go first."
    )
    rate_limits: Annotated[Mapping[str, float], NoDecode] = Field(
        {},
        description="Requests a second of each account, at both doors: aws (what AWS begins with), or operation=number "
        "separated by commas, or both: aws,PutImage=50. Shared out among the processes that answer requests. "
        "Nothing is limited where it is not given.",
    )
    quota_repositories: int = Field(
        Limits().repositories, ge=1, le=10_000_000, description="How many repositories a registry may have."
    )
    quota_images: int = Field(
        Limits().images_per_repository, ge=1, le=10_000_000, description="How many images a repository may have."
    )
    quota_tags: int = Field(Limits().tags_per_image, ge=1, le=100_000, description="How many tags an image may have.")
    quota_layer_mib: int = Field(
        Limits().layer_bytes >> 20, ge=1, le=1 << 30, description="How many MiB a layer may have."
    )
    quota_creation_templates: int = Field(
        Limits().creation_templates, ge=1, le=10_000, description="How many creation templates a registry may have."
    )
    quota_pull_time_exclusions: int = Field(
        Limits().pull_time_exclusions,
        ge=1,
        le=100_000,
        description="How many principals of a registry may be excluded from recording pulls.",
    )
    upload_hours: int = Field(
        Limits().upload_lifetime // HOUR,
        ge=1,
        le=8_760,
        description="How many hours an upload that is not ended is kept after something was last written to it.",
    )
    keep_deleted_hours: float = Field(
        Limits().collection_lease / HOUR,
        gt=0,
        le=8_760,
        description="How many hours what is deleted can be brought back, and a blob that no image uses is kept; 0.5 is "
        "half an hour.",
    )
    verify_mib_per_second: int = Field(
        100, ge=1, le=1 << 20, description="How many MiB of blobs a verification reads in a second at the most."
    )

    advisories: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Where advisories for image scanning come from, separated by commas, the preferred first: "
        "FORMAT:FILE, FORMAT:FOLDER or FORMAT:https://…, FORMAT being osv, debian, secdb, nvd, cve, kev or epss; "
        "#sha256=… behind it says what the bytes must be.",
    )
    advisories_hours: int = Field(
        24, ge=1, le=8760, description="How many hours after the last update of advisories the next one begins."
    )

    oidc_jwks: Annotated[Mapping[str, Path], NoDecode] = Field(
        {},
        description="Files of keys (JWKS) of OpenID Connect issuers that are not to be asked for them: issuer=file, "
        "separated by commas; in the file a table. A changed file counts from the next token on.",
    )
    oidc_private_issuers: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="OpenID Connect issuers, separated by commas, that may be at private or loopback addresses.",
    )
    oidc_authorities: Path | None = Field(
        None,
        description="Certificates in PEM that issuers' certificates may be signed with, beside the system's.",
    )

    @field_validator("public_port", mode="before")
    @classmethod
    def _none_where_empty(cls, value: object) -> object:
        return 0 if value == "" else value

    @field_validator("rate_limits", mode="before")
    @classmethod
    def _rated(cls, value: object) -> object:
        if isinstance(value, Mapping):
            value = ",".join(f"{name}={number}" for name, number in value.items())
        return rates.parse(value) if isinstance(value, str) else value

    @field_validator("oidc_jwks", mode="before")
    @classmethod
    def _paired(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [part.rpartition("=")[::2] for part in value.split(",") if part.strip()]
        return {issuer.strip(): file.strip() for issuer, file in pairs}

    @field_validator("oidc_jwks")
    @classmethod
    def _absolute_files(cls, value: Mapping[str, Path]) -> Mapping[str, Path]:
        for issuer in value:
            _check_issuer(issuer)
        return {issuer: file.expanduser().absolute() for issuer, file in value.items()}

    @field_validator("oidc_private_issuers")
    @classmethod
    def _named_as_issuers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for issuer in value:
            _check_issuer(issuer)
        return value

    @field_validator("advisories")
    @classmethod
    def _spelled_as_sources(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            Source.parse(each)
        return value

    @field_validator("regions", "trusted_proxies", "oidc_private_issuers", "advisories", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(part.strip() for part in value.split(",")) if value.strip() else ()

    @field_validator("regions")
    @classmethod
    def _named_as_regions(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for region in value:
            if _REGION.fullmatch(region) is None:
                raise ValueError(f"{region!r} is not the name of a region, such as us-east-1")
        return tuple(dict.fromkeys(value))

    @field_validator("trusted_proxies")
    @classmethod
    def _named_as_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            try:
                network(text)
            except ValueError:
                raise ValueError(f"{text!r} is not a network, such as 10.0.0.0/8, or an address") from None
        return value

    @field_validator("domain")
    @classmethod
    def _named_as_domain(cls, value: str) -> str:
        if len(value) > 200 or _DOMAIN.fullmatch(value) is None:
            raise ValueError(f"{value!r} is not a domain name in lower case, such as registry.example.com")
        return value

    @field_validator("database")
    @classmethod
    def _of_a_known_engine(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() != _SQLITE and _POSTGRESQL.match(value.get_secret_value()) is None:
            raise ValueError("it is neither sqlite nor a URL that begins with postgresql://")
        return value

    @field_validator("data", "tls_cert", "tls_key", "root_key_file", "oidc_authorities")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return None if value is None else value.expanduser().absolute()

    @model_validator(mode="after")
    def _fit_together(self) -> Settings:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key are given together, or neither is")
        if self.root_key is not None and self.root_key_file is not None:
            raise ValueError("root_key and root_key_file say the same thing: give one of them")
        if self.public_port and self.public_port == self.port:
            raise ValueError("public_port and port are the same: give the public registries another one, or 0 for none")
        if self.dev and not is_loopback(self.host):
            raise ValueError(
                f"dev opens the registry to whoever reaches it, so it needs a loopback host such as 127.0.0.1, "
                f"and host is {self.host}"
            )
        return self

    @property
    def database_url(self) -> str | None:
        """PostgreSQL's, perhaps with a password; None for the data folder's SQLite."""
        given = self.database.get_secret_value()
        return None if given == _SQLITE else given

    @property
    def listen_public(self) -> int | None:
        """The port to listen on for the public registries: None for none, 0 for a free one, as `port` may be."""
        if self.public_port is not None:
            return self.public_port or None
        return self.port + 1 if 0 < self.port < _LAST_PORT else (0 if not self.port else None)

    @property
    def limits(self) -> Limits:
        """What a registry may hold."""
        return Limits(
            repositories=self.quota_repositories,
            creation_templates=self.quota_creation_templates,
            pull_time_exclusions=self.quota_pull_time_exclusions,
            images_per_repository=self.quota_images,
            tags_per_image=self.quota_tags,
            layer_bytes=self.quota_layer_mib << 20,
            upload_lifetime=self.upload_hours * HOUR,
            collection_lease=int(self.keep_deleted_hours * HOUR),
        )

    @property
    def door_rates(self) -> Mapping[str, float]:
        """Requests a second that one process lets an account do, by action; all of them together let the whole."""
        return {action: rate / self.doors for action, rate in self.rate_limits.items()}

    @property
    def doors(self) -> int:
        """How many processes answer requests."""
        return self.workers or min(cores(), MOST_DOORS)

    @property
    def connections(self) -> int:
        """Connections to PostgreSQL of all processes together, at the most."""
        return (self.doors + 1) * self.database_connections

    @property
    def secure(self) -> bool:
        return self.tls_cert is not None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, then the environment; `load` adds the file below them."""
        return init_settings, env_settings


def _check_issuer(issuer: str) -> None:
    if not issuer.startswith("https://"):
        raise ValueError(f"{issuer!r} is not an issuer, such as https://token.actions.githubusercontent.com")


def cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server that listens on `host`."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def load(flags: Mapping[str, object], config: Path | None = None) -> Settings:
    """The settings of a start from the given flags, this process's environment and the configuration file.

    Raises CannotStart with a sentence that names the key.
    """
    names = set(Settings.model_fields)
    _refuse_unknown(
        (name for name in os.environ if name.startswith(PREFIX)),
        {f"{PREFIX}{name}".upper() for name in (*names, "config")},
        "the environment",
    )
    given = {name: value for name, value in flags.items() if value is not None}
    from_environment = {name for name in names if os.environ.get(f"{PREFIX}{name}".upper())}
    file, values = _file(given, config)
    _refuse_unknown(values, names, str(file))
    below = {name: value for name, value in values.items() if name not in from_environment}
    try:
        return Settings(**{**below, **given})
    except ValidationError as error:
        raise CannotStart(_sentence(error)) from None


def _file(given: Mapping[str, object], config: Path | None) -> tuple[Path, dict[str, Any]]:
    if config is None and (named := os.environ.get(f"{PREFIX}CONFIG")):
        config = Path(named)
    if config is not None:
        return config, _parsed(config)
    data = given.get("data") or os.environ.get(f"{PREFIX}DATA") or default_data()
    file = Path(str(data)).expanduser() / FILE_NAME
    if not file.is_file():
        return file, {}
    values = _parsed(file)
    if "data" in values:
        raise CannotStart(f"{file} lies in the data folder, so it cannot say where that is: remove the key data.")
    return file, values


def _parsed(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise CannotStart(f"The configuration file {file} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CannotStart(f"The configuration file {file} is not TOML: {error}.") from None


def _refuse_unknown(names: Iterable[str], known: set[str], place: str) -> None:
    for name in sorted(set(names) - known):
        near = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise CannotStart(f"There is no setting {name}, which {place} sets.{hint}")


def _sentence(error: ValidationError) -> str:
    parts = []
    for item in error.errors(include_input=False, include_url=False):
        name = ".".join(str(part) for part in item["loc"])
        reason = item["msg"].removeprefix("Value error, ")
        parts.append(f"The setting {name} is wrong: {reason}." if name else f"{reason}.")
    return " ".join(parts)
