"""Every setting of an installation, read from `POOLING_…` environment variables, or from the file that the variable of
the same name with `_FILE` behind it names.
"""

import os
import sys
from collections.abc import Callable, Mapping
from functools import cached_property
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, NoReturn
from urllib.parse import SplitResult, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from pooling import BESIDE, data_folder
from pooling.mail_addresses import sendable

PREFIX = "POOLING_"
FILE = "_FILE"
SHORTEST_SECRET = 32


def _address(value: str, *schemes: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        _ = parts.port  # reading it is what refuses `:80x0`
    except ValueError as error:
        raise ValueError("is not an address") from error
    if parts.scheme not in schemes:
        raise ValueError(f"must start with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    return parts


def _database(value: str) -> str:
    parts = _address(value, "postgresql")
    if not parts.username or not parts.path.strip("/"):
        raise ValueError("must name a role and a database, as postgresql://role:password@host/database does")
    return value


def _queue(value: str) -> str:
    parts = _address(value, "redis", "rediss", "unix")
    if not (parts.path if parts.scheme == "unix" else parts.hostname):
        raise ValueError("must name a host (redis://host:6379/0) or a socket (unix:///path)")
    return value


def _site(value: str) -> str:
    parts = _address(value, "http", "https")
    if not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("must be a host alone, as https://achats.example.fr is")
    return value.rstrip("/")


def _mail_server(value: str) -> str:
    if not _address(value, "smtp", "smtps").hostname:
        raise ValueError("must name a host, as smtp://mail.example.fr:587 does")
    return value


def _mailbox(value: str) -> str:
    parts = _address(value, "imap", "imaps")
    if not (parts.hostname and parts.username and parts.password):
        raise ValueError("must name who signs in and where, as imaps://user:password@mail.example.fr does")
    return value


def _collector(value: str) -> str:
    if not _address(value, "http", "https").hostname:
        raise ValueError("must name a host, as http://127.0.0.1:4318 does")
    return value


def _scanner(value: str) -> str:
    parts = _address(value, "unix", "tcp")
    if not (parts.path if parts.scheme == "unix" else parts.hostname):
        raise ValueError("must name a socket (unix:///run/clamav/clamd.ctl) or a host (tcp://clamd:3310)")
    return value


def _mail_address(value: str) -> str:
    try:
        return sendable(value)
    except ValueError as error:
        raise ValueError("must be an e-mail address, as achats@example.fr is") from error


def _secret(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < SHORTEST_SECRET:
        raise ValueError(f"must have at least {SHORTEST_SECRET} characters (openssl rand -base64 48)")
    return value


def _folder(value: Path) -> Path:
    folder = value.expanduser().absolute()
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"must be a folder, and {folder} is none")
    return folder


def _present_folder(value: Path) -> Path:
    folder = value.expanduser().absolute()
    if not folder.is_dir():
        raise ValueError(f"must be a folder that exists, and {folder} does not")
    return folder


def _known_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("is not a time zone, for example Europe/Paris") from error
    return value


def _days(value: object) -> object:
    typed = str(value)
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 5 and int(typed) > 0):  # noqa: PLR2004 - centuries
        raise ValueError("must be a number of days, for example 365")
    return value


def _rows(value: object) -> object:
    typed = str(value)
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 9):  # noqa: PLR2004 - more than a sheet holds
        raise ValueError("must be a number of rows, for example 30000")
    return value


def _proxies(value: str) -> str:
    for named in value.split(","):
        try:
            ip_network(named.strip())
        except ValueError as error:
            raise ValueError("must be addresses or networks, as 10.0.0.2 or 172.16.0.0/12 are, with commas") from error
    return value


def _one_of(*words: str) -> Callable[[str], str]:
    def chosen(value: str) -> str:
        if value.lower() not in words:
            raise ValueError(f"must be {' or '.join(words)}")
        return value.lower()

    return chosen


class FileUnreadable(Exception):
    """A variable names a file that cannot be read."""

    def __init__(self, variable: str, reason: str) -> None:
        super().__init__(f"the setting {variable} names a file that cannot be read: {reason}.")


