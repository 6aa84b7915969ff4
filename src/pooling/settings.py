"""Every setting of an installation, read from `POOLING_…` environment variables."""

import sys
from pathlib import Path
from typing import Annotated, NoReturn
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from pooling import PROJECT_ROOT


def _url_of(*schemes: str) -> AfterValidator:
    def check(value: str | None) -> str | None:
        if value is None:
            return None
        try:
            scheme = urlsplit(value).scheme
        except ValueError as error:
            raise ValueError("is not an address") from error
        if scheme not in schemes:
            raise ValueError(f"must start with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        return value

    return AfterValidator(check)


def _known_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("is not a time zone, for example Europe/Paris") from error
    return value


PostgresUrl = Annotated[str | None, _url_of("postgresql")]


class Settings(BaseSettings):
    """Without a database or Redis URL, the embedded engines start in `data_dir`."""

    model_config = SettingsConfigDict(env_prefix="POOLING_", frozen=True, extra="ignore", env_ignore_empty=True)

    database_url: PostgresUrl = None
    """The application's role, which owns nothing: row-level security binds it."""
    owner_database_url: PostgresUrl = None
    """The owner's role, for migrations only."""
    redis_url: Annotated[str | None, _url_of("redis", "rediss", "unix")] = None
    data_dir: Path = PROJECT_ROOT / "var" / "data"
    config_dir: Path = PROJECT_ROOT / "config"
    base_url: Annotated[str, _url_of("http", "https")] = "http://127.0.0.1:8000"
    secret_key: SecretStr | None = Field(default=None, min_length=32)
    """Signs form tokens. Absent: a random one is kept in `data_dir`."""
    smtp_url: Annotated[str | None, _url_of("smtp", "smtps")] = None
    mail_from: str = Field(default="pooling@localhost", pattern=r"^[^@\s<>]+@[^@\s<>]+$")
    timezone: Annotated[str, AfterValidator(_known_zone)] = "Europe/Paris"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def is_loopback(self) -> bool:
        """Whether the service is reached on this machine alone, where cookies cannot ask for HTTPS."""
        return urlsplit(self.base_url).hostname in {"127.0.0.1", "localhost", "::1"}


def stop(sentence: str) -> NoReturn:
    """Ends the process as a wrong setting must: one clear sentence and exit status 2."""
    print(f"pooling: {sentence}", file=sys.stderr)  # noqa: T201
    raise SystemExit(2)


def load_settings(**overrides: object) -> Settings:
    """The settings of the environment; a missing or wrong one stops the process with one sentence."""
    try:
        settings = Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as invalid:
        first = invalid.errors(include_url=False, include_input=False)[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        reason = first["msg"].removeprefix("Value error, ")
        stop(
            f"the setting POOLING_{name} {reason}"
            if "must" in reason or "is not" in reason
            else f"the setting POOLING_{name} is wrong: {reason}."
        )
    if (settings.database_url is None) != (settings.owner_database_url is None):
        stop(
            "POOLING_DATABASE_URL (application role) and POOLING_OWNER_DATABASE_URL (owner role) go together: "
            "set both, or neither to start the embedded PostgreSQL."
        )
    return settings