class NamedFiles(PydanticBaseSettingsSource):
    """Values that stand in files, as secrets of containers and credentials of systemd do."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[str | None, str, bool]:  # noqa: ARG002
        variable = variable_of(field_name) + FILE
        path = os.environ.get(variable)
        if not path:
            return None, field_name, False
        try:
            return Path(path).read_text("utf-8").strip(), field_name, False
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise FileUnreadable(variable, f"{path}, {reason}") from error

    def __call__(self) -> dict[str, str]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value}


PostgresUrl = Annotated[str, AfterValidator(_database)]


class Settings(BaseSettings):
    """Without a database or Redis URL, the embedded engines start in `data_dir`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True)

    database_url: PostgresUrl | None = None
    """The application's role, which owns nothing: row-level security binds it."""
    owner_database_url: PostgresUrl | None = None
    """The owner's role, for `pooling migrate` alone: web and worker are better off without its password."""
    replica_url: PostgresUrl | None = None
    """A streaming replica of the first, as the application's role: files of many rows are read there."""
    redis_url: Annotated[str, AfterValidator(_queue)] | None = None
    data_dir: Annotated[Path, AfterValidator(_folder)] = data_folder("data")
    config_dir: Annotated[Path, AfterValidator(_present_folder)] = BESIDE / "config"
    base_url: Annotated[str, AfterValidator(_site)] = "http://127.0.0.1:8000"
    secret_key: Annotated[SecretStr, AfterValidator(_secret)] | None = None
    """Signs form tokens. Absent: a random one is kept in `data_dir`."""
    smtp_url: Annotated[str, AfterValidator(_mail_server)] | None = None
    mail_from: Annotated[str, AfterValidator(_mail_address)] = "pooling@localhost"
    imap_url: Annotated[str, AfterValidator(_mailbox)] | None = None
    """Where what is sent to that address arrives: mails that come back, and answers of calendars, are read there."""
    clamd: Annotated[str, AfterValidator(_scanner)] | None = None
    """The malware scanner that files are shown to. Absent: they are not, and pages say so."""
    timezone: Annotated[str, AfterValidator(_known_zone)] = "Europe/Paris"
    """Of the groups to be created, and of moments given without one."""
    purge_after_days: Annotated[int, BeforeValidator(_days)] = 365
    """How long people who left every group keep their name and address here; what they did stays in the journal."""
    direct_workbook_rows: Annotated[int, BeforeValidator(_rows)] = 10_000
    """A file for finance of so many rows at most is written while one waits; the worker writes a longer one."""
    private_webhooks: bool = False
    """Whether other programs may be told of events at addresses of this network, and without HTTPS."""

    log_format: Annotated[str, AfterValidator(_one_of("console", "json"))] = "console"
    log_level: Annotated[str, AfterValidator(_one_of("debug", "info", "warning", "error"))] = "info"
    metrics_token: Annotated[SecretStr, AfterValidator(_secret)] | None = None
    """Who shows it reads `/metrics`. Absent: there are none."""

    otlp_endpoint: Annotated[str, AfterValidator(_collector)] | None = None
    """Where a collector takes traces, by OTLP over HTTP. Absent: there are none, and nobody is told anything."""

    trusted_proxies: Annotated[str, AfterValidator(_proxies)] | None = None
    """Whose `X-Forwarded-For` is believed: addresses or networks, with commas. Nobody's, unless they are named."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - whoever wants one has the shell read it
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What a command says goes before the environment, and that before files."""
        return init_settings, env_settings, NamedFiles(settings_cls)

    @property
    def proxies(self) -> list[str]:
        return [named.strip() for named in (self.trusted_proxies or "").split(",") if named.strip()]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @cached_property
    def is_loopback(self) -> bool:
        """Whether the service is reached on this machine alone, where cookies cannot ask for HTTPS."""
        return urlsplit(self.base_url).hostname in {"127.0.0.1", "localhost", "::1"}


def stop_process(sentence: str, status: int = 2) -> NoReturn:
    """Ends the process: one clear sentence, and exit status 2 as for any wrong setting or argument."""
    print(f"pooling: {sentence}", file=sys.stderr)  # noqa: T201
    raise SystemExit(status)


def load_settings(**overrides: object) -> Settings:
    """The settings of the environment; a missing or wrong one stops the process with one sentence. One that is none is
    told, and changes nothing.
    """
    for name in unknown_settings():
        print(f"pooling: there is no setting {name}: a misspelt name changes nothing.", file=sys.stderr)  # noqa: T201
    try:
        settings = Settings(**overrides)  # type: ignore[arg-type]
    except FileUnreadable as unreadable:
        stop_process(str(unreadable))
    except ValidationError as invalid:
        first = invalid.errors(include_url=False, include_input=False)[0]
        reason = first["msg"].removeprefix("Value error, ")
        stop_process(f"the setting {variable_of(str(first['loc'][0]))} {reason}.")
    if settings.owner_database_url and not settings.database_url:
        stop_process(
            "the setting POOLING_DATABASE_URL (application role) is missing beside POOLING_OWNER_DATABASE_URL: "
            "set both, or neither to start the embedded PostgreSQL."
        )
    if settings.replica_url and not settings.database_url:
        stop_process("the setting POOLING_DATABASE_URL is missing beside POOLING_REPLICA_URL, which follows it.")
    if settings.database_url and settings.owner_database_url:
        _refuse_one_role(settings.database_url, settings.owner_database_url)
    return settings


def _refuse_one_role(application: str, owner: str) -> None:
    roles = [unquote(urlsplit(url).username or "") for url in (application, owner)]
    if roles[0] == roles[1]:
        stop_process(
            f"POOLING_DATABASE_URL and POOLING_OWNER_DATABASE_URL both name the role {roles[0]}: the application "
            "needs one that owns nothing, since row-level security does not bind an owner."
        )


def unknown_settings(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Variables that look like settings and are none: most often misspelt ones, which change nothing."""
    known = {variable_of(name) + end for name in Settings.model_fields for end in ("", FILE)}
    return sorted(name for name in environment if name.startswith(PREFIX) and name not in known)


def variable_of(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


def source_of(name: str, environment: Mapping[str, str] = os.environ) -> str:
    """Where the value of a setting comes from."""
    variable = variable_of(name)
    if environment.get(variable):
        return "environment"
    path = environment.get(variable + FILE)
    return f"file {path}" if path else "default"
